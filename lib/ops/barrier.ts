import { backend, type Tensor } from '../runtime/tensorflow';

/**
 * The same tensor, which in a recorded step is there only once `after` has been computed. What is computed from it is another computation than the one from `x`
 * itself, however equal: it is neither shared with it nor begun early. Eagerly it is `x`. Carries no gradient.
 */
export function barrier(x: Tensor, after: Tensor): Tensor {
  const b = backend();
  if (!b.binding.barrier) return x;
  const [tensor, gate] = b.getInputTensorIds([x, after]);
  return b.createOutputTensor(b.binding.barrier(tensor, gate));
}
