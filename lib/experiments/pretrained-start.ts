import type { Dataset, Row } from '../data/types';
import { Key } from '../runtime/key';
import type { FinetuneExperiment, RunHooks } from './finetune-run';
import { startingEncoder, type StartingEncoder } from './start';

/** The encoder that a fine-tuning run starts from: its start, pre-trained first where the configuration says so. */
export async function pretrainedStart(
  experiment: FinetuneExperiment,
  dataset: Dataset,
  train: readonly Row[],
  _hooks: RunHooks,
): Promise<StartingEncoder & { metrics: Record<string, number> }> {
  const { config, seed } = experiment;
  const start = await startingEncoder(config.start, dataset, train, config.text.maxLength, Key.from('start').fold(seed));
  return { ...start, metrics: {} };
}
