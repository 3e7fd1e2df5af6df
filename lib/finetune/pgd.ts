import { kernel, FLOAT } from '../ops/kernel';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { Ascent, AdversaryConfig } from './adversary';
import { alongGradient, inUnit } from './fgm';

/** The nearest point of the ball ‖δ‖₂ ≤ radius: δ·min(1, radius/‖δ‖). Carries no gradient. */
export function projected(delta: Tensor, radius: Tensor): Tensor {
  const norm = kernel('Sqrt', [tf.mul(kernel('L2Loss', [delta], { T: FLOAT }), 2)], { T: FLOAT });
  const outside = kernel('Maximum', [norm, radius], { T: FLOAT });
  return kernel('Mul', [delta, kernel('DivNoNan', [radius, outside], { T: FLOAT })], { T: FLOAT });
}

/**
 * The way of projected gradient ascent from 0 (Madry et al. 2018): δ₁ = Π(α·g₀/‖g₀‖), δₜ₊₁ = Π(δₜ + α·gₜ/‖gₜ‖), gₜ the gradient at δₜ, Π onto the
 * ball of radius ε. matrix and clean gradient [V, H] → the `steps` points δ₁…δ_K. `ascent(δₜ, t)` gives the gradient there.
 */
export function ascend(matrix: Tensor, clean: Tensor, config: AdversaryConfig, ascent: Ascent): Tensor[] {
  const radius = inUnit(config.epsilon, matrix, config.scale);
  const step = inUnit(config.stepSize!, matrix, config.scale);
  const points = [projected(alongGradient(clean, step), radius)];
  for (let t = 1; t < config.steps!; t++) {
    const here = points[t - 1];
    points.push(projected(kernel('AddV2', [here, alongGradient(ascent(here, t), step)], { T: FLOAT }), radius));
  }
  return points;
}

/** PGD's perturbation: where the ascent ends. The gradients on the way only lead there; the step trains at the last point. */
export const pgd = (matrix: Tensor, clean: Tensor, config: AdversaryConfig, ascent: Ascent): Tensor =>
  ascend(matrix, clean, config, ascent)[config.steps! - 1];
