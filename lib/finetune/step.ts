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
import { embedding } from '../ops/embedding';
import { valueAndGradients } from '../ops/gradients';
import type { Params } from '../ops/params';
import { TensorKey } from '../ops/tensor-key';
import { ensure, oneOf } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import {
  adversarialLosses,
  checkAdversary,
  lengthOf,
  movedBy,
  movedWeights,
  perturbations,
  WORD_SHIFT,
  type Ascent,
  type Perturbation,
} from './adversary';
import type { FgmConfig } from './fgm';
import { checkEma, updateEma, type EmaConfig } from './ema';
import { checkLoss, oneHot, rowLosses, scoresGains, weightedMean, type LossConfig } from './losses';
import { isRankingLoss, rankingLoss } from './ranking-losses';
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
export function checkStep(
  { loss, tricks, combine, accumulation }: Pick<StepConfig, 'loss' | 'tricks' | 'combine' | 'accumulation'>,
  dropoutRates: number,
  outputs: number,
): void {
  checkLoss(loss);
  oneOf('combine', combine, ['sum', 'mean']);
  ensure(!scoresGains(loss) || outputs === 1, `loss ${loss.kind} needs one output a row, got ${outputs}`);
  const { ema, fgm, rdrop, mixup } = tricks;
  if (ema) checkEma(ema);
  if (fgm) checkAdversary(fgm);
  if (mixup) checkMixup(mixup);
  if (mixup) oneOf('mixup.site', mixup.site, ['pooled', 'feature']);
  if (rdrop) {
    checkRDrop(rdrop);
    oneOf('rdrop.pair', rdrop.pair, ['dropout', 'fgm']);
    ensure(outputs > 1, 'rdrop does nothing for a regressor: the divergence of one logit is identically 0');
    ensure(rdrop.pair !== 'fgm' || fgm, "rdrop.pair 'fgm' needs fgm switched on: its second pass is FGM's");
    ensure(
      rdrop.pair !== 'dropout' || dropoutRates > 0,
      'rdrop.pair dropout does nothing with every dropout rate at 0: its two passes are the same',
    );
  }
  ensure(!(mixup && scoresGains(loss)), 'mixup needs a classifier: the release has none in task 1');
  ensure(
    !(mixup?.clean === false && mixup.site === 'pooled') || fgm || rdrop,
    'mixup.clean false needs mixup.site feature: mixed pooled vectors alone do not train the layers between them and the output, through which predictions go',
  );
  ensure(Number.isInteger(accumulation) && accumulation >= 1, `accumulation must be a whole number ≥ 1, got ${accumulation}`);
}

/** What a training step is fed besides the batch. */
export function stepFeeds(config: StepConfig, batch: number): FeedSpecs {
  return {
    labels: { shape: [batch], dtype: 'int32' },
    ...(scoresGains(config.loss) ? { gains: { shape: [batch, 1], dtype: 'float32' } as const } : {}),
    ...(isRankingLoss(config.loss.kind) ? { groups: { shape: [batch], dtype: 'int32' } as const } : {}),
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
 *     clean pass        L₁ = loss(z₁, y), with mixup ½(L₁ + CE(W(λh + (1−λ)h[π]), λy + (1−λ)y[π])) or the mixed part alone
 *     adversary         L₂ = loss(z₂, y) at the moved weights: FGM's embedding matrix + ε·g/‖g‖, g = ∂L₁/∂matrix (FreeLB: one L₂ a point), or at moved word vectors
 *     R-Drop            L₃ = α·D(z₁, z₂), z₂ from the (last) adversarial pass or from a second dropout draw (then CE is averaged over both draws)
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
  const targets = scoresGains(loss) ? batch.gains : oneHot(batch.labels, model.outputs);
  const pass = (p: Params, n: number): Forward => model.forward({ ...fixed, ...p }, batch, key.fold('pass', n));
  const compare = (logits: Tensor, y: Tensor, by = loss): Tensor =>
    isRankingLoss(by.kind)
      ? rankingLoss(by.kind, logits, y, batch.groups, batch.weights)
      : weightedMean(rowLosses(logits, y, by, batch.weights), batch.weights);
  const cleanLoss = (p: Params, out: Forward): Tensor => {
    if (!mixup) return compare(out.logits, targets);
    const vector = mixed(out[mixup.site], batch.mixLambda, batch.mixOrder);
    const logits = model.project({ ...fixed, ...p }, vector);
    const soft = compare(logits, mixed(targets, batch.mixLambda, batch.mixOrder), { ...loss, kind: 'ce' });
    return mixup.clean === false ? soft : tf.mul(tf.add(compare(out.logits, targets), soft), 0.5);
  };
  const clean = (p: Params): Tensor => cleanLoss(p, pass(p, 0));
  const number = 1 + (fgm ? adversarialLosses(fgm) : 0) + (rdrop ? 1 : 0);
  const share = config.combine === 'mean' ? 1 / number : 1;
  const scaled = (x: Tensor): Tensor => (share === 1 ? x : tf.mul(x, share));
  const noted: Record<string, Tensor> = mixup ? { mixLambda: tf.add(batch.mixLambda, 0) } : {};

  const aim = fgm ? movedWeights(fgm, params, model.embedding) : [];
  // What a text's word vectors are moved by starts at 0, so that the clean pass gives its gradient too.
  const start: Params = fgm?.scope === 'example' ? { ...params, [WORD_SHIFT]: noShift(batch, params[model.embedding]) } : params;
  const attack = (gradients: Readonly<Record<string, Tensor>>): Perturbation[] => {
    const soFar = (name: string): Tensor =>
      fgm!.gradient === 'accumulated' && accumulated ? tf.add(accumulated(name), scaled(gradients[name])) : gradients[name];
    const known = aim.filter((name) => gradients[name]);
    return perturbations(fgm!, params, model.embedding, Object.fromEntries(known.map((n) => [n, soFar(n)])), ascent);
  };
  const ascent: Ascent = (delta, t) => {
    const [name] = aim;
    const at = movedBy(params, { [name]: delta });
    const number = fgm!.kind === 'freelb' ? passOf(t - 1) : passOf(t);
    const loss = (e: Params): Tensor => compare(pass({ ...at, ...e }, number).logits, targets);
    return valueAndGradients(loss, { [name]: at[name] }).gradients[name];
  };
  const attacked = (p: Params, points: readonly Perturbation[]): Tensor[] =>
    points.map((point, i) => pass(movedBy(p, point), passOf(i)).logits);
  const adversarial = (logits: readonly Tensor[]): Tensor =>
    logits.map((z) => compare(z, targets)).reduce((a, b) => tf.add(a, b));

  if (!rdrop && !fgm) {
    const { value, gradients } = valueAndGradients(clean, params);
    return { total: value, parts: noted, gradients };
  }
  if (!rdrop) {
    // Two separate backward passes; the first gives the adversary its direction and is half of the sum.
    const first = valueAndGradients(clean, start);
    const points = attack(first.gradients);
    const second = valueAndGradients((p) => adversarial(attacked(p, points)), params);
    // A weight that one of the passes alone reaches has that pass's gradient (mixup of pooled vectors passes the head's inner layer by).
    const names = Object.keys({ ...first.gradients, ...second.gradients }).filter((name) => name !== WORD_SHIFT);
    const gradients = Object.fromEntries(
      names.map((n) => [
        n,
        scaled(n in first.gradients ? tf.add(first.gradients[n], second.gradients[n] ?? 0) : second.gradients[n]),
      ]),
    );
    return {
      total: scaled(tf.add(first.value, second.value)),
      parts: { ...noted, adversarial: second.value, clean: first.value, perturbation: lengthOf(points[points.length - 1]) },
      gradients,
    };
  }
  // R-Drop joins both passes, so they go backward together; the adversary's direction needs only the way to the weights it moves.
  const points = fgm
    ? attack(valueAndGradients((e) => clean({ ...params, ...e }), Object.fromEntries(aim.map((n) => [n, start[n]]))).gradients)
    : [];
  // Each pass is asked for once: differentiation would go back through every copy of it.
  const passes = (p: Params): { own: Forward; moved: Tensor[]; other: Tensor } => {
    const moved = fgm ? attacked(p, points) : [];
    return { own: pass(p, 0), moved, other: rdrop.pair === 'fgm' ? moved[moved.length - 1] : pass(p, 2).logits };
  };
  const apart = ({ own, other }: ReturnType<typeof passes>): Tensor => divergence(own.logits, other, batch.weights, rdrop);
  const joint = (p: Params): Tensor => {
    const all = passes(p);
    const own = cleanLoss(p, all.own);
    const first = rdrop.pair === 'fgm' ? own : tf.mul(tf.add(own, compare(all.other, targets)), 0.5);
    const losses = [first, tf.mul(apart(all), rdrop.alpha)];
    if (fgm) losses.push(adversarial(all.moved));
    return scaled(losses.reduce((a, b) => tf.add(a, b)));
  };
  const { value, gradients } = valueAndGradients(joint, params);
  return {
    total: value,
    parts: {
      ...noted,
      divergence: apart(passes(params)),
      ...(fgm ? { perturbation: lengthOf(points[points.length - 1]) } : {}),
    },
    gradients,
  };
}

/** A word shift of 0 for a batch, [B, T, H]. */
const noShift = ({ inputIds }: Readonly<Record<string, Tensor>>, matrix: Tensor): Tensor =>
  tf.zerosLike(embedding(matrix, inputIds));

/** The number of the dropout draw of adversarial point `i`; 0 is the clean pass's and 2 R-Drop's second. */
const passOf = (i: number): number => (i === 0 ? 1 : 2 + i);

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
