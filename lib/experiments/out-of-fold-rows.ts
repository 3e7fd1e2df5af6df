import { LABELS, type Row } from '../data/types';
import { ensure } from '../runtime/errors';
import type { DataSource, FinetuneConfig } from './config';
import { openDataset, splitFold, taskRows } from './dataset';
import { outOfFoldLookup } from './out-of-fold';
import type { RunRecord } from './record';
import { localesOf } from './start';

/** The training rows of one seed and fold with the probabilities of models that did not see their queries. */
export interface OutOfFoldRows {
  rows: Row[];
  /** Class ids of the given labels. // [N] */
  labels: Int32Array;
  /** Class ids of the labels before noise, where they are known. // [N] */
  truth?: Int32Array;
  /** // [N, 4] */
  probs: Float64Array;
}

/** Joins the out-of-fold records of one seed and fold (others in the list are left out) with the rows they predicted. `source` is the runs' data. */
export async function outOfFoldRows(
  records: readonly RunRecord[],
  source: DataSource,
  which: { seed: number; fold: number } = { seed: 0, fold: 0 },
): Promise<OutOfFoldRows> {
  const { seed, fold } = which;
  const own = new Map(
    records
      .filter(({ experiment: e }) => e.kind === 'out-of-fold' && e.seed === seed && e.fold === fold)
      .map((record) => [record.experiment.part!.fold, record]),
  );
  const parts = [...own.keys()].sort((a, b) => a - b).map((part) => own.get(part)!);
  const expected = parts[0]?.experiment.part!.folds;
  ensure(
    parts.length > 0 && parts.length === expected,
    `out-of-fold records of seed ${seed}, fold ${fold}: expected all ${expected ?? ''} parts, got ${parts.length}`,
  );
  const config = parts[0].experiment.config as unknown as FinetuneConfig;
  const { folds } = parts[0].experiment;
  const dataset = await openDataset(source, seed);
  const all = taskRows(dataset, config.task, await localesOf(config.start));
  const { train } = splitFold(all, fold, folds);
  const lookup = outOfFoldLookup(train, folds, parts);
  const probs = new Float64Array(train.length * LABELS.length);
  train.forEach((row, i) => probs.set(lookup(row)!, i * LABELS.length));
  const ids = (of: (row: Row) => Row['label']): Int32Array => Int32Array.from(train, (row) => LABELS.indexOf(of(row)));
  return {
    rows: train,
    labels: ids((row) => row.label),
    ...(train.every((row) => row.trueLabel) ? { truth: ids((row) => row.trueLabel!) } : {}),
    probs,
  };
}
