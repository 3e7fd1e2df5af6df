import { initialise } from '../../encoder';
import type { AdversaryConfig } from '../../finetune/adversary';
import { EMA_PREFIX, emaDecay, emaState } from '../../finetune/ema';
import { LOSS_DEFAULTS } from '../../finetune/losses';
import { ACCUMULATED, accumulateStep, NO_TRICKS, stepFeeds, trainStep, type Model, type StepConfig } from '../../finetune/step';
import { adamScalars, adamWState, Program, type Values } from '../../graph';
import { encoderParams } from '../../encoder';
import { esciHeadParams, type EsciHeadConfig } from '../../heads/esci';
import type { ParamSpecs } from '../../ops/params';
import { Key } from '../../runtime/key';
import { modelOf, type ClassifierSpec } from '../../train/classifier';
import { inputFeeds } from '../../train/inputs';
import { tiny } from '../encoder/tiny';

/** Rows and tokens of a batch: primes, so that no two axes can be swapped unseen. */
export const [ROWS, TOKENS, CAPACITY] = [7, 11, 5];
const SIZES = { hidden: 6, brands: 13, colors: 17, trigramVocabulary: 19, outputs: 4 };
const HEAD: EsciHeadConfig = { pooling: 'cls', brand: 5, color: 3, country: 2, trigrams: 3, dropout: 0 };

/** A step without any trick: plain cross-entropy. */
export const plain: StepConfig = {
  loss: { ...LOSS_DEFAULTS, kind: 'ce' },
  tricks: NO_TRICKS,
  combine: 'sum',
  adam: { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.01 },
  clip: 1,
  accumulation: 1,
};

/** FGM at an ε that moves a small network visibly, and the plain step with an adversary. */
export const fgm: AdversaryConfig = { epsilon: 0.3, scale: 'absolute', gradient: 'fresh' };
export const withAdversary = (adversary: AdversaryConfig, change: Partial<StepConfig> = {}): StepConfig => ({
  ...plain,
  ...change,
  tricks: { ...NO_TRICKS, fgm: adversary },
});

/** A network small enough for a test, with every part of the head, and its first weights (wide enough that all parts matter). */
export function network(step: StepConfig, dropout = 0, batch = ROWS, layers = 1) {
  const spec: ClassifierSpec = {
    encoder: { ...tiny('xlm-roberta'), layers, dropout, attentionDropout: dropout },
    head: { ...HEAD, dropout },
    sizes: SIZES,
    step,
    schedule: { learningRate: 1e-2, warmup: 0, decay: 'constant' },
    batch,
    buckets: [TOKENS],
    trigramCapacity: CAPACITY,
    frozen: [],
    precision: 'f32',
  };
  const specs: ParamSpecs = Object.fromEntries(
    Object.entries({ ...encoderParams(spec.encoder), ...esciHeadParams(spec.head, SIZES) }).map(([name, { shape, init }]) => [
      name,
      { shape, init: 'normal' in init ? { normal: 0.4 } : init },
    ]),
  );
  const model: Model = modelOf(spec, Object.keys(specs));
  return { spec, specs, model, weights: initialise(specs, Key.from('network')) };
}

/** Batch number `t` of `rows` random rows; the last two are shorter than the rest. */
export function feedsAt(t: number, rows = ROWS): Record<string, ArrayLike<number>> {
  const random = Key.from('feeds').fold(t).random();
  const ints = (n: number, least: number, limit: number) =>
    Int32Array.from({ length: n }, () => least + random.int(limit - least));
  const inputIds = ints(rows * TOKENS, 4, 17);
  const attentionMask = new Int32Array(rows * TOKENS).fill(1);
  for (const row of [rows - 1, rows - 2])
    for (let i = row * TOKENS + 8; i < (row + 1) * TOKENS; i++) [inputIds[i], attentionMask[i]] = [1, 0];
  return {
    inputIds,
    attentionMask,
    brand: ints(rows, 0, SIZES.brands),
    color: ints(rows, 0, SIZES.colors),
    country: ints(rows, 0, 3),
    trigrams: ints(rows * 3 * CAPACITY, 0, SIZES.trigramVocabulary),
    labels: ints(rows, 0, SIZES.outputs),
    weights: new Float32Array(rows).fill(1),
    seed: Int32Array.from(Key.from('seed').fold(t).words()),
  };
}

export interface Network {
  program: Program;
  /** Runs update `t` (from 0) on batch `t`, or on the feeds given. */
  update: (t: number, feeds?: Record<string, ArrayLike<number> | number>, entry?: string) => Values;
  /** The weights' names. */
  names: string[];
}

/** The network's recorded (or eager) programs. The caller disposes `program`. */
export function trained(
  step: StepConfig,
  { dropout = 0, batch = ROWS, eager = false, learningRate = 1e-2, layers = 1 } = {},
): Network {
  const { spec, specs, model, weights } = network(step, dropout, batch, layers);
  const names = Object.keys(specs);
  const feeds = { ...inputFeeds(spec.head, batch, TOKENS, false, CAPACITY), ...stepFeeds(step, batch) };
  const { ema, mixup } = step.tricks;
  const program = new Program(
    {
      ...specs,
      ...adamWState(specs),
      ...(ema ? emaState(specs) : {}),
      ...(step.accumulation > 1 ? Object.fromEntries(names.map((n) => [ACCUMULATED + n, specs[n]])) : {}),
    },
    {
      train: { step: trainStep(model, step), buckets: { all: feeds } },
      ...(step.accumulation > 1 ? { accumulate: { step: accumulateStep(model, step), buckets: { all: feeds } } } : {}),
    },
    { eager },
  );
  program.write({ ...weights, ...(ema ? Object.fromEntries(names.map((n) => [EMA_PREFIX + n, weights[n]])) : {}) }, 'zero');
  const update: Network['update'] = (t, given, entry = 'train') =>
    program.run(entry, 'all', {
      ...feedsAt(t, batch),
      ...(mixup ? { mixLambda: 0.3, mixOrder: Key.from('order').fold(t).random().permutation(batch) } : {}),
      ...(ema ? { emaDecay: emaDecay(ema, t) } : {}),
      ...adamScalars(t + 1, learningRate, step.adam),
      ...given,
    });
  return { program, update, names };
}

/** Losses and final weights of `updates` updates. */
export function trajectory(
  step: StepConfig,
  updates: number,
  options: Parameters<typeof trained>[1] = {},
  feeds: Record<string, ArrayLike<number> | number> = {},
): { losses: number[]; weights: Values } {
  const { program, update, names } = trained(step, options);
  try {
    const losses = Array.from({ length: updates }, (_, t) => update(t, feeds).loss[0]);
    return { losses, weights: program.read(names) };
  } finally {
    program.dispose();
  }
}
