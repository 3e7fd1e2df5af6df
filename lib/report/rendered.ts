import type { OverBaseline, RenderedBaseline } from './baselines';
import type { Change } from './change';
import type { Verdict } from './verdict';

/** The metric beside micro-F1 that needs no threshold, and tells models from the majority class where micro-F1 cannot. */
export const EXACT_AUC = 'exactAuc';

/** Mean and sd of one metric over the runs of a row, in the metric's own units. `sd` is NaN for one run. */
export interface Spread {
  mean: number;
  sd: number;
  n: number;
}

/** One row of a table, computed from records: everything that a format or a figure prints. Numbers are in the metric's own units. */
export interface RenderedRow {
  id: string;
  label: string;
  /** The metric of the row's value and change, where it is not the table's. */
  metric?: string;
  /** The label of the row that the change is measured against. */
  against?: string;
  runs: number;
  seeds: number;
  folds: number;
  /** Which seeds, folds and evaluation rows the runs are of: two rows' means may be compared only where it is equal. */
  measuredOn: string;
  value?: Spread;
  beside: Record<string, Spread>;
  /** Changes of those metrics beside that the stored predictions give, against the same row. */
  besideChanges?: Record<string, Change>;
  change?: Change;
  /** The paper's figure and its change against the same row, in the metric's own units. */
  paper?: { value?: number; change?: number; claim?: string; source: string };
  verdict: Verdict;
  /** Comparisons with further rows, by the row's metric, or by AUC of exact where that leads. */
  also?: { against: string; metric: string; change?: Change; verdict: Verdict }[];
  /** Time of a training step; and as a multiple of the first row that it builds on, where runs of the same code on the same machine tell it. */
  cost?: { stepMilliseconds: number; relative?: number };
  /** Ids of the runs behind the row. */
  records: string[];
}

/** A table of the paper filled from records: what every format and figure is made from. */
export interface RenderedTable {
  id: string;
  title: string;
  metric: string;
  beside: readonly string[];
  unit: 'percent' | 'fraction' | 'loss';
  higherIsBetter: boolean;
  /** A run covers all folds of its data. */
  wholeRuns?: boolean;
  /** Its rows differ in what a training step computes: their times are compared. */
  stepTime?: boolean;
  scales: string[];
  /** The data sets by name, with their sizes (means over the sets, where data is generated anew for each seed). */
  data: {
    name: string;
    sha256: string[];
    rows: number;
    queries: number;
    train: number;
    evaluation: number;
    /** The sizes by task, where the table has several (task 1 has fewer rows); those above are then the largest task's. */
    tasks?: { task: number; rows: number; queries: number; train: number; evaluation: number }[];
  }[];
  /**
   * The most frequent class (`className`) and its share among the evaluation rows, mean over folds: what a model that learned nothing gets. `rows` are the ids of
   * the rows that are measured by micro-F1 on them; `task` is theirs where the table has several.
   */
  majority?: { label: string; value: number; rows: readonly string[]; task?: number };
  /** Models that fine-tune no encoder, on the same folds. */
  baselines?: RenderedBaseline[];
  /** What the rows add to the best of them. */
  overBaseline?: OverBaseline;
  rows: RenderedRow[];
  /** What a reader must know to read the numbers, one sentence or two each. */
  notes: string[];
}
