import { ensure, oneOf } from '../runtime/errors';
import { checkCounts } from './inputs';
import { pairwiseSum } from './numeric';

const TINY = 1e-100;
/** How P(true) is estimated: from the matrices' diagonals, by inverting the noise matrix, from the joint's column sums, or through the inverse matrix. */
export const PY_METHODS = ['cnt', 'eqn', 'marginal', 'marginal_ps'] as const;
export type PyMethod = (typeof PY_METHODS)[number];

/** The latent quantities of confident learning. */
export interface Latent {
  /** P(true = k), the latent prior. // [K] */
  py: Float64Array;
  /** `noiseMatrix[given · K + true]` = P(given | true); columns add up to 1. // [K given, K true] */
  noiseMatrix: Float64Array;
  /** `inverseNoiseMatrix[true · K + given]` = P(true | given); columns add up to 1. // [K true, K given] */
  inverseNoiseMatrix: Float64Array;
}

/**
 * Noise matrix C[i, j] / Σᵢ C[i, j], inverse noise matrix C[i, j] / Σⱼ C[i, j] transposed, and the latent prior, from a confident joint.
 * `joint` [K given, K true], `labelCounts` [K]. With `convergeLatentEstimates` the three are made consistent with each other.
 * Source: Northcutt et al. 2021, section 3.1; cleanlab `estimate_latent`. Throws an InputError where 'eqn' meets a singular matrix.
 */
export function estimateLatent(
  joint: ArrayLike<number>,
  labelCounts: ArrayLike<number>,
  options: { pyMethod?: PyMethod; convergeLatentEstimates?: boolean } = {},
): Latent {
  const K = labelCounts.length;
  const pyMethod = oneOf('pyMethod', options.pyMethod ?? 'cnt', PY_METHODS);
  checkCounts('confidentJoint', joint, K);
  const n = pairwiseSum(labelCounts);
  const ps = Float64Array.from(labelCounts, (count) => count / n);
  const trueCounts = Float64Array.from(ps, (_, k) => pairwiseSum(joint, k, K, K));
  const givenCounts = Float64Array.from(ps, (_, k) => pairwiseSum(joint, k * K, K));
  let noise = fill(K, (given, k) => joint[given * K + k] / Math.max(trueCounts[k], TINY));
  let inverse = fill(K, (k, given) => joint[given * K + k] / Math.max(givenCounts[given], TINY));
  let py = computePy(ps, noise, inverse, pyMethod, trueCounts);
  noise = clipNoiseRates(noise, K);
  inverse = clipNoiseRates(inverse, K);
  if (options.convergeLatentEstimates) {
    // cleanlab's fixed schedule: three rounds of five
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        inverse = inverseNoiseMatrix(py, noise, ps);
        py = computePy(ps, noise, inverse);
      }
      noise = noiseMatrixFromInverse(ps, inverse, py);
    }
    py = clipToSumOne(py, 1e-5);
    noise = clipNoiseRates(noise, K);
    inverse = clipNoiseRates(inverse, K);
  }
  return { py, noiseMatrix: noise, inverseNoiseMatrix: inverse };
}

/** P(true) from P(given) and the two matrices, clipped to [1e-6, 1] and scaled to add up to 1. // [K]. Source: cleanlab `compute_py`. */
export function computePy(
  ps: Float64Array,
  noise: Float64Array,
  inverse: Float64Array,
  method: PyMethod = 'cnt',
  trueCounts?: ArrayLike<number>,
): Float64Array {
  const K = ps.length;
  ensure(method !== 'marginal' || trueCounts, "pyMethod 'marginal' needs the column sums of the confident joint");
  const marginal = method === 'marginal' ? Math.max(pairwiseSum(trueCounts!), TINY) : 1;
  const py =
    method === 'eqn'
      ? solve(noise, ps)
      : Float64Array.from(ps, (p, k) =>
          method === 'cnt'
            ? (inverse[k * K + k] / Math.max(noise[k * K + k], TINY)) * p
            : method === 'marginal'
              ? trueCounts![k] / marginal
              : pairwiseSum(Float64Array.from(ps, (q, given) => inverse[k * K + given] * q)),
        );
  return clipToSumOne(py, 1e-6);
}

/** P(true | given) = P(given | true) · P(true) / P(given). // [K true, K given]. Source: cleanlab `compute_inv_noise_matrix`. */
export function inverseNoiseMatrix(py: Float64Array, noise: Float64Array, ps: Float64Array): Float64Array {
  const K = py.length;
  return clipNoiseRates(
    fill(K, (k, given) => (noise[given * K + k] * py[k]) / Math.max(ps[given], TINY)),
    K,
  );
}

/** P(given | true) = P(true | given) · P(given) / P(true). // [K given, K true]. Source: cleanlab `compute_noise_matrix_from_inverse`. */
export function noiseMatrixFromInverse(ps: Float64Array, inverse: Float64Array, py: Float64Array): Float64Array {
  const K = ps.length;
  return clipNoiseRates(
    fill(K, (given, k) => (inverse[k * K + given] * ps[given]) / Math.max(py[k], TINY)),
    K,
  );
}

/** Off-diagonal rates clipped to [0, 0.9999], then each column scaled to add up to 1. Source: cleanlab `clip_noise_rates`. */
export function clipNoiseRates(matrix: ArrayLike<number>, K: number): Float64Array {
  const clipped = fill(K, (i, j) => (i === j ? matrix[i * K + j] : Math.min(Math.max(matrix[i * K + j], 0), 0.9999)));
  const sums = Array.from({ length: K }, (_, j) => Math.max(pairwiseSum(clipped, j, K, K), TINY));
  return clipped.map((x, i) => x / sums[i % K]);
}

const fill = (K: number, entry: (row: number, column: number) => number): Float64Array =>
  Float64Array.from({ length: K * K }, (_, i) => entry(Math.floor(i / K), i % K));

function clipToSumOne(values: Float64Array, low: number): Float64Array {
  const clipped = values.map((x) => Math.min(Math.max(x, low), 1));
  const sum = Math.max(pairwiseSum(clipped), TINY);
  return clipped.map((x) => x / sum);
}

/** x of A·x = b by Gaussian elimination with row pivots. // A [K, K], b [K] */
function solve(matrix: Float64Array, b: Float64Array): Float64Array {
  const K = b.length;
  const a = Float64Array.from(matrix);
  const x = Float64Array.from(b);
  for (let c = 0; c < K; c++) {
    let pivot = c;
    for (let r = c + 1; r < K; r++) if (Math.abs(a[r * K + c]) > Math.abs(a[pivot * K + c])) pivot = r;
    ensure(
      a[pivot * K + c] !== 0,
      "the noise matrix cannot be inverted, so pyMethod 'eqn' has no answer; expected another pyMethod",
    );
    for (let k = 0; k < K; k++) [a[c * K + k], a[pivot * K + k]] = [a[pivot * K + k], a[c * K + k]];
    [x[c], x[pivot]] = [x[pivot], x[c]];
    for (let r = 0; r < K; r++) {
      if (r === c) continue;
      const factor = a[r * K + c] / a[c * K + c];
      for (let k = c; k < K; k++) a[r * K + k] -= factor * a[c * K + k];
      x[r] -= factor * x[c];
    }
  }
  return x.map((value, k) => value / a[k * K + k]);
}
