import { kernel, FLOAT } from '../ops/kernel';
import type { Tensor } from '../runtime/tensorflow';
import type { Ascent, AdversaryConfig } from './adversary';
import { alongGradient, inUnit, lengthIn } from './fgm';

/** The nearest point of the ball ‖δ‖₂ ≤ radius, each example's own where the scope is `example`: δ·min(1, radius/‖δ‖). Carries no gradient. */
export function projected(delta: Tensor, radius: Tensor, scope?: AdversaryConfig['scope']): Tensor {
  const norm = lengthIn(delta, scope);
  const outside = kernel('Maximum', [norm, radius], { T: FLOAT });
  return kernel('Mul', [delta, kernel('DivNoNan', [radius, outside], { T: FLOAT })], { T: FLOAT });
}

/**
 * The way of projected gradient ascent from 0 (Madry et al. 2018): δ₁ = Π(α·g₀/‖g₀‖), δₜ₊₁ = Π(δₜ + α·gₜ/‖gₜ‖), gₜ the gradient at δₜ, Π onto the
 * ball of radius ε. matrix and clean gradient [V, H] (of scope `example` the word vectors', [B, T, H]) → the `steps` points δ₁…δ_K, shaped as the gradient. `ascent(δₜ, t)` gives the gradient there.
 */
export function ascend(matrix: Tensor, clean: Tensor, config: AdversaryConfig, ascent: Ascent): Tensor[] {
  const radius = inUnit(config.epsilon, matrix, config.scale);
  const step = inUnit(config.stepSize!, matrix, config.scale);
  const { scope } = config;
  const points = [projected(alongGradient(clean, step, scope), radius, scope)];
  for (let t = 1; t < config.steps!; t++) {
    const here = points[t - 1];
    points.push(projected(kernel('AddV2', [here, alongGradient(ascent(here, t), step, scope)], { T: FLOAT }), radius, scope));
  }
  return points;
}

/** PGD's perturbation: where the ascent ends. The gradients on the way only lead there; the step trains at the last point. */
export const pgd = (matrix: Tensor, clean: Tensor, config: AdversaryConfig, ascent: Ascent): Tensor =>
  ascend(matrix, clean, config, ascent)[config.steps! - 1];
