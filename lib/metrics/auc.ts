import { ensure } from '../runtime/errors';

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one, a tie counting half. O(N log N).
 * AUC = (1 / PN) Σ_pos [#neg below + ½ #neg equal] (Mann–Whitney). NaN where one side is empty; throws on a NaN score.
 */
export function auc(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>): number {
  const { pos, neg } = sides(scores, positive);
  let sum = 0;
  let below = 0;
  let upTo = 0;
  for (let i = 0; i < pos.length; i++) {
    while (below < neg.length && neg[below] < pos[i]) below++;
    if (upTo < below) upTo = below;
    while (upTo < neg.length && neg[upTo] === pos[i]) upTo++;
    sum += (below + upTo) / 2;
  }
  return sum / (pos.length * neg.length);
}

/**
 * Average precision: Σ_t (R_t − R_{t−1}) P_t over the distinct scores as thresholds, from the highest down. O(N log N).
 * Reference: scikit-learn `average_precision_score` (no interpolation). NaN where no row is positive.
 */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>): number {
  const { pos, neg } = sides(scores, positive);
  let sum = 0;
  let n = neg.length;
  for (let p = pos.length; p > 0;) {
    const threshold = pos[p - 1];
    let next = p;
    while (next > 0 && pos[next - 1] === threshold) next--;
    while (n > 0 && neg[n - 1] >= threshold) n--;
    const hits = pos.length - next;
    sum += (p - next) * (hits / (hits + neg.length - n));
    p = next;
  }
  return sum / pos.length;
}

function sides(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>): { pos: Float64Array; neg: Float64Array } {
  ensure(
    scores.length === positive.length,
    `scores and labels must be equally long, got ${scores.length} and ${positive.length}`,
  );
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    ensure(!Number.isNaN(scores[i]), `score of row ${i} must be a number, got NaN`);
    if (positive[i]) count++;
  }
  const pos = new Float64Array(count);
  const neg = new Float64Array(scores.length - count);
  for (let i = 0, p = 0, n = 0; i < scores.length; i++) {
    if (positive[i])
      pos[p++] = scores[i] + 0; // + 0 makes −0 into 0, which the native sort would put apart
    else neg[n++] = scores[i] + 0;
  }
  return { pos: pos.sort(), neg: neg.sort() };
}
