import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoderParams, initialise } from '../../encoder';
import type { ImpressionGroups, PairInputs } from '../../ranking/inputs';
import { featureWidth, type NetworkConfig } from '../../ranking/multitask/config';
import { POSITION, probabilitiesAt } from '../../ranking/multitask/probability';
import { rankingHeadParams } from '../../ranking/network';
import { Ranker, type RankerSpec } from '../../ranking/train-ranking';
import { Key } from '../../runtime/key';
import { train } from '../../train/loop';
import { tiny } from '../encoder/tiny';
import { NETWORK } from './fixture-network';

const [PAIRS, PLACES, BATCH, STEPS] = [13, 3, 5, 6];
const encoder = { ...tiny('xlm-roberta'), layers: 1, dropout: 0, attentionDropout: 0 };

function spec(more: Partial<NetworkConfig> = {}, other: Partial<RankerSpec> = {}): RankerSpec {
  const network = { ...NETWORK, sharing: 'shared-bottom' as const, ...more };
  return {
    encoder,
    network,
    sizes: { hidden: encoder.hidden, features: featureWidth(network.features), positions: 4 },
    adam: { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.01 },
    clip: 0,
    schedule: { learningRate: 1e-2, warmup: 0.1, decay: 'linear' },
    batch: BATCH,
    impressions: PLACES,
    buckets: [11],
    trainEncoder: true,
    precision: 'f32',
    ...other,
  };
}

/** Random pairs of seven or eleven tokens, and three impressions or fewer of each. */
function data(): { inputs: PairInputs; groups: ImpressionGroups } {
  const random = Key.from('ranking data').random();
  const lengths = Array.from({ length: PAIRS }, (_, i) => (i % 2 ? 7 : 11));
  const offsets = Uint32Array.from([0, ...lengths]);
  for (let i = 1; i <= PAIRS; i++) offsets[i] += offsets[i - 1];
  const zeros = new Int32Array(PAIRS);
  const tokens = {
    size: PAIRS,
    ids: Int32Array.from({ length: offsets[PAIRS] }, () => 4 + random.int(13)),
    offsets,
    labels: new Int8Array(PAIRS),
    weights: new Float32Array(PAIRS).fill(1),
    locales: new Int8Array(PAIRS),
    queryIds: zeros,
    exampleIds: zeros,
  };
  const n = PAIRS * PLACES;
  const click = Uint8Array.from({ length: n }, () => Number(random.bernoulli(0.5)));
  const cart = click.map((c) => c & Number(random.bernoulli(0.5)));
  const purchase = cart.map((c) => c & Number(random.bernoulli(0.5)));
  return {
    inputs: {
      tokens,
      features: Float32Array.from({ length: PAIRS * 3 }, () => random.normal()),
      width: 3,
      pairs: Int32Array.from(zeros, (_, i) => i),
    },
    groups: {
      size: PAIRS,
      capacity: PLACES,
      row: Int32Array.from(zeros, (_, i) => i),
      count: Uint16Array.from(zeros, (_, i) => 1 + (i % PLACES)),
      position: Int32Array.from({ length: n }, () => random.int(5)),
      labels: { click, cart, purchase },
    },
  };
}

const weightsOf = (s: RankerSpec): Record<string, Float32Array> => ({
  ...initialise(encoderParams(encoder), Key.from('encoder')),
  ...initialise(rankingHeadParams(s.network, s.sizes), Key.from('head')),
});

async function run(s: RankerSpec, from = 0, state?: Record<string, ArrayLike<number>>, until = STEPS) {
  const ranker = new Ranker(s);
  try {
    const { inputs, groups } = data();
    ranker.start(weightsOf(s));
    if (state) ranker.program.write(state);
    const batch = ranker.trainingBatches(inputs, groups, Key.from('batches'), encoder.padId);
    const plan = {
      program: ranker.program,
      steps: until,
      accumulation: 1,
      batch,
      scalars: (t: number) => ranker.scalars(t, STEPS),
    };
    const result = await train(plan, { step: from, curves: {}, best: null });
    return {
      result,
      weights: ranker.weights(),
      state: ranker.program.read(),
      output: ranker.predict(inputs, encoder.padId),
      table: ranker.positionTable(),
    };
  } finally {
    ranker.dispose();
  }
}

test('recorded steps equal eager ones, and a run taken up from its state equals the whole (two routes, bit for bit)', async () => {
  const s = spec({ sharing: 'mmoe', transfer: 'esmm', dropout: 0.1 });
  const whole = await run(s);
  const half = await run(s, 0, undefined, 3);
  const rest = await run(s, 3, half.state);
  assert.deepEqual(rest.weights, whole.weights);
  assert.deepEqual(rest.output, whole.output);
  const eager = await run({ ...s, eager: true });
  for (const [name, values] of Object.entries(whole.weights))
    values.forEach((v, i) => assert.ok(Math.abs(v - eager.weights[name][i]) < 2e-4, `${name}[${i}]`));
  assert.deepEqual(Object.keys(whole.result.curves).sort(), ['cartLoss', 'clickLoss', 'loss', 'norm', 'purchaseLoss']);
});

test('one task alone is the multi-task network with the other weights at 0 (equality of what both have)', async () => {
  const alone = await run(spec({ tasks: ['click'], sharing: 'single' }));
  const multi = await run(spec({ taskWeights: { click: 1, cart: 0, purchase: 0 } }));
  for (const name of Object.keys(alone.weights)) {
    if (name === POSITION) continue; // its columns are tasks
    alone.weights[name].forEach((v, i) => assert.ok(Math.abs(v - multi.weights[name][i]) < 1e-5, `${name}[${i}]`));
  }
  alone.output.logits.forEach((z, i) => assert.ok(Math.abs(z - multi.output.logits[3 * i]) < 1e-4));
});

test('a pair read once for several impressions is trained as impression by impression (two routes)', async () => {
  const s = spec({ tasks: ['click'], sharing: 'single', features: [] }, { batch: 2, impressions: PLACES });
  const one = new Ranker({ ...s, batch: 2 * PLACES, impressions: 1, sizes: { ...s.sizes, features: 0 } });
  const many = new Ranker({ ...s, sizes: { ...s.sizes, features: 0 } });
  try {
    const ids = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
    const rows = [ids, [...ids].reverse()];
    const [positions, click, counted] = [[0, 1, 2, 3, 0, 1], [1, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 0]]; // prettier-ignore
    const scalars = many.scalars(1, STEPS);
    const feeds = { positions, click, counted, seed: [1, 2], ...scalars };
    const wide = rows.flatMap((row) => Array.from({ length: PLACES }, () => row)).flat();
    const start = weightsOf({ ...s, sizes: { ...s.sizes, features: 0 } });
    const losses = [many, one].map((ranker, i) => {
      ranker.start(start);
      const inputIds = i ? wide : rows.flat();
      return ranker.program.run('train', '11', { ...feeds, inputIds, attentionMask: inputIds.map(() => 1) }).loss[0];
    });
    assert.ok(Math.abs(losses[0] - losses[1]) < 1e-6);
    const [a, b] = [many.weights(), one.weights()];
    for (const [name, values] of Object.entries(a))
      values.forEach((v, i) => assert.ok(Math.abs(v - b[name][i]) < 1e-3, `${name}[${i}]`));
  } finally {
    one.dispose();
    many.dispose();
  }
});

test('the tower learns position and only position: a log whose clicks depend on it alone (known truth)', async () => {
  const s = spec({ tasks: ['click'], sharing: 'single' }, { trainEncoder: false, impressions: 4, batch: 4 });
  const ranker = new Ranker({ ...s, adam: { ...s.adam, weightDecay: 0 } });
  try {
    const { inputs } = data();
    const truth = [0.8, 0.4, 0.2, 0.1];
    const random = Key.from('clicks').random();
    const size = 1200;
    const none = new Uint8Array(size * 4);
    const groups: ImpressionGroups = {
      size,
      capacity: 4,
      row: Int32Array.from({ length: size }, (_, g) => g % PAIRS),
      count: new Uint16Array(size).fill(4),
      position: Int32Array.from({ length: size * 4 }, (_, i) => i % 4),
      labels: { click: none.map((_, i) => Number(random.bernoulli(truth[i % 4]))), cart: none, purchase: none },
    };
    ranker.start(weightsOf(s));
    const batch = ranker.trainingBatches(inputs, groups, Key.from('position'), encoder.padId);
    await train({
      program: ranker.program,
      steps: 300,
      accumulation: 1,
      batch,
      scalars: (t) => ({ ...ranker.scalars(t, 300), learningRate: 0.03 }),
    });
    const { logits } = ranker.predict(inputs, encoder.padId);
    const curve = ranker.examination(logits)!;
    truth.forEach((p, k) =>
      assert.ok(Math.abs(curve[k] - p / truth[0]) < 0.08, `position ${k + 1}: ${curve[k]}, true ${p / truth[0]}`),
    );
    const [off] = probabilitiesAt(s.network, logits, ranker.positionTable(), null);
    assert.ok(Math.abs(off - 0.8) < 0.12, `switched off it is the top's: ${off}`);
  } finally {
    ranker.dispose();
  }
});

test('the conflict of tasks is a cosine: 1 for a task with itself under equal labels, and the frozen encoder stays (known truth)', async () => {
  const s = spec({ tasks: ['click', 'cart'], sharing: 'shared-bottom' });
  const ranker = new Ranker(s);
  try {
    const { inputs, groups } = data();
    const start = weightsOf(s);
    for (const part of ['dense.weight', 'dense.bias', 'out.weight', 'out.bias'])
      start[`heads.ranking.tower.cart.${part}`] = start[`heads.ranking.tower.click.${part}`];
    ranker.start(start);
    const same = { ...groups, labels: { ...groups.labels, cart: groups.labels.click } };
    const { 'click-cart': agree } = ranker.conflict(inputs, same, Key.from('a'), encoder.padId, 2);
    assert.ok(Math.abs(agree - 1) < 1e-4, `equal towers and labels: ${agree}`);
    const opposed = { ...groups, labels: { ...groups.labels, cart: groups.labels.click.map((c) => 1 - c) } };
    const { 'click-cart': fight } = ranker.conflict(inputs, opposed, Key.from('a'), encoder.padId, 2);
    assert.ok(fight < 0.9 && fight >= -1.0001, `opposite labels: ${fight}`);
  } finally {
    ranker.dispose();
  }
  const frozen = await run(spec({}, { trainEncoder: false }));
  const start = weightsOf(spec());
  for (const name of Object.keys(encoderParams(encoder))) assert.deepEqual(frozen.weights[name], start[name]);
});
