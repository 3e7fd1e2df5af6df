import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../runtime/errors';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { checkNetwork, type NetworkConfig } from '../../ranking/multitask/config';
import { expertParams, mixExperts } from '../../ranking/multitask/experts';
import { calibratorLoss, taskLosses, UNCERTAINTY, weightedSum, weightingParams } from '../../ranking/multitask/loss';
import { logNot, logProbabilities, POSITION, positionParams, probabilitiesAt } from '../../ranking/multitask/probability';
import { towerLogits, towerParams } from '../../ranking/multitask/towers';
import { relu } from '../../ranking/multitask/relu';
import { checkGradients, noLeak, normal } from '../ops/finite-differences';
import { NETWORK, rowsOf, tensorsOf } from './fixture-network';

const with_ = (more: Partial<NetworkConfig>): NetworkConfig => ({ ...NETWORK, ...more });
const close = (got: number, expected: number, tolerance = 1e-5): void =>
  assert.ok(Math.abs(got - expected) <= tolerance, `got ${got}, expected ${expected}`);
const softmax = (x: number[]): number[] => x.map((v) => Math.exp(v) / x.reduce((sum, u) => sum + Math.exp(u), 0));

test('MMoE by hand: two experts of one number, one gate a task (worked arithmetic)', () => {
  // x = (1, 2); E_1 = relu(3·1 − 1·2) = 1, E_2 = relu(−1·1 + 2·2 + 0.5) = 3.5
  // gate of click softmax(1·1, 0) = (e, 1)/(e + 1); of cart softmax(0, 1·2)
  const config = with_({ tasks: ['click', 'cart'], experts: 2, expertWidth: 1 });
  const params = {
    'heads.ranking.experts.shared.weight': tf.tensor2d([[3, -1], [-1, 2]]), // prettier-ignore
    'heads.ranking.experts.shared.bias': tf.tensor1d([0, 0.5]),
    'heads.ranking.experts.click.gate.weight': tf.tensor2d([[1, 0], [0, 0]]), // prettier-ignore
    'heads.ranking.experts.cart.gate.weight': tf.tensor2d([[0, 0], [0, 1]]), // prettier-ignore
  };
  assert.deepEqual(Object.keys(params).sort(), Object.keys(expertParams(config, 2)).sort());
  const { vectors, gates } = mixExperts(params, config, tf.tensor2d([[1, 2]]));
  const [first, second] = [softmax([1, 0]), softmax([0, 2])];
  close(rowsOf(vectors[0])[0][0], first[0] * 1 + first[1] * 3.5);
  close(rowsOf(vectors[1])[0][0], second[0] * 1 + second[1] * 3.5);
  close(rowsOf(gates[1])[0][1], second[1]);
});

test('PLE in two layers equals a slow loop over rows, experts and owners (two routes)', () => {
  const config = with_({ sharing: 'ple' });
  const [from, rows] = [11, 3];
  const params = tensorsOf(expertParams(config, from));
  const x = normal('ple', [rows, from]);
  const { vectors, gates } = mixExperts(params, config, x);
  const of = (name: string): number[][] => rowsOf(params[`heads.ranking.${name}`]);
  const flat = (name: string): number[] => params[`heads.ranking.${name}`].arraySync() as number[];
  const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const { tasks, experts, taskExperts, expertWidth: width } = config;
  const expert = (name: string, e: number, input: number[]): number[] =>
    Array.from({ length: width }, (_, j) =>
      Math.max(0, dot(of(`${name}.weight`)[e * width + j], input) + flat(`${name}.bias`)[e * width + j]),
    );
  const mix = (weights: number[], all: number[][]): number[] =>
    Array.from({ length: width }, (_, j) => all.reduce((sum, v, e) => sum + weights[e] * v[j], 0));
  rowsOf(x).forEach((input, r) => {
    let shared = input;
    let own = tasks.map(() => input);
    for (let l = 0; l < 2; l++) {
      const common = Array.from({ length: experts }, (_, e) => expert(`experts.${l}.shared`, e, shared));
      const special = tasks.map((task, t) =>
        Array.from({ length: taskExperts }, (_, e) => expert(`experts.${l}.${task}`, e, own[t])),
      );
      const open = (name: string, from: number[]): number[] =>
        softmax(of(`experts.${l}.${name}.gate.weight`).map((w) => dot(w, from)));
      const next = tasks.map((task, t) => mix(open(task, own[t]), [...special[t], ...common]));
      if (l === 0) shared = mix(open('shared', shared), [...special.flat(), ...common]);
      else tasks.forEach((task, t) => close(rowsOf(gates[t])[r][1], open(task, own[t])[1]));
      own = next;
    }
    own.forEach((vector, t) => vector.forEach((v, j) => close(rowsOf(vectors[t])[r][j], v, 1e-4)));
  });
});

test('with one task, PLE, MMoE and shared bottom of one expert are the same function (equality of routes)', () => {
  const config = with_({ tasks: ['click'], experts: 1, layers: 1, taskExperts: 1 });
  const x = normal('one', [3, 11]);
  const single = tensorsOf(expertParams({ ...config, sharing: 'single' }, 11));
  const expected = rowsOf(mixExperts(single, { ...config, sharing: 'single' }, x).vectors[0]);
  const shared = { ...config, sharing: 'shared-bottom' } as const;
  assert.deepEqual(rowsOf(mixExperts(single, shared, x).vectors[0]), expected);
  const gate = normal('gate', [1, 11]);
  const mmoe = mixExperts({ ...single, 'heads.ranking.experts.click.gate.weight': gate }, config, x);
  assert.deepEqual(rowsOf(mmoe.vectors[0]), expected, 'a gate over one expert is 1');
});

test('AITM by hand: attention over what was passed on and the own vector (worked arithmetic), and none without it', () => {
  const config = with_({ tasks: ['click', 'cart'], expertWidth: 2, towerWidth: 2, transfer: 'aitm' });
  const specs = towerParams(config, { hidden: 2, features: 0, positions: 3 });
  const params = tensorsOf(specs, 0.7);
  const vectors = [normal('click', [1, 2]), normal('cart', [1, 2])];
  const [click, cart] = towerLogits(params, config, vectors, undefined);
  const w = (name: string): number[][] => rowsOf(params[`heads.ranking.tower.${name}.weight`]);
  const b = (name: string): number[] => (params[`heads.ranking.tower.${name}.bias`]?.arraySync() as number[]) ?? [];
  const apply = (name: string, x: number[]): number[] =>
    w(name).map((row, i) => row.reduce((sum, v, j) => sum + v * x[j], b(name)[i] ?? 0));
  const positive = (x: number[]): number[] => x.map((v) => Math.max(0, v));
  const dot = (a: number[], c: number[]): number => a.reduce((sum, v, i) => sum + v * c[i], 0);
  const q1 = positive(apply('click.dense', rowsOf(vectors[0])[0]));
  const q2 = positive(apply('cart.dense', rowsOf(vectors[1])[0]));
  const passed = positive(apply('cart.passed', q1));
  const share = softmax([passed, q2].map((u) => dot(apply('cart.query', u), apply('cart.key', u)) / Math.SQRT2));
  const [first, second] = [apply('cart.value', passed), apply('cart.value', q2)];
  const z = first.map((v, i) => share[0] * v + share[1] * second[i]);
  close(rowsOf(click)[0][0], apply('click.out', q1)[0]);
  close(rowsOf(cart)[0][0], apply('cart.out', z)[0]);
});

test('probabilities along the funnel: ESMM is ordered whatever the weights, AITM is not; the host computes what the graph computes (two routes)', () => {
  const [rows, places, positions] = [5, 4, 7];
  const at = tf.tensor2d(
    Int32Array.from({ length: rows * places }, (_, i) => (i * 3) % positions),
    [rows, places],
    'int32',
  );
  const logits = ['a', 'b', 'c'].map((name) => normal(name, [rows, 1], 4));
  for (const transfer of ['none', 'esmm', 'aitm'] as const)
    for (const position of ['none', 'additive', 'multiplicative'] as const) {
      const config = with_({ transfer, position });
      const params = tensorsOf(positionParams(config, { hidden: 3, features: 0, positions }), 1.5);
      const p = logProbabilities(params, config, logits, at).map(({ yes, no }) => ({
        yes: rowsOf(tf.exp(yes)),
        no: rowsOf(tf.exp(no)),
      }));
      const table = position === 'none' ? null : (params[POSITION].dataSync() as Float32Array);
      let wrong = 0;
      for (let i = 0; i < rows; i++)
        for (let m = 0; m < places; m++) {
          const z = logits.map((logit) => rowsOf(logit)[i][0]);
          const host = probabilitiesAt(config, z, table, (i * places * 3 + m * 3) % positions);
          p.forEach(({ yes, no }, t) => {
            close(yes[i][m], host[t], 1e-5);
            close(no[i][m], 1 - host[t], 1e-5);
          });
          wrong += Number(p[1].yes[i][m] > p[0].yes[i][m] + 1e-7) + Number(p[2].yes[i][m] > p[1].yes[i][m] + 1e-7);
        }
      if (transfer === 'esmm') assert.equal(wrong, 0, `${position}: p(purchase) ≤ p(cart) ≤ p(click)`);
      else assert.ok(wrong > 0, `${transfer}: nothing forces the order`);
    }
});

test('position at the top, and switched off, is the same; with the tower off nothing but position changes (equality)', () => {
  const logits = ['d', 'e', 'f'].map((name) => normal(name, [3, 1]));
  const top = tf.zeros([3, 1], 'int32');
  for (const position of ['additive', 'multiplicative'] as const) {
    const config = with_({ position, transfer: 'esmm' });
    const params = tensorsOf(positionParams(config, { hidden: 3, features: 0, positions: 5 }), 2);
    const on = logProbabilities(params, config, logits, top);
    const off = logProbabilities(params, config, logits, null);
    const without = logProbabilities({}, with_({ position: 'none', transfer: 'esmm' }), logits, null);
    on.forEach(({ yes }, t) => {
      yes.dataSync().forEach((v, i) => close(v, off[t].yes.dataSync()[i]));
      assert.deepEqual(off[t].yes.dataSync(), without[t].yes.dataSync());
    });
  }
});

test('losses over the entire impression space, the calibrator and both weightings (worked arithmetic)', () => {
  const p = [[0.5, 0.2], [0.1, 0.6]]; // prettier-ignore
  const of = (values: number[]): { yes: Tensor; no: Tensor } => ({
    yes: tf.log(tf.tensor2d([values])),
    no: tf.log(tf.sub(1, tf.tensor2d([values]))),
  });
  const labels = [tf.tensor2d([[1, 0]]), tf.tensor2d([[0, 0]])];
  const [click, cart] = taskLosses(p.map(of), labels, tf.tensor2d([[1, 1]]));
  close(click.dataSync()[0], -(Math.log(0.5) + Math.log(0.8)) / 2);
  close(cart.dataSync()[0], -(Math.log(0.9) + Math.log(0.4)) / 2, 1e-4);
  const [one] = taskLosses([of(p[0])], [labels[0]], tf.tensor2d([[1, 0]]));
  close(one.dataSync()[0], -Math.log(0.5), 1e-5);
  close(calibratorLoss(p.map(of), tf.tensor2d([[1, 1]])).dataSync()[0], (0 + 0.4) / 2);
  const weights = { click: 2, cart: 0.5, purchase: 1 };
  const config = with_({ tasks: ['click', 'cart'], taskWeights: weights });
  close(weightedSum({}, config, [tf.scalar(3), tf.scalar(4)]).dataSync()[0], 2 * 3 + 0.5 * 4);
  const uncertain = with_({ ...config, weighting: 'uncertainty' });
  assert.deepEqual(weightingParams(uncertain)[UNCERTAINTY].shape, [2]);
  const s = [0.3, -1.1];
  const expected = 2 * (Math.exp(-s[0]) * 3 + s[0] / 2) + 0.5 * (Math.exp(-s[1]) * 4 + s[1] / 2);
  close(weightedSum({ [UNCERTAINTY]: tf.tensor1d(s) }, uncertain, [tf.scalar(3), tf.scalar(4)]).dataSync()[0], expected, 1e-4);
});

test('log(1 − exp x) to float32 (float64 on the host), and relu and it have their gradients (finite differences)', () => {
  const x = [-1e-3, -0.5, -3, -20];
  logNot(tf.tensor1d(x)).dataSync().forEach((v, i) => close(v, Math.log(-Math.expm1(x[i])), 1e-6 + 1e-4 * Math.abs(Math.log(-Math.expm1(x[i]))))); // prettier-ignore
  checkGradients((p) => logNot(tf.sub(tf.neg(tf.square(p.x)), 0.3)), { x: normal('log', [2, 3]) });
  checkGradients((p) => relu(p.x), { x: tf.tensor1d([-1.3, 0.7, 2.1]) });
  noLeak(() => tf.tidy(() => void relu(normal('leak', [3, 5]))));
});

test('gradients of the whole head, for every sharing and transfer (finite differences)', () => {
  const [rows, hidden, places] = [2, 3, 2];
  const sizes = { hidden, features: 2, positions: 3 };
  const at = tf.tensor2d([0, 2, 1, 0], [rows, places], 'int32');
  const labels = [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]].map((l) => tf.tensor2d(l, [rows, places])); // prettier-ignore
  const weights = tf.tensor2d([1, 1, 1, 0], [rows, places]);
  const cases = [
    ['shared-bottom', 'none', 'additive', 'fixed'],
    ['mmoe', 'esmm', 'multiplicative', 'uncertainty'],
    ['ple', 'aitm', 'additive', 'fixed'],
  ] as const;
  for (const [sharing, transfer, position, weighting] of cases) {
    const config = with_({ sharing, transfer, position, weighting, expertWidth: 2, towerWidth: 3, experts: 2, taskExperts: 1 });
    const specs = {
      ...expertParams(config, hidden),
      ...towerParams(config, sizes),
      ...positionParams(config, sizes),
      ...weightingParams(config),
    };
    const params = tensorsOf(specs, 0.9);
    const x = normal('pooled', [rows, hidden]);
    const features = normal('features', [rows, 2]);
    checkGradients(
      (p) => {
        const { vectors } = mixExperts(p, config, x);
        const probabilities = logProbabilities(p, config, towerLogits(p, config, vectors, features), at);
        return weightedSum(p, config, taskLosses(probabilities, labels, weights)).reshape([1]);
      },
      Object.fromEntries(Object.entries(params).filter(([name]) => !name.includes('dense.bias'))),
      6e-3,
      3,
      3e-3,
    );
  }
});

test('settings that cannot work are refused in one line', () => {
  const wrong: [Partial<NetworkConfig>, RegExp][] = [
    [{ sharing: 'single' }, /single needs one task, got click, cart, purchase/],
    [{ tasks: ['cart', 'click'] }, /must be some of click, cart, purchase in this order, got cart, click/],
    [{ tasks: ['cart', 'purchase'], transfer: 'esmm' }, /esmm needs tasks from click on, got cart, purchase/],
    [{ experts: 0 }, /network\.experts/],
    [{ taskWeights: { click: 0, cart: 0, purchase: 0 } }, /at least one task needs a weight above 0/],
  ];
  for (const [more, message] of wrong)
    assert.throws(() => checkNetwork(with_(more)), (error: Error) => error instanceof InputError && message.test(error.message)); // prettier-ignore
});
