import { onHost } from '../ops/host';
import { kernel, FLOAT } from '../ops/kernel';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { State, VariableSpec } from './state';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Whether a weight is decayed; by default none of the biases and LayerNorm weights are. */
  decays?: (name: string) => boolean;
  /** A factor on the learning rate by weight (a faster head, layer-wise decay); 1 where absent. */
  rateFactor?: (name: string) => number;
}

/** What the optimiser is fed each step: all scalars. `adamScalars` computes the last three. */
export const ADAMW_FEEDS = {
  learningRate: { shape: [], dtype: 'float32' },
  beta1Power: { shape: [], dtype: 'float32' },
  beta2Power: { shape: [], dtype: 'float32' },
  scaledEpsilon: { shape: [], dtype: 'float32' },
} as const;

/** The optimiser's state: two moments a weight, on request in the machine's own memory (`hostAdam`). */
export function adamWState(
  params: Readonly<Record<string, VariableSpec>>,
  { host = false }: { host?: boolean } = {},
): Record<string, VariableSpec> {
  const specs: Record<string, VariableSpec> = {};
  for (const [name, { shape }] of Object.entries(params)) {
    const moment: VariableSpec = { shape, ...(host ? { host } : {}) };
    specs[`adam.m/${name}`] = moment;
    specs[`adam.v/${name}`] = moment;
  }
  return specs;
}

/** The fed scalars of update number `t` (from 1): βᵗ, and ε·√(1−β₂ᵗ), which makes TensorFlow's kernel compute PyTorch's form (see `adamW`). */
export function adamScalars(t: number, learningRate: number, { beta1, beta2, epsilon }: AdamWOptions) {
  return { learningRate, beta1Power: beta1 ** t, beta2Power: beta2 ** t, scaledEpsilon: epsilon * Math.sqrt(1 - beta2 ** t) };
}

/** Hugging Face's usual choice: every weight but biases and LayerNorms. */
export const decaysByDefault = (name: string): boolean => !/(^|\.)bias$|LayerNorm|layer_norm/.test(name);

/**
 * One AdamW update in place (Loshchilov and Hutter, 2019), as torch.optim.AdamW computes it:
 *
 *     w ← w − η λ w;   m ← β₁m + (1−β₁)g;   v ← β₂v + (1−β₂)g²;   w ← w − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
 *
 * TensorFlow's fused kernel divides by √v + ε after folding both corrections into the rate; fed with ε·√(1−β₂ᵗ) the two are the same number.
 * `gradients` are by weight name; a weight without one is left alone. `feeds` holds ADAMW_FEEDS. t is the number of the run's update for every weight; torch counts for each
 * weight the updates in which it had a gradient, which differs where some have none in some updates (heads of pre-training's tasks in turn, over their first few hundred).
 */
export function adamW(
  state: State,
  gradients: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, Tensor>>,
  options: AdamWOptions,
): void {
  const { beta1, beta2, weightDecay, decays = decaysByDefault, rateFactor = () => 1 } = options;
  const b1 = tf.scalar(beta1);
  const b2 = tf.scalar(beta2);
  for (const [name, gradient] of Object.entries(gradients)) {
    const factor = rateFactor(name);
    const rate = factor === 1 ? feeds.learningRate : tf.mul(feeds.learningRate, factor);
    if (weightDecay && decays(name)) state.subtractScaled(name, tf.mul(rate, weightDecay), state.read(name));
    if (state.onHost(`adam.m/${name}`)) hostAdam(state, name, gradient, rate, feeds, options);
    else state.adam(name, [feeds.beta1Power, feeds.beta2Power, rate, b1, b2, feeds.scaledEpsilon, gradient]);
  }
}

/**
 * The same update of one weight with its moments in the machine's own memory: the gradient goes there, m/(√v + ε) comes back. TensorFlow's fused kernel wants weight
 * and moments on one device, so its arithmetic is written out: equal to it but for rounding.
 */
function hostAdam(
  state: State,
  name: string,
  gradient: Tensor,
  rate: Tensor,
  feeds: Readonly<Record<string, Tensor>>,
  { beta1, beta2 }: AdamWOptions,
): void {
  const [m, v] = [`adam.m/${name}`, `adam.v/${name}`];
  const direction = onHost(() => {
    state.subtractScaled(m, tf.scalar(1 - beta1), tf.sub(state.read(m), gradient));
    state.subtractScaled(v, tf.scalar(1 - beta2), tf.sub(state.read(v), tf.square(gradient)));
    return tf.div(state.read(m), tf.add(tf.sqrt(state.read(v)), feeds.scaledEpsilon));
  });
  const corrected = tf.div(tf.mul(rate, tf.sqrt(tf.sub(1, feeds.beta2Power))), tf.sub(1, feeds.beta1Power));
  state.subtractScaled(name, corrected, direction);
}

/** The L2 norm over all gradients together. */
export function globalNorm(gradients: Readonly<Record<string, Tensor>>): Tensor {
  const halves = Object.values(gradients).map((g) => kernel('L2Loss', [g], { T: FLOAT }));
  return tf.sqrt(tf.mul(tf.addN(halves), 2));
}

/** Scales all gradients so that their global norm is at most `maximum`, as torch.nn.utils.clip_grad_norm_ does (its 1e-6 included). */
export function clipByGlobalNorm(
  gradients: Readonly<Record<string, Tensor>>,
  maximum: number,
): { gradients: Record<string, Tensor>; norm: Tensor } {
  const norm = globalNorm(gradients);
  const scale = tf.minimum(tf.div(maximum, tf.add(norm, 1e-6)), 1);
  return { gradients: Object.fromEntries(Object.entries(gradients).map(([name, g]) => [name, tf.mul(g, scale)])), norm };
}
