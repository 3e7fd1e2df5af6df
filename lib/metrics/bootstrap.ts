import { ensure, inRange } from '../runtime/errors';
import type { Key, Random } from '../runtime/key';
import { runningNumbers } from './groups';
import { meanOf, type Statistic } from './statistics';

export interface BootstrapOptions {
  /** The cluster (query) of each row, any numbers or names; absent: every value is its own cluster (per-query values). */
  groups?: ArrayLike<number | string>;
  /** Default 1,000. */
  resamples?: number;
  key: Key;
  /** What is computed from one value per row; default the mean. */
  statistic?: Statistic;
  /** Confidence of the interval; default 0.95. */
  level?: number;
}

export interface Interval {
  low: number;
  high: number;
  /** Standard deviation over resamples. */
  standardError: number;
  level: number;
  resamples: number;
  /** Resamples in which the statistic was not defined (no positive row drawn, for example); they are left out. */
  undefinedResamples: number;
  clusters: number;
}

/**
 * Percentile interval of a statistic, resampling clusters with replacement (Efron and Tibshirani 1993, §13.3).
 * Covers the choice of queries only: another sample of queries from the same source, the same trained model. With fewer than about 20 clusters it is
 * too narrow.
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions): Interval & { value: number } {
  const { cluster, clusters } = clustersOf(values.length, options.groups);
  const statistic = (options.statistic ?? meanOf)(values, cluster, clusters);
  return { value: statistic(new Float64Array(clusters).fill(1)), ...resample(clusters, statistic, options) };
}

/**
 * Paired percentile interval of statistic(a) − statistic(b), where a and b hold one value for each of the same rows: every resample draws clusters
 * (queries) with replacement and computes both sides on the same draw, so what the two have in common cancels.
 * Covers the choice of queries for these two trained models; it does not cover training again (see `pairedInterval`).
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): Interval & { a: number; b: number; difference: number } {
  ensure(a.length === b.length, `paired rows must be equally many, got ${a.length} and ${b.length}`);
  const { cluster, clusters } = clustersOf(a.length, options.groups);
  const [first, second] = [a, b].map((values) => (options.statistic ?? meanOf)(values, cluster, clusters));
  const ones = new Float64Array(clusters).fill(1);
  const [valueA, valueB] = [first(ones), second(ones)];
  const interval = resample(clusters, (weights) => first(weights) - second(weights), options);
  return { a: valueA, b: valueB, difference: valueA - valueB, ...interval };
}

/** Draws as many clusters as there are, with replacement, and counts how often each was drawn. */
export function drawWeights(weights: Float64Array, random: Random): Float64Array {
  weights.fill(0);
  const scale = weights.length / 4294967296;
  for (let i = 0; i < weights.length; i++) weights[Math.floor(random.uint32() * scale)]++;
  return weights;
}

/** The quantile of sorted numbers, linear between order statistics (as numpy's default). */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number {
  const at = probability * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Sample variance, n − 1 in the denominator; 0 for fewer than two numbers. */
export function variance(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) return 0;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (values[i] - mean) ** 2;
  return sum / (n - 1);
}

function clustersOf(rows: number, groups?: ArrayLike<number | string>): { cluster: Int32Array; clusters: number } {
  ensure(rows > 0, 'a bootstrap needs at least one row, got none');
  if (!groups) return { cluster: Int32Array.from({ length: rows }, (_, i) => i), clusters: rows };
  ensure(groups.length === rows, `groups must name a cluster for each of ${rows} rows, got ${groups.length}`);
  const { numbers, names } = runningNumbers(Array.from(groups));
  return { cluster: numbers, clusters: names.length };
}

function resample(clusters: number, statistic: (weights: Float64Array) => number, options: BootstrapOptions): Interval {
  const { resamples = 1000, key, level = 0.95 } = options;
  inRange('resamples', resamples, 2, 1e7);
  inRange('level', level, 0.01, 0.9999);
  const random = key.fold('bootstrap').random();
  const weights = new Float64Array(clusters);
  const drawn: number[] = [];
  for (let r = 0; r < resamples; r++) {
    const value = statistic(drawWeights(weights, random));
    if (!Number.isNaN(value)) drawn.push(value);
  }
  const sorted = Float64Array.from(drawn).sort();
  return {
    low: sorted.length ? quantileOfSorted(sorted, (1 - level) / 2) : NaN,
    high: sorted.length ? quantileOfSorted(sorted, (1 + level) / 2) : NaN,
    standardError: sorted.length ? Math.sqrt(variance(sorted)) : NaN,
    level,
    resamples,
    undefinedResamples: resamples - drawn.length,
    clusters,
  };
}
