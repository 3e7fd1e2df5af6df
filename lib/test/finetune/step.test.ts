// Oracles: two routes (eager and recorded, one batch and two halves); torch's AdamW and EMA trajectory; the loss must fall to nothing on a few pairs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode, loadPretrained, WORDS } from '../../encoder';
import { EMA_PREFIX, emaDecay, emaState } from '../../finetune/ema';
import { NO_TRICKS, stepFeeds, trainStep, type Model, type StepConfig, type Tricks } from '../../finetune/step';
import { adamScalars, adamWState, Program } from '../../graph';
import { maskedPositions, mlmLogits } from '../../heads/mlm';
import { byOurNames, flat } from '../../heads/parity/golden';
import { ints } from '../../ops/kernel';
import type { ParamSpecs } from '../../ops/params';
import { Key } from '../../runtime/key';
import { backend } from '../../runtime/tensorflow';
import { rateFactors } from '../../train/classifier';
import { learningRateAt } from '../../train/schedule';
import { goldenFolder } from '../encoder/golden-folder';
import { feedsAt, plain, ROWS, trained, type Network } from './fixture';

const all: Tricks = {
  ema: { decay: 0.999, warmup: true },
  fgm: { epsilon: 0.3, scale: 'absolute', gradient: 'fresh' },
  rdrop: { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
  mixup: { alpha: 0.2, site: 'feature' },
};
const everything: StepConfig = { ...plain, loss: { ...plain.loss, kind: 'poly1' }, tricks: all };
const norm = (x: ArrayLike<number>): number => Math.hypot(...Array.from(x));

test('the full step, recorded and eager, over 50 updates with dropout', () => {
  const losses = [true, false].map((eager) => {
    const { program, update } = trained(everything, { dropout: 0.1, eager, learningRate: 1e-4 });
    const found = Array.from({ length: 50 }, (_, t) => update(t).loss[0]);
    program.dispose();
    return found;
  });
  losses[0].forEach((loss, t) =>
    assert.ok(Math.abs(loss - losses[1][t]) < 1e-5 * Math.max(1, loss), `update ${t}: ${loss}, ${losses[1][t]}`),
  );
  assert.ok(new Set(losses[0]).size > 40, 'the loss moves');
});

test('1,000 recorded updates leave as many tensors as before and no growing memory', () => {
  const { program, update } = trained({ ...plain, tricks: { ...NO_TRICKS, ema: all.ema, fgm: all.fgm } }, { dropout: 0.1 });
  const feeds = [0, 1, 2].map((t) => feedsAt(t));
  for (let t = 0; t < 200; t++) update(t, feeds[t % 3]);
  const [tensors, memory] = [backend().binding.getNumOfTensors(), process.memoryUsage().rss];
  for (let t = 200; t < 1200; t++) update(t, feeds[t % 3]);
  assert.equal(backend().binding.getNumOfTensors(), tensors);
  const growth = process.memoryUsage().rss / memory - 1;
  assert.ok(growth < 0.05, `resident memory grew by ${(100 * growth).toFixed(1)} %`);
  program.dispose();
});

test('two accumulated halves are one whole batch', () => {
  const halves = trained({ ...plain, accumulation: 2 }, { batch: 5 });
  const whole = trained(plain, { batch: 10 });
  const [a, b] = [feedsAt(0, 5), feedsAt(1, 5)];
  const joined = Object.fromEntries(
    Object.keys(a).map((k) => [k, k === 'seed' ? a[k] : Float64Array.from([...Array.from(a[k]), ...Array.from(b[k])])]),
  );
  halves.update(0, a, 'accumulate');
  const second = halves.update(0, b);
  const first = whole.update(0, joined);
  assert.ok(Math.abs(second.norm[0] / first.norm[0] - 1) < 1e-5, `gradient norms ${second.norm[0]}, ${first.norm[0]}`);
  // Adam's first moment is (1 − β₁) times the clipped gradient.
  const moments = (n: Network) => n.program.read(n.names.map((name) => `adam.m/${name}`));
  const [got, expected] = [moments(halves), moments(whole)];
  for (const [name, values] of Object.entries(expected))
    values.forEach((x, i) => assert.ok(Math.abs(got[name][i] - x) < 1e-6, `${name}[${i}]: ${got[name][i]}, expected ${x}`));
  halves.program.dispose();
  whole.program.dispose();
});

test('a weight that the adversarial pass alone reaches is trained by it (oracle: at hardly any ε that pass is the plain step)', () => {
  const tricks: Tricks = {
    ...NO_TRICKS,
    fgm: { ...all.fgm!, epsilon: 1e-6 },
    mixup: { alpha: 0.2, site: 'pooled', clean: false },
  };
  // Mixed pooled vectors go through the output projection alone, past these.
  const beside = ['heads.esci.dense.weight', 'heads.esci.dense.bias', 'heads.esci.brand.weight', 'heads.esci.trigrams.weight'];
  const [got, expected] = [tricks, NO_TRICKS].map((own) => {
    const { program, update } = trained({ ...plain, clip: 0, tricks: own });
    update(0);
    const moments = program.read(beside.map((name) => `adam.m/${name}`));
    program.dispose();
    return moments;
  });
  for (const [name, values] of Object.entries(expected)) {
    assert.ok(norm(values) > 1e-4, `${name} is trained by the plain step`);
    values.forEach((x, i) => assert.ok(Math.abs(got[name][i] - x) < 1e-5, `${name}[${i}]: ${got[name][i]}, expected ${x}`));
  }
});

test('eight pairs can be learned by heart, with EMA, FGM and R-Drop on', () => {
  const { program, update } = trained(
    { ...everything, tricks: { ...all, mixup: null }, combine: 'mean' },
    { batch: 8, learningRate: 1e-2 },
  );
  const feeds = { ...feedsAt(0, 8), labels: Int32Array.from([0, 1, 2, 3, 0, 1, 2, 3]) };
  let last = update(0, feeds);
  const before = last.loss[0];
  for (let t = 1; t < 150; t++) last = update(t, feeds);
  assert.ok(before > 1 && last.loss[0] < 0.05, `the loss went from ${before} to ${last.loss[0]}`);
  program.dispose();
});

test('EMA: the shadow by hand, and the decay of its warm-up', () => {
  assert.deepEqual(
    [0, 1, 8, 100_000].map((t) => emaDecay({ decay: 0.999, warmup: true }, t)),
    [1 / 10, 2 / 11, 9 / 18, 0.999],
  );
  assert.equal(emaDecay({ decay: 0.9, warmup: false }, 0), 0.9);
  const { program, update, names } = trained({ ...plain, tricks: { ...NO_TRICKS, ema: { decay: 0.75, warmup: false } } });
  const name = 'heads.esci.out_proj.weight';
  let shadow = Array.from(program.read([name])[name]);
  for (let t = 0; t < 3; t++) {
    update(t);
    const weights = program.read([name])[name];
    shadow = shadow.map((s, i) => 0.75 * s + 0.25 * weights[i]);
  }
  const got = program.read([EMA_PREFIX + name])[EMA_PREFIX + name];
  shadow.forEach((s, i) => assert.ok(Math.abs(got[i] - s) < 1e-6, `${got[i]}, expected ${s}`));
  assert.equal(names.length * 2, Object.keys(program.read([...names, ...names.map((n) => EMA_PREFIX + n)])).length);
  program.dispose();
});

test('layer-wise decay: Adam’s first update is the rate times the factor of each layer', () => {
  const factor = rateFactors(2, 0.5, 2)!;
  // Two layers: the last at 1, the one below at ½, the embeddings at ¼, the head at its own 2.
  const cases: [string, number][] = [
    ['heads.esci.dense.weight', 2],
    ['encoder.layer.1.output.dense.weight', 1],
    ['encoder.layer.0.output.dense.weight', 0.5],
    ['embeddings.word_embeddings.weight', 0.25],
    ['embeddings.LayerNorm.weight', 0.25],
  ];
  for (const [name, expected] of cases) assert.equal(factor(name), expected, name);
  assert.equal(rateFactors(1, 1, 12), undefined);
  const rate = 1e-3;
  const { program, update, names } = trained(
    { ...plain, adam: { ...plain.adam, weightDecay: 0, epsilon: 1e-12, rateFactor: factor } },
    { learningRate: rate, layers: 2 },
  );
  const before = program.read(names);
  update(0);
  const after = program.read(names);
  for (const [name, expected] of cases) {
    const largest = Math.max(...Array.from(after[name], (w, i) => Math.abs(w - before[name][i])));
    assert.ok(Math.abs(largest / (rate * expected) - 1) < 1e-3, `${name} moved by ${largest}, expected ${rate * expected}`);
  }
  program.dispose();
});

test('a filler row and a row of weight 0.3: the gradient is the weighted mean over the real rows', () => {
  const weights = Float32Array.from({ length: ROWS }, (_, i) => (i < 3 ? 1 : i === 3 ? 0.3 : 0));
  const { program, update } = trained(plain);
  const one = update(0, { ...feedsAt(0), weights }).loss[0];
  program.dispose();
  const rows = Array.from({ length: 4 }, (_, i) => {
    const { program, update } = trained(plain, { eager: true });
    const loss = update(0, { ...feedsAt(0), weights: Float32Array.from({ length: ROWS }, (_, k) => Number(k === i)) }).loss[0];
    program.dispose();
    return loss;
  });
  const expected = (rows[0] + rows[1] + rows[2] + 0.3 * rows[3]) / 4;
  assert.ok(Math.abs(one - expected) < 1e-6, `${one}, expected ${expected}`);
});

const xlmr = goldenFolder('seed7', 'xlmr-tiny');
test(
  'six updates through the training step give the losses, weights and EMA of torch',
  { skip: xlmr ? false : 'reference numbers missing' },
  () => {
    const read = <T>(file: string): T => JSON.parse(readFileSync(join(xlmr!, file), 'utf8')) as T;
    const golden = read<{
      steps: { loss: number; grad_norm_before_clip: number; lr: number }[];
      final_param_norms: Record<string, number>;
      final_ema_norms: Record<string, number>;
    }>('adamw.json');
    const {
      input_ids: ids,
      attention_mask: mask,
      labels,
    } = read<{ input_ids: number[][]; attention_mask: number[][]; labels: number[][] }>('expected.json');
    const { config, params, heads, shapes } = loadPretrained(xlmr!);
    const start = { ...params, ...heads };
    const names = Object.keys(start);
    const specs: ParamSpecs = Object.fromEntries(names.map((n) => [n, { shape: shapes[n], init: { constant: 0 } }]));
    const masked = maskedPositions(flat(labels));
    const shape = [ids.length, ids[0].length];
    // Every masked token is a row of a classifier over the vocabulary.
    const model: Model = {
      forward: (p, batch) => {
        const hidden = encode(p, config, { inputIds: batch.inputIds, attentionMask: batch.attentionMask });
        const logits = mlmLogits(p, config, hidden, ints(masked.positions));
        return { pooled: hidden, feature: hidden, logits };
      },
      project: (_, x) => x,
      trained: names,
      frozen: [],
      embedding: WORDS,
      outputs: config.vocabulary,
    };
    const step: StepConfig = {
      ...plain,
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      tricks: { ...NO_TRICKS, ema: { decay: 0.9, warmup: false } },
    };
    const int = { shape, dtype: 'int32' } as const;
    const program = new Program(
      { ...specs, ...adamWState(specs), ...emaState(specs) },
      {
        train: {
          step: trainStep(model, step),
          buckets: { all: { inputIds: int, attentionMask: int, ...stepFeeds(step, masked.labels.length) } },
        },
      },
    );
    program.write({ ...start, ...Object.fromEntries(names.map((n) => [EMA_PREFIX + n, start[n]])) }, 'zero');
    const schedule = { learningRate: 5e-3, warmup: 0.25, decay: 'linear' } as const; // two of eight
    golden.steps.forEach((expected, t) => {
      const rate = learningRateAt(schedule, t, 8);
      assert.ok(Math.abs(rate - expected.lr) < 1e-9, `rate ${rate}, expected ${expected.lr}`);
      const { loss, norm: length } = program.run('train', 'all', {
        inputIds: flat(ids),
        attentionMask: flat(mask),
        labels: masked.labels,
        weights: new Float32Array(masked.labels.length).fill(1),
        seed: Key.from(t).words(),
        emaDecay: 0.9,
        ...adamScalars(t + 1, rate, step.adam),
      });
      assert.ok(
        Math.abs(loss[0] - expected.loss) < 1e-4 * expected.loss,
        `update ${t}: loss ${loss[0]}, expected ${expected.loss}`,
      );
      assert.ok(Math.abs(length[0] / expected.grad_norm_before_clip - 1) < 1e-4, `update ${t}: norm ${length[0]}`);
    });
    const end = program.read([...names, ...names.map((n) => EMA_PREFIX + n)]);
    for (const [prefix, reference] of [
      ['', golden.final_param_norms],
      [EMA_PREFIX, golden.final_ema_norms],
    ] as const)
      for (const [name, e] of Object.entries(byOurNames(reference)))
        // A key's bias has no gradient but rounding noise, which Adam blows up.
        if (!name.endsWith('self.key.bias')) assert.ok(Math.abs(norm(end[prefix + name]) / e - 1) < 1e-4, `${prefix}${name}`);
    program.dispose();
  },
);
