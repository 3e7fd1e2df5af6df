import { ensure, inRange, oneOf } from '../runtime/errors';
import { checkCounts, checkShape, type Block, type Probabilities } from './inputs';
import { argmax, confidentClass, jointPasses, predictionIsLabel, type JointCounts } from './joint';
import { Flagged } from './flagged';
import { runPasses, streamPasses, type BlockSource, type Passes } from './passes';
import { pruneCounts } from './prune';
import { RANK_BY, scorer, type RankBy } from './quality';
import { SmallestKeys } from './select';

/** How rows are flagged; see `findLabelIssues`. */
export const FILTER_BY = [
  'prune_by_noise_rate',
  'prune_by_class',
  'both',
  'confident_learning',
  'predicted_neq_given',
  'low_normalized_margin',
  'low_self_confidence',
] as const;
export type FilterBy = (typeof FILTER_BY)[number];

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
        flagged.add(firstRow + i, score(probs, at, labels[i]));
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

/** Which rows a filter flags, and the selections that have to see all rows first. */
interface Rule {
  readonly selections: readonly SmallestKeys[];
  /** Shows each selection that needs counting the key of each of its rows. */
  visit(block: Block, show: (selection: SmallestKeys, key: number) => void): void;
  flag(probs: Probabilities, at: number, label: number): boolean;
}

/** The filters that look at a row alone, or at one score of all rows. */
function rowRule(filterBy: FilterBy, K: number, counts: JointCounts): Rule {
  const none = { selections: [], visit: () => {} };
  if (filterBy === 'predicted_neq_given') return { ...none, flag: (probs, at, label) => argmax(probs, at, K) !== label };
  if (filterBy === 'confident_learning')
    return {
      ...none,
      flag: (probs, at, label) => {
        const guess = confidentClass(probs, at, K, counts.thresholds);
        return guess >= 0 && guess !== label;
      },
    };
  const score = scorer(filterBy.slice('low_'.length) as RankBy, K);
  const lowest = new SmallestKeys(counts.numLabelIssues, counts.n);
  return {
    selections: [lowest],
    visit: ({ labels, probs }, show) => {
      for (let i = 0; i < labels.length; i++) show(lowest, score(probs, i * K, labels[i]));
    },
    flag: (probs, at, label) => lowest.take(score(probs, at, label)),
  };
}

/** The filters that prune: a selection for each class (smallest p[given]) and for each pair of classes (largest p[true] − p[given]). */
class PruneRule implements Rule {
  readonly selections: SmallestKeys[] = [];
  private readonly K: number;
  /** For each given label: the selections of its rows, and the class each compares with (−1: none, the key is p[given]). */
  private readonly ofClass: { against: number; rows: SmallestKeys }[][];

  constructor(
    plan: Int32Array,
    { labelCounts }: JointCounts,
    private readonly filterBy: FilterBy,
    minExamplesPerClass: number,
  ) {
    const K = (this.K = labelCounts.length);
    const pairs = filterBy !== 'prune_by_class';
    const bins = 2 ** Math.max(8, Math.min(16, Math.floor(24 - Math.log2(K * (pairs ? K : 1)))));
    this.ofClass = Array.from({ length: K }, (_, given) => {
      const total = labelCounts[given];
      // cleanlab also passes over a class of one row
      if (total <= minExamplesPerClass || total <= 1) return [];
      const select = (against: number, want: number) => ({ against, rows: new SmallestKeys(want, total, bins) });
      const own = filterBy === 'prune_by_noise_rate' ? [] : [select(-1, total - plan[given * K + given])];
      const others = pairs ? Array.from({ length: K }, (_, k) => k).filter((k) => k !== given && plan[k * K + given] > 0) : [];
      return [...own, ...others.map((k) => select(k, plan[k * K + given]))];
    });
    for (const selections of this.ofClass) this.selections.push(...selections.map((s) => s.rows));
  }

  visit({ labels, probs }: Block, show: (selection: SmallestKeys, key: number) => void): void {
    for (let i = 0; i < labels.length; i++)
      for (const { against, rows } of this.ofClass[labels[i]])
        if (rows.needsCounting) show(rows, key(probs, i * this.K, labels[i], against));
  }

  flag(probs: Probabilities, at: number, label: number): boolean {
    let byClass = this.filterBy === 'prune_by_noise_rate';
    let byRate = this.filterBy === 'prune_by_class';
    for (const { against, rows } of this.ofClass[label]) {
      // every selection sees every row, because it counts those at its cut
      const taken = rows.take(key(probs, at, label, against));
      if (against < 0) byClass ||= taken;
      else byRate ||= taken;
    }
    return byClass && byRate;
  }
}

const key = (probs: Probabilities, at: number, given: number, against: number): number =>
  against < 0 ? probs[at + given] : probs[at + given] - probs[at + against];
