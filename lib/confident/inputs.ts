import { ensure, InputError, shown } from '../runtime/errors';

/** Class probabilities, row after row: `probs[n * K + k]` is P(label = k | row n). // [N, K] */
export type Probabilities = Float32Array | Float64Array;

/** Some consecutive rows: `labels.length` of them. // labels [n], probs [n, K] */
export interface Block {
  labels: ArrayLike<number>;
  probs: Probabilities;
}

/** How far from 1 a row of probabilities may sum before it is refused; half a unit in the third digit of four classes fits. */
export const SUM_TOLERANCE = 2e-3;
/** cleanlab's constant: how far outside [0, 1] a probability may lie, and how close a comparison may be. */
export const COMPARISON = 1e-6;

/**
 * Checks some rows at the door: K ≥ 2, `labels.length · K` finite probabilities within [0, 1] whose rows sum to 1, labels in 0 … K−1.
 * `firstRow` is the number of the block's first row, for messages. Throws an InputError that names the row.
 * cleanlab checks lengths, label range and [0, 1]; the finite and sum-to-1 checks are this library's.
 */
export function checkBlock({ labels, probs }: Block, K: number, firstRow = 0, sumTolerance = SUM_TOLERANCE): void {
  const n = labels.length;
  checkShape(n, probs.length, K);
  for (let i = 0, at = 0; i < n; i++, at += K) {
    const label = labels[i];
    // each test is written so that NaN fails it
    if (!(label >= 0 && label < K && label === Math.floor(label)))
      throw new InputError(`labels[${firstRow + i}] must be a whole number from 0 to ${K - 1}, got ${shown(label)}`);
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const p = probs[at + k];
      if (!(p >= -COMPARISON && p <= 1 + COMPARISON))
        throw new InputError(`probs[${firstRow + i}][${k}] must be a number between 0 and 1, got ${shown(p)}`);
      sum += p;
    }
    if (!(Math.abs(sum - 1) <= sumTolerance))
      throw new InputError(`probs of row ${firstRow + i} must sum to 1 (± ${sumTolerance}), got ${+sum.toPrecision(6)}`);
  }
}

/** Throws unless K is a whole number ≥ 2 and there are K probabilities for each label. */
export function checkShape(labels: number, probs: number, K: number): void {
  ensure(Number.isInteger(K) && K >= 2, `the number of classes must be a whole number ≥ 2, got ${shown(K)}`);
  ensure(
    probs === labels * K,
    `labels and probs must describe the same rows: got ${labels} labels and ${probs} probabilities, expected ${labels} × ${K} classes = ${labels * K}`,
  );
}

/** Throws unless `matrix` holds K × K finite counts ≥ 0; `what` names it. */
export function checkCounts(what: string, matrix: ArrayLike<number>, K: number): void {
  ensure(matrix.length === K * K, `${what} must hold ${K} × ${K} = ${K * K} counts, got ${matrix.length}`);
  for (let i = 0; i < matrix.length; i++)
    ensure(
      matrix[i] >= 0 && matrix[i] < Infinity,
      `${what}[${Math.floor(i / K)}][${i % K}] must be ≥ 0, got ${shown(matrix[i])}`,
    );
}
