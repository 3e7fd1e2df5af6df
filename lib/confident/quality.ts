import { ensure, oneOf } from '../runtime/errors';
import { checkBlock, type Probabilities } from './inputs';
import { confidentThresholds } from './joint';

/** How a row is scored: low is bad. */
export const RANK_BY = ['self_confidence', 'normalized_margin', 'confidence_weighted_entropy'] as const;
export type RankBy = (typeof RANK_BY)[number];

/** Scores the row that starts at `at`. */
export type Scorer = (probs: Probabilities, at: number, label: number) => number;

/** The score of one row, by method; `thresholds` (see `confidentThresholds`) make it the adjusted form. */
export function scorer(method: RankBy, K: number, thresholds?: Float64Array): Scorer {
  if (thresholds) return adjusted(method, K, thresholds);
  if (method === 'self_confidence') return (probs, at, label) => probs[at + label];
  if (method === 'normalized_margin')
    return (probs, at, label) => {
      let other = -Infinity;
      for (let k = 0; k < K; k++) if (k !== label && probs[at + k] > other) other = probs[at + k];
      return (probs[at + label] - other + 1) / 2;
    };
  const logK = Math.log(K);
  return (probs, at, label) => {
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const p = probs[at + k];
      if (p > 0) sum += p * Math.log(p);
    }
    const weighted = -sum / logK / Math.max(probs[at + label], 1e-6);
    return Math.log(weighted + 1) / Math.max(weighted, 1e-6);
  };
}

function adjusted(method: RankBy, K: number, thresholds: Float64Array): Scorer {
  ensure(method !== 'confidence_weighted_entropy', 'adjustPredProbs is not defined for confidence_weighted_entropy');
  const plain = scorer(method, K);
  const top = thresholds.reduce((a, b) => Math.max(a, b));
  const row = new Float64Array(K);
  return (probs, at, label) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += row[k] = probs[at + k] - thresholds[k] + top;
    for (let k = 0; k < K; k++) row[k] /= sum;
    return plain(row, 0, label);
  };
}

/**
 * How likely each row's label is right, in [0, 1], low is bad. // [N]
 * - `self_confidence`: p[label]
 * - `normalized_margin`: (p[label] − max of the others + 1) / 2
 * - `confidence_weighted_entropy`: log(1 + w) / w with w = H(p) / (log K · p[label]), the w that is divided by at least 10⁻⁶, as in cleanlab: a row whose
 *   probability is exactly 1 scores 0, the worst, not the limit 1
 *
 * `adjustPredProbs` first takes off each class's confident threshold, adds the largest and scales the row to add up to 1.
 * Source: cleanlab `get_label_quality_scores`.
 */
export function qualityScores(
  labels: ArrayLike<number>,
  probs: Probabilities,
  K: number,
  options: { method?: RankBy; adjustPredProbs?: boolean } = {},
): Float64Array {
  const method = oneOf('method', options.method ?? 'self_confidence', RANK_BY);
  checkBlock({ labels, probs }, K);
  const score = scorer(method, K, options.adjustPredProbs ? confidentThresholds(labels, probs, K) : undefined);
  const scores = new Float64Array(labels.length);
  for (let i = 0; i < scores.length; i++) scores[i] = score(probs, i * K, labels[i]);
  return scores;
}
