import { differentiable } from '../../ops/differentiable';
import { FLOAT, kernel } from '../../ops/kernel';
import type { Tensor } from '../../runtime/tensorflow';

/** max(x, 0), any shape. Gradient: dy where x > 0, else 0. (tfjs's own carries a constant as large as x into a recorded step.) */
export function relu(x: Tensor): Tensor {
  return differentiable([x], (x) => {
    const value = kernel('Relu', [x], { T: FLOAT });
    return { value, saved: [value], gradient: (dy, [value]) => [kernel('ReluGrad', [dy, value], { T: FLOAT })] };
  });
}
