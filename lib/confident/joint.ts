import { ensure } from '../runtime/errors';
import { checkBlock, checkCounts, COMPARISON, type Probabilities } from './inputs';
import { CompensatedSum, pairwiseSum, roundPreservingRowTotals } from './numeric';
import { runPasses, type Passes } from './passes';

/** The least a confident threshold may be (cleanlab: twice its comparison constant). */
const THRESHOLD_FLOOR = 2 * COMPARISON;
/** The threshold of a class nobody has: out of reach. */
const UNREACHABLE = 2;

/** What two passes over the rows say about K classes. */
export interface JointCounts {
  /** Rows seen. */
  n: number;
  /** Rows with each given label. // [K] */
  labelCounts: Int32Array;
  /** See `confidentThresholds`. // [K] */
  thresholds: Float64Array;
  /** See `confidentJoint` without calibration. // [K given, K true] */
  uncalibrated: Int32Array;
  /** See `confidentJoint`. // [K given, K true] */
  confidentJoint: Int32Array;
  /** Rows counted off the diagonal whose prediction is not their label: cleanlab's `num_label_issues`. */
  numLabelIssues: number;
}

/** Two passes over the rows (checks and thresholds, then counts). Both forms, in memory and streamed, run this. */
export function* jointPasses(K: number, given?: ArrayLike<number>, sumTolerance?: number): Passes<JointCounts> {
  const labelCounts = new Int32Array(K);
  const sums = Array.from({ length: K }, () => new CompensatedSum());
  let n = 0;
  yield (block, firstRow) => {
    checkBlock(block, K, firstRow, sumTolerance);
    const { labels, probs } = block;
    for (let i = 0; i < labels.length; i++) {
      labelCounts[labels[i]]++;
      sums[labels[i]].add(probs[i * K + labels[i]]);
    }
    n += labels.length;
  };
  ensure(n > 0, 'labels must not be empty');
  ensure(!given || given.length === K, `thresholds must hold one number for each of the ${K} classes, got ${given?.length}`);
  const thresholds = Float64Array.from({ length: K }, (_, k) =>
    given ? given[k] : Math.max(labelCounts[k] ? sums[k].value / labelCounts[k] : UNREACHABLE, THRESHOLD_FLOOR),
  );
  const uncalibrated = new Int32Array(K * K);
  let numLabelIssues = 0;
  yield ({ labels, probs }) => {
    for (let i = 0; i < labels.length; i++) {
      const guess = confidentClass(probs, i * K, K, thresholds);
      if (guess < 0) continue;
      uncalibrated[labels[i] * K + guess]++;
      if (guess !== labels[i] && !predictionIsLabel(probs, i * K, K, labels[i])) numLabelIssues++;
    }
  };
  for (let k = 0; k < K; k++) uncalibrated[k * K + k] = Math.max(uncalibrated[k * K + k], 1);
  const confidentJoint = calibrateConfidentJoint(uncalibrated, labelCounts);
  return { n, labelCounts, thresholds, uncalibrated, confidentJoint, numLabelIssues };
}

/**
 * The class that a row confidently belongs to, or −1: the one whose probability reaches its threshold (less 1e-6); where several do, the likeliest of all.
 * `at` is where the row starts in `probs`. Source: Northcutt et al. 2021, eq. 1 with its collision rule, as cleanlab counts it.
 */
export function confidentClass(probs: Probabilities, at: number, K: number, thresholds: Float64Array): number {
  let first = -1;
  for (let k = 0; k < K; k++) {
    if (!(probs[at + k] >= thresholds[k] - COMPARISON)) continue;
    if (first >= 0) return argmax(probs, at, K);
    first = k;
  }
  return first;
}

/** The likeliest class of the row that starts at `at`; the first of equals. */
export function argmax(probs: Probabilities, at: number, K: number): number {
  let best = 0;
  for (let k = 1; k < K; k++) if (probs[at + k] > probs[at + best]) best = k;
  return best;
}

/**
 * The un-flagging rule: whether the given label is the prediction once its probability is raised by 1e-6. Such a row is never an issue
 * (except of the two `low_` filters). Source: cleanlab `_reduce_issues`.
 */
export function predictionIsLabel(probs: Probabilities, at: number, K: number, label: number): boolean {
  const own = probs[at + label] + COMPARISON;
  for (let k = 0; k < K; k++) if (k !== label && (k < label ? probs[at + k] >= own : probs[at + k] > own)) return false;
  return true;
}

/**
 * t[k], the mean of P(k | row) over the rows labelled k; 2 for a class nobody has. // [K]
 * The paper's per-class expected self-confidence (Northcutt et al. 2021, eq. 2); cleanlab `get_confident_thresholds`.
 */
export function confidentThresholds(labels: ArrayLike<number>, probs: Probabilities, K: number): Float64Array {
  return runPasses(jointPasses(K), { labels, probs }).thresholds;
}

/**
 * C[given · K + true]: rows labelled `given` that confidently belong to `true`; the diagonal is at least 1. // [K given, K true]
 * Calibrated (the default) its rows add up to the label counts. Source: Northcutt et al. 2021, eqs. 1–3; cleanlab `compute_confident_joint`.
 */
export function confidentJoint(
  labels: ArrayLike<number>,
  probs: Probabilities,
  K: number,
  options: { calibrate?: boolean; thresholds?: ArrayLike<number> } = {},
): Int32Array {
  const counts = runPasses(jointPasses(K, options.thresholds), { labels, probs });
  return options.calibrate === false ? counts.uncalibrated : counts.confidentJoint;
}

/**
 * C[i, j] / Σⱼ C[i, j] · labelCounts[i], scaled to the number of rows and rounded so that rows keep their totals. // [K given, K true]
 * Source: Northcutt et al. 2021, eq. 3; cleanlab `calibrate_confident_joint`, in its order of operations.
 */
export function calibrateConfidentJoint(joint: ArrayLike<number>, labelCounts: ArrayLike<number>): Int32Array {
  const K = labelCounts.length;
  checkCounts('confidentJoint', joint, K);
  // transposed, because that is the order in which NumPy adds it up
  const scaled = new Float64Array(K * K);
  let n = 0;
  for (let given = 0; given < K; given++) {
    const row = Math.max(pairwiseSum(joint, given * K, K), 1e-100);
    for (let k = 0; k < K; k++) scaled[k * K + given] = (joint[given * K + k] / row) * labelCounts[given];
    n += labelCounts[given];
  }
  const total = Math.max(pairwiseSum(scaled), 1e-100);
  return roundPreservingRowTotals(
    Float64Array.from({ length: K * K }, (_, i) => (scaled[(i % K) * K + Math.floor(i / K)] / total) * n),
    K,
  );
}

/** The calibrated joint as a distribution P(given, true): adds up to 1. // [K given, K true]. Source: cleanlab `estimate_joint`. */
export function estimateJoint(labels: ArrayLike<number>, probs: Probabilities, K: number): Float64Array {
  return normalizeJoint(confidentJoint(labels, probs, K));
}

/** Counts divided by their sum. */
export function normalizeJoint(joint: ArrayLike<number>): Float64Array {
  const total = Math.max(pairwiseSum(joint), 1e-100);
  return Float64Array.from({ length: joint.length }, (_, i) => joint[i] / total);
}
