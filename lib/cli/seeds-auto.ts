import type { Grid } from '../experiments/plan';
import type { PlannedRun } from '../experiments/runner';
import { planSeeds } from '../metrics/power';
import { ensure } from '../runtime/errors';

/** What a wanted difference asks of one row. */
export interface RowPlan {
  table: string;
  row: string;
  against: string;
  /** Standard deviation over seeds of the row's change, in points or the metric's own units. */
  spread: number;
  /** Seeds the spread was seen over, and seeds needed. */
  seen: number;
  seeds: number;
}

export interface SeedPlan {
  rows: RowPlan[];
  /** The largest number of seeds that any row needs. */
  seeds: number;
  /** Runs that the plan has in all, those that have a record, and what the rest is expected to cost. */
  runs: number;
  done: number;
  hours: number;
}

/**
 * Plans seeds from the runs so far: for each row the sd over seeds of its change against the row it is compared with (folds averaged), and from it the seeds that
 * show a true change of `detect` (in the table's units: points where it prints percent) with 80 % power at two-sided 5 %. A run's cost is the mean of its row's.
 */
export function seedPlan(grids: readonly Grid[], runs: readonly PlannedRun[], detect: number, jobs: number): SeedPlan {
  const rows = grids.flatMap(({ table }) =>
    table.rows.flatMap((row): RowPlan[] => {
      if (row.against === undefined) return [];
      const unit = table.unit === 'percent' ? 100 : 1;
      const metric = row.metric ?? table.metric;
      const own = bySeed(runs, table.id, row.id, metric);
      const other = bySeed(runs, table.id, row.against, metric);
      const changes = [...own].flatMap(([seed, value]) => (other.has(seed) ? [unit * (value - other.get(seed)!)] : []));
      if (changes.length < 2) return [];
      const mean = changes.reduce((a, b) => a + b, 0) / changes.length;
      const spread = Math.sqrt(changes.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (changes.length - 1));
      return [
        { table: table.id, row: row.id, against: row.against, spread, seen: changes.length, seeds: planSeeds(spread, detect) },
      ];
    }),
  );
  ensure(
    rows.length > 0,
    '--seeds auto needs two or more finished seeds of a row and of the row it is compared with: run with --seeds 3 first',
  );
  const seeds = Math.max(...rows.map((row) => row.seeds));
  const perSeed = grids.map(({ table, cells }) => {
    const first = cells.filter((cell) => cell.experiment.seed === cells[0].experiment.seed);
    const seconds = first.map((cell) => meanSeconds(runs, table.id, cell.row));
    return { runs: first.length, seconds: seconds.reduce((a, b) => a + b, 0) };
  });
  const total = perSeed.reduce((sum, table) => sum + table.runs, 0) * seeds;
  const done = runs.filter((run) => run.record && run.cell.experiment.seed < seeds).length;
  const share = total ? Math.max(0, total - done) / total : 0;
  const hours = (perSeed.reduce((sum, table) => sum + table.seconds, 0) * seeds * share) / 3600 / jobs;
  return { rows, seeds, runs: total, done, hours };
}

/** The plan as lines of text. */
export function renderPlan({ rows, seeds, runs, done, hours }: SeedPlan, detect: number): string {
  const lines = rows.map(
    ({ table, row, against, spread, seen, seeds: needed }) =>
      `table ${table}  ${row} against ${against}: sd of the change ${spread.toFixed(2)} over ${seen} seeds, ${needed} seeds show ${detect}`,
  );
  const cost = hours < 1 ? `${Math.ceil(hours * 60)} minutes` : `${hours.toFixed(1)} hours`;
  return [...lines, `all rows: ${seeds} seeds, ${runs} runs, ${Math.max(0, runs - done)} to do, about ${cost}`].join('\n') + '\n';
}

/** The metric of a row by seed, folds averaged; only seeds that have a record. */
function bySeed(runs: readonly PlannedRun[], table: string, row: string, metric: string): Map<number, number> {
  const values = new Map<number, number[]>();
  for (const { cell, record } of runs) {
    if (!record || cell.table !== table || cell.row !== row || record.metrics[metric] === undefined) continue;
    const { seed } = cell.experiment;
    values.set(seed, [...(values.get(seed) ?? []), record.metrics[metric]]);
  }
  return new Map([...values].map(([seed, list]) => [seed, list.reduce((a, b) => a + b, 0) / list.length]));
}

/** What a run of a row took, in seconds: the mean over its records, else over all records. */
function meanSeconds(runs: readonly PlannedRun[], table: string, row: string): number {
  const seconds = (chosen: readonly PlannedRun[]): number[] => chosen.flatMap((run) => run.record?.cost.wallSeconds ?? []);
  const own = seconds(runs.filter(({ cell }) => cell.table === table && cell.row === row));
  const used = own.length ? own : seconds(runs);
  return used.reduce((a, b) => a + b, 0) / used.length;
}
