import { ensure } from '../runtime/errors';

export interface ClassScores {
  precision: number;
  recall: number;
  f1: number;
  /** Rows given this class. */
  support: number;
  /** Rows predicted as this class. */
  predicted: number;
}

export interface F1Scores {
  /** Σ tp / N: for one label per row micro-F1 equals accuracy. */
  micro: number;
  /** Plain mean over the classes that were given or predicted at least once (as scikit-learn). */
  macro: number;
  /** Mean over classes weighted by support. */
  weighted: number;
  perClass: ClassScores[];
  /** counts [K, K]: rows given class i (row) and predicted j (column). */
  confusion: number[][];
  rows: number;
}

/** Counts of (given, predicted) pairs, flat [K, K], row = given class. Throws an InputError on a class outside 0 … K − 1. */
export function confusionMatrix(given: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): Float64Array {
  ensure(
    given.length === predicted.length,
    `given and predicted must be equally long, got ${given.length} and ${predicted.length}`,
  );
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < given.length; i++) {
    const g = given[i];
    const p = predicted[i];
    if (!(g >= 0 && g < classes && p >= 0 && p < classes)) {
      ensure(false, `classes of row ${i} must be within 0 … ${classes - 1}, got given ${g} and predicted ${p}`);
    }
    counts[g * classes + p]++;
  }
  return counts;
}

/**
 * F1 per class and averaged, from class ids [N]: f1 = 2·tp / (2·tp + fp + fn), 0 where the denominator is 0.
 * Reference: scikit-learn `f1_score`, averages micro, macro, weighted and none, zero_division = 0.
 */
export function f1Scores(given: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): F1Scores {
  ensure(given.length > 0, 'F1 needs at least one row, got none');
  return f1FromConfusion(confusionMatrix(given, predicted, classes), classes);
}

/** The same from a confusion matrix, flat [K, K], whose cells may be weighted. */
export function f1FromConfusion(counts: ArrayLike<number>, classes: number): F1Scores {
  const confusion = Array.from({ length: classes }, (_, g) => Array.from({ length: classes }, (_, p) => counts[g * classes + p]));
  let rows = 0;
  let right = 0;
  let weighted = 0;
  const perClass = confusion.map((row, c) => {
    const support = row.reduce((a, b) => a + b, 0);
    const predicted = confusion.reduce((a, r) => a + r[c], 0);
    const tp = row[c];
    const f1 = support + predicted > 0 ? (2 * tp) / (support + predicted) : 0;
    rows += support;
    right += tp;
    weighted += f1 * support;
    return { precision: predicted > 0 ? tp / predicted : 0, recall: support > 0 ? tp / support : 0, f1, support, predicted };
  });
  return {
    micro: right / rows,
    macro: macroF1FromConfusion(counts, classes),
    weighted: weighted / rows,
    perClass,
    confusion,
    rows,
  };
}

/** Its macro-F1 alone, for resamples: nothing is allocated. */
export function macroF1FromConfusion(counts: ArrayLike<number>, classes: number): number {
  let sum = 0;
  let seen = 0;
  for (let c = 0; c < classes; c++) {
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < classes; other++) {
      support += counts[c * classes + other];
      predicted += counts[other * classes + c];
    }
    if (support + predicted === 0) continue;
    seen++;
    sum += (2 * counts[c * classes + c]) / (support + predicted);
  }
  return sum / seen;
}

/** Accuracy of "exact or not" from P(E) and the given class (0 = E): the share of rows where P(E) > ½ agrees with the label. */
export function exactAccuracy(probabilityOfExact: ArrayLike<number>, given: ArrayLike<number>): number {
  ensure(given.length > 0, 'accuracy needs at least one row, got none');
  let right = 0;
  for (let i = 0; i < given.length; i++) if (probabilityOfExact[i] > 0.5 === (given[i] === 0)) right++;
  return right / given.length;
}

/** The class of the largest probability in each row of [N, K]; the first of equals. */
export function argmaxRows(probabilities: ArrayLike<number>, classes: number): Uint8Array {
  const rows = probabilities.length / classes;
  ensure(Number.isInteger(rows), `probabilities must be [rows, ${classes}], got ${probabilities.length} numbers`);
  const out = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[i * classes + c] > probabilities[i * classes + best]) best = c;
    out[i] = best;
  }
  return out;
}
