import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { add, batchMatMul, divNoNan, maximum, mul, reshape, rsqrt, square, sub, sum, toFloat } from './raw';

/**
 * The mean of a text's token vectors, padding left out: y[b] = Σₜ m[b,t]·x[b,t] / Σₜ m[b,t].
 * hidden [B, T, H], mask int32 [B, T] → [B, H]; a row without any token gives 0. Reference: sentence-transformers' mean pooling.
 */
export function meanPool(hidden: Tensor, mask: Tensor): Tensor {
  const [batch, tokens, width] = hidden.shape;
  ensure(
    mask.rank === 2 && mask.shape[0] === batch && mask.shape[1] === tokens,
    `meanPool: mask must be [${batch}, ${tokens}], got [${mask.shape.join(', ')}]`,
  );
  return differentiable([hidden], (hidden) => {
    const m = toFloat(mask);
    const share = reshape(divNoNan(m, maximum(sum(m, [1], true), 1)), [batch, 1, tokens]);
    return {
      value: reshape(batchMatMul(share, hidden), [batch, width]),
      saved: [share],
      gradient: (dy, [share]) => [batchMatMul(share, reshape(dy, [batch, 1, width]), true, false)],
    };
  });
}

/** The vector of each text's first token ([CLS], <s>): hidden [B, T, H] → [B, H]. */
export function firstToken(hidden: Tensor): Tensor {
  const [batch, , width] = hidden.shape;
  return tf.reshape(tf.slice(hidden, [0, 0, 0], [batch, 1, width]), [batch, width]);
}

/**
 * Rows scaled to length 1, y = x/√(Σx² + ε²): x [..., H] → [..., H].
 * Gradient: (dy − y·Σ(dy·y))/‖x‖. A zero row stays zero, with ε = 10⁻¹² (torch.nn.functional.normalize divides by max(‖x‖, ε); equal but near zero).
 */
export function l2Normalise(x: Tensor): Tensor {
  return differentiable([x], (x) => {
    const scale = rsqrt(add(sum(square(x), [-1], true), 1e-24));
    const unit = mul(x, scale);
    return {
      value: unit,
      saved: [unit, scale],
      gradient: (dy, [unit, scale]) => [mul(sub(dy, mul(unit, sum(mul(dy, unit), [-1], true))), scale)],
    };
  });
}
