import { kernel, FLOAT } from '../ops/kernel';
import type { Params } from '../ops/params';
import { ensure, inRange, oneOf } from '../runtime/errors';
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
  /** Ascent steps of `pgd` and `freelb`. */
  steps?: number;
  /** Length of an ascent step, in ε's unit. */
  stepSize?: number;
}

/** The gradient of the adversarial loss for the embedding matrix at matrix + δ; `t` is the number of the point. */
export type Ascent = (delta: Tensor, t: number) => Tensor;

/** What is added to each weight, by name: [shape of the weight]. */
export type Perturbation = Readonly<Record<string, Tensor>>;

/** The weights that the adversary moves, whose clean gradients it must know. */
export const movedWeights = ({ kind }: AdversaryConfig, params: Params, embedding: string): string[] =>
  kind === 'awp' ? Object.keys(params).filter((name) => params[name].rank >= 2) : [embedding];

/** The perturbations that the step trains at besides the clean weights: one, or FreeLB's `steps`. `clean` holds the gradients of the moved weights. */
export function perturbations(
  config: AdversaryConfig,
  params: Params,
  embedding: string,
  clean: Readonly<Record<string, Tensor>>,
  ascent: Ascent,
): Perturbation[] {
  const [matrix, gradient] = [params[embedding], clean[embedding]];
  if (config.kind === 'awp')
    return [Object.fromEntries(Object.entries(clean).map(([name, g]) => [name, awp(params[name], g, config.epsilon)]))];
  if (config.kind === 'pgd') return [{ [embedding]: pgd(matrix, gradient, config, ascent) }];
  if (config.kind === 'freelb') return freeLb(matrix, gradient, config, ascent).map((delta) => ({ [embedding]: delta }));
  return [{ [embedding]: fgm(matrix, gradient, config) }];
}

/** How many losses the adversary adds to the clean one. */
export const adversarialLosses = ({ kind, steps }: AdversaryConfig): number => (kind === 'freelb' ? steps! : 1);

/** The weights moved: w + δ. The weights in the state are never written to. */
export const movedBy = (params: Params, perturbation: Perturbation): Params => ({
  ...params,
  ...Object.fromEntries(Object.entries(perturbation).map(([name, delta]) => [name, tf.add(params[name], delta)])),
});

/** The Euclidean length of a perturbation over all weights it moves: 0 says that the adversary does nothing. */
export function lengthOf(perturbation: Perturbation): Tensor {
  const halves = Object.values(perturbation).map((delta) => kernel('L2Loss', [delta], { T: FLOAT }));
  return tf.sqrt(tf.mul(tf.addN(halves), 2));
}

export function checkAdversary(config: AdversaryConfig): void {
  const kind = oneOf('fgm.kind', config.kind ?? 'fgm', ADVERSARIES);
  inRange('fgm.epsilon', config.epsilon, 0, Infinity);
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
