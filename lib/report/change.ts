import type { RunRecord } from '../experiments/record';
import { Key } from '../runtime/key';
import { queryStatistic, type QueryStatistic } from './statistic';
import { studentQuantile } from './student';

/** How much a row changed its metric against another row, and how sure that is. In the metric's own units. */
export interface Change {
  /** Mean over the pairs of (row − against). */
  value: number;
  /** The interval at `level`: absent where nothing measures its width (one pair without predictions). */
  interval?: { low: number; high: number; level: number };
  /** Share of the bootstrap draws above 0: near 1 or 0 where the sign is sure. */
  above?: number;
  /** The smallest true change that would be found with 80 % power at this level. */
  detectable?: number;
  /** Pairs of runs (same seed, same fold, same rows), and the seeds and folds among them. */
  pairs: number;
  seeds: number;
  folds: number;
  /** What the interval covers: chance in the queries, in training, or both. */
  covers: { queries: boolean; training: boolean };
}

export interface ChangeOptions {
  /** Bootstrap draws (2,000). */
  draws?: number;
  /** Coverage of the interval (0.95). */
  level?: number;
  key?: Key;
}

interface Pair {
  seed: number;
  fold: number;
  delta: number;
  row?: QueryStatistic;
  base?: QueryStatistic;
}

/**
 * The paired change of `metric` from the runs `against` to the runs `row`. Runs are paired by seed and fold, and only where they
 * predicted the same rows. Two sources of chance are kept apart and added:
 *
 * - **queries**: queries are drawn again with replacement within each fold, the same draw for every run, and the mean difference
 *   computed anew (paired cluster bootstrap);
 * - **training**: the differences of pairs of one fold spread by initialisation, order and dropout. Their pooled within-fold
 *   variance s² (df = pairs − folds; over folds, df = pairs − 1, when each fold was run once) gives the mean a standard error
 *   s/√pairs, and every draw is shifted by it times Student's t with df degrees: with 2 to 5 seeds the seeds themselves are too few to
 *   resample.
 *
 * The interval is the percentiles of the draws. Detectable = (t₀.₉₇₅ + t₀.₈)·se with Welch–Satterthwaite degrees of freedom.
 * Undefined where no two runs can be paired.
 */
export function pairedChange(
  metric: string,
  row: readonly RunRecord[],
  against: readonly RunRecord[],
  options: ChangeOptions = {},
): Change | undefined {
  const { draws = 2000, level = 0.95, key = Key.from('change') } = options;
  const pairs = pairUp(metric, row, against);
  if (!pairs.length) return undefined;
  const value = mean(pairs.map((p) => p.delta));
  const folds = [...new Set(pairs.map((p) => p.fold))];
  const training = trainingError(pairs, folds);
  const resampled = pairs.every((p) => p.row && p.base) ? resampleQueries(pairs, draws, key) : undefined;
  const counts = { pairs: pairs.length, seeds: new Set(pairs.map((p) => p.seed)).size, folds: folds.length };
  const covers = { queries: resampled !== undefined, training: training !== undefined };
  if (!resampled && !training) return { value, ...counts, covers };

  const random = key.fold('training').random();
  const sample = resampled ?? new Float64Array(draws).fill(value);
  const queryError = resampled ? sd([...resampled]) : 0;
  if (training) for (let i = 0; i < draws; i++) sample[i] += training.error * studentDraw(random, training.df);
  sample.sort();
  const error = Math.hypot(queryError, training?.error ?? 0);
  const df = training && training.error > 0 ? training.df * (error / training.error) ** 4 : Infinity;
  return {
    value,
    interval: { low: percentile(sample, (1 - level) / 2), high: percentile(sample, (1 + level) / 2), level },
    above: sample.reduce((n, x) => n + (x > 0 ? 1 : x === 0 ? 0.5 : 0), 0) / draws,
    detectable: (studentQuantile((1 + level) / 2, df) + studentQuantile(0.8, df)) * error,
    ...counts,
    covers,
  };
}

function pairUp(metric: string, row: readonly RunRecord[], against: readonly RunRecord[]): Pair[] {
  const pairs: Pair[] = [];
  for (const run of row) {
    const base = against.find(
      (b) =>
        b.experiment.seed === run.experiment.seed &&
        b.experiment.fold === run.experiment.fold &&
        b.experiment.folds === run.experiment.folds &&
        b.data.sha256 === run.data.sha256 &&
        b.predictions?.rows === run.predictions?.rows,
    );
    const [ours, theirs] = [run.metrics[metric], base?.metrics[metric]];
    if (!base || ours === undefined || theirs === undefined) continue;
    pairs.push({
      seed: run.experiment.seed,
      fold: run.experiment.fold,
      delta: ours - theirs,
      row: run.predictions && queryStatistic(metric, run.predictions),
      base: base.predictions && queryStatistic(metric, base.predictions),
    });
  }
  return pairs.sort((a, b) => a.fold - b.fold || a.seed - b.seed);
}

/** The standard error that training's chance gives the mean difference, or undefined where one pair alone cannot show it. */
function trainingError(pairs: readonly Pair[], folds: readonly number[]): { error: number; df: number } | undefined {
  const within = folds.flatMap((fold) => centred(pairs.filter((p) => p.fold === fold).map((p) => p.delta)));
  const repeated = pairs.length > folds.length;
  const deviations = repeated ? within : centred(pairs.map((p) => p.delta));
  const df = repeated ? pairs.length - folds.length : pairs.length - 1;
  if (df < 1) return undefined;
  return { error: Math.sqrt(deviations.reduce((s, d) => s + d * d, 0) / df / pairs.length), df };
}

/** Mean differences under `draws` draws of the queries: one draw per fold, the same for all runs of that fold. */
function resampleQueries(pairs: readonly Pair[], draws: number, key: Key): Float64Array {
  const sample = new Float64Array(draws);
  for (const fold of new Set(pairs.map((p) => p.fold))) {
    const own = pairs.filter((p) => p.fold === fold);
    const queries = own[0].row!.queries;
    const random = key.fold('queries', fold).random();
    const times = new Int32Array(queries);
    for (let draw = 0; draw < draws; draw++) {
      times.fill(0);
      for (let q = 0; q < queries; q++) times[random.int(queries)]++;
      for (const pair of own) sample[draw] += (weighted(pair.row!, times) - weighted(pair.base!, times)) / pairs.length;
    }
  }
  return sample;
}

function weighted(statistic: QueryStatistic, times: Int32Array): number {
  const { width, parts, queries } = statistic;
  const sums = new Float64Array(width);
  for (let q = 0; q < queries; q++) {
    const n = times[q];
    if (n) for (let j = 0; j < width; j++) sums[j] += n * parts[q * width + j];
  }
  return statistic.value(sums);
}

/** A draw of Student's t: normal / √(χ²/df), with χ² = 2·Gamma(df/2). */
function studentDraw(random: ReturnType<Key['random']>, df: number): number {
  return random.normal() / Math.sqrt((2 * random.gamma(df / 2)) / df);
}

const centred = (values: readonly number[]): number[] => values.map((v) => v - mean(values));

/** The mean of some numbers; NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The sample standard deviation (divisor n − 1); NaN for fewer than two. */
export function sd(values: readonly number[]): number {
  return values.length < 2 ? NaN : Math.sqrt(centred(values).reduce((s, d) => s + d * d, 0) / (values.length - 1));
}

/** The p-th quantile of sorted numbers, linear between neighbours (R's type 7). */
export function percentile(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
