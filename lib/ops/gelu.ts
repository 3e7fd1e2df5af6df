import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { add, erf, exp, mul, square } from './raw';

/**
 * The exact Gaussian error linear unit, y = x·Φ(x) with Φ(x) = (1 + erf(x/√2))/2.
 * Any shape. Gradient: dy·(Φ(x) + x·φ(x)), φ(x) = exp(−x²/2)/√(2π). Reference: Hendrycks and Gimpel (2016); torch's `gelu` without `approximate`.
 */
export function gelu(x: Tensor): Tensor {
  return differentiable([x], (x) => {
    const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    return {
      value: mul(x, cdf),
      saved: [x, cdf],
      gradient: (dy, [x, cdf]) => {
        const pdf = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [mul(dy, add(cdf, mul(x, pdf)))];
      },
    };
  });
}
