import { BASELINES } from '../experiments/baselines';
import type { RowRuns, RunRecord } from '../experiments/record';
import { pairedChange, type Change } from './change';
import { EXACT_AUC, type RenderedTable, type Spread } from './rendered';
import { spreadOf } from './spread';
import { taskOf } from './task-of';

/** A baseline as a table shows it: the same metrics on the same folds, by a model that fine-tuned no encoder. */
export interface RenderedBaseline {
  label: string;
  /** Micro-F1. */
  value: Spread;
  beside: Record<string, Spread>;
  runs: number;
}

/** What the table's rows add to the best baseline, by metrics that tell models from the majority class. */
export interface OverBaseline {
  label: string;
  metrics: readonly string[];
  /** Changes by the label of their row, then by metric; a row is left out where none of its runs predicted the baseline's rows. */
  changes: Record<string, Partial<Record<string, Change>>>;
}

/** By what rows are held against the baseline: AUC needs no threshold; log loss and macro-F1 show what AUC cannot, probabilities and rare classes. */
const HELD_BY = [EXACT_AUC, 'logLoss', 'macroF1'] as const;

const nameOf = (run: RunRecord): string => (run.experiment.config as { baseline: string }).baseline;

/**
 * Adds the baselines among `records` to a table with rows of task 2: those at the runs' scale, on their data. Each has mean ± sd over folds; those rows' AUC of
 * exact, log loss and macro-F1 are compared with the baseline of the best mean AUC (which its choice by these very rows flatters), paired by fold and row (on
 * data that are the same for every seed one baseline serves all seeds). A table of another task, or without such records, is left as it is.
 */
export function withBaselines(table: RenderedTable, rows: readonly RowRuns[], records: readonly RunRecord[]): RenderedTable {
  const ofTask = rows.filter(
    ({ row, runs }) => (row.metric ?? table.metric) === 'microF1' && runs.length > 0 && runs.every((run) => taskOf(run) === 2),
  );
  const runs = ofTask.flatMap((row) => row.runs);
  const data = new Set(runs.map((run) => run.data.sha256));
  const own = records.filter(
    ({ experiment: e, data: { sha256 } }) => e.kind === 'baseline' && table.scales.includes(e.scale) && data.has(sha256),
  );
  if (!own.length) return table;
  const folds = new Set(runs.map((run) => run.experiment.fold));
  const of = (name: string): RunRecord[] => own.filter((run) => nameOf(run) === name && folds.has(run.experiment.fold));
  const baselines = Object.entries(BASELINES).flatMap(([name, { label }]): RenderedBaseline[] => {
    const found = of(name);
    const value = spreadOf(found, 'microF1');
    if (!value) return [];
    const beside = table.beside.flatMap((metric): [string, Spread][] => {
      const spread = spreadOf(found, metric);
      return spread ? [[metric, spread]] : [];
    });
    return [{ label, value, beside: Object.fromEntries(beside), runs: found.length }];
  });
  const best = strongest(Object.keys(BASELINES).map((name) => ({ name, auc: spreadOf(of(name), EXACT_AUC)?.mean })));
  const held = best === undefined ? [] : of(best);
  const changes = ofTask.flatMap(({ row, runs: fitted }): [string, OverBaseline['changes'][string]][] => {
    const against = forSeeds(held, fitted);
    const found = HELD_BY.flatMap((metric): [string, Change][] => {
      const change = pairedChange(metric, fitted, against);
      return change ? [[metric, change]] : [];
    });
    return found.length ? [[row.label, Object.fromEntries(found)]] : [];
  });
  return {
    ...table,
    baselines,
    ...(best !== undefined && changes.length
      ? { overBaseline: { label: BASELINES[best].label, metrics: HELD_BY, changes: Object.fromEntries(changes) } }
      : {}),
  };
}

/** The baseline of the highest mean AUC. */
function strongest(baselines: readonly { name: string; auc?: number }[]): string | undefined {
  const known = baselines.filter((baseline) => baseline.auc !== undefined);
  return known.sort((a, b) => b.auc! - a.auc!)[0]?.name;
}

/** A baseline draws nothing: on the same data it is the same for every seed of the runs that it is paired with. */
function forSeeds(baseline: readonly RunRecord[], runs: readonly RunRecord[]): RunRecord[] {
  const seeds = [...new Set(runs.map((run) => run.experiment.seed))];
  return seeds.flatMap((seed) => baseline.map((run) => ({ ...run, experiment: { ...run.experiment, seed } })));
}
