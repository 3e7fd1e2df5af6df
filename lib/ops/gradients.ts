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
  const scalar = (): Tensor => {
    const value = f(params);
    ensure(value.size === 1, `valueAndGradients needs a function that returns a scalar, got shape [${value.shape.join(', ')}]`);
    return value;
  };
  const inputs = names.map((name) => params[name]);
  try {
    const { value, grads } = tf.engine().gradients(scalar, inputs, undefined, true);
    return { value, gradients: Object.fromEntries(names.flatMap((name, i) => (grads[i] ? [[name, grads[i]]] : []))) };
  } catch (error) {
    dropTape();
    throw error;
  }
}

/**
 * ∂L/∂parameters of a function of any shape from ∂L/∂value, by name, for use inside an op's hand-written gradient: tfjs clears its one tape after each
 * differentiation, so the surrounding one's is put back. A parameter that the value does not depend on has no entry.
 */
export function pullBack(f: (params: Params) => Tensor, params: Params, dy: Tensor): Record<string, Tensor> {
  const { state } = tf.engine();
  const surrounding = state.activeTape;
  const names = Object.keys(params);
  try {
    const { grads } = tf.engine().gradients(() => f(params), Object.values(params), dy.clone(), true);
    return Object.fromEntries(names.flatMap((name, i) => (grads[i] ? [[name, grads[i]]] : [])));
  } finally {
    state.activeTape = surrounding;
  }
}

/** tfjs keeps what the ops of a function saved for their gradients when that function throws; this lets go of it. */
function dropTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}
