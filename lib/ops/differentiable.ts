import { tf, type Tensor } from '../runtime/tensorflow';

/** What a forward pass hands back: its value, what the gradient needs of it, and the gradient itself. */
export interface Differentiable {
  value: Tensor;
  /** Tensors that the gradient reads; they are kept until it has run. */
  saved: Tensor[];
  /** ∂L/∂inputs from ∂L/∂value, one per input and in the order of the inputs. */
  gradient: (dy: Tensor, saved: Tensor[]) => Tensor[];
}

/**
 * One op with a gradient written by hand: runs `forward(...inputs)` and puts its gradient on the tape in place of the kernels it called.
 * Inputs are float32 and differentiable; integers and keys are closed over (and listed in `saved` where the gradient reads them).
 */
export function differentiable(inputs: Tensor[], forward: (...inputs: Tensor[]) => Differentiable): Tensor {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const { value, saved, gradient } = forward(...(args as Tensor[]));
    save(saved);
    return { value, gradFunc: (dy, kept) => gradient(dy, kept) };
  });
  return op(...inputs);
}
