import { ensure } from '../runtime/errors';
import type { Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { biasAdd, biasAddGrad, matMul } from './raw';

/**
 * A dense layer, y = x·Wᵀ + b.
 * x [..., I], weight [O, I] (Hugging Face's and PyTorch's layout), bias [O] → [..., O]. Leading axes are folded into one matrix of rows.
 * Gradient: dx = dy·W, dW = dyᵀ·x, db = Σ dy. Reference: torch.nn.Linear.
 */
export function dense(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const width = x.shape[x.rank - 1];
  ensure(
    weight.rank === 2 && weight.shape[1] === width,
    `dense: weight must be [out, ${width}], got [${weight.shape.join(', ')}]`,
  );
  const rows = x.rank === 2 ? x : x.reshape([-1, width]); // [N, I]
  const y = differentiable(bias ? [rows, weight, bias] : [rows, weight], (rows, weight, bias?: Tensor) => ({
    value: bias ? biasAdd(matMul(rows, weight, false, true), bias) : matMul(rows, weight, false, true), // [N, O]
    saved: [rows, weight],
    gradient: (dy, [rows, weight]) => [matMul(dy, weight), matMul(dy, rows, true, false), ...(bias ? [biasAddGrad(dy)] : [])],
  }));
  return x.rank === 2 ? y : y.reshape([...x.shape.slice(0, -1), weight.shape[0]]);
}
