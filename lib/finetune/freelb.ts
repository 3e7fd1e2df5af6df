import type { Tensor } from '../runtime/tensorflow';
import type { Ascent, AdversaryConfig } from './adversary';
import { ascend } from './pgd';

/**
 * FreeLB's perturbations (Zhu et al. 2020): the same ascent as PGD, but the step trains at every point of the way, the clean start δ₀ = 0 included, so no
 * gradient is thrown away. With `combine: 'mean'` the step's gradient is the paper's (1/K)·Σₜ ∇L(θ, δₜ), t = 0…K−1 with K = steps + 1.
 * Its authors' code moves every occurrence of a token by itself: that is `scope: 'example'`; without it the rows of the embedding matrix move, as the other choices
 * here do. Unlike theirs it starts at 0 instead of a random point.
 */
export const freeLb = (matrix: Tensor, clean: Tensor, config: AdversaryConfig, ascent: Ascent): Tensor[] =>
  ascend(matrix, clean, config, ascent);
