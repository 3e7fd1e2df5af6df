import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adamScalars, adamW, ADAMW_FEEDS, adamWState, clipByGlobalNorm, Program, type Entry, type State } from '../../graph';
import { TensorKey } from '../../ops/tensor-key';
import { Key } from '../../runtime/key';
import { backend, tf, type Tensor } from '../../runtime/tensorflow';

const variables = { w: { shape: [3, 5] }, bias: { shape: [5] } };
const options = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.01 };
const random = Key.from('program test').random();
const normal = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
const initial = { w: normal(15), bias: normal(5) };

/** A least-squares step with decay, clipping and noise drawn from a TensorKey. */
const train: Entry = {
  buckets: Object.fromEntries(
    [7, 11].map((rows) => [
      String(rows),
      {
        x: { shape: [rows, 3], dtype: 'float32' },
        y: { shape: [rows, 5], dtype: 'float32' },
        seed: { shape: [2], dtype: 'int32' },
        ...ADAMW_FEEDS,
      },
    ]),
  ),
  step: (state, { x, y, seed, ...rates }) => {
    const noise = new TensorKey(seed).fold('noise').uniform(x.shape);
    const loss = (w: Tensor, bias: Tensor): tf.Scalar =>
      tf.mean(tf.square(tf.sub(tf.add(tf.matMul<tf.Tensor2D>(tf.add(x, tf.mul(noise, 0.1)), w as tf.Tensor2D), bias), y)));
    const { value, grads } = tf.valueAndGrads((w: Tensor, bias: Tensor) => loss(w, bias))([state.read('w'), state.read('bias')]);
    const { gradients, norm } = clipByGlobalNorm({ w: grads[0], bias: grads[1] }, 0.5);
    adamW(state, gradients, rates, options);
    return { loss: value, norm, after: tf.sum(state.read('w')) };
  },
};

function trajectory(eager: boolean): { losses: number[]; w: number[] } {
  const program = new Program({ ...variables, ...adamWState(variables) }, { train }, { eager });
  program.write(initial, 'zero');
  const feeds = Key.from('feeds').random();
  const losses: number[] = [];
  let after = 0;
  for (let t = 1; t <= 50; t++) {
    const rows = t % 2 ? 7 : 11;
    const x = Float32Array.from({ length: rows * 3 }, () => feeds.normal());
    const y = Float32Array.from({ length: rows * 5 }, () => feeds.normal());
    const result = program.run('train', String(rows), { x, y, seed: Key.from(t).words(), ...adamScalars(t, 0.05, options) });
    losses.push(result.loss[0]);
    after = result.after[0];
  }
  const w = [...program.read(['w']).w];
  assert.ok(Math.abs(after - w.reduce((a, b) => a + b, 0)) < 1e-4, 'a read after a write sees the written value');
  program.dispose();
  return { losses, w };
}

test('a recorded step and the eager one agree over 50 steps (oracle: two routes)', () => {
  const eager = trajectory(true);
  const recorded = trajectory(false);
  eager.losses.forEach((loss, i) =>
    assert.ok(Math.abs(loss - recorded.losses[i]) < 1e-5, `step ${i}: ${loss} eager, ${recorded.losses[i]} recorded`),
  );
  eager.w.forEach((w, i) => assert.ok(Math.abs(w - recorded.w[i]) < 1e-5));
  assert.ok(eager.losses[49] < eager.losses[0]);
});

test('a recorded run repeats bit for bit (oracle: two runs)', () => {
  assert.deepEqual(trajectory(false), trajectory(false));
});

test('state written is state read, and what is not given stays', () => {
  for (const eager of [true, false]) {
    const program = new Program(variables, { none: { buckets: {}, step: () => ({}) } }, { eager });
    program.write(initial);
    program.write({ bias: [1, 2, 3, 4, 5] });
    assert.deepEqual(program.read().w, initial.w);
    assert.deepEqual([...program.read(['bias']).bias], [1, 2, 3, 4, 5]);
    program.dispose();
  }
});

const recordStep = (step: Entry['step']): Program =>
  new Program(variables, { e: { buckets: { only: { x: { shape: [3], dtype: 'float32' } } }, step } }, { eager: false });

test('what would be frozen into a recorded step is refused with advice', () => {
  const outside = tf.tidy(() => tf.square(tf.tensor1d([1, 2, 3])));
  const variable = tf.variable(tf.scalar(1));
  const refused: [RegExp, (state: State, x: Tensor) => Tensor][] = [
    [/read while a step is recorded: return it as an output/, (_, x) => tf.mul(x, x.dataSync()[0])],
    [/draw from a TensorKey/, (_, x) => tf.add(x, tf.randomUniform([3]))],
    [/declare it as state/, (_, x) => (variable.assign(tf.scalar(2)), x)],
    [/made before recording began: feed it/, (_, x) => tf.add(x, outside)],
    [/feed them, or draw them/, (_, x) => tf.sum(tf.concat([x, tf.tensor1d(new Float32Array(1031))]))],
    [/state variable missing is not declared/, (state) => state.read('missing')],
  ];
  for (const [message, step] of refused) assert.throws(() => recordStep((state, { x }) => ({ y: step(state, x) })), message);
  assert.doesNotThrow(() => recordStep((_, { x }) => ({ y: tf.mul(x, 2) })).dispose(), 'a refusal leaves the backend as it was');
  const drawn = tf.randomUniform([2]);
  assert.equal(drawn.size, 2, 'chance works again');
  drawn.dispose();
  tf.dispose([outside, variable]);
});

test('undeclared entries, buckets and feeds are errors that name what there is', () => {
  const program = recordStep((_, { x }) => ({ y: tf.mul(x, 2) }));
  assert.deepEqual([...program.run('e', 'only', { x: [1, 2, 3] }).y], [2, 4, 6]);
  assert.throws(() => program.run('f', 'only', { x: [1, 2, 3] }), /entry f is not declared: there are e/);
  assert.throws(() => program.run('e', 'other', { x: [1, 2, 3] }), /bucket other of entry e is not declared: there are only/);
  assert.throws(() => program.run('e', 'only', { x: [1, 2] }), /x of e must hold 3 numbers for shape \[3\], got 2/);
  assert.throws(() => program.run('e', 'only', {}), /e must be fed x/);
  assert.throws(() => program.run('e', 'only', { x: [1, 2, 3], z: [1] }), /e is not fed z/);
  assert.throws(() => program.write({ v: [1] }), /state variable v is not declared/);
  program.dispose();
});

test('tensors live before and after are counted', () => {
  const before = [tf.memory().numTensors, backend().binding.getNumOfTensors()];
  trajectory(false);
  trajectory(true);
  assert.deepEqual([tf.memory().numTensors, backend().binding.getNumOfTensors()], before);
});

/** Runs the body with bfloat16 products by this route, whatever the machine. */
function withRoute<T>(route: string, body: () => T): T {
  const saved = process.env.ESCI_BF16;
  process.env.ESCI_BF16 = route;
  try {
    return body();
  } finally {
    if (saved === undefined) delete process.env.ESCI_BF16;
    else process.env.ESCI_BF16 = saved;
  }
}

test('bf16 rounds matmul inputs and results to 8 bits of mantissa and nothing else, by whichever instructions (oracle: worked)', () => {
  const step: Entry['step'] = (_, { x, y }) => ({
    product: tf.matMul<tf.Tensor2D>(x.reshape([1, 3]), y.reshape([3, 1])),
    batched: tf.matMul<tf.Tensor3D>(x.reshape([1, 3, 1]), y.reshape([1, 1, 3])),
    sum: tf.sum(tf.mul(x, x)),
  });
  const feed = { shape: [3], dtype: 'float32' } as const;
  const entry: Entry = { buckets: { b: { x: feed, y: feed } }, step };
  const at = 2 ** -9; // a quarter of the last place of 1 in bfloat16
  const results = (['native', 'float32'] as const).map((route) =>
    withRoute(route, () => {
      const program = new Program({}, { entry }, { precision: 'bf16', eager: false });
      const inputs = program.run('entry', 'b', { x: [1 + at, 0, 0], y: [1 + at, 0, 0] });
      assert.equal(inputs.product[0], 1, `${route}: inputs are rounded`);
      assert.ok(inputs.sum[0] > 1, `${route}: what is no product is not`);
      // Two bfloat16 numbers whose product, 1 + 2⁻⁸ − 2⁻¹⁵, lies just below the middle of 1 and the next one, 1 + 2⁻⁷.
      const result = program.run('entry', 'b', { x: [1 + 2 ** -7, 0, 0], y: [1 - 2 ** -8, 0, 0] });
      assert.equal(result.product[0], 1, `${route}: the result is rounded`);
      // A sum in float32: in bfloat16 the two small ones would be lost on the way (256 + 1 rounds to 256).
      const summed = program.run('entry', 'b', { x: [256, 1, 1], y: [1, 1, 1] });
      assert.equal(summed.product[0], 258, `${route}: sums are float32`);
      const { batched } = program.run('entry', 'b', { x: [1.5, -3, 0.1], y: [1 / 3, 2, 700] });
      program.dispose();
      return batched;
    }),
  );
  assert.deepEqual(results[0], results[1], 'one product a number: both routes give the same bits');
  assert.throws(() => new Program({}, { entry }, { precision: 'bf16', eager: true }), /bf16 needs a recorded program/);
  withRoute(
    'fast',
    () =>
    assert.throws(() => new Program({}, { entry }, { precision: 'bf16', eager: false }), /ESCI_BF16 must be native or float32, got "fast"/), // prettier-ignore
  );
});

test('the same computation is recorded once (oracle: node count)', () => {
  const once = recordStep((state, { x }) => ({ y: tf.add(tf.square(tf.mul(x, 3)), state.read('bias').slice([0], [3])) }));
  const twice = recordStep((state, { x }) => {
    const f = (): Tensor => tf.add(tf.square(tf.mul(x, 3)), state.read('bias').slice([0], [3]));
    f();
    return { y: f() };
  });
  assert.equal(twice.nodes, once.nodes);
  const reread = recordStep((state, { x }) => {
    const before = state.read('bias');
    state.assign('bias', tf.add(before, 1));
    return { y: tf.add(x, tf.sub(state.read('bias'), before).slice([0], [3])) };
  });
  reread.write({}, 'zero');
  assert.deepEqual([...reread.run('e', 'only', { x: [0, 0, 0] }).y], [1, 1, 1], 'a read after a write is not the read before it');
  for (const p of [once, twice, reread]) p.dispose();
});

test('a variable never shares memory with the array it was written from, nor with another one (oracle: arrays of every alignment)', () => {
  const step: Entry['step'] = (state) => {
    state.add('a', tf.onesLike(state.read('a')));
    return { a: tf.add(state.read('a'), 0) };
  };
  for (const eager of [true, false]) {
    const entry: Entry = { buckets: { all: {} }, step };
    const program = new Program({ a: { shape: [5] }, b: { shape: [5] } }, { entry }, { eager });
    const memory = new ArrayBuffer(1024);
    for (let offset = 0; offset < 256; offset += 4) {
      const shared = new Float32Array(memory, offset, 5).fill(3);
      program.write({ a: shared, b: shared });
      assert.deepEqual([...program.run('entry', 'all', {}).a], [4, 4, 4, 4, 4]);
      assert.deepEqual([...shared], [3, 3, 3, 3, 3], `the array at byte ${offset} is as it was`);
      assert.deepEqual(
        [...program.read(['b']).b],
        [3, 3, 3, 3, 3],
        `the other variable written from byte ${offset} is as it was`,
      );
    }
    program.dispose();
  }
});
