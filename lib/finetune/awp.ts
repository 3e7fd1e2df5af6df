import { kernel, FLOAT } from '../ops/kernel';
import { tf, type Tensor } from '../runtime/tensorflow';
import { alongGradient } from './fgm';

/**
 * Adversarial weight perturbation (Wu et al. 2020): each weight matrix moves up its own gradient by a share of its own length, v = ε·‖w‖·g/‖g‖ (Frobenius
 * norms); biases and LayerNorms stay. The step's gradient is the clean one plus the one at w + v, as with the other adversaries here; the AWP paper updates by the one at w + v
 * alone, and on adversarial inputs. `epsilon` is its γ, about 0.001 to 0.01.
 */
export function awp(weight: Tensor, gradient: Tensor, epsilon: number): Tensor {
  const norm = kernel('Sqrt', [tf.mul(kernel('L2Loss', [weight], { T: FLOAT }), 2)], { T: FLOAT });
  return alongGradient(gradient, kernel('Mul', [norm, tf.scalar(epsilon)], { T: FLOAT }));
}
