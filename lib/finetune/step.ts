import {
  clipByGlobalNorm,
  adamW,
  ADAMW_FEEDS,
  globalNorm,
  type AdamWOptions,
  type FeedSpecs,
  type Outputs,
  type State,
} from '../graph';
import { valueAndGradients } from '../ops/gradients';
import type { Params } from '../ops/params';
import { TensorKey } from '../ops/tensor-key';
import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { checkEma, updateEma, type EmaConfig } from './ema';
import { checkFgm, perturbed, type FgmConfig } from './fgm';
import { checkLoss, oneHot, rowLosses, weightedMean, type LossConfig } from './losses';
import { checkMixup, mixed, mixupFeeds, type MixupConfig } from './mixup';
import { checkRDrop, divergence, type RDropConfig } from './rdrop';

/** The tricks of Table 5; null = off. */
export interface Tricks {
  ema: EmaConfig | null;
  fgm: FgmConfig | null;
  rdrop: RDropConfig | null;
  mixup: MixupConfig | null;
}

export const NO_TRICKS: Tricks = { ema: null, fgm: null, rdrop: null, mixup: null };

/** What a forward pass must give the step. */
export interface Forward {
  pooled: Tensor; // [B, H]
  feature: Tensor; // [B, H]
  logits: Tensor; // [B, K]
}

/** The network as the step sees it. */
export interface Model {
  /** A forward pass; without a key there is no dropout. */
  forward: (params: Params, batch: Readonly<Record<string, Tensor>>, key: TensorKey | null) => Forward;
  /** The output projection alone. */
  project: (params: Params, vector: Tensor) => Tensor;
  /** The weights that are trained. */
  trained: readonly string[];
  /** Weights that are read but not trained. */
  frozen: readonly string[];
  /** The word-embedding matrix, which FGM perturbs. */
  embedding: string;
  outputs: number;
}

export interface StepConfig {
  loss: LossConfig;
  tricks: Tricks;
  /** `sum`: losses are added. `mean`: each is divided by their number, as the released code does with its three. */
  combine: 'sum' | 'mean';
  adam: AdamWOptions;
  /** Largest global gradient norm; 0 = no clipping. */
  clip: number;
  /** Micro-batches per update. */
  accumulation: number;
}

/** Refuses settings that cannot work, or that would do nothing, in one line. */
export function checkStep({ loss, tricks, accumulation }: StepConfig, dropoutRates: number, outputs: number): void {
  checkLoss(loss);
  const { ema, fgm, rdrop, mixup } = tricks;
  if (ema) checkEma(ema);
  if (fgm) checkFgm(fgm);
  if (mixup) checkMixup(mixup);
  if (rdrop) {
    checkRDrop(rdrop);
    ensure(outputs > 1, 'rdrop does nothing for a regressor: the divergence of one logit is identically 0');
    ensure(rdrop.pair !== 'fgm' || fgm, "rdrop.pair 'fgm' needs fgm switched on: its second pass is FGM's");
    ensure(
      rdrop.pair !== 'dropout' || dropoutRates > 0,
      'rdrop.pair dropout does nothing with every dropout rate at 0: its two passes are the same',
    );
  }
  ensure(!(mixup && loss.kind === 'mse'), 'mixup needs a classifier: the release has none in task 1');
  ensure(Number.isInteger(accumulation) && accumulation >= 1, `accumulation must be a whole number ≥ 1, got ${accumulation}`);
}

/** What a training step is fed besides the batch. */
export function stepFeeds(config: StepConfig, batch: number): FeedSpecs {
  return {
    labels: { shape: [batch], dtype: 'int32' },
    ...(config.loss.kind === 'mse' ? { gains: { shape: [batch, 1], dtype: 'float32' } as const } : {}),
    weights: { shape: [batch], dtype: 'float32' },
    seed: { shape: [2], dtype: 'int32' },
    ...(config.tricks.mixup ? mixupFeeds(batch) : {}),
    ...(config.tricks.ema ? { emaDecay: { shape: [], dtype: 'float32' } as const } : {}),
    ...ADAMW_FEEDS,
  };
}

/**
 * The gradients of one batch under all tricks: the one place where they are composed. In the order of the paper's Figure 2:
 *
 *     clean pass        L₁ = loss(z₁, y), with mixup ½(L₁ + CE(W(λh + (1−λ)h[π]), λy + (1−λ)y[π]))
 *     FGM               L₂ = loss(z₂, y) at the embedding matrix + ε·g/‖g‖, g = ∂L₁/∂matrix
 *     R-Drop            L₃ = α·D(z₁, z₂), z₂ from FGM's pass or from a second dropout draw (then CE is averaged over both draws)
 *
 * and total = L₁ + L₂ + L₃, each divided by their number where `combine` is `mean`. A pass asked for twice is recorded once.
 */
export function stepGradients(
  params: Params,
  fixed: Params,
  batch: Readonly<Record<string, Tensor>>,
  model: Model,
  config: StepConfig,
  accumulated?: (name: string) => Tensor,
): { total: Tensor; parts: Record<string, Tensor>; gradients: Record<string, Tensor> } {
  const { loss, tricks } = config;
  const { fgm, rdrop, mixup } = tricks;
  const key = new TensorKey(batch.seed);
  const targets = loss.kind === 'mse' ? batch.gains : oneHot(batch.labels, model.outputs);
  const pass = (p: Params, n: number): Forward => model.forward({ ...fixed, ...p }, batch, key.fold('pass', n));
  const compare = (logits: Tensor, y: Tensor, by = loss): Tensor =>
    weightedMean(rowLosses(logits, y, by, batch.weights), batch.weights);
  const clean = (p: Params): Tensor => {
    const out = pass(p, 0);
    const own = compare(out.logits, targets);
    if (!mixup) return own;
    const vector = mixed(out[mixup.site], batch.mixLambda, batch.mixOrder);
    const logits = model.project({ ...fixed, ...p }, vector);
    const soft = compare(logits, mixed(targets, batch.mixLambda, batch.mixOrder), { ...loss, kind: 'ce' });
    return tf.mul(tf.add(own, soft), 0.5);
  };
  const number = 1 + (fgm ? 1 : 0) + (rdrop ? 1 : 0);
  const share = config.combine === 'mean' ? 1 / number : 1;
  const scaled = (x: Tensor): Tensor => (share === 1 ? x : tf.mul(x, share));

  const attacked = (p: Params, gradient: Tensor): Params => {
    const g = fgm!.gradient === 'accumulated' && accumulated ? tf.add(accumulated(model.embedding), scaled(gradient)) : gradient;
    return { ...p, [model.embedding]: perturbed(p[model.embedding], g, fgm!) };
  };

  if (!rdrop && !fgm) {
    const { value, gradients } = valueAndGradients(clean, params);
    return { total: value, parts: {}, gradients };
  }
  if (!rdrop) {
    // Two separate backward passes; the first gives FGM its direction and is half of the sum.
    const first = valueAndGradients(clean, params);
    const second = valueAndGradients(
      (p) => compare(pass(attacked(p, first.gradients[model.embedding]), 1).logits, targets),
      params,
    );
    const names = Object.keys(first.gradients);
    const gradients = Object.fromEntries(names.map((n) => [n, scaled(tf.add(first.gradients[n], second.gradients[n] ?? 0))]));
    return {
      total: scaled(tf.add(first.value, second.value)),
      parts: { adversarial: second.value, clean: first.value },
      gradients,
    };
  }
  // R-Drop joins both passes, so they go backward together; FGM's direction needs only the way to the embedding.
  const direction = fgm
    ? valueAndGradients((e) => clean({ ...params, ...e }), { [model.embedding]: params[model.embedding] })
    : undefined;
  const direct = direction?.gradients[model.embedding];
  const passes = (p: Params): [Tensor, Tensor] => {
    const other = rdrop.pair === 'fgm' ? pass(attacked(p, direct!), 1) : pass(p, 2);
    return [pass(p, 0).logits, other.logits];
  };
  const joint = (p: Params): Tensor => {
    const [own, other] = passes(p);
    const first = rdrop.pair === 'fgm' ? clean(p) : tf.mul(tf.add(clean(p), compare(other, targets)), 0.5);
    const losses = [first, tf.mul(divergence(own, other, batch.weights, rdrop), rdrop.alpha)];
    if (fgm) losses.push(compare(pass(attacked(p, direct!), 1).logits, targets));
    return scaled(losses.reduce((a, b) => tf.add(a, b)));
  };
  const { value, gradients } = valueAndGradients(joint, params);
  return { total: value, parts: { divergence: divergence(...passes(params), batch.weights, rdrop) }, gradients };
}

/** The state names of accumulated gradients. */
export const ACCUMULATED = 'accumulated/';

/** One training step on one batch, to be recorded: gradients, clipping, AdamW, EMA. With accumulation this is the last micro-batch of an update. */
export function trainStep(model: Model, config: StepConfig) {
  return (state: State, batch: Readonly<Record<string, Tensor>>): Outputs => {
    const { total, parts, gradients: own } = gradientsOf(state, batch, model, config);
    const gradients = config.accumulation > 1 ? withAccumulated(state, own, config.accumulation) : own;
    const clipped = config.clip > 0 ? clipByGlobalNorm(gradients, config.clip) : { gradients, norm: globalNorm(gradients) };
    adamW(state, clipped.gradients, batch, config.adam);
    if (config.accumulation > 1) for (const name of Object.keys(own)) state.assign(ACCUMULATED + name, tf.zerosLike(own[name]));
    if (config.tricks.ema) updateEma(state, model.trained, batch.emaDecay);
    return { loss: total, norm: clipped.norm, ...parts };
  };
}

/** A micro-batch that is not the last of its update: adds its gradients up and changes nothing else. */
export function accumulateStep(model: Model, config: StepConfig) {
  return (state: State, batch: Readonly<Record<string, Tensor>>): Outputs => {
    const { total, parts, gradients } = gradientsOf(state, batch, model, config);
    for (const [name, g] of Object.entries(gradients)) state.add(ACCUMULATED + name, g);
    return { loss: total, ...parts };
  };
}

function gradientsOf(state: State, batch: Readonly<Record<string, Tensor>>, model: Model, config: StepConfig) {
  const read = (names: readonly string[]): Params => Object.fromEntries(names.map((n) => [n, state.read(n)]));
  const accumulated = config.accumulation > 1 ? (name: string): Tensor => state.read(ACCUMULATED + name) : undefined;
  return stepGradients(read(model.trained), read(model.frozen), batch, model, config, accumulated);
}

function withAccumulated(state: State, gradients: Record<string, Tensor>, n: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, g]) => [name, tf.div(tf.add(state.read(ACCUMULATED + name), g), n)]),
  );
}
