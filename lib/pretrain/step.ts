import { encode, encoderParams, type EncoderConfig } from '../encoder';
import {
  adamW,
  ADAMW_FEEDS,
  clipByGlobalNorm,
  globalNorm,
  type AdamWOptions,
  type FeedSpecs,
  type Outputs,
  type State,
  type VariableSpec,
} from '../graph';
import { nameHeadParams, nameLogits } from '../heads/brand';
import { classificationLogits, classificationParams } from '../heads/classification';
import { mlmLogits, mlmParams } from '../heads/mlm';
import { crossEntropy } from '../ops/cross-entropy';
import { valueAndGradients } from '../ops/gradients';
import { kernel, FLOAT, INT } from '../ops/kernel';
import type { Params, ParamSpecs } from '../ops/params';
import { firstToken, meanPool } from '../ops/pooling';
import { rowSum } from '../ops/row-sum';
import { TensorKey } from '../ops/tensor-key';
import { unknownChoice } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { enqueue, infoNce, queueSize } from './contrastive';
import { maskCapacity } from './mlm';
import { TASKS, type PretrainConfig, type PretrainTask } from './config';

/** What decides the recorded programs of a pre-training run. */
export interface PretrainModel {
  encoder: EncoderConfig;
  config: PretrainConfig;
  /** How the sentence vector of Product2Query and Product2Brand is made. */
  pooling: 'first' | 'mean';
  brands: number;
  colors: number;
}

/** The tasks that a configuration has, in the order of `TASKS`; null or absent = off. */
export const activeTasks = (config: PretrainConfig): PretrainTask[] => TASKS.filter((task) => config[task]);

/** All weights: the encoder's and each active task's head. */
export function pretrainParams({ encoder, config, brands, colors }: PretrainModel): ParamSpecs {
  const { mlm, product2query, product2brand } = config;
  const std = 1 / Math.sqrt(encoder.hidden); // Hugging Face's 0.02 fits a hidden width of 2,500; a narrow head would hardly move for long
  return {
    ...encoderParams(encoder),
    ...(mlm ? mlmParams(encoder, std) : {}),
    ...(product2query ? classificationParams(encoder, 2, { name: 'pair', std }) : {}),
    ...(product2brand ? nameHeadParams('brand', encoder.hidden, product2brand.dimension, brands, std) : {}),
    ...(product2brand?.color ? nameHeadParams('color', encoder.hidden, product2brand.dimension, colors, std) : {}),
  };
}

const MOMENTUM = 'momentum/';
export const QUEUE = 'queue';

/** State besides weights and Adam's moments: the momentum encoder and its queue. */
export function contrastiveState({ encoder, config }: PretrainModel): Record<string, VariableSpec> {
  const { contrastive } = config;
  if (!contrastive || !queueSize(contrastive, config.batch)) return {};
  const shadow = Object.entries(encoderParams(encoder)).map(([name, { shape }]) => [MOMENTUM + name, { shape }] as const);
  return { ...Object.fromEntries(shadow), [QUEUE]: { shape: [queueSize(contrastive, config.batch), encoder.hidden] } };
}

/** The starting values of that state: the momentum encoder equals the encoder. */
export const startMomentum = (
  model: PretrainModel,
  weights: Readonly<Record<string, Float32Array>>,
): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.keys(contrastiveState(model)).flatMap((name) =>
      name === QUEUE ? [] : [[name, weights[name.slice(MOMENTUM.length)]]],
    ),
  );

/** What each task is fed for a batch padded to `length`; names begin with the task's. */
export function taskFeeds(model: PretrainModel, tasks: readonly PretrainTask[], length: number): FeedSpecs {
  const { config, encoder } = model;
  const text = { shape: [config.batch, length], dtype: 'int32' } as const;
  const ints = (n: number) => ({ shape: [n], dtype: 'int32' }) as const;
  const feeds: [string, FeedSpecs[string]][] = [];
  for (const task of tasks) {
    feeds.push([`${task}.inputIds`, text], [`${task}.attentionMask`, text]);
    if (encoder.type === 'bert') feeds.push([`${task}.tokenTypeIds`, text]);
    if (task === 'mlm') {
      const slots = maskCapacity(config.batch * length, config.mlm!.share);
      feeds.push(['mlm.positions', ints(slots)], ['mlm.labels', ints(slots)]);
    }
    if (task === 'product2query') feeds.push(['product2query.labels', ints(config.batch)]);
    if (task === 'product2brand') feeds.push(['product2brand.labels', ints(config.batch)]);
    if (task === 'product2brand' && config.product2brand!.color) feeds.push(['product2brand.colorLabels', ints(config.batch)]);
  }
  return Object.fromEntries(feeds);
}

export const pretrainFeeds = (model: PretrainModel, tasks: readonly PretrainTask[], length: number): FeedSpecs => ({
  ...taskFeeds(model, tasks, length),
  seed: { shape: [2], dtype: 'int32' },
  ...ADAMW_FEEDS,
});

type Feeds = Readonly<Record<string, Tensor>>;

interface TaskResult {
  loss: Tensor;
  /** The share a person can judge: masked tokens, pairs, brands guessed right; own view found among the batch. */
  accuracy: Tensor;
  /** Further figures for the self-checks: `PolyTerm`, `Positive` (mean cosine of the two views). */
  more?: Readonly<Record<string, Tensor>>;
  /** Figures that are worth computing on held-out products only: `TopFive`, `Distinct` (names that are some row's first choice). */
  heldOut?: Readonly<Record<string, Tensor>>;
}

/** One task's loss on its batch. `key` null = evaluation: no dropout (but for the two views of the contrastive task). */
export function taskLoss(
  task: PretrainTask,
  params: Params,
  model: PretrainModel,
  feeds: Feeds,
  key: TensorKey | null,
  queue: Tensor | null,
): TaskResult {
  const { encoder, config, pooling } = model;
  const typed = feeds[`${task}.tokenTypeIds`];
  const attentionMask = feeds[`${task}.attentionMask`];
  const input = { inputIds: feeds[`${task}.inputIds`], attentionMask, ...(typed ? { tokenTypeIds: typed } : {}) };
  const own = key?.fold(task) ?? null;
  const vector = (hidden: Tensor): Tensor => (pooling === 'first' ? firstToken(hidden) : meanPool(hidden, attentionMask));
  const labels = feeds[`${task}.labels`];
  if (task === 'contrastive') {
    const settings = config.contrastive!;
    const shaken = { ...encoder, dropout: encoder.dropout || settings.dropout };
    const views = (own ?? new TensorKey(feeds.seed)).fold('view');
    const view = (n: number): Tensor =>
      meanPool(encode(params, shaken, input, { dropoutKey: views.fold(n), recompute: config.recompute }), attentionMask);
    const { loss, logits } = infoNce(view(0), view(1), queue, settings.scale);
    const itself = tf.range(0, config.batch, 1, 'int32');
    const pairs = tf.sum(tf.mul(logits, tf.cast(tf.oneHot(itself, logits.shape[1]!), 'float32')), 1);
    return { loss, accuracy: accuracyOf(logits, itself), more: { Positive: tf.div(tf.mean(pairs), settings.scale) } };
  }
  const tokens = task !== 'mlm' && pooling === 'first' ? 'first' : 'all';
  const hidden = encode(params, encoder, input, { dropoutKey: own, tokens, recompute: config.recompute });
  if (task === 'mlm') {
    const logits = mlmLogits(params, encoder, hidden, feeds['mlm.positions']);
    return { loss: crossEntropy(logits, labels), accuracy: accuracyOf(logits, labels) };
  }
  if (task === 'product2query') {
    const logits = classificationLogits(params, encoder, hidden, attentionMask, { name: 'pair', pooling }, own?.fold('head'));
    const { loss: kind } = config.product2query!;
    const more: TaskResult['more'] = kind === 'poly1' ? { PolyTerm: polyTerm(logits, labels) } : {};
    return { loss: pairLoss(logits, labels, kind), accuracy: accuracyOf(logits, labels), more };
  }
  if (task !== 'product2brand') return unknownChoice('task', task);
  const pooled = vector(hidden);
  const logits = nameLogits(params, 'brand', pooled);
  const brand = crossEntropy(logits, labels);
  const loss = config.product2brand!.color
    ? tf.mul(tf.add(brand, crossEntropy(nameLogits(params, 'color', pooled), feeds['product2brand.colorLabels'])), 0.5)
    : brand;
  const heldOut: TaskResult['heldOut'] = key ? {} : { TopFive: topFiveOf(logits, labels), Distinct: distinctGuesses(logits) };
  return { loss, accuracy: accuracyOf(logits, labels), heldOut };
}

/** Poly-1 with ε = 1 (paper §4), or cross-entropy. */
function pairLoss(logits: Tensor, labels: Tensor, kind: 'poly1' | 'ce'): Tensor {
  const ce = crossEntropy(logits, labels);
  return kind === 'ce' ? ce : tf.add(ce, polyTerm(logits, labels));
}

/** Poly-1's 1 − p_true, mean over the batch; the true class is taken by a one-hot sum (the release's gather made the term constant). */
function polyTerm(logits: Tensor, labels: Tensor): Tensor {
  const truth = tf.cast(tf.oneHot(labels as tf.Tensor1D, 2), 'float32');
  return tf.mean(tf.sub(1, rowSum(tf.mul(truth, tf.softmax(logits)))));
}

/** How many names are some row's first choice: [B, names] → scalar. 1 says that the head answers the same whatever it reads. No gradient. */
function distinctGuesses(logits: Tensor): Tensor {
  const guesses = tf.oneHot(tf.argMax<tf.Tensor1D>(logits, 1), logits.shape[1]!); // [B, names]
  return tf.sum(tf.cast(tf.greater(tf.sum(tf.cast(guesses, 'float32'), 0), 0), 'float32'));
}

/** The share of counted rows (label ≥ 0) whose largest logit is the label's: [N, K], int32 [N] → scalar. No gradient. */
function accuracyOf(logits: Tensor, labels: Tensor): Tensor {
  const right = tf.equal(tf.argMax(logits, 1), labels);
  const counted = tf.greaterEqual(labels, tf.scalar(0, 'int32'));
  const share = (x: Tensor): Tensor => tf.sum(tf.cast(x, 'float32'));
  return tf.div(share(tf.logicalAnd(right, counted)), tf.maximum(share(counted), 1));
}

function topFiveOf(logits: Tensor, labels: Tensor): Tensor {
  const k = Math.min(5, logits.shape[1]!);
  const safe = tf.maximum(labels, tf.scalar(0, 'int32'));
  const inTop = kernel('InTopKV2', [logits, safe, tf.scalar(k, 'int32')], { T: INT });
  const counted = tf.cast(tf.greaterEqual(labels, tf.scalar(0, 'int32')), 'float32');
  const hits = tf.mul(kernel('Cast', [inTop], { SrcT: { type: 10 }, DstT: FLOAT, Truncate: { bool: false } }), counted);
  return tf.div(tf.sum(hits), tf.maximum(tf.sum(counted), 1));
}

/**
 * One step of Algorithm 1 over the given tasks, to be recorded: a mini-batch of each, one summed loss Σ weight·loss, AdamW; then the momentum encoder
 * moves and its vectors of this batch enter the queue.
 */
export function pretrainStep(model: PretrainModel, tasks: readonly PretrainTask[], adam: AdamWOptions) {
  const { config } = model;
  return (state: State, feeds: Feeds): Outputs => {
    const key = new TensorKey(feeds.seed);
    const queued = tasks.includes('contrastive') && state.has(QUEUE);
    const queue = queued ? state.read(QUEUE) : null;
    const params: Params = Object.fromEntries(Object.keys(pretrainParams(model)).map((name) => [name, state.read(name)]));
    const results = (p: Params): [PretrainTask, TaskResult][] =>
      tasks.map((task) => [task, taskLoss(task, p, model, feeds, key, queue)]);
    const { value, gradients } = valueAndGradients(
      (p) => results(p).reduce<Tensor>((sum, [task, { loss }]) => tf.add(sum, tf.mul(loss, config[task]!.weight)), tf.scalar(0)),
      params,
    );
    const clipped = config.clip > 0 ? clipByGlobalNorm(gradients, config.clip) : { gradients, norm: globalNorm(gradients) };
    adamW(state, clipped.gradients, feeds, adam);
    const moved: Outputs = queued ? { queueChange: moveMomentum(state, model, feeds, queue!) } : {};
    const outputs = results(params).flatMap(([task, result]) => figures(task, result));
    return { loss: value, norm: clipped.norm, ...moved, ...Object.fromEntries(outputs) };
  };
}

/** A task's outputs by name. */
const figures = (task: PretrainTask, { loss, accuracy, more, heldOut }: TaskResult): [string, Tensor][] => [
  [`${task}Loss`, loss],
  [`${task}Accuracy`, accuracy],
  ...Object.entries({ ...more, ...heldOut }).map(([name, value]): [string, Tensor] => [task + name, value]),
];

/** m ← μ·m + (1−μ)·w for the momentum encoder; its vectors of this batch, without dropout, enter the queue. Gives the queue's largest change. */
function moveMomentum(state: State, { encoder, config }: PretrainModel, feeds: Feeds, queue: Tensor): Tensor {
  const names = Object.keys(encoderParams(encoder));
  const step = tf.scalar(1 - config.contrastive!.momentum);
  for (const name of names) state.subtractScaled(MOMENTUM + name, step, tf.sub(state.read(MOMENTUM + name), state.read(name)));
  const momentum: Params = Object.fromEntries(names.map((name) => [name, state.read(MOMENTUM + name)]));
  const typed = feeds['contrastive.tokenTypeIds'];
  const attentionMask = feeds['contrastive.attentionMask'];
  const hidden = encode(momentum, encoder, {
    inputIds: feeds['contrastive.inputIds'],
    attentionMask,
    ...(typed ? { tokenTypeIds: typed } : {}),
  });
  const next = enqueue(queue, meanPool(hidden, attentionMask));
  state.assign(QUEUE, next);
  return tf.max(tf.abs(tf.sub(next, queue)));
}

/** Losses and accuracies of the given tasks on held-out batches, nothing trained. */
export function evaluateStep(model: PretrainModel, tasks: readonly PretrainTask[]) {
  return (state: State, feeds: Feeds): Outputs => {
    const params: Params = Object.fromEntries(Object.keys(pretrainParams(model)).map((name) => [name, state.read(name)]));
    return Object.fromEntries(tasks.flatMap((task) => figures(task, taskLoss(task, params, model, feeds, null, null))));
  };
}
