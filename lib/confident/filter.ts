import { ensure, inRange, oneOf } from '../runtime/errors';
import { checkCounts, checkShape, type Probabilities } from './inputs';
import { jointPasses, predictionIsLabel, type JointCounts } from './joint';
import { Flagged } from './flagged';
import { runPasses, streamPasses, type BlockSource, type Passes } from './passes';
import { pruneCounts } from './prune';
import { RANK_BY, scorer, type RankBy } from './quality';
import { FILTER_BY, PruneRule, rowRule, type FilterBy } from './rules';

export interface FindOptions {
  /** Default 'prune_by_noise_rate', the paper's. */
  filterBy?: FilterBy;
  /** Order of the answer, worst first; without it rows come in their own order. */
  returnIndicesRankedBy?: RankBy;
  /** Rank by the threshold-adjusted score (cleanlab's `rank_by_kwargs={'adjust_pred_probs': True}`). */
  adjustPredProbs?: boolean;
  /** Share of the estimated noise to flag, 0 … 1; for the two `prune_by_` filters and 'both'. Default 1. */
  fracNoise?: number;
  /** Classes with no more rows than this are left alone, others keep at least so many. Default 1. */
  minExamplesPerClass?: number;
  /** Rows to flag of each class; exact for 'prune_by_class', one off by rounding otherwise. // [K] */
  numToRemovePerClass?: ArrayLike<number>;
  /** A joint to use instead of the estimated one. // [K given, K true] */
  confidentJoint?: ArrayLike<number>;
  /** How far from 1 a row of probabilities may sum. */
  sumTolerance?: number;
}

/** What a search for label issues found, and on what grounds. */
export interface Findings extends JointCounts {
  /** Numbers of the flagged rows: worst first where a ranking was asked for, else ascending. */
  issues: Int32Array;
  /** Quality score of each of them, by `returnIndicesRankedBy` or else by self-confidence. */
  scores: Float64Array;
  /** Given label of each of them. */
  issueLabels: Int32Array;
  /** Rows to prune by pair of classes, where the filter prunes; see `pruneCounts`. // [K true, K given] */
  pruneCounts?: Int32Array;
}

const PRUNING: readonly FilterBy[] = ['prune_by_noise_rate', 'prune_by_class', 'both'];

/**
 * Finds the rows whose labels are probably wrong. // labels [N] in 0 … K−1, probs [N, K] out of sample → row numbers
 * - `prune_by_noise_rate`: for each pair of classes, as many rows as the joint says, of the largest p[true] − p[given];
 * - `prune_by_class`: for each class, as many rows as the joint says, of the smallest p[given];
 * - `both`: flagged by both of these;
 * - `confident_learning`: counted off the diagonal of the joint;
 * - `predicted_neq_given`: the prediction is another class;
 * - `low_normalized_margin`, `low_self_confidence`: the lowest scores, as many as `numLabelIssues`.
 *
 * A row whose prediction is its label (within 1e-6) is un-flagged, except by the two `low_` filters. Equal keys at a cut and equal scores come in
 * NumPy's order (see `order.ts`).
 * Throws an InputError for shapes, labels or probabilities that do not fit. Source: Northcutt et al. 2021, section 3.2; cleanlab 2.9 `find_label_issues`.
 */
export function findLabelIssues(
  labels: ArrayLike<number>,
  probs: Probabilities,
  K: number,
  options: FindOptions = {},
): Int32Array {
  return inspectLabels(labels, probs, K, options).issues;
}

/** `findLabelIssues` as a mask: 1 for a flagged row. // [N] */
export function findLabelIssuesMask(
  labels: ArrayLike<number>,
  probs: Probabilities,
  K: number,
  options: FindOptions = {},
): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (const row of findLabelIssues(labels, probs, K, options)) mask[row] = 1;
  return mask;
}

/** `findLabelIssues` with the grounds: joint, thresholds, counts, and the score of each issue. */
export function inspectLabels(labels: ArrayLike<number>, probs: Probabilities, K: number, options: FindOptions = {}): Findings {
  checkShape(labels.length, probs.length, K);
  return runPasses(issuePasses(K, options), { labels, probs });
}

/**
 * `inspectLabels` over rows read block by block, three to six times: memory grows with the issues found, not with the rows.
 * The same passes run on arrays in memory, so the answer is the same however the rows are cut.
 */
export function inspectLabelsStreaming(source: BlockSource, K: number, options: FindOptions = {}): Promise<Findings> {
  return streamPasses(issuePasses(K, options), source);
}

/** The passes behind `findLabelIssues`: checks and thresholds, the joint, two to find where each selection cuts, one to flag. */
export function* issuePasses(K: number, options: FindOptions = {}): Passes<Findings> {
  checkShape(0, 0, K);
  const filterBy = oneOf('filterBy', options.filterBy ?? 'prune_by_noise_rate', FILTER_BY);
  const rankBy = options.returnIndicesRankedBy && oneOf('returnIndicesRankedBy', options.returnIndicesRankedBy, RANK_BY);
  checkOptions(filterBy, options, K);
  const counts = yield* jointPasses(K, undefined, options.sumTolerance);
  const joint = options.confidentJoint ?? counts.confidentJoint;
  const plan = PRUNING.includes(filterBy)
    ? pruneCounts(joint, counts.labelCounts, {
        fracNoise: options.fracNoise ?? 1,
        minExamplesPerClass: options.minExamplesPerClass ?? 1,
        numToRemovePerClass: options.numToRemovePerClass,
      })
    : undefined;

  const rule = plan ? new PruneRule(plan, counts, filterBy, options.minExamplesPerClass ?? 1) : rowRule(filterBy, K, counts);
  if (rule.selections.some((s) => s.needsCounting)) {
    yield (block) => rule.visit(block, (s, key) => s.count(key));
    for (const s of rule.selections) s.findBin();
    yield (block) => rule.visit(block, (s, key) => s.look(key));
    for (const s of rule.selections) s.findCut();
  }
  if (rule.selections.some((s) => s.needsOrder)) {
    yield (block) => rule.visit(block, (s, key) => s.keep(key));
    for (const s of rule.selections) s.orderTies();
  }
  const score = scorer(rankBy ?? 'self_confidence', K, options.adjustPredProbs ? counts.thresholds : undefined);
  const flagged = new Flagged();
  const keepPredicted = filterBy.startsWith('low_');
  yield ({ labels, probs }, firstRow) => {
    for (let i = 0, at = 0; i < labels.length; i++, at += K)
      if (rule.flag(probs, at, labels[i]) && (keepPredicted || !predictionIsLabel(probs, at, K, labels[i])))
        flagged.add(firstRow + i, labels[i], score(probs, at, labels[i]));
  };
  return { ...counts, ...flagged.ordered(rankBy !== undefined), pruneCounts: plan };
}

function checkOptions(filterBy: FilterBy, options: FindOptions, K: number): void {
  inRange('fracNoise', options.fracNoise ?? 1, 0, 1);
  inRange('minExamplesPerClass', options.minExamplesPerClass ?? 1, 0, Infinity);
  if (!PRUNING.includes(filterBy)) {
    ensure((options.fracNoise ?? 1) === 1, `fracNoise applies only to ${PRUNING.join(', ')}; got filterBy ${filterBy}`);
    ensure(!options.numToRemovePerClass, `numToRemovePerClass applies only to ${PRUNING.join(', ')}; got filterBy ${filterBy}`);
  }
  if (options.confidentJoint) {
    ensure(filterBy !== 'confident_learning', 'filterBy confident_learning counts its own joint; expected no confidentJoint');
    checkCounts('confidentJoint', options.confidentJoint, K);
  }
}
