import { kernel, FLOAT } from '../ops/kernel';
import { unknownChoice } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { AdversaryConfig } from './adversary';

/**
 * The fast gradient method on the word embeddings (Miyato et al. 2017): r = ε·g/‖g‖₂; the step's gradient is the clean one plus the one at the perturbed
 * embeddings. The matrix itself is never written to, so it is restored exactly by construction.
 *
 * This paper, its release and most code take one norm over the whole matrix [V, H], so that ε is shared among all texts of a batch. Miyato et al. move each
 * text's word vectors [T, H] by themselves (`scope: 'example'`), and normalise the embeddings first to mean 0 and variance 1, so that ε has a meaning: their
 * code's ε = 5 at 256 dimensions is 5/√256 ≈ .31 of a row's length, which `scale: 'row-norm'` says for embeddings as they are.
 *
 * The perturbed pass draws its own dropout, as a second forward pass in PyTorch does: with dropout on, ε = 0 is not the plain step but the same loss over two draws.
 */
export type FgmConfig = AdversaryConfig;

export const FGM_MODES = {
  'as-published': { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
  'as-coded': { epsilon: 0.5, scale: 'absolute', gradient: 'accumulated' },
  textbook: { epsilon: 0.3125, scale: 'row-norm', gradient: 'fresh', scope: 'example' },
} as const satisfies Record<string, FgmConfig>;

/** ‖x‖₂ over the whole tensor, a scalar, or over each row of its first axis, [B, 1, …]. Carries no gradient. */
export function lengthIn(x: Tensor, scope: FgmConfig['scope']): Tensor {
  if (scope !== 'example') return kernel('Sqrt', [tf.mul(kernel('L2Loss', [x], { T: FLOAT }), 2)], { T: FLOAT });
  const axes = x.shape.slice(1).map((_, i) => i + 1);
  return kernel('Sqrt', [tf.tidy(() => tf.sum(tf.square(x), axes, true))], { T: FLOAT });
}

/** A step of the given length up the gradient: length·g/‖g‖₂, shape of g. A zero gradient gives no step. Carries no gradient. */
export function alongGradient(gradient: Tensor, length: Tensor, scope?: FgmConfig['scope']): Tensor {
  const norm = lengthIn(gradient, scope);
  const factor = kernel('DivNoNan', [length, norm], { T: FLOAT });
  return kernel('Mul', [gradient, factor], { T: FLOAT });
}

/** `value` in the unit that the configuration names: as it stands, or times the mean Euclidean length of the matrix's rows. Carries no gradient. */
export function inUnit(value: number, matrix: Tensor, scale: FgmConfig['scale']): Tensor {
  if (scale === 'absolute') return tf.scalar(value);
  if (scale !== 'row-norm') return unknownChoice('fgm.scale', scale);
  const squares = tf.tidy(() => tf.sum(tf.square(matrix), 1));
  const rows = kernel('Identity', [tf.mean(tf.sqrt(squares))], { T: FLOAT });
  return kernel('Mul', [rows, tf.scalar(value)], { T: FLOAT });
}

/** FGM's perturbation: the matrix [V, H] and the gradient [V, H] → r [V, H]; of scope `example` the word vectors' gradient [B, T, H] → r [B, T, H]. */
export function fgm(matrix: Tensor, gradient: Tensor, { epsilon, scale, scope }: FgmConfig): Tensor {
  return alongGradient(gradient, inUnit(epsilon, matrix, scale), scope);
}
