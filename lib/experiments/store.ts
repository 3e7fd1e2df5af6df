import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { ensure, InputError, shown } from '../runtime/errors';
import { projectCache, projectRoot, workCache, writeFileAtomic } from '../runtime/files';
import { removeCheckpoints } from '../train/checkpoint';
import type { RunRecord } from './record';
import { recordSchema } from './record-schema';

/** A run record and the file it was read from. */
export interface StoredRecord {
  path: string;
  record: RunRecord;
}

/** Records that came with the project. */
export const committedRuns = (): string => join(projectRoot(), 'data', 'runs');

/** Every folder of records: `data/runs` (committed), then `data/cache/runs` (this machine's own). */
export const allRunFolders = (): string[] => [committedRuns(), projectCache('runs')];

/**
 * Where records are looked for: `allRunFolders`, or the one folder that `ESCI_ONLY_RUNS` names, for this process and those that it starts: what lies elsewhere
 * is then not there (`reproduce --again`).
 */
export function runFolders(): string[] {
  const only = process.env.ESCI_ONLY_RUNS;
  return only ? [only] : allRunFolders();
}

/** Where new records go: the last of `runFolders`. */
export const ownRuns = (): string => runFolders().at(-1)!;

/** The file of a run within a folder: its id with `.json`. */
export function recordPath(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}

/** What a process holds while it makes a run, beside where the record will lie: others that share the folder leave that run to it. */
export const claimPath = (folder: string, id: string): string => join(folder, `.${id}.lock`);

/** Where a run keeps its checkpoints: until its record is kept, for one that cannot be written must not cost the training. */
export const checkpointFolder = (id: string): string => workCache('checkpoints', id);

/**
 * Writes a record as `folder/ID.json`, whole or not at all, takes the run's checkpoints away and returns the path. One member a line, so that a difference between
 * two versions stays readable and the long predictions stay one line each. Throws where the record is not a valid one.
 */
export function saveRecord(folder: string, record: RunRecord): string {
  const path = recordPath(folder, record.id);
  const lines = Object.entries(parseRecord(record, path)).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  writeFileAtomic(path, `{\n${lines.join(',\n')}\n}\n`);
  removeCheckpoints(checkpointFolder(record.id));
  return path;
}

/** Reads one record; an InputError names the file and the field that is wrong. */
export function loadRecord(path: string): RunRecord {
  ensure(existsSync(path), `run record ${named(path)}: expected a file, found none`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(
      `run record ${named(path)}: expected JSON, got ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const record = parseRecord(value, path);
  ensure(
    basename(path) === `${record.id}.json`,
    `run record ${named(path)}: expected a file named for its id, ${record.id}.json`,
  );
  return record;
}

/**
 * Reads every record of the given folders (all of `runFolders()` when none is given), sorted by id. A folder that does not exist
 * holds none; a run that lies in two folders is taken from the first. Throws on the first file that is not a record.
 */
export function loadRecords(folders: readonly string[] = runFolders()): RunRecord[] {
  return storedRecords(folders).map((stored) => stored.record);
}

/** As `loadRecords`, with the file that each record came from. */
export function storedRecords(folders: readonly string[] = runFolders()): StoredRecord[] {
  const found = new Map<string, StoredRecord>();
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    ensure(statSync(folder).isDirectory(), `runs folder ${named(folder)}: expected a folder, got a file`);
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith('.json') || name.startsWith('.')) continue;
      const path = join(folder, name);
      const record = loadRecord(path);
      if (!found.has(record.id)) found.set(record.id, { path, record });
    }
  }
  return [...found.values()].sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
}

/** The finished run of this id, or undefined: what makes a grid reuse what it has. */
export function findRecord(id: string, folders: readonly string[] = runFolders()): StoredRecord | undefined {
  for (const folder of folders) {
    const path = recordPath(folder, id);
    if (existsSync(path)) return { path, record: loadRecord(path) };
  }
  return undefined;
}

/** The seeds of a scale that any file in these folders is a record of. The files are not checked: it only says where a finished run may be. */
export function recordedSeeds(scale: string, folders: readonly string[] = runFolders()): Set<number> {
  const seeds = new Set<number>();
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.json') || name.startsWith('.')) continue;
      const experiment = experimentIn(join(folder, name));
      if (experiment?.scale === scale) seeds.add(experiment.seed);
    }
  }
  return seeds;
}

/** What a file says was run; undefined where it is no JSON, which is for those to report who need the record. */
function experimentIn(path: string): RunRecord['experiment'] | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as Partial<RunRecord> | null)?.experiment;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The one record that `name` means: a path, an id, or an id's first digits where they fit one run only. */
export function namedRecord(name: string, folders: readonly string[] = runFolders()): StoredRecord {
  if (name.endsWith('.json')) return { path: name, record: loadRecord(name) };
  ensure(/^[0-9a-f]{4,16}$/.test(name), `run must be a record's path or at least 4 digits of its id, got ${shown(name)}`);
  const paths = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder)) {
      if (file.startsWith(name) && file.endsWith('.json') && !paths.has(file)) paths.set(file, join(folder, file));
    }
  }
  ensure(paths.size > 0, `run ${name}: expected a record in ${folders.map(named).join(' or ')}, found none`);
  ensure(
    paths.size === 1,
    `run ${name}: expected one record, ${paths.size} begin so: ${[...paths.keys()].slice(0, 4).join(', ')}`,
  );
  const [path] = paths.values();
  return { path, record: loadRecord(path) };
}

function parseRecord(value: unknown, path: string): RunRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue.path.length ? issue.path.map(String).join('.') : '(the whole)';
  throw new InputError(`run record ${named(path)}: field ${field}: ${issue.message}, got ${shown(at(value, issue.path))}`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  const got = path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return typeof got === 'object' && got !== null ? JSON.stringify(got) : got;
}

/** A path as messages show it: from the working directory where it lies below. */
function named(path: string): string {
  const short = relative(process.cwd(), path);
  return short && !short.startsWith('..') ? short : path;
}
