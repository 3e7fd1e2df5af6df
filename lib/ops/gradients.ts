import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { Params } from './params';

export interface ValueAndGradients {
  value: Tensor;
  /** ∂value/∂parameter by name; a parameter that the value does not depend on has no entry. */
  gradients: Record<string, Tensor>;
}

/**
 * A scalar function of the parameters, and its gradient for each of them, by reverse-mode differentiation.
 * The caller owns what comes back. The parameters are read, never changed. Works eagerly and while a step is recorded.
 * @throws where the value is not a scalar.
 */
export function valueAndGradients(f: (params: Params) => Tensor, params: Params): ValueAndGradients {
  const names = Object.keys(params);
  const { value, grads } = tf.engine().gradients(
    () => {
      const value = f(params);
      ensure(value.size === 1, `valueAndGradients needs a function that returns a scalar, got shape [${value.shape.join(', ')}]`);
      return value;
    },
    names.map((name) => params[name]),
    undefined,
    true,
  );
  return { value, gradients: Object.fromEntries(names.flatMap((name, i) => (grads[i] ? [[name, grads[i]]] : []))) };
}
