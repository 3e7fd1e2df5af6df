import { ensure, inRange } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { drawWeights, quantileOfSorted, variance } from './bootstrap';
import { prepareMetric, queriesThatCount, type MetricName } from './named';
import { detectable } from './power';
import { decodePredictions, type PredictionRows } from './predictions';
import { meanOf, type WeightedStatistic } from './statistics';
import { normalQuantile } from './student';
import { errorAt, errorQuantile, type Freedom, type VarianceParts } from './variance-parts';

/** One row of a table and the row it is measured against, trained with the same seed and evaluated on the same fold. */
export interface PairedUnit {
  seed: number;
  fold: number;
  row: PredictionRows;
  against: PredictionRows;
}

export interface PairedIntervalOptions {
  /** Default 1,000. */
  resamples?: number;
  key: Key;
  level?: number;
  /** What counts as right: the given labels, or the true ones of generated data. */
  labels?: 'given' | 'truth';
}

export interface PairedDifference {
  metric: string;
  /** Mean of the metric over units (seeds × folds) for the row and for the one it is measured against, and row − against. */
  row: number;
  against: number;
  difference: number;
  /** Interval of the difference at `level`. */
  low: number;
  high: number;
  level: number;
  standardError: number;
  /** What is known of the standard error: gives the interval's width. */
  freedom: Freedom;
  /** What the interval covers: with one seed, other queries only. */
  covers: 'queries' | 'seeds and queries';
  /** The interval for these very seeds, other queries only. */
  queriesOnly: { low: number; high: number };
  perSeed: { seed: number; row: number; against: number; difference: number }[];
  /** Where its variance comes from: what plans seeds. */
  parts: VarianceParts;
  /** Smallest true difference that this very comparison shows with 80 % power at two-sided 5 %. */
  detectable: number;
  units: number;
  /** Queries that say something of the metric. */
  queries: number;
}

interface Prepared {
  seed: number;
  rows: string;
  difference: WeightedStatistic;
  row: number;
  against: number;
}

/**
 * The difference of a metric between two rows of a table over seeds × folds, with a hierarchical bootstrap interval.
 *
 * Point: the mean over units of metric(row) − metric(against), so it equals the difference of the table's means.
 * Draws: each resample draws queries with replacement within each evaluation set, once for all seeds (the seeds answer the same queries, so their
 * errors there are not independent), then seeds with replacement (S − 1 of S, which makes the seeds' share unbiased: Rao and Wu 1988), and takes the mean
 * over the drawn seeds' units.
 * Width: drawing both ways counts the seed × query interaction up to three times (Owen 2007), so the deviations of the draws are scaled to the variance
 * of crossed random effects, V = V_seeds + V_queries − V_interaction, and by t/z with the quantile of `errorQuantile`, since a few
 * seeds say little about their own spread. The interval is NaN where fewer than two queries say anything.
 *
 * Covers: training again with other seeds, and other queries of the same kind. Does not cover other data sets, other hyper-parameters, folds drawn
 * anew, or that several rows are looked at. With one seed it covers the queries alone, and `covers` says so.
 *
 * Throws an InputError where units are missing, repeated, or their rows differ.
 */
export function pairedInterval(
  units: readonly PairedUnit[],
  metric: MetricName,
  options: PairedIntervalOptions,
): PairedDifference {
  ensure(units.length > 0, 'a paired interval needs at least one pair of runs, got none');
  return intervalOf(prepare(units, metric, options.labels ?? 'given'), metric, options);
}

/** One row of a table and the row it is measured against, query by query: null where a query says nothing. `queries` names the queries, in order. */
export interface PairedQueries {
  seed: number;
  fold: number;
  queries: string;
  row: readonly (number | null)[];
  against: readonly (number | null)[];
}

/** `pairedInterval` of a metric that is a mean over queries, from its value for each query; a query that either run leaves out is left out of both. */
export function pairedQueriesInterval(
  units: readonly PairedQueries[],
  metric: string,
  options: Omit<PairedIntervalOptions, 'labels'>,
): PairedDifference {
  ensure(units.length > 0, 'a paired interval needs at least one pair of runs, got none');
  const sizes = new Map<string, number>();
  const counted = new Map<string, number>();
  const prepared = units.map(({ seed, fold, queries, row, against }): Prepared => {
    ensure(
      row.length === against.length,
      `seed ${seed}: both runs must be of the same queries, got ${row.length} and ${against.length}`,
    );
    const size = sizes.get(queries) ?? row.length;
    ensure(size === row.length, `seed ${seed}, fold ${fold}: queries ${queries.slice(0, 12)} are ${size}, got ${row.length}`);
    sizes.set(queries, size);
    const known = row.map((value, q) => value !== null && against[q] !== null);
    counted.set(queries, Math.max(counted.get(queries) ?? 0, known.filter(Boolean).length));
    const number = Int32Array.from(row, (_, q) => q);
    const of = (values: readonly (number | null)[]): WeightedStatistic =>
      meanOf(Float64Array.from(values, (value, q) => (known[q] ? value! : NaN)), number, row.length); // prettier-ignore
    const [first, second] = [of(row), of(against)];
    const ones = new Float64Array(row.length).fill(1);
    return { seed, rows: queries, difference: (w) => first(w) - second(w), row: first(ones), against: second(ones) };
  });
  return intervalOf({ prepared, sizes, counted }, metric, options);
}

/** Runs that are ready to be resampled; of each evaluation set how many queries it has, and how many of them say something of the metric. */
interface Sets {
  prepared: readonly Prepared[];
  sizes: ReadonlyMap<string, number>;
  counted: ReadonlyMap<string, number>;
}

function intervalOf({ prepared, sizes, counted }: Sets, metric: string, options: PairedIntervalOptions): PairedDifference {
  const { resamples = 1000, key, level = 0.95 } = options;
  inRange('resamples', resamples, 20, 1e6);
  const seeds = [...new Set(prepared.map((unit) => unit.seed))].sort((a, b) => a - b);
  const bySeed = seeds.map((seed) => prepared.filter((unit) => unit.seed === seed));
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const perSeed = bySeed.map((of, s) => {
    const [row, against] = [mean(of.map((unit) => unit.row)), mean(of.map((unit) => unit.against))];
    return { seed: seeds[s], row, against, difference: row - against };
  });
  const [row, against] = [mean(prepared.map((unit) => unit.row)), mean(prepared.map((unit) => unit.against))];
  const difference = row - against;

  const S = seeds.length;
  const random = key.fold('paired-interval').random();
  const weights = new Map([...sizes].map(([rows, size]) => [rows, new Float64Array(size)]));
  const drawn = bySeed.map((of) => of.map(({ difference, rows }) => ({ difference, weights: weights.get(rows)! })));
  const sums = bySeed.map(() => new Float64Array(resamples)); // mean over a seed's units, queries redrawn
  const kept = new Float64Array(resamples); // all seeds kept
  const both = new Float64Array(resamples); // seeds redrawn too
  const totals = new Float64Array(S);
  for (let r = 0; r < resamples; r++) {
    for (const w of weights.values()) drawWeights(w, random);
    let all = 0;
    for (let s = 0; s < S; s++) {
      let total = 0;
      for (const unit of drawn[s]) total += unit.difference(unit.weights);
      all += totals[s] = total;
      sums[s][r] = total / drawn[s].length;
    }
    kept[r] = both[r] = all / prepared.length;
    if (S === 1) continue;
    let sum = 0;
    let units = 0;
    for (let i = 1; i < S; i++) {
      const s = random.int(S);
      sum += totals[s];
      units += drawn[s].length;
    }
    both[r] = sum / units;
  }
  const clean = (values: Float64Array): Float64Array => values.filter((x) => !Number.isNaN(x)).sort();
  const queries = [...counted.values()].reduce((a, b) => a + b, 0);

  const perQueries = variance(clean(kept));
  const perSeeds = S > 1 ? variance(perSeed.map((seed) => seed.difference)) / S : 0;
  const shared = sameRows(bySeed);
  const within = mean(sums.map((values) => variance(clean(values))));
  const interaction = S > 1 && shared ? Math.max(0, (within - perQueries) / (S - 1)) : shared ? 0 : perQueries;
  const parts: VarianceParts = { seeds: S, queries, perSeeds, perQueries, interaction, shared };
  const { variance: total, standardError, freedom } = errorAt(parts);
  const interval = (draws: Float64Array, variance_: number, known: Freedom): { low: number; high: number } => {
    const spread = variance(draws);
    const t = errorQuantile((1 + level) / 2, known) / normalQuantile((1 + level) / 2);
    const scale = spread > 0 ? t * Math.sqrt(variance_ / spread) : 1;
    const at = (p: number): number => difference + scale * (quantileOfSorted(draws, p) - difference);
    return draws.length && queries > 1 ? { low: at((1 - level) / 2), high: at((1 + level) / 2) } : { low: NaN, high: NaN };
  };
  return {
    metric,
    row,
    against,
    difference,
    ...interval(clean(both), total, freedom),
    level,
    standardError,
    freedom,
    parts,
    covers: S > 1 ? 'seeds and queries' : 'queries',
    queriesOnly: interval(clean(kept), perQueries, { ...freedom, share: 0 }),
    perSeed,
    detectable: detectable(standardError, freedom),
    units: prepared.length,
    queries,
  };
}

/** Whether every seed was evaluated on the same rows: then seeds and queries cross. */
function sameRows(bySeed: readonly (readonly Prepared[])[]): boolean {
  const names = bySeed.map((of) =>
    of
      .map((unit) => unit.rows)
      .sort()
      .join(),
  );
  return names.every((name) => name === names[0]);
}

function prepare(units: readonly PairedUnit[], metric: MetricName, labels: 'given' | 'truth'): Sets {
  const sizes = new Map<string, number>();
  const counted = new Map<string, number>();
  const seen = new Set<string>();
  const prepared = units.map(({ seed, fold, row, against }) => {
    const name = `seed ${seed}, fold ${fold}`;
    ensure(!seen.has(name), `paired runs must be one for each seed and fold, got ${name} twice`);
    seen.add(name);
    ensure(
      row.rows === against.rows,
      `${name}: both runs must predict the same rows in the same order, got ${row.rows.slice(0, 12)} and ${against.rows.slice(0, 12)}`,
    );
    const [a, b] = [row, against].map((side) => decodePredictions(side, labels));
    const [first, second] = [prepareMetric(metric, a), prepareMetric(metric, b)];
    const ones = new Float64Array(a.queries).fill(1);
    sizes.set(row.rows, a.queries);
    counted.set(row.rows, queriesThatCount(metric, a));
    return {
      seed,
      rows: row.rows,
      difference: (w: ArrayLike<number>) => first(w) - second(w),
      row: first(ones),
      against: second(ones),
    };
  });
  return { prepared, sizes, counted };
}
