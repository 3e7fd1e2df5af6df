import { rowSum } from '../ops/row-sum';
import { inRange, unknownChoice } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';

/**
 * R-Drop (Liang et al. 2021): two passes of one batch should agree. Adds α·D, D the symmetric Kullback–Leibler divergence of their outputs.
 *
 * `pair` says what the second pass is: another dropout draw (the R-Drop paper) or FGM's perturbed pass (this paper's eq. 4 and code; a step then
 * has two forward passes, not three). `reduction` and `halved` say how D is made from the rows' KL(p‖q) + KL(q‖p):
 * textbook D = mean over rows of ½(…); as coded D = sum over the batch of (…).
 *
 * Converting α. Let M = mean(½(KL + KL)) over a micro-batch of n rows, and L₁, L₂ the mean losses of the two passes. The forms, each times a number that an
 * optimiser without clipping hardly sees:
 *
 *     Liang et al., their equation    L₁ + L₂ + α·M           their code, and `textbook` here    ½(L₁ + L₂) + α·M
 *     as published                    L₁ + L₂ + α·2M          as coded                           L₁ + L₂ + α·2n·M
 *
 * Halve what adds L₁ and L₂: as published pulls like a textbook α of α, as coded like nα (`textbookAlpha`). The release's 0.5 at n = 8 is 4 in their code's form
 * and 8 in their equation's. What L₂ is differs too: FGM's pass, not a second draw. The paper prints no α: as published it is the release's 0.5, over the mean of the rows.
 */
export interface RDropConfig {
  alpha: number;
  pair: 'dropout' | 'fgm';
  reduction: 'mean' | 'sum';
  halved: boolean;
}

export const RDROP_MODES = {
  'as-published': { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
  'as-coded': { alpha: 0.5, pair: 'fgm', reduction: 'sum', halved: false },
  textbook: { alpha: 1, pair: 'dropout', reduction: 'mean', halved: true },
} as const satisfies Record<string, RDropConfig>;

/** KL(p‖q) + KL(q‖p) of each row: logits [B, K] and [B, K] → [B]. With one logit it is 0 by nature: R-Drop does nothing for a regressor. */
export function symmetricKl(first: Tensor, second: Tensor): Tensor {
  const p = tf.logSoftmax(first);
  const q = tf.logSoftmax(second);
  return rowSum(tf.mul(tf.sub(tf.exp(p), tf.exp(q)), tf.sub(p, q)));
}

/** D of two passes of one batch, a scalar; rows of weight 0 (filler) do not count. */
export function divergence(first: Tensor, second: Tensor, weights: Tensor, { reduction, halved }: RDropConfig): Tensor {
  if (reduction !== 'sum' && reduction !== 'mean') return unknownChoice('rdrop.reduction', reduction);
  const counted = tf.cast(tf.greater(weights, 0), 'float32');
  const total = tf.sum(tf.mul(symmetricKl(first, second), counted));
  const reduced = reduction === 'sum' ? total : tf.div(total, tf.maximum(tf.sum(counted), 1));
  return halved ? tf.mul(reduced, 0.5) : reduced;
}

/** The α of the textbook form (½(L₁ + L₂) + α·M) that pulls as hard between the two passes as this configuration does over `rows` rows a micro-batch. */
export function textbookAlpha({ alpha, pair, reduction, halved }: RDropConfig, rows: number): number {
  return alpha * (halved ? 1 : 2) * (reduction === 'sum' ? rows : 1) * (pair === 'fgm' ? 0.5 : 1);
}

export const checkRDrop = (config: RDropConfig): void => void inRange('rdrop.alpha', config.alpha, 0, Infinity);
