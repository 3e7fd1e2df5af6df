import { kernel, FLOAT } from '../ops/kernel';
import { inRange } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';

/**
 * The fast gradient method on the word embeddings (Miyato et al. 2017): r = ε·g/‖g‖₂ with the norm over the whole matrix; the step's gradient is
 * the clean one plus the one at the perturbed matrix. The matrix itself is never written to, so it is restored exactly by construction.
 */
export interface FgmConfig {
  epsilon: number;
  /** `absolute`: ε as it stands. `row-norm`: ε times the mean length of the matrix's rows, so that one value fits encoders of any spread. */
  scale: 'absolute' | 'row-norm';
  /** Under accumulation: g is this batch's gradient, or (the released code) the gradient accumulated so far, this batch's included. */
  gradient: 'fresh' | 'accumulated';
}

export const FGM_MODES = {
  'as-published': { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
  'as-coded': { epsilon: 0.5, scale: 'absolute', gradient: 'accumulated' },
  textbook: { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
} as const satisfies Record<string, FgmConfig>;

/**
 * The perturbed embedding matrix: matrix [V, H], its gradient [V, H] → [V, H]. A zero gradient perturbs nothing.
 * No gradient flows through the perturbation: it is computed by bare kernels, which the tape does not see.
 */
export function perturbed(matrix: Tensor, gradient: Tensor, { epsilon, scale }: FgmConfig): Tensor {
  const norm = kernel('Sqrt', [tf.mul(kernel('L2Loss', [gradient], { T: FLOAT }), 2)], { T: FLOAT });
  const length =
    scale === 'absolute' ? tf.scalar(epsilon) : kernel('Mul', [meanRowNorm(matrix), tf.scalar(epsilon)], { T: FLOAT });
  const factor = kernel('DivNoNan', [length, norm], { T: FLOAT });
  return tf.add(matrix, kernel('Mul', [gradient, factor], { T: FLOAT }));
}

/** The mean Euclidean length of a matrix's rows, without a gradient. */
function meanRowNorm(matrix: Tensor): Tensor {
  const squares = tf.tidy(() => tf.sum(tf.square(matrix), 1));
  return kernel('Identity', [tf.mean(tf.sqrt(squares))], { T: FLOAT });
}

export const checkFgm = (config: FgmConfig): void => void inRange('fgm.epsilon', config.epsilon, 0, Infinity);
