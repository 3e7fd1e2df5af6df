import { ensure } from '../runtime/errors';
import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { dropoutMask } from './dropout';
import { add, batchMatMul, extend, mul, pack, reshape, softmax, sub, sum, take, toFloat, transpose, unpack } from './raw';
import type { TensorKey } from './tensor-key';

export interface AttentionOptions {
  heads: number;
  /** What `paddingBias` made of the batch's mask. */
  bias: Tensor;
  /** Only the first so many tokens of each text look around them (all are looked at). Default: all. */
  queries?: number;
  /** Dropout on the attention weights. */
  rate?: number;
  key?: TensorKey | null;
}

/**
 * Multi-head self-attention, O = dropout(softmax(Q·Kᵀ + bias))·V in each head. **Q comes scaled by 1/√D already** (the encoder scales its weight).
 * projections [B, T, 3H]: queries, keys and values side by side, each [A, D] with H = A·D → [B, T, H],
 * or [B, queries, H].
 * Gradient, with P the softmax, P' = P∘M after dropout and dP = M∘(dO·Vᵀ): dV = P'ᵀ·dO, dS = P∘(dP − rowsum(dP∘P)), dQ = dS·K, dK = dSᵀ·Q.
 * The row sum is taken over dP∘P itself: the cheaper rowsum(dO∘O) equals it but loses the digits of a saturated softmax.
 * Reference: Vaswani et al. (2017), equation 1.
 */
export function attention(projections: Tensor, { heads, bias, queries, rate = 0, key }: AttentionOptions): Tensor {
  const [batch, tokens, width] = projections.shape;
  ensure(width % (3 * heads) === 0, `attention: the last axis must be 3 × ${heads} heads × D, got ${width}`);
  const depth = width / 3 / heads;
  const asking = queries ?? tokens;
  ensure(asking >= 1 && asking <= tokens, `attention: queries must be between 1 and ${tokens}, got ${asking}`);
  return differentiable([projections], (projections) => {
    const [all, k, v] = unpack(transpose(reshape(projections, [batch, tokens, 3, heads, depth]), [2, 0, 3, 1, 4])); // [B, A, T, D] each
    const q = asking < tokens ? take(all, 2, asking) : all; // [B, A, Q, D], Q = T unless told
    const weights = softmax(add(batchMatMul(q, k, false, true), bias)); // [B, A, Q, T]
    const drops = rate > 0 && key;
    const dropped = drops ? mul(weights, dropoutMask(weights.shape, rate, key)) : weights;
    const mixed = batchMatMul(dropped, v); // [B, A, Q, D]
    return {
      value: reshape(transpose(mixed, [0, 2, 1, 3]), [batch, asking, heads * depth]),
      saved: [q, k, v, weights, dropped],
      gradient: (dy, [q, k, v, weights, dropped]) => {
        const dMixed = transpose(reshape(dy, [batch, asking, heads, depth]), [0, 2, 1, 3]); // [B, A, Q, D]
        const dDropped = batchMatMul(dMixed, v, false, true); // [B, A, Q, T]
        const pulled = mul(dropped, dDropped); // dP∘P
        const row = sum(pulled, [-1], true); // [B, A, Q, 1]
        const dScores = drops ? sub(pulled, mul(weights, row)) : mul(weights, sub(dDropped, row)); // [B, A, Q, T]
        const asked = batchMatMul(dScores, k);
        const dq = asking < tokens ? extend(asked, 2, tokens) : asked; // [B, A, T, D]
        const dk = batchMatMul(dScores, q, true, false);
        const dv = batchMatMul(dropped, dMixed, true, false);
        return [reshape(transpose(pack([dq, dk, dv]), [1, 3, 0, 2, 4]), [batch, tokens, width])];
      },
    };
  });
}

/** What is added to the scores so that padding is never attended to: [B, T] int32 mask of 1 and 0 → [B, 1, 1, T], 0 or −10⁹. */
export function paddingBias(attentionMask: Tensor): Tensor {
  const [batch, tokens] = attentionMask.shape;
  return reshape(mul(sub(toFloat(attentionMask), 1), 1e9), [batch, 1, 1, tokens]);
}
