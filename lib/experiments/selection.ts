import type { Classifier } from '../train/classifier';
import type { Checkpoints } from '../train/checkpoint';
import type { Plan } from '../train/loop';
import type { Duration, FinetuneConfig } from './config';

/** What a product of two decimals may be off by: 1.1 epochs of 10 updates are 11. */
const ROUNDING = 1e-9;

/** A duration in optimiser updates, of which an epoch has `perEpoch` (it may be a fraction); epochs are rounded up to whole updates. */
export function updatesOf(duration: Duration, perEpoch: number): number {
  return 'steps' in duration ? duration.steps : Math.max(1, Math.ceil(duration.epochs * perEpoch - ROUNDING));
}

/** The metric by which the best of several evaluations is kept. */
export const selectionMetric = (task: FinetuneConfig['task']): string => (task === 1 ? 'ndcg' : 'microF1');

/**
 * Early-best selection, as the release does: evaluate every so often with the weights that prediction uses (the EMA shadow where there is one) and keep the
 * best. It chooses on the part it is then measured on, so its figure flatters; the record says that it was on and which update was kept.
 */
export function bestOf(
  config: FinetuneConfig,
  classifier: Classifier,
  perEpoch: number,
  evaluate: () => Record<string, number>,
  checkpoints: Checkpoints,
): Plan['evaluation'] {
  if (!config.select) return undefined;
  return {
    every: updatesOf(config.select.every, perEpoch),
    run: evaluate,
    metric: selectionMetric(config.task),
    keep: () => checkpoints.keepBest(classifier.weights()),
  };
}
