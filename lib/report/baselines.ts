import { BASELINES } from '../experiments/baselines';
import type { RowRuns, RunRecord } from '../experiments/record';
import { Key } from '../runtime/key';
import { mean, pairedChange, sd, type Change } from './change';
import { EXACT_AUC, type RenderedTable, type Spread } from './rendered';

/** A baseline as a table shows it: the same metrics on the same folds, by a model that fine-tuned no encoder. */
export interface RenderedBaseline {
  label: string;
  /** The table's metric. */
  value: Spread;
  beside: Record<string, Spread>;
  runs: number;
}

/** What the table's rows add to one baseline, by a metric that does not ask for a threshold. */
export interface OverBaseline {
  label: string;
  metric: string;
  /** Changes by the label of their row; a row is left out where none of its runs predicted the baseline's rows. */
  changes: Record<string, Change>;
}

/** The baseline that every fine-tuned row is held against: what the encoder as it comes and shared words say already. */
const HELD_AGAINST = 'cosine';

const nameOf = (run: RunRecord): string => (run.experiment.config as { baseline: string }).baseline;

/**
 * Adds the baselines among `records` to a table of task 2: those at the runs' scale, on their data. Each has mean ± sd over folds; the rows' AUC of exact is
 * compared with the logistic regression on cosine, overlap and brand, paired by fold and row (on data that are the same for every seed one baseline serves
 * all seeds). A table of another task, or without such records, is left as it is.
 */
export function withBaselines(table: RenderedTable, rows: readonly RowRuns[], records: readonly RunRecord[]): RenderedTable {
  const runs = rows.flatMap((row) => row.runs);
  const data = new Set(runs.map((run) => run.data.sha256));
  const own = records.filter(
    ({ experiment: e, data: { sha256 } }) => e.kind === 'baseline' && table.scales.includes(e.scale) && data.has(sha256),
  );
  const second = runs.length > 0 && runs.every((run) => (run.experiment.config as { task?: number }).task === 2);
  if (!own.length || !second) return table;
  const folds = new Set(runs.map((run) => run.experiment.fold));
  const of = (name: string): RunRecord[] => own.filter((run) => nameOf(run) === name && folds.has(run.experiment.fold));
  const baselines = Object.entries(BASELINES).flatMap(([name, { label }]): RenderedBaseline[] => {
    const found = of(name);
    const value = spreadOf(found, table.metric);
    if (!value) return [];
    const beside = table.beside.flatMap((metric): [string, Spread][] => {
      const spread = spreadOf(found, metric);
      return spread ? [[metric, spread]] : [];
    });
    return [{ label, value, beside: Object.fromEntries(beside), runs: found.length }];
  });
  const held = of(HELD_AGAINST);
  const changes = rows.flatMap(({ row, runs: fitted }): [string, Change][] => {
    const key = Key.from('baseline').fold(table.id, row.id);
    const change = held.length ? pairedChange(EXACT_AUC, fitted, forSeeds(held, fitted), { key }) : undefined;
    return change ? [[row.label, change]] : [];
  });
  return {
    ...table,
    baselines,
    ...(changes.length
      ? { overBaseline: { label: BASELINES[HELD_AGAINST].label, metric: EXACT_AUC, changes: Object.fromEntries(changes) } }
      : {}),
  };
}

/** A baseline draws nothing: on the same data it is the same for every seed of the runs that it is paired with. */
function forSeeds(baseline: readonly RunRecord[], runs: readonly RunRecord[]): RunRecord[] {
  const seeds = [...new Set(runs.map((run) => run.experiment.seed))];
  return seeds.flatMap((seed) => baseline.map((run) => ({ ...run, experiment: { ...run.experiment, seed } })));
}

function spreadOf(runs: readonly RunRecord[], metric: string): Spread | undefined {
  const values = runs.map((run) => run.metrics[metric]).filter((value) => value !== undefined);
  return values.length ? { mean: mean(values), sd: sd(values), n: values.length } : undefined;
}
