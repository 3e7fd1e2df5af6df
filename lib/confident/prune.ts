import { ensure } from '../runtime/errors';
import { pairwiseSum, roundPreservingRowTotals } from './numeric';

export interface PruneOptions {
  /** Share of the estimated noise to remove. */
  fracNoise: number;
  /** A class with no more rows than this loses none, and the plan leaves it at least so many. */
  minExamplesPerClass: number;
  /** Rows to remove of each class, instead of the estimate. // [K] */
  numToRemovePerClass?: ArrayLike<number>;
}

/**
 * How many rows to prune: `counts[true · K + given]` of the rows labelled `given` for looking like `true`; on the diagonal, how many are right. // [K true, K given]
 * The transposed joint, its diagonal raised to `minExamplesPerClass` at the expense of the rest of the column, its noise multiplied by `fracNoise`,
 * or scaled so that row k's noise adds up to `numToRemovePerClass[k]`. Rounded. Source: cleanlab `_keep_at_least_n_per_class` and `find_label_issues`.
 */
export function pruneCounts(joint: ArrayLike<number>, labelCounts: ArrayLike<number>, options: PruneOptions): Int32Array {
  const K = labelCounts.length;
  const { fracNoise, minExamplesPerClass, numToRemovePerClass } = options;
  const counts = Float64Array.from({ length: K * K }, (_, i) => joint[(i % K) * K + Math.floor(i / K)]);
  for (let given = 0; given < K; given++) {
    const kept = Math.max(counts[given * K + given], minExamplesPerClass);
    let nonZero = 0;
    for (let k = 0; k < K; k++) if (counts[k * K + given] !== 0) nonZero++;
    const less = (kept - counts[given * K + given]) / Math.max(nonZero - 1, 1);
    const reduced = new Float64Array(K);
    for (let k = 0; k < K; k++) {
      const at = k * K + given;
      if (k === given) continue;
      const noise = Math.max(counts[at] - less, 0);
      counts[at] = Math.trunc(noise * fracNoise);
      reduced[k] = noise - noise * fracNoise;
    }
    counts[given * K + given] = Math.trunc(kept + pairwiseSum(reduced));
  }
  if (!numToRemovePerClass) return roundPreservingRowTotals(counts, K);
  return scaleToRemove(counts, labelCounts, numToRemovePerClass);
}

function scaleToRemove(counts: Float64Array, labelCounts: ArrayLike<number>, remove: ArrayLike<number>): Int32Array {
  const K = labelCounts.length;
  ensure(remove.length === K, `numToRemovePerClass must hold one number for each of the ${K} classes, got ${remove.length}`);
  for (let k = 0; k < K; k++)
    ensure(
      Number.isInteger(remove[k]) && remove[k] >= 0 && remove[k] <= labelCounts[k],
      `numToRemovePerClass[${k}] must be a whole number from 0 to the class's ${labelCounts[k]} rows, got ${remove[k]}`,
    );
  const rowSums = Array.from({ length: K }, (_, k) => pairwiseSum(counts, k * K, K));
  const scaled = new Float64Array(K * K);
  for (let k = 0; k < K; k++) {
    const shares = Float64Array.from({ length: K }, (_, given) => counts[k * K + given] / rowSums[given]);
    const noise = pairwiseSum(shares) - shares[k];
    for (let given = 0; given < K; given++)
      scaled[k * K + given] = k === given ? labelCounts[k] - remove[k] : (shares[given] * remove[k]) / noise;
  }
  return roundPreservingRowTotals(scaled, K);
}
