import type { RunRecord } from '../experiments/record';
import { mean, sd } from './change';
import type { Spread } from './rendered';

/** Metrics of pre-training on held-out text: an encoder is pre-trained once a seed and serves all folds. */
export const OF_PRETRAINING: readonly string[] = [
  'mlmLoss',
  'mlmAccuracy',
  'pairAccuracy',
  'brandAccuracy',
  'brandTopFive',
  'contrastiveAccuracy',
];

/**
 * Mean ± sd of a metric over the runs that have it. A metric of pre-training counts once for each encoder, not once for each fold that it served: the
 * same digits from the same seed are one value.
 */
export function spreadOf(runs: readonly RunRecord[], metric: string): Spread | undefined {
  const found = runs.filter((run) => run.metrics[metric] !== undefined);
  const encoders = new Map(found.map((run) => [`${run.experiment.seed} ${run.metrics[metric]}`, run]));
  const values = (OF_PRETRAINING.includes(metric) ? [...encoders.values()] : found).map((run) => run.metrics[metric]);
  return values.length ? { mean: mean(values), sd: sd(values), n: values.length } : undefined;
}
