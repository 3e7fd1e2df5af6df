import type { Cell, Grid, GridRequest } from '../experiments/plan';
import type { PlannedRun } from '../experiments/runner';
import { sdFactors } from '../metrics/chi-square';
import { detectable, fewestSeeds } from '../metrics/power';
import { errorAt, type VarianceParts } from '../metrics/variance-parts';
import { changeWithParts } from '../report/change';
import { ensure } from '../runtime/errors';
import { canonicalJson } from '../runtime/hash';
import { MOST_SEEDS } from './numbers';

/** What a wanted difference asks of one row; figures in points, hundredths of the metric, whatever the table prints. */
export interface RowPlan {
  table: string;
  row: string;
  against: string;
  /** The change seen and its interval, and what the seeds so far would have shown: what the table prints. */
  change: number;
  interval: { low: number; high: number };
  detectable: number;
  /** Seeds the change was seen over, its sd over them, and the 95 % interval of that sd. */
  seen: number;
  spread: number;
  spreadInterval: [low: number, high: number];
  /** The interval excludes 0 by the wanted difference or more: no further seed is needed to show it. */
  sure: boolean;
  /** Seeds needed, and as many at the two ends of the sd's interval; undefined where `MOST_SEEDS` show less. */
  seeds?: number;
  seedsInterval: [least: number | undefined, most: number | undefined];
}

export interface SeedPlan {
  rows: RowPlan[];
  /** Seeds to run by table and row: a row's own or, where that is more, those of the rows measured against it. */
  rowSeeds: NonNullable<GridRequest['rowSeeds']>;
}

export interface PlanCost {
  /** Runs that the plan has in all, those that have a record, and what the rest is expected to cost. */
  runs: number;
  done: number;
  hours: number;
}

/** Points in one whole of a metric. */
const POINTS = 100;

/** What a plan may ask for without being confirmed: seeds of a row, hours in all. */
export const LIMITS = { seeds: 100, hours: 10 } as const;

/**
 * Plans seeds from the runs so far: for each row the fewest with which a true change of `detect` (in points: hundredths of the metric) against
 * the row it is compared with shows with 80 % power at two-sided 5 %, by the detectable change that the table prints. Rows that are sure already, and rows that
 * no number of seeds up to `MOST_SEEDS` would help, keep the seeds they have.
 */
export function seedPlan(grids: readonly Grid[], runs: readonly PlannedRun[], detect: number): SeedPlan {
  const rows = grids.flatMap((grid) => planRows(grid, runs, detect));
  ensure(
    rows.length > 0,
    '--seeds auto needs two or more finished seeds of a row and of the row it is compared with: run with --seeds 3 first',
  );
  const rowSeeds: Record<string, Record<string, number>> = {};
  for (const { table, cells } of grids) {
    const own = (rowSeeds[table.id] = {} as Record<string, number>);
    for (const { row, experiment } of cells) own[row] = Math.max(own[row] ?? 0, experiment.seed + 1);
  }
  for (const { table, row, against, sure, seeds } of rows) {
    if (sure || seeds === undefined) continue;
    for (const id of [row, against]) rowSeeds[table][id] = Math.max(rowSeeds[table][id] ?? 0, seeds);
  }
  return { rows, rowSeeds };
}

function planRows({ table }: Grid, runs: readonly PlannedRun[], detect: number): RowPlan[] {
  const records = (id: string) =>
    runs.flatMap(({ cell, record }) => (record && cell.table === table.id && cell.row === id ? [record] : []));
  return table.rows.flatMap(({ id: row, against, metric = table.metric }): RowPlan[] => {
    const found = against === undefined ? undefined : changeWithParts(metric, records(row), records(against));
    if (!found?.parts || found.parts.seeds < 2) return [];
    const { change, parts } = found;
    const { low, high } = change.interval!;
    const wanted = detect / POINTS;
    const seeds = (factor: number): number | undefined => seedsFor({ ...parts, perSeeds: parts.perSeeds * factor ** 2 }, wanted);
    const spread = POINTS * Math.sqrt(parts.perSeeds * parts.seeds);
    const factors = sdFactors(parts.seeds);
    return [
      {
        table: table.id,
        row,
        against: against!,
        change: POINTS * change.value,
        interval: { low: POINTS * low, high: POINTS * high },
        detectable: POINTS * change.detectable!,
        seen: parts.seeds,
        spread,
        spreadInterval: [spread * factors[0], spread * factors[1]],
        sure: low >= wanted || high <= -wanted,
        seeds: seeds(1),
        seedsInterval: [seeds(factors[0]), seeds(factors[1])],
      },
    ];
  });
}

/** The fewest seeds that show a true change of `detect`, all in the metric's own units: the inverse of the detectable change that tables print. */
export function seedsFor(parts: VarianceParts, detect: number): number | undefined {
  const shown = (seeds: number): number => {
    const { standardError, freedom } = errorAt(parts, seeds);
    return detectable(standardError, freedom);
  };
  return fewestSeeds(shown, detect, MOST_SEEDS);
}

/** What the cells of a plan cost, equal experiments once. A run's cost is the mean of its row's, else of all. */
export function planCost(cells: readonly Cell[], runs: readonly PlannedRun[], jobs: number): PlanCost {
  const done = new Set(runs.filter((run) => run.record).map((run) => canonicalJson(run.cell.experiment)));
  const mean = (chosen: readonly PlannedRun[]): number | undefined => {
    const seconds = chosen.flatMap((run) => run.record?.cost.wallSeconds ?? []);
    return seconds.length ? seconds.reduce((a, b) => a + b, 0) / seconds.length : undefined;
  };
  const all = mean(runs) ?? 0;
  const byRow = new Map<string, number>();
  const seen = new Set<string>();
  const cost: PlanCost = { runs: 0, done: 0, hours: 0 };
  for (const { table, row, experiment } of cells) {
    const name = canonicalJson(experiment);
    if (seen.has(name)) continue;
    seen.add(name);
    cost.runs++;
    if (done.has(name)) {
      cost.done++;
      continue;
    }
    const key = `${table} ${row}`;
    if (!byRow.has(key)) byRow.set(key, mean(runs.filter(({ cell }) => cell.table === table && cell.row === row)) ?? all);
    cost.hours += byRow.get(key)! / 3600 / jobs;
  }
  return cost;
}

/** The plan as lines of text. */
export function renderPlan({ rows }: SeedPlan, { runs, done, hours }: PlanCost, detect: number): string {
  const lines = rows.map((plan) => {
    const { table, row, against, spread, spreadInterval, seen, interval } = plan;
    const start = `table ${table}  ${row} against ${against}:`;
    if (plan.sure)
      return `${start} change ${fixed(plan.change)} [${fixed(interval.low)}, ${fixed(interval.high)}] excludes 0 by ${detect} points or more: no more seeds`;
    const sd = `sd of the change ${fixed(spread)} (95 %: ${spreadInterval.map(fixed).join(' to ')}) over ${seen} seeds, which show ${fixed(plan.detectable)} points`;
    const [least, most] = plan.seedsInterval.map(planned);
    if (plan.seeds === undefined)
      return `${start} ${sd}; ${MOST_SEEDS} seeds do not show ${detect}: left as it is (by the sd's interval ${least} to ${most} seeds)`;
    return `${start} ${sd}; ${plan.seeds} ${plan.seeds === 1 ? 'seed shows' : 'seeds show'} ${detect} (by the sd's interval ${least} to ${most})`;
  });
  const cost = `all rows: ${runs} runs, ${Math.max(0, runs - done)} to do, about ${timeWords(hours)}`;
  return [...lines, cost].join('\n') + '\n';
}

/** One line that says which limit a plan exceeds, and how it starts nevertheless; undefined within them. */
export function beyondLimits({ rowSeeds }: SeedPlan, { hours }: PlanCost): string | undefined {
  const [largest] = Object.entries(rowSeeds)
    .flatMap(([table, rows]) => Object.entries(rows).map(([row, seeds]) => ({ table, row, seeds })))
    .sort((a, b) => b.seeds - a.seeds);
  if (largest.seeds <= LIMITS.seeds && hours <= LIMITS.hours) return undefined;
  return (
    `--seeds auto plans ${largest.seeds} seeds of row ${largest.row} of table ${largest.table} and about ${timeWords(hours)}, more than ${LIMITS.seeds} seeds a row ` +
    `or ${LIMITS.hours} hours: expected --yes to start it, fewer --rows or a larger --detect`
  );
}

const fixed = (value: number): string => value.toFixed(2);
const planned = (seeds: number | undefined): string => (seeds === undefined ? `more than ${MOST_SEEDS}` : String(seeds));
const timeWords = (hours: number): string => (hours < 1 ? `${Math.ceil(hours * 60)} minutes` : `${hours.toFixed(1)} hours`);
