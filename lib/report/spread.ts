import { OF_PRETRAINING } from '../experiments/tables/table3';
import type { RunRecord } from '../experiments/record';
import { mean, sd } from './change';
import type { Spread } from './rendered';

/**
 * Mean ± sd of a metric over the runs that have it. A metric of pre-training counts once an encoder: runs of one seed with the same figure share theirs, as the folds do
 * unless it is pre-trained on the fold's own text, and repeating it would make the sd too small.
 */
export function spreadOf(runs: readonly RunRecord[], metric: string): Spread | undefined {
  const found = runs.filter((run) => run.metrics[metric] !== undefined);
  const own = ({ experiment, metrics }: RunRecord): string => `${experiment.seed} ${metrics[metric]}`;
  const once = OF_PRETRAINING.includes(metric) ? [...new Map(found.map((run) => [own(run), run])).values()] : found;
  const values = once.map((run) => run.metrics[metric]);
  return values.length ? { mean: mean(values), sd: sd(values), n: values.length } : undefined;
}
