import { tf, type Tensor } from '../runtime/tensorflow';
import { inRange } from '../runtime/errors';
import type { State, VariableSpec } from '../graph';
import { onHost } from '../ops/host';

/**
 * An exponential moving average of all weights, updated after each optimiser step; evaluation uses this shadow, training goes on from the raw
 * weights: s ← d·s + (1−d)·w. Source: paper §3.3; the released code's `EMA` (decay 0.999, no warm-up).
 *
 * With `warmup` the decay of update t (from 0) is min(d, (1+t)/(10+t)), as TensorFlow's ExponentialMovingAverage has it: without it, a decay of
 * 0.999 over a few hundred steps keeps most of the starting point.
 */
export interface EmaConfig {
  decay: number;
  warmup: boolean;
}

export const EMA_MODES = {
  'as-published': { decay: 0.999, warmup: false },
  'as-coded': { decay: 0.999, warmup: false },
  textbook: { decay: 0.999, warmup: true },
} as const satisfies Record<string, EmaConfig>;

export const EMA_PREFIX = 'ema/';

/** The shadow's state variables, on request in the machine's own memory: the weights then go there once a step, and nothing comes back. */
export const emaState = (
  params: Readonly<Record<string, VariableSpec>>,
  { host = false }: { host?: boolean } = {},
): Record<string, VariableSpec> =>
  Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => [EMA_PREFIX + name, { shape, ...(host ? { host } : {}) }]),
  );

/** The decay of update `t`, counted from 0. */
export const emaDecay = ({ decay, warmup }: EmaConfig, t: number): number =>
  warmup ? Math.min(decay, (1 + t) / (10 + t)) : decay;

/** Moves the shadow of the named weights, in place: s ← s − (1−d)(s − w), with d fed as a scalar. */
export function updateEma(state: State, names: readonly string[], decay: Tensor): void {
  const step = tf.sub(1, decay);
  for (const name of names) {
    const shadow = EMA_PREFIX + name;
    const move = (): void => state.subtractScaled(shadow, step, tf.sub(state.read(shadow), state.read(name)));
    if (state.onHost(shadow)) onHost(move);
    else move();
  }
}

export const checkEma = (config: EmaConfig): void => void inRange('ema.decay', config.decay, 0, 0.999999);
