import type { RunRecord } from '../experiments/record';
import { METRIC_NAMES, type MetricName } from '../metrics/named';
import { pairedInterval, pairedQueriesInterval } from '../metrics/paired-interval';
import { detectable } from '../metrics/power';
import { studentQuantile } from '../metrics/student';
import { errorAt, type Freedom, type VarianceParts } from '../metrics/variance-parts';
import { Key } from '../runtime/key';

/** How much a row changed its metric against another row, and how sure that is. In the metric's own units. */
export interface Change {
  /** Mean over the pairs of (row − against). */
  value: number;
  /** The interval, with the standard error and freedom of its width; absent where nothing measures it (one pair without predictions, one query). */
  interval?: { low: number; high: number; level: number; standardError: number; freedom: Freedom };
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
  /** Bootstrap draws (1,000). */
  draws?: number;
  /** Coverage of the interval (0.95). */
  level?: number;
}

interface Pair {
  row: RunRecord;
  against: RunRecord;
}

/**
 * The paired change of `metric` from the runs `against` to the runs `row`. Runs are paired by seed and fold, and only where they
 * predicted the same rows of the same data. Where all of them hold predictions and the metric can be computed from them, the interval
 * is `pairedInterval` (metrics): queries and seeds resampled. Otherwise it is Student's t over the seeds' mean differences.
 *
 * Detectable = (t₀.₉₇₅ + t₀.₈)·se, with the interval's own standard error and freedom: what this very comparison could see.
 * Undefined where no two runs can be paired.
 */
export function pairedChange(
  metric: string,
  row: readonly RunRecord[],
  against: readonly RunRecord[],
  options: ChangeOptions = {},
): Change | undefined {
  return changeWithParts(metric, row, against, options)?.change;
}

/** `pairedChange` with where its variance comes from, which plans seeds; without parts where the change has no interval. */
export function changeWithParts(
  metric: string,
  row: readonly RunRecord[],
  against: readonly RunRecord[],
  options: ChangeOptions = {},
): { change: Change; parts?: VarianceParts } | undefined {
  const { draws = 1000, level = 0.95 } = options;
  const pairs = pairUp(metric, row, against);
  if (!pairs.length) return undefined;
  const name = [metric, draws, level, ...pairs.map((p) => `${numberOf(p.row)}:${numberOf(p.against)}`)].join(' ');
  let found = measured.get(name);
  if (!found) measured.set(name, (found = measure(metric, pairs, { draws, level })));
  return found;
}

/** Changes measured before: a document asks for a table's changes in its brief form, its full one, its figures and its notes. */
const measured = new Map<string, { change: Change; parts?: VarianceParts }>();
const numbers = new WeakMap<RunRecord, number>();
let last = 0;

/** A number of a record in this process; two records have two, also where they are of the same run. */
function numberOf(run: RunRecord): number {
  const number = numbers.get(run) ?? ++last;
  numbers.set(run, number);
  return number;
}

function measure(
  metric: string,
  pairs: readonly Pair[],
  { draws, level }: Required<ChangeOptions>,
): { change: Change; parts?: VarianceParts } {
  // Drawn by the runs alone: the same comparison has the same interval in whichever row, table and document it stands.
  const key = Key.from('change').fold(metric, ...pairs.map((p) => `${p.row.id} ${p.against.id}`));
  const deltas = pairs.map((p) => p.row.metrics[metric] - p.against.metrics[metric]);
  const seeds = [...new Set(pairs.map((p) => p.row.experiment.seed))];
  const counts = { pairs: pairs.length, seeds: seeds.length, folds: new Set(pairs.map((p) => p.row.experiment.fold)).size };
  const value = mean(deltas);
  const complete = (
    { difference, low, high }: { difference: number; low: number; high: number },
    parts: VarianceParts,
    queries: boolean,
  ): { change: Change; parts?: VarianceParts } => {
    if (Number.isNaN(low)) return { change: { value, ...counts, covers: { queries: false, training: false } } };
    const { standardError, freedom } = errorAt(parts);
    // Stored probabilities are rounded, a run's metrics are not: the interval lies around the difference of the means that tables print.
    const [from, to] = [low + value - difference, high + value - difference];
    const change: Change = {
      value,
      interval: { low: from, high: to, level, standardError, freedom },
      detectable: detectable(standardError, freedom, { alpha: 1 - level }),
      ...counts,
      covers: { queries, training: seeds.length > 1 },
    };
    return { change, parts };
  };
  const stored = STORED[metric] ?? metric;
  if (isNamed(stored) && pairs.every((p) => p.row.predictions && p.against.predictions)) {
    const units = pairs.map((p) => ({
      seed: p.row.experiment.seed,
      fold: p.row.experiment.fold,
      row: p.row.predictions!,
      against: p.against.predictions!,
    }));
    const found = pairedInterval(units, stored, { resamples: draws, key, level });
    return complete(found, found.parts, true);
  }
  const values = (run: RunRecord) => run.rankings?.perQuery[metric];
  if (pairs.every((p) => values(p.row) && values(p.against))) {
    const units = pairs.map((p) => ({
      seed: p.row.experiment.seed,
      fold: p.row.experiment.fold,
      queries: p.row.rankings!.queries,
      row: values(p.row)!,
      against: values(p.against)!,
    }));
    const found = pairedQueriesInterval(units, metric, { resamples: draws, key, level });
    return complete(found, found.parts, true);
  }
  if (seeds.length < 2) return { change: { value, ...counts, covers: { queries: false, training: false } } };
  const perSeed = seeds.map((seed) => mean(deltas.filter((_, i) => pairs[i].row.experiment.seed === seed)));
  const n = seeds.length;
  const perSeeds = sd(perSeed) ** 2 / n;
  const half = studentQuantile((1 + level) / 2, n - 1) * Math.sqrt(perSeeds);
  const parts = { seeds: n, queries: n, perSeeds, perQueries: 0, interaction: 0, shared: false };
  return complete({ difference: value, low: value - half, high: value + half }, parts, false);
}

/** What a run's metric is called where it is computed from stored predictions. */
const STORED: Readonly<Record<string, MetricName>> = { exactAuc: 'auc' };

/** Whether a metric of a run can be computed again from its stored predictions, so that its change has an interval over queries. */
export const isStored = (metric: string): boolean => isNamed(STORED[metric] ?? metric);

function isNamed(metric: string): metric is MetricName {
  return (METRIC_NAMES as readonly string[]).includes(metric);
}

/** Pairs in fold and seed order; a run that lies there twice is taken once. */
function pairUp(metric: string, row: readonly RunRecord[], against: readonly RunRecord[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const run of row) {
    const base = against.find(
      (b) =>
        b.experiment.seed === run.experiment.seed &&
        b.experiment.fold === run.experiment.fold &&
        b.experiment.folds === run.experiment.folds &&
        b.data.sha256 === run.data.sha256 &&
        b.predictions?.rows === run.predictions?.rows &&
        b.rankings?.queries === run.rankings?.queries,
    );
    const key = `${run.experiment.seed} ${run.experiment.fold}`;
    if (base && !pairs.has(key) && run.metrics[metric] !== undefined && base.metrics[metric] !== undefined) {
      pairs.set(key, { row: run, against: base });
    }
  }
  const order = ({ row: { experiment: e } }: Pair): number => e.fold * 1e9 + e.seed;
  return [...pairs.values()].sort((a, b) => order(a) - order(b));
}

/** The mean of some numbers; NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The sample standard deviation (divisor n − 1); NaN for fewer than two. */
export function sd(values: readonly number[]): number {
  const centre = mean(values);
  return values.length < 2 ? NaN : Math.sqrt(values.reduce((s, v) => s + (v - centre) ** 2, 0) / (values.length - 1));
}
