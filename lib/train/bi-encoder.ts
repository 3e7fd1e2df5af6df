import { encode, encoderParams, type EncoderConfig } from '../encoder';
import { ADAMW_FEEDS, adamScalars, adamW, adamWState, clipByGlobalNorm, Program, type Precision, type State } from '../graph';
import { crossEntropy } from '../ops/cross-entropy';
import { valueAndGradients } from '../ops/gradients';
import { ints } from '../ops/kernel';
import type { Params } from '../ops/params';
import { l2Normalise, meanPool } from '../ops/pooling';
import { rowSum } from '../ops/row-sum';
import { TensorKey } from '../ops/tensor-key';
import { ensure, inRange, oneOf } from '../runtime/errors';
import { Key } from '../runtime/key';
import { tf, type Tensor } from '../runtime/tensorflow';
import { epochBatches, lengthBuckets } from '../text';
import type { SentenceEncoder } from './embed';
import { train } from './loop';
import { batchStream } from './query-batches';
import { learningRateAt } from './schedule';

/** A query and a product's text to bring together. */
export interface BiEncoderPair {
  query: string;
  product: string;
  /** Factor on the pair's loss, ≥ 0 (a grade, a number of clicks); default 1. */
  weight?: number;
  /** What `pointwise` learns to predict, 0 … 1 (clicked or not, a rate); default 1. `in-batch` needs positive pairs alone and does not read it. */
  target?: number;
}

export interface BiEncoderOptions {
  /** What the training starts from; its weights are not changed. */
  encoder: SentenceEncoder;
  pairs: readonly BiEncoderPair[];
  /** Optimiser updates. */
  steps: number;
  /** Pairs of a step; with `in-batch` each has batch − 1 negatives. Default 32. */
  batch?: number;
  /** Peak rate of AdamW; linear warm-up over `warmup` of the steps (default 0.1), then linear decay to 0. Default 2e-5. */
  learningRate?: number;
  warmup?: number;
  /** Default 0.01. */
  weightDecay?: number;
  /** The cosine is divided by it; default 0.05 (scale 20, sentence-transformers' default). */
  temperature?: number;
  /** `in-batch` (default): which of the batch's products is the query's; `pointwise`: cross-entropy of σ(cos/temperature + bias) against `target`. */
  loss?: 'in-batch' | 'pointwise';
  /** `in-batch` also asks which of the batch's queries is the product's, half each; default false. */
  symmetric?: boolean;
  /** Longer texts are cut, special tokens included. Defaults 24 and 64. */
  queryLength?: number;
  productLength?: number;
  /** Default 0. */
  seed?: number;
  precision?: Precision;
  onStep?: (step: number, loss: number) => void;
  /** Asked between steps; true ends the training with the weights so far. */
  stopped?: () => boolean;
}

export interface BiEncoderResult {
  /** The trained encoder, to be used with `embedTexts`: mean pooling, cosine. */
  encoder: SentenceEncoder;
  /** The trained weights alone, under the names of `encoderParams`. */
  weights: Record<string, Float32Array>;
  /** `pointwise`: probability = σ(cosine·scale + bias). */
  scale: number;
  bias: number;
  /** Losses over the updates, [update, loss]; at most about 200. */
  losses: [number, number][];
  steps: number;
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const BIAS = 'heads.bi.bias';
/** What keeps a repeated query or product from being its own negative. */
const BLOCKED = -1e4;

/**
 * Trains a bi-encoder: one encoder for both towers, mean pooling, cosine (DSSM: Huang et al. 2013, with a transformer for the towers; Sentence-BERT: Reimers and
 * Gurevych 2019, §3). `in-batch` is the multiple negatives ranking loss, Σᵢ wᵢ·(−ln softmaxⱼ(cos(qᵢ, pⱼ)/τ)ᵢ) / B (Henderson et al. 2017, §4.4; van den Oord et al. 2018),
 * where a product of the batch that belongs to the same query, or is the same text, is no negative. `pointwise` learns from both clicked and passed-over products.
 * Pairs are dealt into batches by length, in an order that is a function of the seed. One recorded graph a padded length.
 * Throws an InputError without pairs, for an option out of range, and for `in-batch` with a batch below 2.
 */
export async function trainBiEncoder(options: BiEncoderOptions): Promise<BiEncoderResult> {
  const full = checked(options);
  const { encoder, pairs, steps, batch, loss, seed } = full;
  const { config, tokenizer } = encoder;
  const key = Key.from('bi-encoder').fold(seed);
  const queries = await tokenizer.encodeSingles(pairs.map(({ query }) => query), { maxLength: full.queryLength }); // prettier-ignore
  const products = await tokenizer.encodeSingles(pairs.map(({ product }) => product), { maxLength: full.productLength }); // prettier-ignore
  const lengths = Int32Array.from(products, ({ ids }) => ids.length);
  const buckets = lengthBuckets(lengths, { batch, multiple: 8, maxLength: full.productLength, buckets: 3 });
  const queryLength = Math.min(
    full.queryLength,
    8 * Math.ceil(queries.reduce((most, { ids }) => Math.max(most, ids.length), 0) / 8),
  );

  const specs = encoderParams(config);
  const head = { [BIAS]: { shape: [1] } };
  const trained = loss === 'pointwise' ? { ...specs, ...head } : specs;
  const typed = config.type === 'bert';
  const text = (name: string, length: number) => {
    const ids = { shape: [batch, length], dtype: 'int32' } as const;
    return { [`${name}Ids`]: ids, [`${name}Mask`]: ids, ...(typed ? { [`${name}Types`]: ids } : {}) };
  };
  const column = { shape: [batch], dtype: 'float32' } as const;
  const feeds = (length: number) => ({
    ...text('query', queryLength),
    ...text('product', length),
    weights: column,
    ...(loss === 'pointwise' ? { targets: column } : { blocked: { shape: [batch, batch], dtype: 'float32' } as const }),
    seed: { shape: [2], dtype: 'int32' } as const,
    ...ADAMW_FEEDS,
  });
  const program = new Program(
    { ...trained, ...adamWState(trained) },
    {
      train: {
        step: trainStep(full, Object.keys(trained)),
        buckets: Object.fromEntries(buckets.map((t) => [String(t), feeds(t)])),
      },
    },
    { precision: full.precision },
  );
  try {
    const start = Object.fromEntries(Object.keys(specs).map((name) => [name, encoder.weights[name]]));
    program.write({ ...start, ...(loss === 'pointwise' ? { [BIAS]: [startBias(pairs)] } : {}) }, 'zero');
    const fill = (name: string, encoded: typeof queries, rows: Int32Array, length: number) => {
      const ids = new Int32Array(batch * length).fill(tokenizer.specials.pad);
      const mask = new Int32Array(batch * length);
      rows.forEach((row, i) => {
        ids.set(encoded[row].ids, i * length);
        mask.fill(1, i * length, i * length + encoded[row].ids.length);
      });
      return { [`${name}Ids`]: ids, [`${name}Mask`]: mask, ...(typed ? { [`${name}Types`]: new Int32Array(ids.length) } : {}) };
    };
    const at = batchStream(
      (epoch) => epochBatches(lengths, { batch, buckets, key: key.fold('epoch', epoch) }),
      Math.ceil(pairs.length / batch),
    );
    const schedule = { learningRate: full.learningRate, warmup: full.warmup, decay: 'linear' } as const;
    const result = await train({
      program,
      steps,
      accumulation: 1,
      batch: (i) => {
        const { rows, length } = at(i);
        const of = <T>(value: (pair: BiEncoderPair) => T): T[] => Array.from(rows, (row) => value(pairs[row]));
        return {
          bucket: String(length),
          feeds: {
            ...fill('query', queries, rows, queryLength),
            ...fill('product', products, rows, length),
            weights: Float32Array.from(of(({ weight = 1 }) => weight)),
            ...(loss === 'pointwise'
              ? { targets: Float32Array.from(of(({ target = 1 }) => target)) }
              : { blocked: blockedOf(of((pair) => pair)) }),
            seed: key.fold('dropout', i).words(),
          },
          tokens: rows.reduce((n, row) => n + lengths[row] + queries[row].ids.length, 0),
          padded: batch * (length + queryLength),
        };
      },
      scalars: (t) => adamScalars(t + 1, learningRateAt(schedule, t, steps), { ...ADAM, weightDecay: full.weightDecay }),
      onStep: full.onStep && ((step, value) => full.onStep!(step, value)),
      stopped: full.stopped,
    });
    const weights = program.read(Object.keys(specs)) as Record<string, Float32Array>;
    const bias = loss === 'pointwise' ? program.read([BIAS])[BIAS][0] : 0;
    return {
      encoder: { ...encoder, weights },
      weights,
      scale: 1 / full.temperature,
      bias,
      losses: result.curves.loss ?? [],
      steps: result.step,
    };
  } finally {
    program.dispose();
  }
}

type Full = Required<Omit<BiEncoderOptions, 'onStep' | 'stopped'>> & Pick<BiEncoderOptions, 'onStep' | 'stopped'>;

function checked(options: BiEncoderOptions): Full {
  const full: Full = {
    batch: 32,
    learningRate: 2e-5,
    warmup: 0.1,
    weightDecay: 0.01,
    temperature: 0.05,
    loss: 'in-batch',
    symmetric: false,
    queryLength: 24,
    productLength: 64,
    seed: 0,
    precision: 'f32',
    ...options,
  };
  oneOf('loss', full.loss, ['in-batch', 'pointwise']);
  ensure(full.pairs.length > 0, 'a bi-encoder needs at least one pair to learn from, got none');
  inRange('steps', full.steps, 1, 1e9);
  inRange('batch', full.batch, full.loss === 'in-batch' ? 2 : 1, 4096);
  inRange('learningRate', full.learningRate, 0, 10);
  inRange('warmup', full.warmup, 0, 1);
  inRange('weightDecay', full.weightDecay, 0, 10);
  inRange('temperature', full.temperature, 1e-4, 100);
  full.pairs.forEach(({ weight = 1, target = 1 }, i) => {
    inRange(`weight of pair ${i}`, weight, 0, Infinity);
    inRange(`target of pair ${i}`, target, 0, 1);
  });
  return full;
}

function trainStep({ encoder: { config }, loss, temperature, symmetric, weightDecay }: Full, names: readonly string[]) {
  return (state: State, batch: Readonly<Record<string, Tensor>>) => {
    const params = Object.fromEntries(names.map((name) => [name, state.read(name)]));
    const dropout = new TensorKey(batch.seed);
    const objective = (p: Params): Tensor => {
      const queries = tower(p, config, batch, 'query', dropout); // [B, H]
      const products = tower(p, config, batch, 'product', dropout); // [B, H]
      if (loss === 'pointwise')
        return pointwiseLoss(
          tf.add(tf.div(rowSum(tf.mul(queries, products)), temperature), p[BIAS]),
          batch.targets,
          batch.weights,
        );
      const cosines = tf.div(tf.matMul(queries as tf.Tensor2D, products as tf.Tensor2D, false, true), temperature); // [B, B]
      const logits = tf.add(cosines, batch.blocked);
      const own = ints(Array.from({ length: logits.shape[0] }, (_, i) => i));
      const forward = crossEntropy(logits, own, { rowWeights: batch.weights });
      return symmetric
        ? tf.mul(tf.add(forward, crossEntropy(tf.transpose(logits), own, { rowWeights: batch.weights })), 0.5)
        : forward;
    };
    const { value, gradients } = valueAndGradients(objective, params);
    const clipped = clipByGlobalNorm(gradients, 1);
    adamW(state, clipped.gradients, batch, { ...ADAM, weightDecay });
    return { loss: value };
  };
}

/** Unit vectors [B, H] of one side of the batch. */
function tower(
  params: Params,
  config: EncoderConfig,
  batch: Readonly<Record<string, Tensor>>,
  side: string,
  key: TensorKey,
): Tensor {
  const attentionMask = batch[`${side}Mask`];
  const types = batch[`${side}Types`];
  const input = { inputIds: batch[`${side}Ids`], attentionMask, ...(types ? { tokenTypeIds: types } : {}) };
  const drops = config.dropout > 0 || config.attentionDropout > 0;
  return l2Normalise(meanPool(encode(params, config, input, drops ? { dropoutKey: key.fold(side) } : {}), attentionMask));
}

/** Σᵢ wᵢ·(softplus(zᵢ) − zᵢ·yᵢ) / B: the cross-entropy of σ(z) against y. */
function pointwiseLoss(logits: Tensor, targets: Tensor, weights: Tensor): Tensor {
  return tf.mean(tf.mul(weights, tf.sub(tf.softplus(logits), tf.mul(logits, targets))));
}

/** The pointwise bias starts where a cosine of 0 means the mean target. */
function startBias(pairs: readonly BiEncoderPair[]): number {
  const mean = pairs.reduce((sum, { target = 1 }) => sum + target, 0) / pairs.length;
  const rate = Math.min(0.99, Math.max(0.01, mean));
  return Math.log(rate / (1 - rate));
}

/** [B, B] 0, and a large negative number where another pair has the row's query or its product: not a negative. */
function blockedOf(batch: readonly BiEncoderPair[]): Float32Array {
  const n = batch.length;
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      if (i !== j && (batch[i].query === batch[j].query || batch[i].product === batch[j].product)) out[i * n + j] = BLOCKED;
  return out;
}
