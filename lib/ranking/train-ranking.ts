import { encoderParams, type EncoderConfig } from '../encoder';
import {
  adamScalars,
  adamW,
  ADAMW_FEEDS,
  adamWState,
  clipByGlobalNorm,
  globalNorm,
  Program,
  type AdamWOptions,
  type Entry,
  type FeedSpecs,
  type Precision,
  type State,
} from '../graph';
import { valueAndGradients } from '../ops/gradients';
import type { Params, ParamSpecs } from '../ops/params';
import { TensorKey } from '../ops/tensor-key';
import { ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { tf, type Tensor } from '../runtime/tensorflow';
import { epochBatches, rowLengths } from '../text';
import type { Batch } from '../train/loop';
import { learningRateAt, type Schedule } from '../train/schedule';
import type { ImpressionGroups, PairInputs } from './inputs';
import { checkNetwork, type NetworkConfig, type NetworkSizes } from './multitask/config';
import { calibratorLoss, taskLosses, UNCERTAINTY, weightedSum } from './multitask/loss';
import { logProbabilities, POSITION, probabilitiesAt } from './multitask/probability';
import { rankingForward, rankingHeadParams } from './network';
import { groupFeeds, pairFeeds } from './ranker-feeds';

/** What decides a ranker's programs. */
export interface RankerSpec {
  encoder: EncoderConfig;
  network: NetworkConfig;
  sizes: NetworkSizes;
  adam: AdamWOptions;
  clip: number;
  schedule: Schedule;
  /** B, pairs of a batch. */
  batch: number;
  /** M, impressions of a pair. */
  impressions: number;
  /** Padded lengths, ascending. */
  buckets: readonly number[];
  /** False: the encoder stays as it came and only what is above it is trained. */
  trainEncoder: boolean;
  precision: Precision;
  eager?: boolean;
}

type Feeds = Readonly<Record<string, Tensor>>;

/** Every pair's tower logits, and the mean gate of each task over the pairs. */
export interface RankerOutput {
  /** [N, tasks] flat. */
  logits: Float32Array;
  /** By task, one number an expert; empty where nothing is mixed. */
  gates: number[][];
}

/** The ranking network's recorded programs for training, prediction and the conflict of its tasks, and what to feed them. `dispose` frees its memory. */
export class Ranker {
  readonly specs: ParamSpecs;
  readonly program: Program;
  readonly trained: readonly string[];
  private readonly tasks: NetworkConfig['tasks'];

  constructor(readonly spec: RankerSpec) {
    const { encoder, network, sizes, buckets } = spec;
    checkNetwork(network);
    this.tasks = network.tasks;
    const own = encoderParams(encoder);
    const head = rankingHeadParams(network, sizes);
    this.specs = { ...own, ...head };
    this.trained = Object.keys(spec.trainEncoder ? this.specs : head);
    const trained = Object.fromEntries(this.trained.map((name) => [name, this.specs[name]]));
    const bucketed = (lengths: readonly number[], extra: FeedSpecs): Entry['buckets'] =>
      Object.fromEntries(lengths.map((length) => [String(length), { ...this.pairFeeds(length), ...extra }]));
    const labels = this.impressionFeeds();
    this.program = new Program(
      { ...this.specs, ...adamWState(trained) },
      {
        train: { step: this.trainStep, buckets: bucketed(buckets, { ...labels, ...ADAMW_FEEDS }) },
        predict: { step: this.predictStep, buckets: bucketed(buckets, {}) },
        ...(this.tasks.length > 1 ? { conflict: { step: this.conflictStep, buckets: bucketed(buckets.slice(-1), labels) } } : {}),
      },
      { precision: spec.precision, eager: spec.eager },
    );
  }

  private pairFeeds(length: number): FeedSpecs {
    const { batch, encoder, sizes } = this.spec;
    const ids = { shape: [batch, length], dtype: 'int32' } as const;
    return {
      inputIds: ids,
      attentionMask: ids,
      ...(encoder.type === 'bert' ? { tokenTypeIds: ids } : {}),
      ...(sizes.features ? { features: { shape: [batch, sizes.features], dtype: 'float32' } as const } : {}),
    };
  }

  private impressionFeeds(): FeedSpecs {
    const { batch, impressions } = this.spec;
    const shape = [batch, impressions];
    return {
      positions: { shape, dtype: 'int32' },
      counted: { shape, dtype: 'float32' },
      ...Object.fromEntries(this.tasks.map((task) => [task, { shape, dtype: 'float32' } as const])),
      seed: { shape: [2], dtype: 'int32' },
    };
  }

  private forward(params: Params, feeds: Feeds, key: TensorKey | null) {
    const { inputIds, attentionMask, tokenTypeIds, features } = feeds;
    return rankingForward(params, this.spec.encoder, this.spec.network, { inputIds, attentionMask, tokenTypeIds, features }, key);
  }

  /** Each task's loss, and what is minimised. */
  private losses(params: Params, feeds: Feeds): { each: Tensor[]; total: Tensor } {
    const { network } = this.spec;
    const { logits } = this.forward(params, feeds, new TensorKey(feeds.seed));
    const probabilities = logProbabilities(params, network, logits, feeds.positions);
    const each = taskLosses(probabilities, this.tasks.map((task) => feeds[task]), feeds.counted); // prettier-ignore
    const sum = weightedSum(params, network, each);
    if (network.transfer !== 'aitm' || network.calibrator === 0) return { each, total: sum };
    return { each, total: tf.add(sum, tf.mul(calibratorLoss(probabilities, feeds.counted), network.calibrator)) };
  }

  private readonly read = (state: State, names: readonly string[]): Params =>
    Object.fromEntries(names.map((name) => [name, state.read(name)]));

  private readonly trainStep = (state: State, feeds: Feeds) => {
    const { adam, clip, network } = this.spec;
    const all = this.read(state, Object.keys(this.specs));
    const params = Object.fromEntries(this.trained.map((name) => [name, all[name]]));
    const { value, gradients } = valueAndGradients((p) => this.losses({ ...all, ...p }, feeds).total, params);
    const { each } = this.losses(all, feeds);
    const clipped = clip > 0 ? clipByGlobalNorm(gradients, clip) : { gradients, norm: globalNorm(gradients) };
    adamW(state, clipped.gradients, feeds, adam);
    return {
      loss: value,
      norm: clipped.norm,
      ...Object.fromEntries(this.tasks.map((task, t) => [`${task}Loss`, each[t]])),
      ...(network.weighting === 'uncertainty'
        ? Object.fromEntries(this.tasks.map((task, t) => [`${task}Weight`, tf.exp(tf.neg(tf.slice(all[UNCERTAINTY], [t], [1])))]))
        : {}),
    };
  };

  private readonly predictStep = (state: State, feeds: Feeds) => {
    const { logits, gates } = this.forward(this.read(state, Object.keys(this.specs)), feeds, null);
    return {
      logits: tf.concat(logits, 1),
      ...Object.fromEntries(gates.map((gate, t) => [`gate${t}`, tf.add(gate, 0)])),
    };
  };

  /** The cosine of each two tasks' gradients on what all tasks share, −1 … 1: below 0 the tasks pull against each other. */
  private readonly conflictStep = (state: State, feeds: Feeds) => {
    const all = this.read(state, Object.keys(this.specs));
    const names = this.trained.filter((name) => isShared(name));
    const shared = Object.fromEntries(names.map((name) => [name, all[name]]));
    const gradients = this.tasks.map(
      (_, t) => valueAndGradients((p) => this.losses({ ...all, ...p }, feeds).each[t], shared).gradients,
    );
    const dot = (a: number, b: number): Tensor =>
      tf.addN(
        names.flatMap((n) => (gradients[a][n] && gradients[b][n] ? [tf.sum(tf.mul(gradients[a][n], gradients[b][n]))] : [])),
      );
    return Object.fromEntries(
      this.tasks.flatMap((task, a) =>
        this.tasks.slice(a + 1).map((other, i) => {
          const b = a + 1 + i;
          return [`${task}-${other}`, tf.div(dot(a, b), tf.maximum(tf.sqrt(tf.mul(dot(a, a), dot(b, b))), 1e-20))];
        }),
      ),
    );
  };

  /** Sets all weights, and the moments to 0. */
  start(weights: Readonly<Record<string, Float32Array>>): void {
    for (const name of Object.keys(this.specs)) ensure(weights[name], `weight ${name} is missing`);
    this.program.write(Object.fromEntries(Object.keys(this.specs).map((name) => [name, weights[name]])), 'zero');
  }

  weights(): Record<string, Float32Array> {
    return this.program.read(Object.keys(this.specs)) as Record<string, Float32Array>;
  }

  /** Batch `i` of training, a function of the key alone: epochs of groups by length, each in its own order. */
  trainingBatches(inputs: PairInputs, groups: ImpressionGroups, key: Key, padId: number): (i: number) => Batch {
    const { batch, buckets } = this.spec;
    const lengths = rowLengths(inputs.tokens);
    const own = Int32Array.from(groups.row, (row) => lengths[row]);
    const perEpoch = Math.ceil(groups.size / batch);
    let at = -1;
    let epoch: ReturnType<typeof epochBatches> = [];
    return (i) => {
      const number = Math.floor(i / perEpoch);
      if (number !== at) [at, epoch] = [number, epochBatches(own, { batch, buckets, key: key.fold('epoch', number) })];
      const { rows, length, real } = epoch[i % perEpoch];
      const feeds = groupFeeds(this.spec, this.tasks, inputs, groups, { rows, length, real }, padId, key.fold('step', i));
      const tokens = rows.reduce((n, group) => n + own[group], 0);
      return { bucket: String(length), feeds, tokens, padded: rows.length * length };
    };
  }

  /** Scalars of update `t` of `updates`. */
  scalars(t: number, updates: number): Record<string, number> {
    return adamScalars(t + 1, learningRateAt(this.spec.schedule, t, updates), this.spec.adam);
  }

  /** Tower logits of every pair; position plays no part in them. */
  predict(inputs: PairInputs, padId: number): RankerOutput {
    const { batch, buckets } = this.spec;
    const tasks = this.tasks.length;
    const size = inputs.tokens.size;
    const logits = new Float32Array(size * tasks);
    const gates: number[][] = [];
    for (const { rows, length, real } of epochBatches(rowLengths(inputs.tokens), { batch, buckets, shuffle: 'none' })) {
      const out = this.program.run('predict', String(length), pairFeeds(this.spec, inputs, rows, length, padId));
      for (let i = 0; i < real; i++) logits.set(out.logits.subarray(i * tasks, (i + 1) * tasks), rows[i] * tasks);
      this.tasks.forEach((_, t) => {
        const gate = out[`gate${t}`];
        if (!gate) return;
        const experts = gate.length / batch;
        gates[t] ??= new Array<number>(experts).fill(0);
        for (let i = 0; i < real; i++) for (let e = 0; e < experts; e++) gates[t][e] += gate[i * experts + e] / size;
      });
    }
    return { logits, gates };
  }

  /** The cosines of the tasks' gradients on a batch of groups, by `task-task`; the mean over `batches` batches. */
  conflict(inputs: PairInputs, groups: ImpressionGroups, key: Key, padId: number, batches = 4): Record<string, number> {
    const { batch, buckets } = this.spec;
    const length = buckets[buckets.length - 1];
    const order = key.random().permutation(groups.size);
    const sums: Record<string, number> = {};
    const n = Math.max(1, Math.min(batches, Math.floor(groups.size / batch)));
    for (let b = 0; b < n; b++) {
      const chosen = Int32Array.from({ length: batch }, (_, i) => order[(b * batch + i) % groups.size]);
      const feeds = groupFeeds(
        this.spec,
        this.tasks,
        inputs,
        groups,
        { rows: chosen, length, real: batch },
        padId,
        key.fold('conflict', b),
      );
      for (const [name, [value]] of Object.entries(this.program.run('conflict', String(length), feeds)))
        sums[name] = (sums[name] ?? 0) + value / n;
    }
    return sums;
  }

  /** The position tower's numbers [P, tasks it acts on], or null where there is none. */
  positionTable(): Float32Array | null {
    return this.spec.network.position === 'none' ? null : (this.program.read([POSITION])[POSITION] as Float32Array);
  }

  /**
   * Examination as the model has it: the mean predicted click over pairs at each position, over that at the top. For the multiplicative form it is the tower's
   * θ itself; for the additive one it depends (a little) on the pairs. Null without a tower or without clicks among the tasks.
   */
  examination(logits: Float32Array): Float64Array | null {
    const { network, sizes } = this.spec;
    const table = this.positionTable();
    if (!table || network.tasks[0] !== 'click') return null;
    const tasks = this.tasks.length;
    const rows = logits.length / tasks;
    const click = (position: number): number => {
      let sum = 0;
      for (let i = 0; i < rows; i++)
        sum += probabilitiesAt(network, logits.subarray(i * tasks, (i + 1) * tasks), table, position)[0];
      return sum;
    };
    const top = click(0);
    return Float64Array.from({ length: sizes.positions }, (_, k) => click(k) / top);
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** Whether all tasks read a weight: the encoder's and the shared experts'. */
const isShared = (name: string): boolean => !name.startsWith('heads.') || /^heads\.ranking\.experts\.(\d+\.)?shared\./.test(name);
