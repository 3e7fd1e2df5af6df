import { divNoNan } from '../ops/raw';
import { rowSum } from '../ops/row-sum';
import { inRange, InputError, unknownChoice } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { isRankingLoss, RANKING_LOSSES } from './ranking-losses';

/** Every loss by name: those of a row by itself, then those over the products of a query. */
export const LOSSES = ['ce', 'poly1', 'focal', 'ghm', 'mse', ...RANKING_LOSSES] as const;

/** The loss of a classifier (Table 4), or of the regressor of task 1. */
export interface LossConfig {
  /** `ce` cross-entropy, `poly1`, `focal`, `ghm` (GHM-C), or `mse`: squared error of one sigmoid output against the label's gain; or a loss over the products of a query. */
  kind: (typeof LOSSES)[number];
  /** Poly-1's ε. */
  epsilon: number;
  /** Focal loss's γ. */
  gamma: number;
  /** GHM-C's bins. */
  bins: number;
  /**
   * Label smoothing: this share of the cross-entropy's target is spread evenly over all classes. p_true stays the given class's (with smoothing Leng et al. spread
   * Poly-1's 1 − p_true over the classes too).
   */
  smoothing: number;
}

export const LOSS_DEFAULTS: LossConfig = { kind: 'poly1', epsilon: 1, gamma: 2, bins: 10, smoothing: 0 };

/** Whether a loss has one output a row, a score, and reads gains instead of classes. */
export const scoresGains = ({ kind }: Pick<LossConfig, 'kind'>): boolean => kind === 'mse' || isRankingLoss(kind);

/** The gain of each class in task 1, by class id (E, S, C, I). */
export const GAINS = [1, 0.1, 0.01, 0] as const;

/** Labels as one-hot rows: int32 [B] → float32 [B, K]. */
export const oneHot = (labels: Tensor, classes: number): Tensor => tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32');

/**
 * The loss of each row: logits [B, K], targets [B, K] (one-hot or mixed) → [B]. `weights` [B] say which rows are real (> 0); only GHM-C asks.
 * - `ce`: −Σ y log p
 * - `poly1` (Leng et al. 2022): CE + ε(1 − p_true)
 * - `focal` (Lin et al. 2017): (1 − p_true)^γ · CE
 * - `ghm` (Li et al. 2019, GHM-C): CE weighted by B / (rows of the batch in the same of `bins` bins of 1 − p_true · bins in use); the weight carries no gradient
 * - `mse`: (sigmoid(z) − gain)², K = 1, targets [B, 1] are gains
 */
export function rowLosses(logits: Tensor, targets: Tensor, config: LossConfig, weights?: Tensor): Tensor {
  if (config.kind === 'mse') return tf.reshape(tf.square(tf.sub(tf.sigmoid(logits), targets)), [-1]);
  const classes = logits.shape[1]!;
  const { smoothing } = config;
  const soft = smoothing > 0 ? tf.add(tf.mul(targets, 1 - smoothing), smoothing / classes) : targets;
  const logProbs = tf.logSoftmax(logits); // [B, K]
  const ce = tf.neg(rowSum(tf.mul(soft, logProbs))); // [B]
  if (config.kind === 'ce') return ce;
  const pTrue = rowSum(tf.mul(targets, tf.exp(logProbs))); // [B]
  switch (config.kind) {
    case 'poly1':
      return tf.add(ce, tf.mul(tf.sub(1, pTrue), config.epsilon));
    case 'focal':
      // Below the smallest step of float32 under 1: it changes no value but keeps the slope of 0^γ finite where γ < 1.
      return tf.mul(tf.pow(tf.maximum(tf.sub(1, pTrue), 1e-12), config.gamma), ce);
    case 'ghm':
      return tf.mul(ghmWeights(pTrue, weights ?? tf.onesLike(pTrue), config.bins), ce);
    case 'ranknet':
    case 'listnet':
    case 'lambdarank':
      throw new InputError(`loss.kind ${config.kind} compares the rows of a query: it is no loss of a row by itself`);
    default:
      return unknownChoice('loss.kind', config.kind);
  }
}

/** GHM-C's weight of each row from its gradient length 1 − p_true, over the real rows of the batch; a constant for the gradient. */
function ghmWeights(pTrue: Tensor, weights: Tensor, bins: number): Tensor {
  return tf.customGrad((...args) => {
    const p = args[0] as Tensor;
    const real = tf.cast(tf.greater(weights, 0), 'float32'); // [B]
    const bin = tf.minimum(tf.cast(tf.floor(tf.mul(tf.sub(1, p), bins)), 'int32'), tf.scalar(bins - 1, 'int32'));
    const hits = tf.cast(tf.equal(tf.reshape(bin, [-1, 1]), tf.range(0, bins, 1, 'int32')), 'float32'); // [B, bins]
    const members = tf.mul(hits, tf.reshape(real, [-1, 1])); // [B, bins]
    const counts = tf.sum(members, 0, true); // [1, bins]
    const used = tf.sum(tf.cast(tf.greater(counts, 0), 'float32'));
    const own = tf.sum(tf.mul(members, counts), 1); // [B], 0 for a filler row
    return { value: divNoNan(tf.mul(tf.sum(real), real), tf.mul(own, used)), gradFunc: (dy: Tensor) => tf.zerosLike(dy) };
  })(pTrue);
}

/** The batch's loss: Σ wᵢ·lᵢ / n over the n rows of positive weight. An augmented row (0.3) pulls less; a filler row (0) not at all. */
export function weightedMean(losses: Tensor, weights: Tensor): Tensor {
  const counted = tf.sum(tf.cast(tf.greater(weights, 0), 'float32'));
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.maximum(counted, 1));
}

export function checkLoss(config: LossConfig): void {
  inRange('loss.epsilon', config.epsilon, -1, Infinity);
  inRange('loss.gamma', config.gamma, 0, Infinity);
  inRange('loss.bins', config.bins, 1, 1000);
  inRange('loss.smoothing', config.smoothing, 0, 0.999);
}
