// Oracles: torch's InfoNCE; queue and momentum encoder by hand; two routes (eager and recorded); a task's head moves only with its task.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode, encoderParams, initialise } from '../../encoder';
import { scales } from '../../experiments/scales';
import { adamScalars, adamWState, Program, type Entry } from '../../graph';
import { maskedPositions } from '../../heads/mlm';
import { tensorsOf } from '../../heads/parity/golden';
import { TASKS, type PretrainConfig, type PretrainTask } from '../../pretrain/config';
import { enqueue, infoNce } from '../../pretrain/contrastive';
import { maskCapacity } from '../../pretrain/mlm';
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
  taskLoss,
  type PretrainModel,
} from '../../pretrain/step';
import { meanPool } from '../../ops/pooling';
import { taskEpoch } from '../../pretrain/sources';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { NameVocabulary, Tokenizer } from '../../text';
import { unigramJson } from '../../text/train-tokenizer';
import { Pretrainer } from '../../train/pretrainer';
import { goldenFolder } from '../encoder/golden-folder';
import { tiny } from '../encoder/tiny';
import { checkGradients, normal } from '../ops/finite-differences';

const [ROWS, TOKENS] = [5, 11];
const base = scales.demo.pretrain;
const config: PretrainConfig = {
  ...base,
  product2brand: { weight: 1, color: true, dimension: 7 },
  contrastive: { ...base.contrastive!, queue: 2.4, momentum: 0.9 },
  batch: ROWS,
  clip: 0,
};
const model = (change: Partial<PretrainConfig> = {}): PretrainModel => ({
  encoder: { ...tiny('xlm-roberta'), layers: 1, dropout: 0, attentionDropout: 0 },
  config: { ...config, ...change },
  pooling: 'first',
  brands: 13,
  colors: 3,
});
const adam = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0 };

const seed7 = goldenFolder('seed7');
test('InfoNCE is that of torch, and its gradient is right', { skip: seed7 ? false : 'reference numbers missing' }, () => {
  tf.tidy(() => {
    const { info_nce: golden } = JSON.parse(readFileSync(join(seed7!, 'losses.json'), 'utf8')) as {
      info_nce: { anchors: number[][]; positives: number[][]; temperature: number; loss: number };
    };
    const { loss } = infoNce(tf.tensor2d(golden.anchors), tf.tensor2d(golden.positives), null, 1 / golden.temperature);
    assert.ok(Math.abs(loss.dataSync()[0] - golden.loss) < 1e-5, `${loss.dataSync()[0]}, expected ${golden.loss}`);
    const queue = enqueue(tf.zeros([3, 5]), normal('queue', [3, 5]));
    checkGradients(({ a, b }) => infoNce(a, b, queue, 2).loss.reshape([1]), { a: normal('a', [4, 5]), b: normal('b', [4, 5]) });
  });
});

test('a queue adds its rows as wrong answers; the newest keys come in front and the oldest fall out', () => {
  tf.tidy(() => {
    const unit = (...degrees: number[]): tf.Tensor =>
      tf.tensor2d(degrees.map((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)]));
    // One anchor at 0°, its key at 60° (cosine .5), a queue at 90° and 180° (0 and −1); scale 2: logits 1, 0, −2
    const { loss, logits } = infoNce(unit(0), unit(60), unit(90, 180), 2);
    assert.ok(Math.abs(loss.dataSync()[0] - (Math.log(Math.E + 1 + Math.exp(-2)) - 1)) < 1e-5);
    assert.deepEqual(logits.shape, [1, 3]);
    const next = enqueue(unit(10, 20, 30), tf.mul(unit(40, 50), 3));
    const expected = unit(40, 50, 10).dataSync();
    next.dataSync().forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-6));
  });
});

/** Feeds of batch `t` for the given tasks. */
function feedsAt(t: number, tasks: readonly PretrainTask[]): Record<string, ArrayLike<number>> {
  const random = Key.from('pretrain').fold(t).random();
  const ints = (n: number, least: number, limit: number) =>
    Int32Array.from({ length: n }, () => least + random.int(limit - least));
  const feeds: Record<string, ArrayLike<number>> = { seed: Key.from(t).words() };
  for (const task of TASKS) {
    const own: Record<string, ArrayLike<number>> = {
      inputIds: ints(ROWS * TOKENS, 4, 17),
      attentionMask: new Int32Array(ROWS * TOKENS).fill(1),
    };
    if (task === 'mlm') {
      const labels = Int32Array.from({ length: ROWS * TOKENS }, (_, i) => (i % 7 === 3 ? 4 + random.int(13) : -100));
      Object.assign(own, maskedPositions(labels, maskCapacity(ROWS * TOKENS, config.mlm!.share)));
    }
    if (task === 'product2query') own.labels = ints(ROWS, 0, 2);
    if (task === 'product2brand') Object.assign(own, { labels: [-100, ...ints(ROWS - 1, 1, 13)], colorLabels: ints(ROWS, 1, 3) });
    if (tasks.includes(task)) for (const [name, value] of Object.entries(own)) feeds[`${task}.${name}`] = value;
  }
  return feeds;
}

function start(m: PretrainModel, entries: Record<string, readonly PretrainTask[]>, eager = false) {
  const specs = pretrainParams(m);
  const weights = initialise(specs, Key.from('start'));
  const training = Object.entries(entries).map(([name, tasks]): [string, Entry] => [
    name,
    { step: pretrainStep(m, tasks, adam), buckets: { all: pretrainFeeds(m, tasks, TOKENS) } },
  ]);
  const evaluate = {
    step: evaluateStep(m, TASKS),
    buckets: { all: { ...taskFeeds(m, TASKS, TOKENS), seed: { shape: [2], dtype: 'int32' } as const } },
  };
  const program = new Program(
    { ...specs, ...adamWState(specs), ...contrastiveState(m) },
    { ...Object.fromEntries(training), evaluate },
    { eager },
  );
  const queue = enqueue(tf.zeros([12, 6]), normal('first queue', [12, 6])).dataSync();
  program.write(
    { ...weights, ...startMomentum(m, weights), ...(QUEUE in contrastiveState(m) ? { [QUEUE]: queue } : {}) },
    'zero',
  );
  const update = (t: number, entry: string) =>
    program.run(entry, 'all', { ...feedsAt(t, entries[entry]), ...adamScalars(t + 1, 1e-3, adam) });
  return { program, update, specs, weights, queue };
}

test('momentum encoder and queue after each of three steps, by hand', () => {
  const m = model();
  const { program, update, queue: first } = start(m, { train: TASKS });
  const names = Object.keys(encoderParams(m.encoder));
  const shapes = Object.fromEntries(names.map((n) => [n, encoderParams(m.encoder)[n].shape]));
  let momentum = program.read(names);
  let queue = Float32Array.from(first);
  for (let t = 0; t < 3; t++) {
    update(t, 'train');
    const weights = program.read(names);
    momentum = Object.fromEntries(names.map((n) => [n, Float32Array.from(momentum[n], (x, i) => 0.9 * x + 0.1 * weights[n][i])]));
    const feeds = feedsAt(t, TASKS);
    queue = tf.tidy(() => {
      const int = (name: string): tf.Tensor => tf.tensor(feeds[`contrastive.${name}`], [ROWS, TOKENS], 'int32');
      const hidden = encode(tensorsOf(momentum as Record<string, Float32Array>, shapes), m.encoder, {
        inputIds: int('inputIds'),
        attentionMask: int('attentionMask'),
      });
      const keys = meanPool(hidden, int('attentionMask')).arraySync() as number[][];
      const unit = keys.flatMap((row) => row.map((x) => x / Math.hypot(...row)));
      return Float32Array.from([...unit, ...queue.subarray(0, (12 - ROWS) * 6)]);
    });
    const got = program.read([QUEUE, ...names.map((n) => `momentum/${n}`)]);
    for (const n of names)
      momentum[n].forEach((x, i) => assert.ok(Math.abs(got[`momentum/${n}`][i] - x) < 1e-6, `${n}[${i}] after step ${t}`));
    queue.forEach((x, i) =>
      assert.ok(Math.abs(got[QUEUE][i] - x) < 2e-5, `queue[${i}] after step ${t}: ${got[QUEUE][i]}, expected ${x}`),
    );
  }
  program.dispose();
});

test('a task that is null or absent is off; one that nothing computes is refused, not taken for another', () => {
  assert.deepEqual(activeTasks({ ...base, mlm: null, contrastive: undefined as unknown as null }), [
    'product2query',
    'product2brand',
  ]);
  const unknown = 'order' as PretrainTask;
  const m = model();
  const inputIds = tf.ones([ROWS, TOKENS], 'int32');
  const feeds = { 'order.inputIds': inputIds, 'order.attentionMask': inputIds };
  const paramsOf = (of: PretrainModel): Record<string, tf.Tensor> =>
    Object.fromEntries(Object.entries(pretrainParams(of)).map(([name, { shape }]) => [name, tf.zeros([...shape])]));
  assert.throws(
    () => tf.tidy(() => taskLoss(unknown, paramsOf(m), m, feeds, null, null).loss),
    /^InputError: task: got "order", which is none of its choices$/,
  );
  inputIds.dispose();
});

test('round-robin: a step moves its own task’s head and the encoder, no other head, and the queue only with its task', () => {
  const m = model();
  const { program, update, specs } = start(m, Object.fromEntries(TASKS.map((task) => [task, [task]])), true);
  const heads: Record<PretrainTask, string[]> = {
    mlm: ['mlm'],
    product2query: ['pair'],
    product2brand: ['brand', 'color'],
    contrastive: [],
  };
  TASKS.forEach((task, t) => {
    const names = [...Object.keys(specs), QUEUE];
    const before = program.read(names);
    update(t, task);
    const after = program.read(names);
    const moved = names.filter((n) => String(after[n]) !== String(before[n]));
    const headsMoved = [...new Set(moved.flatMap((n) => /^heads\.(\w+)/.exec(n)?.[1] ?? []))];
    assert.deepEqual(headsMoved, heads[task], task);
    assert.ok(moved.includes('encoder.layer.0.output.dense.weight'), task);
    assert.equal(moved.includes(QUEUE), task === 'contrastive');
  });
  program.dispose();
});

test('the summed step is Σ weight · loss of its tasks, the same recorded and eager over ten updates; evaluation changes nothing', () => {
  const m = model();
  const routes = [true, false].map((eager) => {
    const { program, update } = start(m, { train: TASKS }, eager);
    const outputs = Array.from({ length: 10 }, (_, t) => update(t, 'train'));
    const names = Object.keys(pretrainParams(m));
    const before = program.read([...names, QUEUE]);
    const figures = program.run('evaluate', 'all', feedsAt(99, TASKS));
    assert.deepEqual(program.read([...names, QUEUE]), before);
    program.dispose();
    return { outputs, figures };
  });
  routes[0].outputs.forEach((eager, t) => {
    const recorded = routes[1].outputs[t];
    for (const name of Object.keys(eager))
      assert.ok(
        Math.abs(eager[name][0] - recorded[name][0]) < 1e-3 * Math.max(1, Math.abs(eager[name][0])),
        `${name} of update ${t}`,
      );
    const sum = TASKS.reduce((total, task) => total + config[task]!.weight * recorded[`${task}Loss`][0], 0);
    assert.ok(Math.abs(recorded.loss[0] - sum) < 1e-4 * sum, `loss ${recorded.loss[0]}, weighted sum ${sum}`);
  });
  const { figures } = routes[1];
  for (const task of TASKS) assert.ok(figures[`${task}Accuracy`][0] >= 0 && figures[`${task}Accuracy`][0] <= 1);
  assert.ok(figures.product2brandTopFive[0] >= figures.product2brandAccuracy[0]);
  assert.ok(figures.product2brandDistinct[0] >= 1 && figures.product2brandDistinct[0] <= ROWS);
});

test('without dropout the two views are one: the cosine of a pair is 1, and the self-check reads just that', () => {
  const still = model({ contrastive: { ...config.contrastive!, dropout: 0 } });
  const { program, update } = start(still, { train: ['contrastive'] }, true);
  assert.ok(Math.abs(update(0, 'train').contrastivePositive[0] - 1) < 1e-6);
  program.dispose();
  const shaken = start(model(), { train: ['contrastive'] }, true);
  assert.ok(shaken.update(0, 'train').contrastivePositive[0] < 1 - 1e-4);
  shaken.program.dispose();
});

test('each task’s weights can be learned: sixty steps on one batch lower every loss', () => {
  const { program, update } = start(model(), { train: TASKS });
  const first = update(0, 'train');
  let last = first;
  for (let t = 1; t < 60; t++) last = program.run('train', 'all', { ...feedsAt(0, TASKS), ...adamScalars(t + 1, 1e-2, adam) });
  for (const task of ['mlm', 'product2query', 'product2brand'] as const)
    assert.ok(
      last[`${task}Loss`][0] < 0.6 * first[`${task}Loss`][0],
      `${task}: ${first[`${task}Loss`][0]} → ${last[`${task}Loss`][0]}`,
    );
  program.dispose();
});

test('a pre-training that could not work is refused before anything is recorded', async () => {
  const corpus = { products: [], brands: NameVocabulary.build([]), colors: NameVocabulary.build([]) };
  const refused = (change: Partial<PretrainConfig>, message: RegExp): Promise<void> =>
    assert.rejects(Pretrainer.create(model(change), { ...corpus, tokenizer: undefined as never }, Key.from('refused')), message);
  const { mlm, product2query, contrastive } = base;
  await refused({ mlm: { ...mlm!, mask: 0.95 } }, /mlm\.mask and mlm\.random must be at most 1 together, got 0\.95 and 0\.1/);
  await refused({ product2query: { ...product2query!, minimum: { us: 8, es: 1, jp: 1 } } }, /product2query\.minimum\.us must be/);
  await refused({ contrastive: { ...contrastive!, dropout: 0 } }, /contrastive\.dropout must be above 0/);
  await refused({ mlm: { ...mlm!, mask: 0.9, random: 0.1 } }, /at least a batch/); // 1 − 0.9 is less than 0.1 in binary
  await refused({}, /at least a batch of 5 products, got 0/);
});

test('Mask LM with a tokenizer that has no mask token is refused: 0 would be written in its place', async () => {
  const json = unigramJson([['▁a', -1], ['b', -2]]); // prettier-ignore
  const maskless = { ...json, added_tokens: json.added_tokens.filter(({ content }) => content !== '<mask>') };
  const names = NameVocabulary.build([]);
  const corpus = { products: [], tokenizer: new Tokenizer(maskless), brands: names, colors: names };
  await assert.rejects(taskEpoch('mlm', corpus, config, Key.from('maskless')), /Mask LM needs a tokenizer with a mask token/);
});
