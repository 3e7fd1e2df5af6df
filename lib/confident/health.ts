import { ensure } from '../runtime/errors';
import type { Probabilities } from './inputs';
import { calibrateConfidentJoint, jointPasses, normalizeJoint, type JointCounts } from './joint';
import { pairwiseSum, roundHalfEven } from './numeric';
import { argsort } from './order';
import { runPasses } from './passes';

/** How far a class's labels can be trusted. */
export interface ClassHealth {
  classIndex: number;
  className?: string;
  /** Rows with this label that probably belong to another class. */
  labelIssues: number;
  /** Rows of this class that probably carry another label. */
  inverseLabelIssues: number;
  /** P(true ≠ k | given = k) */
  labelNoise: number;
  /** P(given ≠ k | true = k) */
  inverseLabelNoise: number;
  /** 1 − labelNoise */
  labelQualityScore: number;
}

/** How often two classes are taken for each other. */
export interface ClassOverlap {
  /** Either class, or the given one where pairs are ordered. */
  classIndexA: number;
  /** The other, or the true one where pairs are ordered. */
  classIndexB: number;
  classNameA?: string;
  classNameB?: string;
  numOverlappingExamples: number;
  jointProbability: number;
}

export interface HealthSummary {
  numExamples: number;
  /** Rows counted off the diagonal of the joint whose prediction is not their label. */
  numLabelIssues: number;
  /** 1 − numLabelIssues / numExamples */
  overallLabelHealthScore: number;
  /** P(given, true). // [K, K] */
  joint: Float64Array;
  /** Worst class first. */
  classesByLabelQuality: ClassHealth[];
  /** Most confused pair first. */
  overlappingClasses: ClassOverlap[];
}

export interface HealthOptions {
  classNames?: readonly string[];
  /** Tell (given A, true B) from (given B, true A). */
  asymmetric?: boolean;
  /** Counts to use instead of the estimated joint; they are calibrated. // [K given, K true] */
  confidentJoint?: ArrayLike<number>;
}

/** The state of a data set's labels, per class and per pair of classes. // labels [N], probs [N, K]. Source: cleanlab `dataset.health_summary`. */
export function healthSummary(
  labels: ArrayLike<number>,
  probs: Probabilities,
  K: number,
  options: HealthOptions = {},
): HealthSummary {
  return healthOf(runPasses(jointPasses(K), { labels, probs }), options);
}

/** `healthSummary` from counts that a search for issues has already made. */
export function healthOf(counts: JointCounts, options: HealthOptions = {}): HealthSummary {
  const { n, labelCounts, numLabelIssues } = counts;
  const K = labelCounts.length;
  const { classNames } = options;
  ensure(!classNames || classNames.length === K, `classNames must hold ${K} names, got ${classNames?.length}`);
  const joint = normalizeJoint(
    options.confidentJoint ? calibrateConfidentJoint(options.confidentJoint, labelCounts) : counts.confidentJoint,
  );
  return {
    numExamples: n,
    numLabelIssues,
    overallLabelHealthScore: 1 - numLabelIssues / n,
    joint,
    classesByLabelQuality: classes(joint, n, K, classNames),
    overlappingClasses: overlaps(joint, n, K, options),
  };
}

function classes(joint: Float64Array, n: number, K: number, names?: readonly string[]): ClassHealth[] {
  const rows = Array.from({ length: K }, (_, k): ClassHealth => {
    const given = pairwiseSum(joint, k * K, K);
    const truth = pairwiseSum(joint, k, K, K);
    const right = joint[k * K + k];
    const labelNoise = (given - right) / Math.max(given, 1e-6);
    return {
      classIndex: k,
      ...(names && { className: names[k] }),
      labelIssues: roundHalfEven((given - right) * n),
      inverseLabelIssues: roundHalfEven((truth - right) * n),
      labelNoise,
      inverseLabelNoise: (truth - right) / Math.max(truth, 1e-6),
      labelQualityScore: 1 - labelNoise,
    };
  });
  return Array.from(argsort(rows.map((row) => row.labelQualityScore)), (i) => rows[i]);
}

function overlaps(joint: Float64Array, n: number, K: number, { classNames, asymmetric }: HealthOptions): ClassOverlap[] {
  const pairs: ClassOverlap[] = [];
  for (let a = 0; a < K; a++)
    for (let b = asymmetric ? 0 : a + 1; b < K; b++) {
      if (a === b) continue;
      const p = asymmetric ? joint[a * K + b] : joint[a * K + b] + joint[b * K + a];
      pairs.push({
        classIndexA: a,
        classIndexB: b,
        ...(classNames && { classNameA: classNames[a], classNameB: classNames[b] }),
        numOverlappingExamples: roundHalfEven(p * n),
        jointProbability: p,
      });
    }
  // equal pairs in the order of pandas' descending sort: reversed, sorted, reversed
  pairs.reverse();
  return Array.from(argsort(pairs.map((pair) => pair.jointProbability)), (i) => pairs[i]).reverse();
}
