import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldOf, readDataset } from '../data';
import { generate } from '../data/generate';
import { LOCALES, SPLITS, type Dataset, type Locale, type Row, type Split } from '../data/types';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { Key } from '../runtime/key';
import type { DataSource } from './config';

/** Real data by name: where a user may have put it, first found wins. `ESCI_DATA_FOLDER` names a folder of data sets (data/README.md). */
const PLACES = (name: string): string[] => [
  ...(process.env.ESCI_DATA_FOLDER ? [join(process.env.ESCI_DATA_FOLDER, name)] : []),
  join(projectRoot(), 'data', 'raw', name),
  join(projectRoot(), '..', 'shared', 'data', name),
];

/** Where data is looked for, as messages say it. */
export const LOOKED_FOR = 'a path, or a name below the folder that ESCI_DATA_FOLDER names, data/raw or ../shared/data';

/** The path that real data of a name or path lies at; undefined where there is none, and for no name: the folder of all data sets is no data set. */
export const placeOf = (path: string): string | undefined =>
  path === '' ? undefined : [path, ...PLACES(path)].find((place) => existsSync(place));

const loaded = new Map<string, Promise<Dataset>>();

/** The data of a run: a file read once in this process, or a world generated anew for each seed, so that an interval over seeds covers the data too. */
export function openDataset(source: DataSource, seed: number): Promise<Dataset> {
  if ('generated' in source) {
    const { generated, options } = source;
    const dataset = generate({ ...options, world: generated }, Key.from('data').fold(seed));
    const changed = Object.entries(options ?? {}).map(([name, value]) => `-${name}-${JSON.stringify(value)}`);
    return Promise.resolve({ ...dataset, name: `generated-${generated}${changed.join('')}` });
  }
  const { path, split } = source;
  const found = placeOf(path);
  ensure(found, `--data ${path}: no such file or folder; expected ${LOOKED_FOR}`);
  const name = JSON.stringify([found, split]);
  // A split is taken from the whole: of one file that holds everything the reader would leave out the other split's products too.
  if (!loaded.has(name)) loaded.set(name, split ? onlySplit(openDataset({ path }, seed), split) : readDataset(found));
  return loaded.get(name)!;
}

/** The rows of one split, under a name of their own, for runs on them are no runs on all; the catalogue stays whole. */
async function onlySplit(whole: Promise<Dataset>, split: Split): Promise<Dataset> {
  const dataset = await whole;
  const rows = dataset.rows.filter((row) => row.split === split);
  ensure(rows.length > 0, `data ${dataset.name} has no rows of split ${split}, among ${dataset.rows.length}`);
  return { ...dataset, name: `${dataset.name} (${split})`, split, rows };
}

/** The data that a request means: a file or a scale's own, whole or one split. Throws where a split of generated data is asked for, which have one. */
export function sourceOf({ data, split }: { data?: string; split?: Split }, own: DataSource): DataSource {
  const source: DataSource = data === undefined ? own : { path: data };
  if (split === undefined) return source;
  ensure('path' in source, `--split ${split}: generated data have one split; expected --data`);
  return { ...source, split };
}

/** Whether data have rows of both splits: a model that is to be scored on the test rows must not see them. */
export async function hasBothSplits(source: DataSource): Promise<boolean> {
  if ('generated' in source) return false;
  const { rows } = await openDataset({ path: source.path }, 0);
  return SPLITS.every((split) => rows.some((row) => row.split === split));
}

/** Throws an InputError where a vocabulary reads no locale at all: there would be nothing to train on. */
export function checkLocales(locales: readonly Locale[]): void {
  ensure(
    locales.length > 0,
    `the encoder's vocabulary reads none of ${LOCALES.join(', ')} (unknown tokens, or words in too many pieces); if it does, name them in its config.json: "locales": ["us"]`,
  );
}

/** Whether a task has a row: the small version for task 1, the large one for tasks 2 and 3; locales the encoder can read. */
export const isOfTask = (row: Row, task: 1 | 2 | 3, locales: readonly Locale[]): boolean =>
  (task === 1 ? row.smallVersion : row.largeVersion) && locales.includes(row.locale);

/** The rows a task is trained and measured on: the small version for task 1, the large one for tasks 2 and 3; locales the encoder can read. */
export function taskRows(dataset: Dataset, task: 1 | 2 | 3, locales: readonly Locale[]): Row[] {
  checkLocales(locales);
  const rows = dataset.rows.filter((row) => isOfTask(row, task, locales));
  ensure(rows.length > 0, `data ${dataset.name} has no rows for task ${task} in locales ${locales.join(', ')}`);
  return rows;
}

/**
 * All rows of a data set that any task uses, in locales the encoder can read: what vocabularies and pre-training corpora are made from, so that the tasks of
 * one fold share an encoder.
 */
export function judgedRows(dataset: Dataset, locales: readonly Locale[]): Row[] {
  return dataset.rows.filter((row) => (row.smallVersion || row.largeVersion) && locales.includes(row.locale));
}

/** Training and evaluation part of a fold, by a hash of each row's locale and query: no query is in both. */
export function splitFold(rows: readonly Row[], fold: number, folds: number): { train: Row[]; evaluation: Row[] } {
  const parts = { train: [] as Row[], evaluation: [] as Row[] };
  for (const row of rows) parts[foldOf(row.locale, row.query, folds) === fold ? 'evaluation' : 'train'].push(row);
  ensure(parts.train.length > 0 && parts.evaluation.length > 0, `fold ${fold} of ${folds} leaves a part empty: too few queries`);
  return parts;
}
