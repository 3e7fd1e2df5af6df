import type { Dataset, Row } from '../data/types';
import { Key } from '../runtime/key';
import type { RunHooks, TrainingExperiment } from './experiment';
import { pretrain, withPretrained } from './pretrain-run';
import { startingEncoder, type StartingEncoder } from './start';

/** The encoder that a fine-tuning run starts from: its start, pre-trained first where the configuration says so. */
export async function pretrainedStart(
  experiment: TrainingExperiment,
  dataset: Dataset,
  train: readonly Row[],
  hooks: RunHooks,
): Promise<StartingEncoder & { metrics: Record<string, number>; checks: { name: string; ok: boolean; detail: string }[] }> {
  const { config, seed, fold } = experiment;
  const longest = Math.max(config.text.maxLength, config.pretrain?.maxLength ?? 0);
  const start = await startingEncoder(config.start, dataset, train, longest, Key.from('start').fold(seed));
  if (!config.pretrain) return { ...start, metrics: {}, checks: [] };
  hooks.onStage?.('pre-train');
  const data = { name: dataset.name, sha256: dataset.sha256 };
  // The vocabulary from scratch is trained with the training queries, so it differs by fold even where the corpus does not.
  const perFold = config.start.from === 'scratch' || config.pretrain.corpus === 'train';
  const run = {
    start: config.start,
    config: config.pretrain,
    pooling: config.head.pooling === 'mean' ? 'mean' : 'first',
    seed,
    data,
  } as const;
  const done = await pretrain({ ...run, ...(perFold ? { fold } : {}) }, start, dataset, train, hooks);
  return { ...withPretrained(start, done), metrics: named(done.metrics), checks: done.checks };
}

/** Pre-training's held-out figures under the names that tables print. */
function named(metrics: Record<string, number>): Record<string, number> {
  const names: Record<string, string> = {
    product2queryAccuracy: 'pairAccuracy',
    product2brandAccuracy: 'brandAccuracy',
    product2brandTopFive: 'brandTopFive',
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [names[name] ?? name, value]));
}
