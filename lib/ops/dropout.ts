import { ensure } from '../runtime/errors';
import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { greaterEqual, mul, toFloat } from './raw';
import type { TensorKey } from './tensor-key';

/**
 * Inverted dropout, y = x·m/(1 − rate) with m = 1 with probability 1 − rate, else 0.
 * Any shape. The mask is drawn from `key` by TensorFlow's counter-based generator: the same key repeats bit for bit, two keys give independent masks.
 * Rate 0 or no key is the identity. Reference: Srivastava et al. (2014); torch.nn.Dropout.
 */
export function dropout(x: Tensor, rate: number, key: TensorKey | null | undefined): Tensor {
  ensure(rate >= 0 && rate < 1, `dropout rate must be at least 0 and below 1, got ${rate}`);
  if (rate === 0 || !key) return x;
  return differentiable([x], (x) => {
    const mask = dropoutMask(x.shape, rate, key);
    return { value: mul(x, mask), saved: [mask], gradient: (dy, [mask]) => [mul(dy, mask)] };
  });
}

/** m/(1 − rate) of `dropout`: float32 of the given shape, 0 or 1/(1 − rate). */
export function dropoutMask(shape: number[], rate: number, key: TensorKey): Tensor {
  return mul(toFloat(greaterEqual(key.uniform(shape), rate)), 1 / (1 - rate));
}
