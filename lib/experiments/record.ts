import type { Label, Locale, Split } from '../data/types';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What a run predicted, row by row, compactly and without any text: enough to recompute every metric and paired interval. */
export interface Predictions {
  /** SHA-256 over the row ids in order: two runs may be paired only where it is equal. */
  rows: string;
  /** The given label of each row, one letter each: `EESCI…`. */
  given: string;
  /** The true label of each row where it is known (generated data). */
  truth?: string;
  /** The predicted class of each row, one letter each. */
  predicted: string;
  /** The query of each row as a running number: intervals resample queries. */
  query: number[];
  /** The locale of each row, one letter each: u, e, j. */
  locale: string;
  /** Probabilities [rows, classes] as base64 of little-endian uint16, p = value / 65535. */
  probabilities: string;
  classes: number;
  /** Human grades of the rows, one digit each; `given` and `predicted` are then E for the highest of four grades down to I for 0, and mean nothing more. */
  grades?: string;
}

/** What a run that ranks measured query by query: enough for paired intervals, without any text. */
export interface Rankings {
  /** SHA-256 over the lists and the queries in order: two runs may be paired only where it is equal. */
  queries: string;
  /** By metric one value a query; null where the query says nothing of it. */
  perQuery: Record<string, (number | null)[]>;
}

/** One finished run. Written once, never edited: tables, figures and sentences are rendered from these files alone. */
export interface RunRecord {
  schema: 1;
  /** The configuration hash over `experiment`: the file's name. */
  id: string;
  /** Everything that decides the result. Equal experiments are the same run. */
  experiment: {
    kind: string;
    scale: string;
    seed: number;
    fold: number;
    folds: number;
    /** The held-out part of the fold's training rows, for an out-of-fold model. */
    part?: { fold: number; folds: number };
    data: { name: string; sha256: string };
    config: Json;
  };
  data: {
    name: string;
    sha256: string;
    /** The one split of the file that the rows are of; absent where they are all. */
    split?: Split;
    rows: number;
    queries: number;
    labels: Record<Label, number>;
    train: number;
    evaluation: number;
    /** The share of unknown tokens in queries and titles, by locale, where a vocabulary that was not made for the data reads them; left-out locales too. */
    unknownTokens?: Partial<Record<Locale, number>>;
    /** How many rows have which grade, where rows are graded; `labels` are then all 0. */
    grades?: Record<string, number>;
  };
  /** The weights that it starts from: name or folder, and the SHA-256 of their file. Absent from scratch. */
  weights?: { name: string; sha256: string };
  code: { version: string; commit: string | null; dirty: boolean };
  environment: {
    node: string;
    tensorflow: string;
    platform: string;
    cpu: string;
    /** `cpu` or `gpu`. */
    device: string;
    /** The card's name, where one computed. */
    card?: string;
    intraThreads: number;
    interThreads: number;
    precision: string;
    /** With bf16: by which instructions (`runtime/bfloat16`); native where absent. */
    bf16?: string;
  };
  cost: {
    wallSeconds: number;
    steps: number;
    stepMilliseconds: number;
    tokensPerSecond: number;
    paddingShare: number;
    peakMemoryBytes: number;
  };
  /** Curves by name: [step, value] pairs. */
  curves: Record<string, [number, number][]>;
  metrics: Record<string, number>;
  /** Self-checks of the tricks that ran. */
  checks: { name: string; ok: boolean; detail: string }[];
  predictions?: Predictions;
  rankings?: Rankings;
}

/** The paper's figure for a row: as printed, and the change against the row it builds on where that can be told. */
export interface PaperFigure {
  value?: number;
  change?: number;
  /** The paper says, without a figure, that this row is better than the one it is measured against. */
  claim?: string;
  /** Where it stands, for example `Table 5, row 2`. */
  source: string;
}

/** One row of a table: a patch of the table's base configuration. `C` is the configuration's type; a patch may name only its keys. */
export interface TableRow<C = Json> {
  id: string;
  label: string;
  patch: C;
  /** The row that the change is measured against (its id); absent for a first row. */
  against?: string;
  /** Instead of `against`: the change is measured against the best of these rows, by the mean of the metric over these very runs. */
  againstBest?: readonly string[];
  /** Further rows (ids) that it is compared with; these comparisons stand below the table. */
  also?: readonly string[];
  /** The metric that leads in this row where it is not the table's. */
  metric?: string;
  /** A row that runs only where it, or its group by this name, is asked for. */
  group?: string;
  /** Needs true labels: the row exists on generated data only. */
  truth?: boolean;
  paper?: PaperFigure;
}

/** A table of a paper as data. */
export interface Table<C = Json> {
  /** What `--table` takes: `2`, `3`, …, `ranking`. */
  id: string;
  title: string;
  /** The metric that leads (a key of `RunRecord.metrics`) and those printed beside it. */
  metric: string;
  beside: readonly string[];
  /** How the paper prints it: `percent` means ×100 with two digits. */
  unit: 'percent' | 'fraction' | 'loss';
  higherIsBetter: boolean;
  /** A run covers all folds: every row of the data is in it once. */
  wholeRuns?: boolean;
  /** The rows differ in what a training step computes, so that their times are worth comparing. */
  stepTime?: boolean;
  notes: readonly string[];
  /** Sentences that depend on the runs. */
  notesFrom?: (rows: readonly RowRuns[]) => readonly string[];
  rows: readonly TableRow<C>[];
}

/** The runs of one row at one scale, in seed and fold order: what a report renders. */
export interface RowRuns {
  row: TableRow<unknown>;
  runs: readonly RunRecord[];
}
