/** ESCI labels from the most to the least relevant: exact, substitute, complement, irrelevant. A class id is an index into this list. */
export const LABELS = ['E', 'S', 'C', 'I'] as const;
export type Label = (typeof LABELS)[number];

export const LOCALES = ['us', 'es', 'jp'] as const;
export type Locale = (typeof LOCALES)[number];

/** The parts of the upstream release; a row of a file without them is of `train`. */
export const SPLITS = ['train', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** A product of the catalogue. A missing field is the empty string. Identity is (locale, productId). */
export interface Product {
  productId: string;
  locale: Locale;
  title: string;
  description: string;
  bullets: string;
  brand: string;
  color: string;
}

/** One judged (query, product) pair, joined with its product's text. Field names follow the upstream release, in camel case. */
export interface Row extends Product {
  exampleId: number;
  queryId: number;
  query: string;
  label: Label;
  /** In the reduced version used for task 1. */
  smallVersion: boolean;
  /** In the large version used for tasks 2 and 3. */
  largeVersion: boolean;
  split: Split;
  /** The label before noise was injected; only generated data has it. */
  trueLabel?: Label;
  /** 1.0 for an original row, less for an augmented one. */
  weight?: number;
  /** Where the query came from, as upstream's `shopping_queries_dataset_sources.csv` says; absent where that is not given. */
  source?: string;
}

/** A row of a file that could not be used. */
export interface SkippedRow {
  file: string;
  /** Its place in the file, from 0, the header not counted; −1 where the reader lost count. */
  row: number;
  reason: string;
  /** What stood there, shortened. */
  got: string;
}

/** A data set in memory: judged rows and the catalogue behind them. */
export interface Dataset {
  /** How tables call it, for example `generated` or `esci-sample`. */
  name: string;
  /** SHA-256 of the file, of the files in order, or of the generator's parameters and version. */
  sha256: string;
  rows: Row[];
  /** The one split of the file that `rows` are of; absent where they are all. */
  split?: Split;
  /** The catalogue: every product once, also those nobody judged. */
  products: Product[];
  /** Rows that could not be used, by reason. */
  skipped: Record<string, number>;
  /** The first thousand of them, one by one; absent for generated data. */
  skippedRows?: readonly SkippedRow[];
}
