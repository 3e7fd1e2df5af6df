import type { AdamWOptions, Entry } from '../graph';
import { adamScalars, adamWState, Program } from '../graph';
import { initialise } from '../encoder';
import { checkContrastive, queueSize } from '../pretrain/contrastive';
import type { PretrainTask } from '../pretrain/config';
import { checkMlm } from '../pretrain/mlm';
import { checkPlateau, plateauRate } from '../pretrain/plateau';
import { checkProduct2Query } from '../pretrain/pseudo-query';
import { checkRows, taskEpoch, type Corpus, type TaskEpoch } from '../pretrain/sources';
import {
  activeTasks,
  contrastiveState,
  evaluateStep,
  pretrainFeeds,
  pretrainParams,
  pretrainStep,
  QUEUE,
  startMomentum,
  taskFeeds,
  type PretrainModel,
} from '../pretrain/step';
import { ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { epochBatches, lengthBuckets, type Batch as RowBatch } from '../text';
import { withTypes } from './inputs';
import type { Batch } from './loop';
import { learningRateAt } from './schedule';

const BUCKETS = 3;

/** A pre-training run's programs and batches: Algorithm 1 over the active tasks. */
export class Pretrainer {
  readonly program: Program;
  readonly tasks: readonly PretrainTask[];
  private readonly adam: AdamWOptions;

  private constructor(
    private readonly model: PretrainModel,
    private readonly corpus: Corpus,
    private readonly key: Key,
    private readonly buckets: readonly number[],
  ) {
    const { config } = model;
    this.tasks = activeTasks(config);
    const factor = config.headFactor;
    this.adam = {
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: config.weightDecay,
      ...(factor === 1 ? {} : { rateFactor: (name) => (name.startsWith('heads.') ? factor : 1) }),
    };
    const params = pretrainParams(model);
    const entry = (tasks: readonly PretrainTask[]): Entry => ({
      step: pretrainStep(model, tasks, this.adam),
      buckets: Object.fromEntries(buckets.map((t) => [String(t), pretrainFeeds(model, tasks, t)])),
    });
    const evaluate: Entry = {
      step: evaluateStep(model, this.tasks),
      buckets: Object.fromEntries(
        [...new Set([...buckets, config.maxLength])].map((t) => [
          String(t),
          {
            ...taskFeeds(model, this.tasks, t),
            ...(config.contrastive ? { seed: { shape: [2], dtype: 'int32' } as const } : {}),
          },
        ]),
      ),
    };
    const training: Record<string, Entry> =
      config.mixture === 'sum'
        ? { train: entry(this.tasks) }
        : Object.fromEntries(this.tasks.map((task) => [task, entry([task])]));
    this.program = new Program(
      { ...params, ...adamWState(params, { host: config.momentsOnHost }), ...contrastiveState(model) },
      { ...training, evaluate },
      { precision: config.precision },
    );
  }

  static async create(model: PretrainModel, corpus: Corpus, key: Key): Promise<Pretrainer> {
    const { config } = model;
    const tasks = activeTasks(config);
    ensure(tasks.length > 0, 'pre-training needs at least one task');
    checkTasks(model);
    if (config.until) checkPlateau(config.until, config.steps);
    ensure(
      corpus.products.length >= config.batch,
      `pre-training needs at least a batch of ${config.batch} products, got ${corpus.products.length}`,
    );
    checkRows(corpus.products, config, 'pre-training');
    const lengths = await Promise.all(
      tasks.map(async (task) => [...(await taskEpoch(task, corpus, config, key.fold('lengths'))).lengths]),
    );
    const longest = Int32Array.from({ length: Math.max(...lengths.map((l) => l.length)) }, (_, i) =>
      Math.max(...lengths.map((l) => l[i] ?? 0)),
    );
    const buckets = lengthBuckets(longest, { batch: config.batch, multiple: 8, maxLength: config.maxLength, buckets: BUCKETS });
    // Another epoch's pseudo-queries may be a little longer than this one's.
    if (buckets[buckets.length - 1] < config.maxLength && config.product2query) buckets.push(config.maxLength);
    return new Pretrainer(model, corpus, key, buckets);
  }

  /** Sets the encoder's weights, draws the heads' and the queue, zeroes the moments. */
  start(encoder: Readonly<Record<string, Float32Array>>, heads: Readonly<Record<string, Float32Array>> = {}): void {
    const specs = pretrainParams(this.model);
    const drawn = initialise(
      Object.fromEntries(Object.entries(specs).filter(([name]) => !(name in encoder))),
      this.key.fold('heads'),
    );
    const weights = {
      ...drawn,
      ...Object.fromEntries(Object.keys(specs).flatMap((n) => ((encoder[n] ?? heads[n]) ? [[n, encoder[n] ?? heads[n]]] : []))),
    };
    const { contrastive, batch } = this.model.config;
    const size = contrastive ? queueSize(contrastive, batch) * this.model.encoder.hidden : 0;
    const queue: Record<string, Float32Array> = size
      ? { [QUEUE]: unitRows(size, this.model.encoder.hidden, this.key.fold('queue')) }
      : {};
    this.program.write({ ...weights, ...startMomentum(this.model, weights), ...queue }, 'zero');
  }

  /** All trained weights: encoder and heads. */
  weights(): Record<string, Float32Array> {
    return this.program.read(Object.keys(pretrainParams(this.model))) as Record<string, Float32Array>;
  }

  /** Batch `i` of training. In the sum every task gives a batch, padded to the longest of them; in round-robin task i mod n alone. */
  batches(): (i: number) => Promise<Batch> {
    const { config } = this.model;
    const streams = new Map(this.tasks.map((task) => [task, this.stream(task)]));
    return async (i) => {
      const round = config.mixture === 'round-robin';
      const tasks = round ? [this.tasks[i % this.tasks.length]] : this.tasks;
      const drawn = await Promise.all(tasks.map((task) => streams.get(task)!(round ? Math.floor(i / this.tasks.length) : i)));
      const length = Math.max(...drawn.map((d) => d.batch.length));
      const seed = this.key.fold('step', i);
      const feeds = Object.assign(
        {},
        ...tasks.map((task, t) => prefixed(task, drawn[t].epoch.feeds(drawn[t].batch.rows, length, seed.fold(task)))),
      ) as Batch['feeds'];
      const typed = withTypes(feeds, this.model.encoder.type === 'bert');
      const tokens = drawn.reduce((n, { epoch, batch }) => n + batch.rows.reduce((m, row) => m + epoch.lengths[row], 0), 0);
      return {
        entry: round ? tasks[0] : 'train',
        bucket: String(length),
        feeds: { ...typed, seed: seed.fold('dropout').words() },
        tokens,
        padded: tasks.length * config.batch * length,
      };
    };
  }

  /** Batch n of one task, over as many epochs as it takes. */
  private stream(task: PretrainTask): (n: number) => Promise<{ epoch: TaskEpoch; batch: RowBatch }> {
    const { config } = this.model;
    let number = -1;
    let first = 0;
    let epoch: TaskEpoch | undefined;
    let batches: RowBatch[] = [];
    return async (n) => {
      while (!epoch || n >= first + batches.length) {
        first += batches.length;
        const key = this.key.fold(task, 'epoch', ++number);
        epoch = await taskEpoch(task, this.corpus, config, key);
        batches = epochBatches(epoch.lengths, { batch: config.batch, buckets: this.buckets, key, last: 'drop' });
        ensure(batches.length > 0, `${task}: at least a batch of ${config.batch} rows needed, got ${epoch.lengths.length}`);
      }
      return { epoch, batch: batches[n - first] };
    };
  }

  /** Scalars of update `t`; `settled` is where a run to convergence stopped learning, undefined before. */
  scalars(t: number, settled?: number): Record<string, number> {
    const { config } = this.model;
    const rate = config.until ? plateauRate(config, t, settled) : learningRateAt(config, t, config.steps);
    return adamScalars(t + 1, rate, this.adam);
  }

  /** Each task's loss and accuracy on held-out products, mean over batches; the same masks, cuts and negatives for every encoder. */
  async evaluate(held: Corpus): Promise<Record<string, number>> {
    const { config } = this.model;
    const key = this.heldOutKey;
    const epochs = await Promise.all(this.tasks.map((task) => taskEpoch(task, held, config, key)));
    // Buckets are those of the texts trained on; a held-out one may be longer.
    const last = this.buckets[this.buckets.length - 1];
    const longest = Math.max(...epochs.map((epoch) => epoch.lengths.reduce((a, b) => Math.max(a, b), 0)));
    const length = longest <= last ? last : config.maxLength;
    const count = Math.min(...epochs.map((e) => Math.floor(e.lengths.length / config.batch)));
    ensure(count >= 1, `held-out products: at least ${config.batch} needed, got ${held.products.length}`);
    const totals: Record<string, number> = {};
    for (let b = 0; b < count; b++) {
      const rows = Int32Array.from({ length: config.batch }, (_, i) => b * config.batch + i);
      const feeds = Object.assign(
        {},
        ...this.tasks.map((task, t) => prefixed(task, epochs[t].feeds(rows, length, key.fold(task, b)))),
      ) as Batch['feeds'];
      const outputs = this.program.run('evaluate', String(length), {
        ...withTypes(feeds, this.model.encoder.type === 'bert'),
        ...(config.contrastive ? { seed: key.fold('views', b).words() } : {}),
      });
      for (const [name, value] of Object.entries(outputs)) totals[name] = (totals[name] ?? 0) + value[0] / count;
    }
    return totals;
  }

  /** The draw for held-out batches does not depend on the run's tasks, so that rows of a table are measured on the same masks. */
  private get heldOutKey(): Key {
    return this.key.fold('held out');
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** Refuses settings of a task that cannot work, or from which nothing could be learned. */
function checkTasks({ config: { mlm, product2query, contrastive }, encoder }: PretrainModel): void {
  if (mlm) checkMlm(mlm);
  if (product2query) checkProduct2Query(product2query);
  if (!contrastive) return;
  checkContrastive(contrastive);
  ensure(
    encoder.dropout > 0 || encoder.attentionDropout > 0 || contrastive.dropout > 0,
    'contrastive.dropout must be above 0 where the encoder has no dropout: both views of a text would be the same',
  );
}

const prefixed = (task: string, feeds: Record<string, Int32Array>): Record<string, Int32Array> =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [`${task}.${name}`, value]));

/** Random rows of length 1. */
function unitRows(size: number, width: number, key: Key): Float32Array {
  const random = key.random();
  const rows = Float32Array.from({ length: size }, () => random.normal());
  for (let at = 0; at < size; at += width) {
    const row = rows.subarray(at, at + width);
    const norm = Math.hypot(...row);
    row.forEach((x, i) => (row[i] = x / norm));
  }
  return rows;
}
