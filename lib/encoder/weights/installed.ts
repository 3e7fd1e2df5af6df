import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InputError } from '../../runtime/errors';
import { sharedCache, writeFileAtomic } from '../../runtime/files';
import { sha256File } from '../../runtime/hash';
import { INDEX_FILE, WHOLE_FILE } from './hub';
import type { KnownWeights } from './known';

/** The note that a fetched folder carries: where it came from and what each file's checksum was. */
export interface WeightsManifest {
  name: string;
  licence: string;
  /** The source that it came from, in words. */
  source: string;
  /** The hub's commit that every file is of, where the hub named it. */
  commit?: string;
  /** `pinned`: the checksum was known before the fetch; otherwise it was recorded then. */
  files: readonly { name: string; bytes: number; sha256: string; pinned: boolean }[];
}

/** The note's file name. It is written last, so a folder that has it is whole. */
export const MANIFEST = 'weights.json';

/** Where a known set of weights lies once fetched: `ESCI_CACHE/weights/NAME`, a slash of the name as two hyphens. */
export const weightsFolder = (name: string): string => sharedCache('weights', name.replaceAll('/', '--'));

/** The note of weights that are here and of the right sizes; undefined where they are not, or not whole. */
export function installed(
  weights: Pick<KnownWeights, 'name' | 'files'>,
  folder = weightsFolder(weights.name),
): WeightsManifest | undefined {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return undefined;
  let manifest: WeightsManifest;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as WeightsManifest;
  } catch {
    return undefined;
  }
  const there = manifest.files.every(
    ({ name, bytes }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  );
  const has = (name: string): boolean => manifest.files.some((file) => file.name === name);
  const needed = weights.files.every(({ name, optional }) => optional || has(name) || (name === WHOLE_FILE && has(INDEX_FILE)));
  return there && needed ? manifest : undefined;
}

/** Whether someone put converted weights of a pickled set where fetched ones would lie: they have no note, and no checksum to hold them against. */
export function converted(weights: KnownWeights, folder = weightsFolder(weights.name)): boolean {
  return (
    Boolean(weights.pickled) &&
    ['config.json', 'tokenizer.json', 'model.safetensors'].every((name) => existsSync(join(folder, name)))
  );
}

/** Reads every file of a fetched folder and compares its SHA-256 with the note's. Throws an InputError that names the first that differs. */
export async function verifyInstalled(
  weights: KnownWeights,
  manifest: WeightsManifest,
  folder = weightsFolder(weights.name),
): Promise<void> {
  for (const { name, sha256 } of manifest.files) {
    const expected = weights.files.find((file) => file.name === name)?.sha256 ?? sha256;
    const got = await sha256File(join(folder, name));
    if (got !== expected)
      throw new InputError(
        `${join(folder, name)} has SHA-256 ${got}, expected ${expected}: remove the folder and fetch it again (esci weights fetch ${weights.name})`,
      );
  }
}

/** What a checksum was found for: a file in one state. */
interface Stamp {
  path: string;
  bytes: number;
  modified: number;
  changed: number;
  sha256: string;
}

/** The note of checksums that were found; only files of `STAMPED` bytes or more are in it, as smaller ones are read in a moment. */
const STAMPS = 'verified.json';
const STAMPED = 1 << 28;

const verified = new Map<string, Promise<void>>();

/**
 * `verifyInstalled` before weights are used: once in this process for each state of the files (size and times). A large file that an earlier process read in that very
 * state is not read again: its checksum is remembered beside it, where the folder can be written.
 */
export function verifyOnce(
  weights: KnownWeights,
  manifest: WeightsManifest,
  folder = weightsFolder(weights.name),
  stamped = STAMPED,
): Promise<void> {
  const states = manifest.files.map((file) => ({ ...file, ...stateOf(join(folder, file.name)) }));
  const key = JSON.stringify([folder, states]);
  let check = verified.get(key);
  if (!check) {
    const known = readStamps(folder);
    const expected = (name: string, sha256: string): string => weights.files.find((file) => file.name === name)?.sha256 ?? sha256;
    const large = states.filter(({ bytes }) => bytes >= stamped);
    const told = ({ name, path, bytes, modified, changed, sha256 }: (typeof states)[number]): boolean =>
      known.some(
        (s) =>
          s.path === path &&
          s.bytes === bytes &&
          s.modified === modified &&
          s.changed === changed &&
          s.sha256 === expected(name, sha256),
      );
    const left = states.filter((state) => !large.includes(state) || !told(state));
    check = verifyInstalled(weights, { ...manifest, files: left }, folder).then(() => {
      if (large.some((state) => left.includes(state)))
        writeStamps(folder, large.map(({ name, path, bytes, modified, changed, sha256 }) => ({ path, bytes, modified, changed, sha256: expected(name, sha256) }))); // prettier-ignore
    });
    verified.set(key, check);
  }
  return check;
}

function stateOf(file: string): Omit<Stamp, 'sha256'> {
  const { size, mtimeMs, ctimeMs } = statSync(file);
  return { path: resolve(file), bytes: size, modified: mtimeMs, changed: ctimeMs };
}

function readStamps(folder: string): readonly Stamp[] {
  try {
    const stamps = JSON.parse(readFileSync(join(folder, STAMPS), 'utf8')) as unknown;
    return Array.isArray(stamps) ? (stamps as Stamp[]) : [];
  } catch {
    return []; // none, or not readable: the files are read again
  }
}

function writeStamps(folder: string, stamps: readonly Stamp[]): void {
  try {
    writeFileAtomic(join(folder, STAMPS), JSON.stringify(stamps, null, 2) + '\n');
  } catch {
    // a folder that cannot be written: the files are read each time
  }
}
