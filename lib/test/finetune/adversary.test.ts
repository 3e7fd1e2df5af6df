// Oracles: worked arithmetic; first-order growth of the loss by finite steps; the golden FGM numbers of transformers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encode, loadPretrained, WORDS } from '../../encoder';
import { movedBy, movedWeights, perturbations, type AdversaryConfig } from '../../finetune/adversary';
import { ascend } from '../../finetune/pgd';
import { ACCUMULATED, checkStep, stepGradients, type StepConfig } from '../../finetune/step';
import { classificationLogits } from '../../heads/classification';
import { byOurNames, flat, norms, tensorsOf } from '../../heads/parity/golden';
import type { ClassifierGolden } from '../../heads/parity/classifier';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { goldenFolder } from '../encoder/golden-folder';
import { feedsAt, fgm, plain, trained, withAdversary as step } from './fixture';
import { batchAt, close, paramsOf, values } from './tensors';

test('PGD and FreeLB walk as by hand: steps of α along the gradient, kept within ε', () => {
  tf.tidy(() => {
    const config = { ...fgm, kind: 'pgd', epsilon: 1, stepSize: 0.75, steps: 3 } as const;
    // g₀ = (3, 4) → δ₁ = .75·(.6, .8) = (.45, .6); g₁ = (1, 0) → (1.2, .6), length √1.8 > 1 → (.8944, .4472); g₂ = (0, 2) → (.8944, 1.1972) → length 1.4944
    const gradients = [
      [1, 0],
      [0, 2],
    ];
    const seen: number[][] = [];
    const points = ascend(tf.zeros([1, 2]), tf.tensor2d([[3, 4]]), config, (delta, t) => {
      seen.push(values(delta));
      return tf.tensor2d([gradients[t - 1]]);
    });
    close(values(points[0]), [0.45, 0.6], 1e-6);
    close(values(points[1]), [1.2 / Math.sqrt(1.8), 0.6 / Math.sqrt(1.8)], 1e-6);
    const [x, y] = [0.894427, 0.447214 + 0.75];
    close(values(points[2]), [x / Math.hypot(x, y), y / Math.hypot(x, y)], 1e-5);
    assert.deepEqual(
      seen.map((s) => s.length),
      [2, 2],
      'the gradient is asked for at δ₁ and δ₂',
    );
    const run = (kind: AdversaryConfig['kind']): number[][] =>
      perturbations({ ...config, kind }, { e: tf.zeros([1, 2]) }, 'e', { e: tf.tensor2d([[3, 4]]) }, (_, t) =>
        tf.tensor2d([gradients[t - 1]]),
      ).map(({ e }) => values(e));
    assert.deepEqual(run('pgd'), [values(points[2])], 'PGD trains at the last point');
    assert.deepEqual(run('freelb'), points.map(values), 'FreeLB trains at every point');
  });
});

test('AWP moves each matrix by ε of its own length along its gradient, and no vector', () => {
  tf.tidy(() => {
    const params = {
      a: tf.tensor2d([
        [2, 0, 0],
        [0, 1, 2],
      ]),
      bias: tf.tensor1d([5]),
      e: tf.tensor2d([[1], [0]]),
    }; // ‖a‖ = 3
    assert.deepEqual(movedWeights({ ...fgm, kind: 'awp' }, params, 'e'), ['a', 'e']);
    const gradients = {
      a: tf.tensor2d([
        [0, 0, 0],
        [0, 3, 4],
      ]),
      e: tf.zeros([2, 1]),
    };
    const [{ a, e }] = perturbations({ ...fgm, kind: 'awp', epsilon: 0.1 }, params, 'e', gradients, () => tf.zeros([1]));
    close(values(a), [0, 0, 0, 0, 0.18, 0.24], 1e-6);
    assert.deepEqual(values(e), [0, 0], 'a zero gradient moves nothing');
  });
});

test('each adversary raises the loss by what the gradient says: L(w + r) − L(w) ≈ ⟨r, g⟩ for a small ε', () => {
  tf.tidy(() => {
    const { model, params } = paramsOf();
    const batch = batchAt(0);
    const loss = (p: Params): Tensor =>
      tf.neg(
        tf.mean(
          tf.sum(tf.mul(tf.oneHot(batch.labels as tf.Tensor1D, 4), tf.logSoftmax(model.forward(p, batch, null).logits)), 1),
        ),
      );
    const { value, gradients } = valueAndGradients(loss, params);
    const lengths = norms(gradients);
    const own = norms(params);
    const epsilon = 3e-3;
    const share = 1e-3;
    const expected = {
      fgm: epsilon * lengths[WORDS],
      pgd: epsilon * lengths[WORDS],
      freelb: epsilon * lengths[WORDS],
      awp: Object.keys(params)
        .filter((n) => params[n].rank >= 2)
        .reduce((sum, n) => sum + share * own[n] * lengths[n], 0),
    };
    for (const kind of ['fgm', 'pgd', 'freelb', 'awp'] as const) {
      const config: AdversaryConfig = {
        ...fgm,
        kind,
        epsilon: kind === 'awp' ? share : epsilon,
        ...(kind === 'pgd' || kind === 'freelb' ? { steps: 3, stepSize: epsilon } : {}),
      };
      const clean = Object.fromEntries(movedWeights(config, params, WORDS).map((n) => [n, gradients[n]]));
      const ascent = (delta: Tensor): Tensor => valueAndGradients(loss, movedBy(params, { [WORDS]: delta })).gradients[WORDS];
      for (const point of perturbations(config, params, WORDS, clean, ascent)) {
        const grown = loss(movedBy(params, point)).dataSync()[0] - value.dataSync()[0];
        assert.ok(Math.abs(grown / expected[kind] - 1) < 0.05, `${kind}: the loss grew by ${grown}, expected ${expected[kind]}`);
      }
    }
  });
});

test('a step trains at the clean and the perturbed weights: its loss and gradient are the sums (oracle: passes made one by one)', () => {
  tf.tidy(() => {
    const { model, params } = paramsOf();
    const batch = batchAt(1);
    const loss = (p: Params): Tensor =>
      tf.neg(
        tf.mean(
          tf.sum(tf.mul(tf.oneHot(batch.labels as tf.Tensor1D, 4), tf.logSoftmax(model.forward(p, batch, null).logits)), 1),
        ),
      );
    const at = (delta: Tensor): Params => movedBy(params, { [WORDS]: delta });
    const unit = (g: Tensor): Tensor => tf.div(g, tf.norm(g));
    const clean = valueAndGradients(loss, params);
    const first = tf.mul(unit(clean.gradients[WORDS]), 0.2);
    const second = tf.add(first, tf.mul(unit(valueAndGradients(loss, at(first)).gradients[WORDS]), 0.2)); // ≤ 0.4 < ε
    const paths: [AdversaryConfig, Tensor[]][] = [
      [{ ...fgm, epsilon: 0.2 }, [first]],
      [{ ...fgm, kind: 'pgd', epsilon: 0.5, stepSize: 0.2, steps: 2 }, [second]],
      [{ ...fgm, kind: 'freelb', epsilon: 0.5, stepSize: 0.2, steps: 2 }, [first, second]],
    ];
    for (const [config, points] of paths) {
      const all = [clean, ...points.map((delta) => valueAndGradients(loss, at(delta)))];
      for (const combine of ['sum', 'mean'] as const) {
        const share = combine === 'mean' ? 1 / all.length : 1;
        const got = stepGradients(params, {}, batch, model, step(config, { combine }));
        close(values(got.total), [share * all.reduce((s, { value }) => s + value.dataSync()[0], 0)], 1e-5, config.kind);
        for (const name of [WORDS, 'heads.esci.out_proj.weight', 'encoder.layer.0.output.dense.weight']) {
          const expected = tf.mul(tf.addN(all.map((a) => a.gradients[name])), share);
          close(values(got.gradients[name]), values(expected), 2e-5, `${config.kind} ${name}`);
        }
      }
    }
  });
});

test('under accumulation: micro-batches change no weight; g is fresh, or what was gathered so far (oracle: by hand)', () => {
  const config = (gradient: AdversaryConfig['gradient']): StepConfig => step({ ...fgm, gradient }, { accumulation: 2 });
  const gathered = (gradient: AdversaryConfig['gradient']): Float32Array => {
    const { program, update, names } = trained(config(gradient));
    const before = program.read(names);
    update(0, feedsAt(0), 'accumulate');
    update(0, feedsAt(1), 'accumulate');
    assert.deepEqual(program.read(names), before, 'the weights are as they were');
    const sum = program.read([ACCUMULATED + WORDS])[ACCUMULATED + WORDS] as Float32Array;
    update(0, feedsAt(2));
    assert.ok(
      program.read([ACCUMULATED + WORDS])[ACCUMULATED + WORDS].every((x) => x === 0),
      'an update empties the store',
    );
    assert.notDeepEqual(program.read(names), before);
    program.dispose();
    return sum;
  };
  tf.tidy(() => {
    const { model, params } = paramsOf();
    const batches = [batchAt(0), batchAt(1)];
    const slope = (p: Params, t: number): Tensor => stepGradients(p, {}, batches[t], model, plain).gradients[WORDS];
    const move = (g: Tensor): Params => ({
      ...params,
      [WORDS]: tf.add(params[WORDS], tf.mul(g, tf.div(fgm.epsilon, tf.norm(g)))),
    });
    const one = tf.add(slope(params, 0), slope(move(slope(params, 0)), 0));
    const own = slope(params, 1);
    const fresh = tf.addN([one, own, slope(move(own), 1)]);
    const joined = tf.addN([one, own, slope(move(tf.add(one, own)), 1)]);
    close(gathered('fresh'), values(fresh), 2e-5, 'fresh');
    close(gathered('accumulated'), values(joined), 2e-5, 'accumulated');
    assert.ok(tf.max(tf.abs(tf.sub(fresh, joined))).dataSync()[0] > 1e-3, 'the two readings differ');
  });
});

test('an ε of row-norm is that many mean row lengths', () => {
  tf.tidy(() => {
    const e = tf.tensor2d([
      [3, 4],
      [0, 1],
    ]); // rows of length 5 and 1, mean 3
    const [r] = perturbations(
      { ...fgm, epsilon: 0.5, scale: 'row-norm' },
      { e },
      'e',
      {
        e: tf.tensor2d([
          [0, 0],
          [2, 0],
        ]),
      },
      () => e,
    );
    close(values(r.e), [0, 0, 1.5, 0], 1e-6);
  });
});

test('settings of an adversary that cannot work are refused in one line', () => {
  const refused = (adversary: AdversaryConfig, message: RegExp): void =>
    assert.throws(() => checkStep(step(adversary), 0.1, 4), message);
  refused({ ...fgm, kind: 'pgd' }, /fgm\.steps must be a whole number ≥ 1 for pgd, got undefined/);
  refused({ ...fgm, kind: 'freelb', steps: 2 }, /fgm\.stepSize must be/);
  refused({ ...fgm, steps: 2 }, /fgm\.kind fgm takes one step/);
  refused({ ...fgm, epsilon: -1 }, /fgm\.epsilon must be ≥ 0/);
  refused({ ...fgm, scope: 'batch' as 'matrix' }, /fgm\.scope must be one of matrix, example, got/);
  refused({ ...fgm, kind: 'awp', scope: 'example' }, /awp moves weight matrices/);
  refused(
    { ...fgm, kind: 'awp', scale: 'row-norm' },
    /awp moves each matrix by a share of its own length: fgm\.scale absolute, got row-norm/,
  );
  refused({ ...fgm, gradient: 'accumulated', scope: 'example' }, /needs fgm\.gradient fresh/);
  refused({ ...fgm, kind: 'smart' as 'fgm' }, /fgm\.kind must be one of fgm, pgd, freelb, awp/);
});

const bert = goldenFolder('seed7', 'bert-tiny');
test(
  'FGM through the training step gives the summed gradients of transformers',
  { skip: bert ? false : 'reference numbers missing' },
  () => {
    tf.tidy(() => {
      const golden = JSON.parse(readFileSync(join(bert!, 'expected.json'), 'utf8')) as ClassifierGolden;
      const { config, params, heads, shapes } = loadPretrained(bert!);
      const rows = golden.labels.length;
      const int = (x: readonly unknown[], shape: number[]): Tensor => tf.tensor(flat(x), shape, 'int32');
      const shape = [rows, golden.input_ids[0].length];
      const batch = {
        inputIds: int(golden.input_ids, shape),
        attentionMask: int(golden.attention_mask, shape),
        tokenTypeIds: int(golden.token_type_ids!, shape),
        labels: int(golden.labels, [rows]),
        weights: tf.ones([rows]),
        seed: int([3, 5], [2]),
      };
      const model = {
        forward: (p: Params) => {
          const logits = classificationLogits(p, config, encode(p, config, batch), batch.attentionMask);
          return { pooled: logits, feature: logits, logits };
        },
        project: (_: Params, x: Tensor) => x,
        trained: [],
        frozen: [],
        embedding: WORDS,
        outputs: 4,
      };
      const adversary = { ...fgm, epsilon: golden.fgm.epsilon };
      const { parts, gradients } = stepGradients(tensorsOf({ ...params, ...heads }, shapes), {}, batch, model, step(adversary));
      close(values(parts.clean), [golden.loss], 1e-5);
      close(values(parts.adversarial), [golden.fgm.adversarial_loss], 1e-4);
      close(values(parts.perturbation), [1], 1e-5);
      const got = norms(gradients);
      const expected = Object.entries(byOurNames(golden.fgm.summed_gradient_norms));
      assert.ok(expected.length > 30);
      // A key's bias has no gradient but rounding noise.
      for (const [name, e] of expected)
        assert.ok(Math.abs(got[name] - e) < 1e-3 * Math.max(e, 1e-3), `${name}: ${got[name]}, expected ${e}`);
    });
  },
);
