import { existsSync } from 'node:fs';
import { encoderKey } from '../experiments/pretrained-start';
import type { PlannedRun } from '../experiments/runner';
import { ownRuns, recordPath, runFolders } from '../experiments/store';
import { sha256 } from '../runtime/hash';

/** One run of a grid as `--dry-run --json` prints it, for schedulers. */
export interface ListedRun {
  id: string;
  kind: string;
  seed: number;
  fold: number;
  /** The table rows that it fills; one run may stand in several tables. */
  cells: { table: string; row: string }[];
  /** Ids of the runs whose records it reads. */
  needs: readonly string[];
  /** Equal for runs that start from one pre-trained encoder: the first of them makes it, so the others had better wait for it. */
  encoder?: string;
  done: boolean;
  /** The file of its record: where it lies, or where `run --experiment ID` will write it. */
  record: string;
}

/** A plan's runs, each once, in the order in which the records that they read come first. */
export function listRuns(runs: readonly PlannedRun[]): ListedRun[] {
  const found = new Map<string, ListedRun>();
  for (const { id, cell, needs, record } of runs) {
    const { kind, seed, fold } = cell.experiment;
    const known = found.get(id);
    const own = { table: cell.table, row: cell.row };
    if (known) known.cells.push(own);
    else {
      const key = encoderKey(cell.experiment);
      const encoder = key === undefined ? {} : { encoder: sha256(key).slice(0, 16) };
      const done = record !== undefined;
      found.set(id, { id, kind, seed, fold, cells: [own], needs, ...encoder, done, record: whereRecorded(id) });
    }
  }
  return [...found.values()];
}

function whereRecorded(id: string): string {
  const paths = runFolders().map((folder) => recordPath(folder, id));
  return paths.find((path) => existsSync(path)) ?? recordPath(ownRuns(), id);
}

/** The same for people: one line for each cell; `more` is printed behind each. */
export function listText(runs: readonly PlannedRun[], more: readonly string[] = []): string {
  return runs
    .map(({ id, cell: { table, row, experiment }, record }, i) => {
      const { seed, fold } = experiment;
      return `${id}  table ${table}  ${row}  seed ${seed}  fold ${fold}  ${record ? 'done' : 'to do'}${more[i] ?? ''}\n`;
    })
    .join('');
}
