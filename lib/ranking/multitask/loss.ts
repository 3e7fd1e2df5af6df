import { rowSum } from '../../ops/row-sum';
import type { Params, ParamSpecs } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import type { Signal } from '../types';
import type { NetworkConfig } from './config';
import type { LogProbability } from './probability';
import { relu } from './relu';

/** s = log σ² of each task, trained where the weighting is by uncertainty. */
export const UNCERTAINTY = 'heads.ranking.uncertainty.bias';

/** The weighting's own weights: one number a task, or none. */
export const weightingParams = ({ weighting, tasks }: NetworkConfig): ParamSpecs =>
  weighting === 'uncertainty' ? { [UNCERTAINTY]: { shape: [tasks.length], init: { constant: 0 } } } : {};

/** Σ w·x / Σ w over all impressions of a batch, [B, M] each → scalar. */
function weightedMean(x: Tensor, weights: Tensor): Tensor {
  return tf.div(tf.sum(rowSum(tf.mul(x, weights))), tf.maximum(tf.sum(rowSum(weights)), 1));
}

/**
 * Each task's loss over the entire impression space: the cross-entropy of every impression, clicked or not, L_t = −mean(y·log p_t + (1 − y)·log(1 − p_t)).
 * `labels` [B, M] of 0 and 1 per task; `weights` [B, M], 0 for empty places. (Ma et al. 2018b, eq. 3)
 */
export function taskLosses(probabilities: readonly LogProbability[], labels: readonly Tensor[], weights: Tensor): Tensor[] {
  return probabilities.map(({ yes, no }, t) => {
    const likelihood = tf.add(tf.mul(labels[t], yes), tf.mul(tf.sub(1, labels[t]), no)); // [B, M]
    return tf.neg(weightedMean(likelihood, weights));
  });
}

/** AITM's behavioural expectation calibrator: mean over impressions of Σ_t max(p_t − p_{t−1}, 0). It pulls towards the funnel's order, it does not force it. (Xi et al. 2021, eq. 11) */
export function calibratorLoss(probabilities: readonly LogProbability[], weights: Tensor): Tensor {
  const p = probabilities.map(({ yes }) => tf.exp(yes));
  return p
    .slice(1)
    .reduce<Tensor>((sum, later, t) => tf.add(sum, weightedMean(relu(tf.sub(later, p[t])), weights)), tf.scalar(0));
}

/** The sum that is minimised: fixed weights Σ w·L, or by uncertainty Σ w·(exp(−s)·L + s/2). (Kendall et al. 2018, eq. 10, for classification) */
export function weightedSum(params: Params, config: NetworkConfig, losses: readonly Tensor[]): Tensor {
  const weight = (task: Signal): number => config.taskWeights[task];
  const terms = losses.map((loss, t) => {
    if (config.weighting === 'fixed') return tf.mul(loss, weight(config.tasks[t]));
    const s = tf.reshape(tf.slice(params[UNCERTAINTY], [t], [1]), []);
    return tf.mul(tf.add(tf.mul(tf.exp(tf.neg(s)), loss), tf.mul(s, 0.5)), weight(config.tasks[t]));
  });
  return terms.reduce((a, b) => tf.add(a, b));
}
