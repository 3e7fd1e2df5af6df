import { crossEntropy } from '../ops/cross-entropy';
import { l2Normalise } from '../ops/pooling';
import { inRange } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { ints } from '../ops/kernel';
import type { ContrastiveConfig } from './config';

/**
 * InfoNCE over two views (SimCSE, Gao et al. 2021) with extra negatives from a queue (MoCo, He et al. 2020):
 * z = scale · cos(aᵢ, [k₁…k_B ‖ queue]), loss = mean cross-entropy of z with the own key as the right answer.
 * anchors, keys [B, H], queue [Q, H] of unit rows or none → scalar and the logits [B, B + Q].
 */
export function infoNce(anchors: Tensor, keys: Tensor, queue: Tensor | null, scale: number): { loss: Tensor; logits: Tensor } {
  const unitKeys = l2Normalise(keys);
  const others = queue ? tf.concat([unitKeys, queue], 0) : unitKeys; // [B + Q, H]
  const logits = tf.mul(tf.matMul(l2Normalise(anchors) as tf.Tensor2D, others as tf.Tensor2D, false, true), scale);
  return { loss: crossEntropy(logits, ints(Array.from({ length: anchors.shape[0] }, (_, i) => i))), logits };
}

/** The queue after a step: the newest unit keys first, the oldest dropped. queue [Q, H], keys [B, H] → [Q, H]. */
export function enqueue(queue: Tensor, keys: Tensor): Tensor {
  const [size, width] = queue.shape as [number, number];
  return tf.slice(tf.concat([l2Normalise(keys), queue], 0), [0, 0], [size, width]);
}

/** Rows of the queue for a batch size. */
export const queueSize = (config: ContrastiveConfig, batch: number): number => Math.round(config.queue * batch);

export function checkContrastive(config: ContrastiveConfig): void {
  inRange('contrastive.weight', config.weight, 0, Infinity);
  inRange('contrastive.scale', config.scale, 1e-6, Infinity);
  inRange('contrastive.queue', config.queue, 0, 1e6);
  inRange('contrastive.momentum', config.momentum, 0, 1);
  inRange('contrastive.dropout', config.dropout, 0, 0.9);
}
