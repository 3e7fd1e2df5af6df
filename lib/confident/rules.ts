import type { Block, Probabilities } from './inputs';
import { argmax, confidentClass, type JointCounts } from './joint';
import { scorer, type RankBy } from './quality';
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

/** Which rows a filter flags, and the selections that have to see all rows first. */
export interface Rule {
  readonly selections: readonly SmallestKeys[];
  /** Shows each selection that needs counting the key of each of its rows. */
  visit(block: Block, show: (selection: SmallestKeys, key: number) => void): void;
  flag(probs: Probabilities, at: number, label: number): boolean;
}

/** The filters that look at a row alone, or at one score of all rows. */
export function rowRule(filterBy: FilterBy, K: number, counts: JointCounts): Rule {
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
export class PruneRule implements Rule {
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
