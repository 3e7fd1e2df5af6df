import { ensure } from '../runtime/errors';
import { LABELS, type Label } from '../data/types';
import { runningNumbers } from './groups';

/** What a metric needs of a run's stored predictions; `Predictions` of a run record has this shape. */
export interface PredictionRows {
  readonly rows: string;
  readonly given: string;
  readonly truth?: string;
  readonly predicted: string;
  readonly query: readonly number[];
  readonly probabilities: string;
  readonly classes: number;
  /** The grade of each row, one digit each, where rows are judged by grades rather than labels. */
  readonly grades?: string;
}

/** Stored predictions as columns. With 2 classes (task 3) class 1 is substitute and letters become S = 1, any other = 0. */
export interface PredictionColumns {
  /** Class id of each row: an index into LABELS, or 0/1 for 2 classes. */
  given: Uint8Array;
  predicted: Uint8Array;
  /** Index into LABELS of each row, whatever the task: what gains are taken from. */
  label: Uint8Array;
  /** [rows, classes], flat. */
  probabilities: Float64Array;
  classes: number;
  query: Int32Array;
  queries: number;
  /** Grades of the rows; present where they are what counts, and labels mean nothing. */
  grades?: Uint8Array;
}

/** Steps of a stored probability: it is a whole number of 65,535ths. */
export const PROBABILITY_STEPS = 65535;

/** Columns decoded before, by the stored predictions they come from: a table asks for those of its base once for each row and metric. */
const decoded = {
  given: new WeakMap<PredictionRows, PredictionColumns>(),
  truth: new WeakMap<PredictionRows, PredictionColumns>(),
};

/**
 * Decodes stored predictions: letters to class ids, base64 uint16 to probabilities p = value / 65535, queries to running numbers.
 * `labels` chooses what counts as right: the given label, or the true one of generated data. The columns are shared by all who ask: read them only.
 */
export function decodePredictions(rows: PredictionRows, labels: 'given' | 'truth' = 'given'): PredictionColumns {
  let columns = decoded[labels].get(rows);
  if (!columns) decoded[labels].set(rows, (columns = decode(rows, labels)));
  return columns;
}

function decode(rows: PredictionRows, labels: 'given' | 'truth'): PredictionColumns {
  const letters = labels === 'truth' ? rows.truth : rows.given;
  ensure(letters !== undefined, 'predictions must hold true labels for a metric against the truth, got none');
  const n = letters.length;
  ensure(
    rows.predicted.length === n && rows.query.length === n,
    `predictions must have ${n} rows in every column, got ${rows.predicted.length} and ${rows.query.length}`,
  );
  const bytes = Buffer.from(rows.probabilities, 'base64');
  ensure(bytes.length === 2 * n * rows.classes, `probabilities must hold ${n} × ${rows.classes} values, got ${bytes.length / 2}`);
  const probabilities = new Float64Array(n * rows.classes);
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = bytes.readUInt16LE(2 * i) / PROBABILITY_STEPS;
  const binary = rows.classes === 2;
  const label = ids(letters, false);
  const { numbers, names } = runningNumbers(rows.query);
  return {
    given: binary ? ids(letters, true) : label,
    predicted: ids(rows.predicted, binary),
    label,
    probabilities,
    classes: rows.classes,
    query: numbers,
    queries: names.length,
    ...(rows.grades === undefined ? {} : { grades: digits(rows.grades, n) }),
  };
}

function digits(grades: string, n: number): Uint8Array {
  ensure(grades.length === n && /^\d*$/.test(grades), `grades must be ${n} digits, got ${grades.length} characters`);
  return Uint8Array.from(grades, Number);
}

function ids(letters: string, binary: boolean): Uint8Array {
  const out = new Uint8Array(letters.length);
  for (let i = 0; i < out.length; i++) {
    const id = LABELS.indexOf(letters[i] as Label);
    if (!binary && id < 0)
      ensure(false, `label of row ${i} must be one of ${LABELS.join('')}, got ${JSON.stringify(letters[i])}`);
    out[i] = binary ? Number(letters[i] === 'S') : id;
  }
  return out;
}
