import { ensure } from '../runtime/errors';
import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { add, biasAdd, biasAddGrad, mean, mul, rsqrt, square, sub } from './raw';

/**
 * Layer normalisation over the last axis, y = γ·(x − μ)/√(σ² + ε) + β with μ, σ² (the biased variance) of each row.
 * x [..., H], gamma [H], beta [H] → [..., H].
 * Gradient, with x̂ = (x − μ)/√(σ² + ε) and g = γ·dy: dx = (g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε), dγ = Σ dy·x̂, dβ = Σ dy.
 * Reference: Ba, Kiros and Hinton (2016); torch.nn.LayerNorm.
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Tensor {
  const width = x.shape[x.rank - 1];
  for (const [name, p] of Object.entries({ gamma, beta }))
    ensure(p.rank === 1 && p.shape[0] === width, `layerNorm: ${name} must be [${width}], got [${p.shape.join(', ')}]`);
  return differentiable([x, gamma, beta], (x, gamma, beta) => {
    const centred = sub(x, mean(x, [-1], true));
    const scale = rsqrt(add(mean(square(centred), [-1], true), epsilon)); // [..., 1]
    const unit = mul(centred, scale); // x̂
    return {
      value: biasAdd(mul(unit, gamma), beta),
      saved: [unit, scale, gamma],
      gradient: (dy, [unit, scale, gamma]) => {
        const along = mul(dy, unit);
        const g = mul(dy, gamma);
        const towards = mean(mul(g, unit), [-1], true);
        const dx = mul(sub(sub(g, mean(g, [-1], true)), mul(unit, towards)), scale);
        return [dx, biasAddGrad(along), biasAddGrad(dy)];
      },
    };
  });
}
