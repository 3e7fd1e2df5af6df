import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { ints, INT, FLOAT, kernel } from './kernel';
import { reshape, sum } from './raw';

/**
 * The sum of each row: y[i] = Σⱼ x[i, j], [N, K] → [N]. Gradient: dy[i] in every column. The same numbers as tfjs's `sum`, whose gradient makes a matrix of ones
 * in JavaScript, which a recorded step would have to carry as a constant.
 */
export function rowSum(x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  return differentiable([x], (x) => ({
    value: sum(x, [1]),
    saved: [],
    gradient: (dy) => [kernel('BroadcastTo', [reshape(dy, [rows, 1]), ints([rows, columns])], { T: FLOAT, Tidx: INT })],
  }));
}

/** The sum of all elements, a scalar, of any shape: the same numbers as tfjs's `sum`, with `rowSum`'s way to the gradient. */
export function sumOf(x: Tensor): Tensor {
  return differentiable([x], (x) => ({
    value: sum(
      x,
      x.shape.map((_, axis) => axis),
    ),
    saved: [],
    gradient: (dy) => [kernel('BroadcastTo', [dy, ints(x.shape)], { T: FLOAT, Tidx: INT })],
  }));
}
