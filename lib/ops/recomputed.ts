import { tf, type Tensor } from '../runtime/tensorflow';
import { barrier } from './barrier';
import { differentiable } from './differentiable';
import { pullBack } from './gradients';
import type { Params } from './params';
import type { TensorKey } from './tensor-key';

/**
 * A part of the network whose inner results are not kept for the backward pass: what it reads is, and the part is computed again, from the same numbers and
 * with the same dropout masks, when its gradient is asked for. Costs one more forward pass; its gradient is the plain one's.
 * `inputs` are what the part is differentiated for, `fixed` what it reads besides (small, kept as it is, without a gradient), `key` what it draws its masks from.
 * Source: Chen et al. (2016), "Training Deep Nets with Sublinear Memory Cost"; torch.utils.checkpoint.
 */
export function recomputed(
  inputs: Params,
  fixed: Tensor,
  key: TensorKey | undefined,
  part: (inputs: Params, fixed: Tensor, key: TensorKey | undefined) => Tensor,
): Tensor {
  const names = Object.keys(inputs);
  const named = (values: readonly Tensor[]): Params => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return differentiable(Object.values(inputs), (...values) => ({
    value: part(named(values), fixed, key),
    saved: [...values, fixed],
    gradient: (dy, kept) => {
      const again = named(kept.slice(0, names.length).map((value) => barrier(value, dy)));
      const gradients = pullBack((from) => part(from, kept[names.length], key?.after(dy)), again, dy);
      return names.map((name) => gradients[name] ?? tf.zerosLike(again[name]));
    },
  }));
}
