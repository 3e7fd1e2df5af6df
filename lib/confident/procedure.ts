import { ensure, inRange } from '../runtime/errors';
import type { Findings } from './filter';

/**
 * The first ⌊n · fraction⌋ of the ranked issues; all of them where there are fewer. The paper removes 4 % of all rows: 82,761 of 2,069,039.
 * Source: KDD Cup 2022 paper, section on confident learning, and its release's `int(n * fraction)`.
 */
export function firstFraction(issues: Int32Array, n: number, fraction: number): Int32Array {
  inRange('fraction', fraction, 0, 1);
  return issues.slice(0, Math.trunc(n * fraction));
}

/**
 * Like `firstFraction`, but each class k loses at most ⌊rows of k · fraction⌋, its own worst-ranked first; the answer keeps the ranking.
 * A class with fewer issues than its share loses those and no other class pays for it. // issues ranked, labels [N]
 * Why: a cut across classes takes a rare class's rows first (its labels are the least confident), up to half of it on real rows.
 */
export function classBalancedCut(issues: Int32Array, labels: ArrayLike<number>, fraction: number): Int32Array {
  inRange('fraction', fraction, 0, 1);
  const left: number[] = [];
  for (let i = 0; i < labels.length; i++) left[labels[i]] = (left[labels[i]] ?? 0) + 1;
  return withinShares(issues, (i) => labels[issues[i]], left, fraction);
}

/** `classBalancedCut` of findings, which carry the label of each issue and the label counts: for rows that are not in memory. */
export function classBalancedCutOf({ issues, issueLabels, labelCounts }: Findings, fraction: number): Int32Array {
  inRange('fraction', fraction, 0, 1);
  return withinShares(issues, (i) => issueLabels[i], Array.from(labelCounts), fraction);
}

function withinShares(issues: Int32Array, labelOf: (i: number) => number, counts: number[], fraction: number): Int32Array {
  const left = counts.map((count) => Math.trunc(count * fraction));
  return issues.filter((_, i) => left[labelOf(i)]-- > 0);
}

/** How well removed rows match the rows known to be flipped. */
export interface PrecisionRecall {
  removed: number;
  flipped: number;
  /** Removed and flipped. */
  hits: number;
  /** hits / removed; NaN where nothing was removed. */
  precision: number;
  /** hits / flipped; NaN where nothing was flipped. */
  recall: number;
  /** Harmonic mean of the two; 0 where there are no hits. */
  f1: number;
  /** Precision of removing rows at random: the share of flipped rows. */
  chancePrecision: number;
  /** Recall of removing as many rows at random: the share of removed rows. */
  chanceRecall: number;
}

/** Precision and recall of removed rows against the known truth. // removed: row numbers, each once; flippedMask [N], non-zero for a flipped label */
export function precisionRecall(removed: ArrayLike<number>, flippedMask: ArrayLike<number | boolean>): PrecisionRecall {
  const n = flippedMask.length;
  let flipped = 0;
  for (let i = 0; i < n; i++) if (flippedMask[i]) flipped++;
  let hits = 0;
  for (let i = 0; i < removed.length; i++) {
    ensure(removed[i] >= 0 && removed[i] < n, `removed rows must be between 0 and ${n - 1}, got ${removed[i]}`);
    if (flippedMask[removed[i]]) hits++;
  }
  return {
    removed: removed.length,
    flipped,
    hits,
    precision: hits / removed.length,
    recall: hits / flipped,
    f1: hits ? (2 * hits) / (removed.length + flipped) : 0,
    chancePrecision: flipped / n,
    chanceRecall: removed.length / n,
  };
}

/** `precisionRecall` of the first ⌊N · fraction⌋ ranked issues, for each fraction: the points of a precision–recall curve. */
export function precisionRecallCurve(
  issues: Int32Array,
  flippedMask: ArrayLike<number | boolean>,
  fractions: readonly number[],
): (PrecisionRecall & { fraction: number })[] {
  return fractions.map((fraction) => ({
    fraction,
    ...precisionRecall(firstFraction(issues, flippedMask.length, fraction), flippedMask),
  }));
}
