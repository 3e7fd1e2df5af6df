import { OF_PRETRAINING } from '../experiments/tables/table3';
import type { RunRecord } from '../experiments/record';
import { mean, sd } from './change';
import type { Spread } from './rendered';

/**
 * Mean ± sd of a metric over the runs that have it. A metric of pre-training counts once a seed, as the mean over that seed's runs: its folds share an
 * encoder, and repeating its figure would make the sd too small.
 */
export function spreadOf(runs: readonly RunRecord[], metric: string): Spread | undefined {
  const found = runs.filter((run) => run.metrics[metric] !== undefined);
  const seeds = [...new Set(found.map((run) => run.experiment.seed))];
  const parts = OF_PRETRAINING.includes(metric)
    ? seeds.map((seed) => found.filter((run) => run.experiment.seed === seed))
    : found.map((run) => [run]);
  const values = parts.map((runs) => mean(runs.map((run) => run.metrics[metric])));
  return values.length ? { mean: mean(values), sd: sd(values), n: values.length } : undefined;
}
