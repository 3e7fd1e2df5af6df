import type { Row } from '../data/types';
import { ensure } from '../runtime/errors';
import type { FinetuneConfig } from './config';
import { openDataset, splitFold, taskRows } from './dataset';
import { rowsHash } from './predictions';
import type { RunRecord } from './record';
import { scaleNamed } from './scales';
import { localesOf } from './start';

/**
 * The rows that a run on generated data was measured on, in the order of its predictions: made again from the scale's world and the run's seed, and held
 * against the record's hashes. Real rows have a licence and stay where they are: a run on them throws an InputError.
 */
export async function evaluationRows({ id, experiment, data, predictions }: RunRecord): Promise<Row[]> {
  const { kind, scale, seed, fold, folds } = experiment;
  const source = scaleNamed(scale).data;
  ensure(
    'generated' in source && data.name === `generated-${source.generated}`,
    `run ${id}: rows are shown of a scale's own generated data only, got ${data.name} at scale ${scale}`,
  );
  ensure(kind === 'finetune' && predictions, `run ${id}: expected a fine-tuned model with predictions, got ${kind}`);
  const dataset = await openDataset(source, seed);
  ensure(dataset.sha256 === data.sha256, `run ${id}: the generator makes other data than it was run on`);
  const { task, start } = experiment.config as unknown as FinetuneConfig;
  const rows = splitFold(taskRows(dataset, task, await localesOf(start)), fold, folds).evaluation;
  ensure(rowsHash(rows) === predictions.rows, `run ${id}: expected the rows that it predicted, got others`);
  return rows;
}
