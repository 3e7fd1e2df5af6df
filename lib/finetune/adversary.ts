import { kernel, FLOAT } from '../ops/kernel';
import type { Params } from '../ops/params';
import { ensure, inRange, oneOf, unknownChoice } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { awp } from './awp';
import { fgm } from './fgm';
import { freeLb } from './freelb';
import { pgd } from './pgd';

export const ADVERSARIES = ['fgm', 'pgd', 'freelb', 'awp'] as const;

/** Which perturbation a step also trains at. `fgm`, `pgd` and `freelb` move the word-embedding matrix, `awp` all weight matrices. */
export interface AdversaryConfig {
  /** Absent: `fgm`. */
  kind?: (typeof ADVERSARIES)[number];
  /** The perturbation's length; of `pgd` and `freelb` the radius of the ball; of `awp` the share of each matrix's own length. */
  epsilon: number;
  /** `absolute`: ε as it stands. `row-norm`: ε times the mean length of the matrix's rows, so that one value fits encoders of any spread. */
  scale: 'absolute' | 'row-norm';
  /** Under accumulation: g is this batch's gradient, or (the released code) the gradient accumulated so far, this batch's included. */
  gradient: 'fresh' | 'accumulated';
  /**
   * Whose length ε is. `matrix` (absent): one perturbation of the word-embedding matrix, as this paper and most code have it. `example`: each text's word vectors
   * [T, H] move by themselves, as in Miyato et al. (2017) and Zhu et al. (2020).
   */
  scope?: 'matrix' | 'example';
  /** Ascent steps of `pgd` and `freelb`. */
  steps?: number;
  /** Length of an ascent step, in ε's unit. */
  stepSize?: number;
}

/** The gradient of the adversarial loss for the embedding matrix at matrix + δ; `t` is the number of the point. */
export type Ascent = (delta: Tensor, t: number) => Tensor;

/** What is added to each weight, by name: [shape of the weight]. */
export type Perturbation = Readonly<Record<string, Tensor>>;

/** The name under which a network is given what is added to a batch's word vectors, [B, T, H]; no weight, and not there without an adversary of scope `example`. */
export const WORD_SHIFT = 'word shift';

/** What the adversary moves, whose clean gradients it must know: weights by name, or `WORD_SHIFT`. */
export const movedWeights = ({ kind, scope }: AdversaryConfig, params: Params, embedding: string): string[] => {
  if (kind === 'awp') return Object.keys(params).filter((name) => params[name].rank >= 2 && name !== WORD_SHIFT);
  return [scope === 'example' ? WORD_SHIFT : embedding];
};

/** The perturbations that the step trains at besides the clean weights: one, or FreeLB's `steps`. `clean` holds the gradients of the moved weights. */
export function perturbations(
  config: AdversaryConfig,
  params: Params,
  embedding: string,
  clean: Readonly<Record<string, Tensor>>,
  ascent: Ascent,
): Perturbation[] {
  const [moved] = movedWeights(config, params, embedding);
  const [matrix, gradient] = [params[embedding], clean[moved]];
  const { kind = 'fgm' } = config;
  switch (kind) {
    case 'fgm':
      return [{ [moved]: fgm(matrix, gradient, config) }];
    case 'pgd':
      return [{ [moved]: pgd(matrix, gradient, config, ascent) }];
    case 'freelb':
      return freeLb(matrix, gradient, config, ascent).map((delta) => ({ [moved]: delta }));
    case 'awp':
      return [Object.fromEntries(Object.entries(clean).map(([name, g]) => [name, awp(params[name], g, config.epsilon)]))];
    default:
      return unknownChoice('fgm.kind', kind);
  }
}

/** How many losses the adversary adds to the clean one. */
export const adversarialLosses = ({ kind, steps }: AdversaryConfig): number => (kind === 'freelb' ? steps! : 1);

/** The weights moved: w + δ; the word shift is δ itself. The weights in the state are never written to. */
export const movedBy = (params: Params, perturbation: Perturbation): Params => ({
  ...params,
  ...Object.fromEntries(
    Object.entries(perturbation).map(([name, delta]) => [name, name === WORD_SHIFT ? delta : tf.add(params[name], delta)]),
  ),
});

/** The Euclidean length of a perturbation over all weights it moves: 0 says that the adversary does nothing. */
export function lengthOf(perturbation: Perturbation): Tensor {
  const halves = Object.values(perturbation).map((delta) => kernel('L2Loss', [delta], { T: FLOAT }));
  return tf.sqrt(tf.mul(tf.addN(halves), 2));
}

/** The settings of a further adversary beside FGM's: a ball of the same radius, walked in steps of half of it; AWP's γ as in its paper. */
export function adversaryDefaults(kind: Exclude<(typeof ADVERSARIES)[number], 'fgm'>, fgm: AdversaryConfig): AdversaryConfig {
  const stepSize = fgm.epsilon / 2;
  switch (kind) {
    case 'pgd':
      return { ...fgm, kind, steps: 3, stepSize };
    case 'freelb':
      return { ...fgm, kind, steps: 2, stepSize };
    case 'awp':
      return { epsilon: 0.005, scale: 'absolute', gradient: fgm.gradient, kind };
    default:
      return unknownChoice('--tricks', kind);
  }
}

export function checkAdversary(config: AdversaryConfig): void {
  const kind = oneOf('fgm.kind', config.kind ?? 'fgm', ADVERSARIES);
  inRange('fgm.epsilon', config.epsilon, 0, Infinity);
  ensure(
    kind !== 'awp' || config.scale === 'absolute',
    `fgm.kind awp moves each matrix by a share of its own length: fgm.scale absolute, got ${config.scale} (it would not be read)`,
  );
  if (oneOf('fgm.scope', config.scope ?? 'matrix', ['matrix', 'example']) === 'example') {
    ensure(kind !== 'awp', 'fgm.kind awp moves weight matrices: no fgm.scope example');
    ensure(
      config.gradient === 'fresh',
      'fgm.scope example needs fgm.gradient fresh: gradients of other batches are of other texts',
    );
  }
  if (kind !== 'pgd' && kind !== 'freelb') {
    ensure(config.steps === undefined && config.stepSize === undefined, `fgm.kind ${kind} takes one step: no steps, no stepSize`);
    return;
  }
  ensure(
    Number.isInteger(config.steps) && config.steps! >= 1,
    `fgm.steps must be a whole number ≥ 1 for ${kind}, got ${config.steps}`,
  );
  inRange('fgm.stepSize', config.stepSize ?? NaN, 1e-12, Infinity);
}
