// Oracles: torch's golden numbers; worked arithmetic; passes made one by one; finite differences.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WORDS } from '../../encoder';
import { LOSS_DEFAULTS, oneHot, rowLosses, weightedMean } from '../../finetune/losses';
import { divergence, symmetricKl, textbookAlpha, type RDropConfig } from '../../finetune/rdrop';
import { NO_TRICKS, stepGradients, type StepConfig } from '../../finetune/step';
import { valueAndGradients } from '../../ops/gradients';
import { ints } from '../../ops/kernel';
import type { Params } from '../../ops/params';
import { TensorKey } from '../../ops/tensor-key';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { goldenFolder } from '../encoder/golden-folder';
import { checkGradients, normal } from '../ops/finite-differences';
import { plain } from './fixture';
import { batchAt, close, paramsOf, values } from './tensors';

const textbook: RDropConfig = { alpha: 1, pair: 'dropout', reduction: 'mean', halved: true };
const coded: RDropConfig = { alpha: 0.5, pair: 'fgm', reduction: 'sum', halved: false };
const fgm = { epsilon: 0.3, scale: 'absolute', gradient: 'fresh' } as const;

const seed7 = goldenFolder('seed7');
test('cross-entropy and symmetric divergence are those of torch', { skip: seed7 ? false : 'reference numbers missing' }, () => {
  tf.tidy(() => {
    const { rdrop } = JSON.parse(readFileSync(join(seed7!, 'losses.json'), 'utf8')) as {
      rdrop: { logits_p: number[][]; logits_q: number[][]; labels: number[]; cross_entropy: number; symmetric_kl: number };
    };
    const [p, q, ones] = [tf.tensor2d(rdrop.logits_p), tf.tensor2d(rdrop.logits_q), tf.ones([rdrop.labels.length])];
    const y = oneHot(ints(rdrop.labels), 4);
    const ce = (z: Tensor): number => values(weightedMean(rowLosses(z, y, { ...LOSS_DEFAULTS, kind: 'ce' }), ones))[0];
    assert.ok(Math.abs((ce(p) + ce(q)) / 2 - rdrop.cross_entropy) < 1e-6);
    close(values(divergence(p, q, ones, textbook)), [rdrop.symmetric_kl], 1e-6);
  });
});

test('the divergence of two rows by hand; both orders are one; a single logit has none', () => {
  tf.tidy(() => {
    const p = tf.log(
      tf.tensor2d([
        [0.5, 0.5],
        [0.9, 0.1],
      ]),
    );
    const q = tf.log(
      tf.tensor2d([
        [0.25, 0.75],
        [0.9, 0.1],
      ]),
    );
    // (.5 − .25)(ln .5 − ln .25) + (.5 − .75)(ln .5 − ln .75) = .25·ln 2 + .25·ln 1.5
    const first = 0.25 * Math.log(2) + 0.25 * Math.log(1.5);
    close(values(symmetricKl(p, q)), [first, 0], 1e-6);
    close(values(symmetricKl(q, p)), [first, 0], 1e-6);
    assert.deepEqual(values(symmetricKl(normal('a', [3, 1]), normal('b', [3, 1]))), [0, 0, 0], 'identically 0 for a regressor');
    checkGradients(({ p, q }) => symmetricKl(p, q), { p: normal('p', [5, 3]), q: normal('q', [5, 3]) });
  });
});

test('textbookAlpha: half of Liang’s sum of losses with that α has the gradient of each form, up to one factor (oracle: directions of gradients)', () => {
  tf.tidy(() => {
    const n = 8;
    const y = oneHot(ints([0, 1, 2, 3, 0, 1, 2, 3]), 4);
    const at = { p: normal('p', [n, 4]), q: normal('q', [n, 4]) };
    const slope = (rdrop: RDropConfig): number[] => {
      const total = ({ p, q }: Params): Tensor => {
        const [first, second] = [p, q].map((z) => weightedMean(rowLosses(z, y, { ...LOSS_DEFAULTS, kind: 'ce' }), tf.ones([n])));
        const share = rdrop.pair === 'fgm' ? 1 : 0.5; // the step adds FGM's loss to the clean one and averages two draws'
        return tf.add(tf.mul(tf.add(first, second), share), tf.mul(divergence(p, q, tf.ones([n]), rdrop), rdrop.alpha));
      };
      const { gradients } = valueAndGradients(total, at);
      return [...values(gradients.p), ...values(gradients.q)];
    };
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const cosine = (a: number[], b: number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const published = { ...coded, reduction: 'mean' } as const;
    for (const [form, alpha] of [
      [coded, 4],
      [published, 0.5],
      [textbook, 1],
      [{ ...coded, pair: 'dropout' }, 8],
    ] as const) {
      assert.ok(Math.abs(textbookAlpha(form, n) - alpha) < 1e-12, `${JSON.stringify(form)}: ${textbookAlpha(form, n)}`);
      assert.ok(cosine(slope(form), slope({ ...textbook, alpha })) > 1 - 1e-6);
      assert.ok(cosine(slope(form), slope({ ...textbook, alpha: 2 * alpha })) < 1 - 1e-4, 'another α points elsewhere');
    }
  });
});

test('filler rows count in no form of the divergence', () => {
  tf.tidy(() => {
    const [p, q] = [normal('p', [8, 4]), normal('q', [8, 4])];
    const some = tf.tensor1d([1, 1, 1, 0.3, 0, 0, 0, 0]);
    const total = values(symmetricKl(p, q))
      .slice(0, 4)
      .reduce((a, b) => a + b, 0);
    close(values(divergence(p, q, some, coded)), [total], 1e-5);
    close(values(divergence(p, q, some, textbook)), [total / 8], 1e-5);
  });
});

/** The losses of the composed step, its passes made one by one with the dropout draws that the step uses. */
function byHand(p: Params, fixedDelta: Tensor | null, config: StepConfig, t: number, dropout: number): Tensor {
  const { model } = paramsOf(dropout);
  const batch = batchAt(t);
  const key = new TensorKey(batch.seed);
  const pass = (params: Params, n: number): Tensor => model.forward(params, batch, key.fold('pass', n)).logits;
  const ce = (z: Tensor): Tensor =>
    tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(batch.labels as tf.Tensor1D, 4), tf.logSoftmax(z)), 1)));
  const rdrop = config.tricks.rdrop!;
  const own = pass(p, 0);
  const attacked = fixedDelta && pass({ ...p, [WORDS]: tf.add(p[WORDS], fixedDelta) }, 1);
  const other = rdrop.pair === 'fgm' ? attacked! : pass(p, 2);
  const [a, b] = [tf.softmax(own), tf.softmax(other)];
  const kl = (x: Tensor, y: Tensor): Tensor => tf.sum(tf.mul(x, tf.log(tf.div(x, y))), 1); // [B]
  const rows = tf.add(kl(a, b), kl(b, a));
  const reduced = rdrop.reduction === 'sum' ? tf.sum(rows) : tf.mean(rows);
  const clean = rdrop.pair === 'fgm' ? ce(own) : tf.mul(tf.add(ce(own), ce(other)), 0.5);
  return tf.addN([
    clean,
    tf.mul(reduced, rdrop.alpha * (rdrop.halved ? 0.5 : 1)),
    ...(attacked ? [ce(attacked)] : []),
  ] as Tensor[]);
}

for (const [what, rdrop, adversary] of [
  ['a second dropout pass, per row', textbook, null],
  ['a second dropout pass, summed', { ...coded, pair: 'dropout' }, null],
  ["FGM's pass, per row", { ...coded, reduction: 'mean' }, fgm],
  ["FGM's pass, summed", coded, fgm],
  ['a second dropout pass beside FGM', textbook, fgm],
] as const)
  test(`R-Drop against ${what}: loss and gradient of the step`, () => {
    tf.tidy(() => {
      const dropout = 0.2;
      const config: StepConfig = { ...plain, tricks: { ...NO_TRICKS, rdrop, fgm: adversary } };
      const { model, params } = paramsOf(dropout);
      const batch = batchAt(3);
      const { total, gradients, parts } = stepGradients(params, {}, batch, model, config);
      let delta: Tensor | null = null;
      if (adversary) {
        // FGM's direction is the clean pass's: a step without R-Drop and FGM has it.
        const g = stepGradients(params, {}, batch, model, plain).gradients[WORDS];
        delta = tf.mul(g, tf.div(adversary.epsilon, tf.norm(g)));
      }
      const expected = valueAndGradients((p) => byHand(p, delta, config, 3, dropout), params);
      close(values(total), values(expected.value), 1e-4);
      assert.ok(values(parts.divergence)[0] > 1e-4, 'the passes differ');
      for (const name of [WORDS, 'encoder.layer.0.attention.self.value.weight', 'heads.esci.dense.weight'])
        close(values(gradients[name]), values(expected.gradients[name]), 2e-4, name);
      // The way back is right too: central differences of the loss by hand, the perturbation held.
      const name = 'heads.esci.out_proj.weight';
      const start = values(params[name]);
      for (const i of [0, 7, 23]) {
        const at = (h: number): number =>
          values(
            byHand(
              {
                ...params,
                [name]: tf.tensor(
                  start.map((x, k) => (k === i ? x + h : x)),
                  params[name].shape,
                ),
              },
              delta,
              config,
              3,
              dropout,
            ),
          )[0];
        const slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert.ok(
          Math.abs(values(gradients[name])[i] - slope) < 5e-3,
          `${name}[${i}]: ${values(gradients[name])[i]}, difference ${slope}`,
        );
      }
    });
  });
