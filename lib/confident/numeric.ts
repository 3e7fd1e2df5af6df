import { argsort } from './order';

/**
 * NumPy's arithmetic where its last bit decides a count: a half that becomes 0.49999 is rounded to the other side and another row is removed.
 */

/** Rounds to the nearest whole number, halves to the even one (`numpy.round`). */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/**
 * The sum of `n` values from `start`, every `stride`-th, added in NumPy's order: one by one below 8, eight running sums up to 128, halves beyond.
 * Source: pairwise summation as `numpy.add.reduce` documents it.
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, n = values.length, stride = 1): number {
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[start + i * stride];
    return sum;
  }
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return pairwiseSum(values, start, half, stride) + pairwiseSum(values, start + half * stride, n - half, stride);
  }
  const r = Array.from({ length: 8 }, (_, k) => values[start + k * stride]);
  let i = 8;
  for (; i < n - (n % 8); i += 8) for (let k = 0; k < 8; k++) r[k] += values[start + (i + k) * stride];
  let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (; i < n; i++) sum += values[start + i * stride];
  return sum;
}

/**
 * Rounds each row of a K × K matrix to whole numbers that add up to the row's rounded total: the entries whose rounding erred most give or take one.
 * Entries that are not numbers (0/0 of an empty class) become 0. Equal errors: see `order.ts`. Source: cleanlab `round_preserving_row_totals`.
 */
export function roundPreservingRowTotals(matrix: ArrayLike<number>, K: number): Int32Array {
  const out = new Int32Array(K * K);
  for (let row = 0; row < K; row++)
    out.set(roundPreservingSum(Array.from({ length: K }, (_, k) => matrix[row * K + k])), row * K);
  return out;
}

function roundPreservingSum(values: number[]): number[] {
  const rounded = values.map(roundHalfEven);
  const target = roundHalfEven(pairwiseSum(values));
  if (!Number.isFinite(target)) return rounded.map((x) => (Number.isFinite(x) ? x : 0));
  for (;;) {
    const short = target - pairwiseSum(rounded);
    if (Math.abs(short) <= 1e-6) return rounded;
    const order = argsort(values.map((x, i) => x - rounded[i]));
    if (short > 0) order.reverse();
    for (const i of order.slice(0, Math.min(Math.abs(short), values.length))) rounded[i] += Math.sign(short);
  }
}

/** A sum whose error does not grow with the number of terms (Neumaier 1974), so that it does not depend on how rows are cut into blocks. */
export class CompensatedSum {
  private sum = 0;
  private lost = 0;

  add(x: number): void {
    const next = this.sum + x;
    this.lost += Math.abs(this.sum) >= Math.abs(x) ? this.sum - next + x : x - next + this.sum;
    this.sum = next;
  }

  get value(): number {
    return this.sum + this.lost;
  }
}
