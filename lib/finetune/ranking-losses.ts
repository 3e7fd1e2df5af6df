import { divNoNan } from '../ops/raw';
import { rowSum, sumOf } from '../ops/row-sum';
import { tf, type Tensor } from '../runtime/tensorflow';

/** Losses over the products of a query (task 1): `ranknet` pairwise, `listnet` listwise, `lambdarank` pairwise with the change of nDCG as weight. */
export const RANKING_LOSSES = ['ranknet', 'listnet', 'lambdarank'] as const;
export type RankingLoss = (typeof RANKING_LOSSES)[number];

/** Whether a loss compares rows of one query, so that batches must hold whole queries. */
export const isRankingLoss = (kind: string): kind is RankingLoss => (RANKING_LOSSES as readonly string[]).includes(kind);

/**
 * The mean over the batch's queries of a ranking loss. scores [B, 1] (one logit a row), gains [B, 1], groups [B] int32 (the query of each row), weights [B] → scalar.
 * With s scores, g gains, and pairs (i, j) of one query with gᵢ > gⱼ:
 * - `ranknet` (Burges et al. 2005): mean over the query's pairs of log(1 + exp(sⱼ − sᵢ));
 * - `listnet` (Cao et al. 2007, top-one probabilities): −Σᵢ (gᵢ / Σ g) log softmax(s)ᵢ, targets linear in the gain, since these gains lie in [0, 1];
 * - `lambdarank` (Burges et al. 2006): Σ |ΔnDCG(i, j)| log(1 + exp(sⱼ − sᵢ)), |ΔnDCG| of swapping the two at their present ranks, as a constant.
 *
 * A pair weighs the product of its rows' weights, so that filler rows (0) do not take part. Queries without a pair (or, ListNet, without gain) do not count.
 */
export function rankingLoss(kind: RankingLoss, scores: Tensor, gains: Tensor, groups: Tensor, weights: Tensor): Tensor {
  const real = tf.cast(tf.greater(weights, 0), 'float32'); // [B]
  const same = tf.mul(tf.cast(tf.equal(column(groups), row(groups)), 'float32'), tf.mul(column(real), row(real))); // [B, B]
  const s = tf.reshape(scores, [-1]);
  const g = tf.reshape(gains, [-1]);
  const members = tf.sum(same, 1); // [B] rows of the row's query
  if (kind === 'listnet') return listNet(s, g, same, members, weights);
  const better = tf.mul(same, tf.cast(tf.greater(column(g), row(g)), 'float32')); // [B, B]
  const pairs = ofQuery(same, tf.sum(better, 1)); // [B] pairs of the row's query
  const weighted = tf.mul(better, tf.mul(column(weights), row(weights)));
  const weight = kind === 'ranknet' ? divNoNan(weighted, column(pairs)) : tf.mul(weighted, swaps(s, g, same));
  const loss = sumOf(tf.mul(weight, tf.softplus(tf.sub(row(s), column(s)))));
  return perQuery(loss, tf.cast(tf.greater(pairs, 0), 'float32'), members);
}

const column = (x: Tensor): Tensor => tf.reshape(x, [-1, 1]);
const row = (x: Tensor): Tensor => tf.reshape(x, [1, -1]);

/** The sum of `values` over the query of each row. // same [B, B], values [B] → [B] */
const ofQuery = (same: Tensor, values: Tensor): Tensor => tf.sum(tf.mul(same, row(values)), 1);

/** A sum over queries divided by the number of those that count: Σ counts/members, each of a query's rows being one of its `members`. */
function perQuery(sum: Tensor, counts: Tensor, members: Tensor): Tensor {
  return tf.div(sum, tf.maximum(tf.sum(divNoNan(counts, members)), 1));
}

function listNet(s: Tensor, g: Tensor, same: Tensor, members: Tensor, weights: Tensor): Tensor {
  const total = ofQuery(same, g); // [B] gain of the row's query
  const outside = tf.mul(tf.sub(1, same), -1e9);
  const logSum = logSumExp(tf.add(tf.mul(same, row(s)), outside)); // [B] over the row's query
  const target = tf.mul(divNoNan(g, total), weights);
  const loss = tf.neg(tf.sum(tf.mul(target, tf.sub(s, logSum))));
  const counts = tf.mul(tf.cast(tf.greater(total, 0), 'float32'), tf.cast(tf.greater(members, 0), 'float32'));
  return perQuery(loss, counts, members);
}

/** log Σⱼ exp(x[i, j]) of each row, [B, B] → [B]: tfjs's own, but for the sum (see `rowSum`). */
function logSumExp(x: Tensor): Tensor {
  const most = tf.max(x, 1, true); // [B, 1]
  return tf.add(tf.reshape(most, [-1]), tf.log(rowSum(tf.exp(tf.sub(x, most)))));
}

/** |ΔnDCG| of swapping rows i and j of one query at their present ranks; a constant for the gradient. // [B, B] */
function swaps(s: Tensor, g: Tensor, same: Tensor): Tensor {
  return tf.customGrad((...args) => {
    const now = discounts(args[0] as Tensor, same);
    const ideal = ofQuery(same, tf.mul(g, discounts(g, same))); // [B]
    const change = tf.mul(tf.abs(tf.sub(column(g), row(g))), tf.abs(tf.sub(column(now), row(now))));
    return { value: divNoNan(change, column(ideal)), gradFunc: () => tf.zeros([s.size]) };
  })(s);
}

/** 1 / log₂(rank + 1) of each row within its query, best first; rows of equal value keep their order. */
function discounts(values: Tensor, same: Tensor): Tensor {
  const B = values.shape[0];
  const places = tf.range(0, B);
  const earlier = tf.cast(tf.less(row(places), column(places)), 'float32'); // [B, B]
  const above = tf.cast(tf.greater(row(values), column(values)), 'float32');
  const tied = tf.cast(tf.equal(row(values), column(values)), 'float32');
  const before = tf.sum(tf.mul(same, tf.add(above, tf.mul(tied, earlier))), 1); // rows ranked before
  return tf.div(Math.LN2, tf.log(tf.add(before, 2)));
}
