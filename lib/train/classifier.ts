import { encode, encoderParams, WORDS, type EncoderConfig } from '../encoder';
import { EMA_PREFIX, emaDecay, emaState } from '../finetune/ema';
import { scoresGains } from '../finetune/losses';
import { drawMixup } from '../finetune/mixup';
import { isRankingLoss } from '../finetune/ranking-losses';
import { WORD_SHIFT } from '../finetune/adversary';
import { ACCUMULATED, accumulateStep, checkStep, stepFeeds, trainStep, type Model, type StepConfig } from '../finetune/step';
import { adamScalars, adamWState, Program, type Entry, type Precision, type State, type VariableSpec } from '../graph';
import { esciHead, esciHeadParams, outputProjection, type EsciHeadConfig, type EsciHeadSizes } from '../heads/esci';
import type { Params, ParamSpecs } from '../ops/params';
import { ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { tf, type Tensor } from '../runtime/tensorflow';
import { epochBatches, type Batch as RowBatch } from '../text';
import { feedsOf, inputFeeds, lengthsOf, withTypes, type Inputs } from './inputs';
import type { Batch } from './loop';
import { batchStream, queryBatches } from './query-batches';
import { learningRateAt, type Schedule } from './schedule';

/** What decides a classifier's programs. */
export interface ClassifierSpec {
  encoder: EncoderConfig;
  head: EsciHeadConfig;
  sizes: EsciHeadSizes;
  step: StepConfig;
  schedule: Schedule;
  batch: number;
  /** Padded lengths, ascending. */
  buckets: readonly number[];
  /** Grams of each bag. */
  trigramCapacity: number;
  /** Weights that are not trained (a frozen tri-gram table). */
  frozen: readonly string[];
  precision: Precision;
  /** Compute each encoder layer again in the backward pass instead of keeping its inner results. */
  recompute?: boolean;
  /** Adam's moments, EMA's shadow in the machine's own memory instead of the card's. */
  momentsOnHost?: boolean;
  emaOnHost?: boolean;
  eager?: boolean;
  /** Record the prediction alone: no training programs, no optimiser state; the weights are those to predict with. */
  predictOnly?: boolean;
}

/**
 * A query–product network with the head of Figure 2: its recorded programs for training and prediction, and what to feed them.
 * It holds no data. `dispose` frees its memory.
 */
export class Classifier {
  readonly specs: ParamSpecs;
  readonly program: Program;
  private readonly model: Model;
  /** Whether prediction reads the EMA shadow. */
  private readonly shadow: boolean;

  constructor(readonly spec: ClassifierSpec) {
    const { encoder, head, sizes, step, batch, buckets } = spec;
    checkStep(step, head.dropout + encoder.dropout + encoder.attentionDropout, sizes.outputs);
    this.specs = { ...encoderParams(encoder), ...esciHeadParams(head, sizes) };
    for (const name of spec.frozen) ensure(name in this.specs, `frozen weight ${name} does not exist`);
    this.model = modelOf(spec, Object.keys(this.specs));
    const { predictOnly = false } = spec;
    this.shadow = step.tricks.ema !== null && !predictOnly;
    const trained = Object.fromEntries(this.model.trained.map((name) => [name, this.specs[name]]));
    const variables: Record<string, VariableSpec> = {
      ...this.specs,
      ...(predictOnly ? {} : adamWState(trained, { host: spec.momentsOnHost })),
      ...(this.shadow ? emaState(trained, { host: spec.emaOnHost }) : {}),
      ...(step.accumulation > 1 && !predictOnly
        ? Object.fromEntries(this.model.trained.map((n) => [ACCUMULATED + n, trained[n]]))
        : {}),
    };
    const typed = encoder.type === 'bert';
    const inputs = (length: number) => inputFeeds(head, batch, length, typed, spec.trigramCapacity);
    const bucketed = (extra: object): Entry['buckets'] =>
      Object.fromEntries(buckets.map((t) => [String(t), { ...inputs(t), ...extra }]));
    const training = bucketed(stepFeeds(step, batch));
    this.program = new Program(
      variables,
      {
        ...(predictOnly ? {} : { train: { step: trainStep(this.model, step), buckets: training } }),
        ...(step.accumulation > 1 && !predictOnly
          ? { accumulate: { step: accumulateStep(this.model, step), buckets: training } }
          : {}),
        predict: { step: this.predictStep(this.shadow), buckets: bucketed({}) },
      },
      { precision: spec.precision, eager: spec.eager },
    );
  }

  /** Probabilities [B, K] of a batch; a regressor's sigmoid [B, 1]. */
  private predictStep(shadow: boolean) {
    const { trained, frozen } = this.model;
    return (state: State, batch: Readonly<Record<string, Tensor>>) => {
      const read = (names: readonly string[], prefix: string): Params =>
        Object.fromEntries(names.map((n) => [n, state.read(prefix + n)]));
      const { logits } = this.model.forward({ ...read(frozen, ''), ...read(trained, shadow ? EMA_PREFIX : '') }, batch, null);
      return { probabilities: scoresGains(this.spec.step.loss) ? tf.sigmoid(logits) : tf.softmax(logits) };
    };
  }

  /** Sets all weights, the moments to 0, and the shadow to the weights. */
  start(weights: Readonly<Record<string, Float32Array>>): void {
    for (const name of Object.keys(this.specs)) ensure(weights[name], `weight ${name} is missing`);
    const own = Object.fromEntries(Object.keys(this.specs).map((n) => [n, weights[n]]));
    const shadow = this.shadow ? Object.fromEntries(this.model.trained.map((n) => [EMA_PREFIX + n, weights[n]])) : {};
    this.program.write({ ...own, ...shadow }, 'zero');
  }

  /** The weights as they are used for prediction. */
  weights(): Record<string, Float32Array> {
    const values = this.program.read([
      ...Object.keys(this.specs),
      ...(this.shadow ? this.model.trained.map((n) => EMA_PREFIX + n) : []),
    ]);
    return Object.fromEntries(Object.keys(this.specs).map((n) => [n, (values[EMA_PREFIX + n] ?? values[n]) as Float32Array]));
  }

  /**
   * Optimiser updates in an epoch over these rows, a fraction where its batches are no multiple of an update's (updates go on over the end of an epoch). With a loss that
   * ranks, batches hold whole queries, and are as many as the first epoch of `trainingBatches` has.
   */
  updatesPerEpoch(inputs: Inputs, key: Key): number {
    const { batch, step } = this.spec;
    const batches = isRankingLoss(step.loss.kind) ? this.epoch(inputs, key, 0).length : Math.ceil(inputs.tokens.size / batch);
    return batches / step.accumulation;
  }

  /** The batches of epoch `n`: by length, or of whole queries. */
  private epoch(inputs: Inputs, key: Key, n: number): RowBatch[] {
    const { batch, buckets, step } = this.spec;
    const lengths = lengthsOf(inputs);
    const options = { batch, buckets, key: key.fold('epoch', n) };
    return isRankingLoss(step.loss.kind)
      ? queryBatches(inputs.tokens.queryIds, lengths, options)
      : epochBatches(lengths, options);
  }

  /** Micro-batch `i` of training, a function of the key alone: epochs of batches by length, each in its own order. */
  trainingBatches(inputs: Inputs, key: Key, padId: number): (i: number) => Batch {
    const lengths = lengthsOf(inputs);
    const { batch, step } = this.spec;
    const ranks = isRankingLoss(step.loss.kind);
    const at = batchStream((n) => this.epoch(inputs, key, n), ranks ? undefined : Math.ceil(inputs.tokens.size / batch));
    return (i) => {
      const { rows, length, real } = at(i);
      const { forward: plain, labels } = feedsOf(inputs, rows, length, padId, real);
      const forward = withTypes(plain, this.spec.encoder.type === 'bert');
      const random = key.fold('step', i);
      const feeds = {
        ...forward,
        labels: labels.labels,
        weights: labels.weights,
        ...(scoresGains(step.loss) ? { gains: labels.gains } : {}),
        ...(ranks ? { groups: Int32Array.from(rows, (row) => inputs.tokens.queryIds[row]) } : {}),
        seed: random.fold('dropout').words(),
        ...(step.tricks.mixup ? drawMixup(step.tricks.mixup, rows.length, random.fold('mixup').random()) : {}),
      };
      return {
        bucket: String(length),
        feeds,
        tokens: rows.reduce((n, row) => n + lengths[row], 0),
        padded: rows.length * length,
      };
    };
  }

  /** Scalars of update `t` of `updates`. */
  scalars(t: number, updates: number): Record<string, number> {
    const { step, schedule } = this.spec;
    const { ema } = step.tricks;
    return {
      ...adamScalars(t + 1, learningRateAt(schedule, t, updates), step.adam),
      ...(ema ? { emaDecay: emaDecay(ema, t) } : {}),
    };
  }

  /** Probabilities of all rows, [N, K], in the order of the rows. */
  predict(inputs: Inputs, padId: number): Float32Array {
    const { batch, buckets, sizes } = this.spec;
    const K = sizes.outputs;
    const out = new Float32Array(inputs.tokens.size * K);
    for (const { rows, length, real } of epochBatches(lengthsOf(inputs), { batch, buckets, shuffle: 'none' })) {
      const feeds = withTypes(feedsOf(inputs, rows, length, padId, real).forward, this.spec.encoder.type === 'bert');
      const { probabilities } = this.program.run('predict', String(length), feeds);
      for (let i = 0; i < real; i++) out.set(probabilities.subarray(i * K, (i + 1) * K), rows[i] * K);
    }
    return out;
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** The network of a specification as the training step sees it; `names` are all its weights. */
export function modelOf({ encoder, head, sizes, frozen, recompute }: ClassifierSpec, names: readonly string[]): Model {
  return {
    forward: (params, batch, key) => {
      const { inputIds, attentionMask, tokenTypeIds } = batch;
      const wordShift = params[WORD_SHIFT];
      const hidden = encode(
        params,
        encoder,
        { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}), ...(wordShift ? { wordShift } : {}) },
        {
          dropoutKey: key?.fold('encoder'),
          tokens: head.pooling === 'cls' ? 'first' : 'all',
          recompute,
        },
      );
      const { brand, color, country, trigrams } = batch;
      return esciHead(params, hidden, { attentionMask, brand, color, country, trigrams }, head, key?.fold('head') ?? null);
    },
    project: outputProjection,
    trained: names.filter((name) => !frozen.includes(name)),
    frozen,
    embedding: WORDS,
    outputs: sizes.outputs,
  };
}

/** The rate factor of a weight: the head's own, and each encoder layer's by layer-wise decay (embeddings lowest). */
export function rateFactors(headFactor: number, layerDecay: number, layers: number): ((name: string) => number) | undefined {
  if (headFactor === 1 && layerDecay === 1) return undefined;
  return (name) => {
    if (name.startsWith('heads.')) return headFactor;
    const layer = /^encoder\.layer\.(\d+)\./.exec(name);
    return layerDecay ** (layer ? layers - 1 - Number(layer[1]) : layers);
  };
}
