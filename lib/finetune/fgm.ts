import { kernel, FLOAT } from '../ops/kernel';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { AdversaryConfig } from './adversary';

/**
 * The fast gradient method on the word embeddings (Miyato et al. 2017): r = ε·g/‖g‖₂ with the norm over the whole matrix; the step's gradient is
 * the clean one plus the one at the perturbed matrix. The matrix itself is never written to, so it is restored exactly by construction.
 */
export type FgmConfig = AdversaryConfig;

export const FGM_MODES = {
  'as-published': { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
  'as-coded': { epsilon: 0.5, scale: 'absolute', gradient: 'accumulated' },
  textbook: { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
} as const satisfies Record<string, FgmConfig>;

/** A step of the given length up the gradient: length·g/‖g‖₂, shape of g. A zero gradient gives no step. Carries no gradient. */
export function alongGradient(gradient: Tensor, length: Tensor): Tensor {
  const norm = kernel('Sqrt', [tf.mul(kernel('L2Loss', [gradient], { T: FLOAT }), 2)], { T: FLOAT });
  const factor = kernel('DivNoNan', [length, norm], { T: FLOAT });
  return kernel('Mul', [gradient, factor], { T: FLOAT });
}

/** `value` in the unit that the configuration names: as it stands, or times the mean Euclidean length of the matrix's rows. Carries no gradient. */
export function inUnit(value: number, matrix: Tensor, scale: FgmConfig['scale']): Tensor {
  if (scale === 'absolute') return tf.scalar(value);
  const squares = tf.tidy(() => tf.sum(tf.square(matrix), 1));
  const rows = kernel('Identity', [tf.mean(tf.sqrt(squares))], { T: FLOAT });
  return kernel('Mul', [rows, tf.scalar(value)], { T: FLOAT });
}

/** FGM's perturbation of the embedding matrix: matrix and its gradient [V, H] → r [V, H]. */
export function fgm(matrix: Tensor, gradient: Tensor, { epsilon, scale }: FgmConfig): Tensor {
  return alongGradient(gradient, inUnit(epsilon, matrix, scale));
}
