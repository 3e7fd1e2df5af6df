// Oracles: worked arithmetic in the comments; finite differences for gradients.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOSS_DEFAULTS, oneHot, rowLosses, weightedMean, type LossConfig } from '../../finetune/losses';
import { ints } from '../../ops/kernel';
import { valueAndGradients } from '../../ops/gradients';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { checkGradients, normal } from '../ops/finite-differences';

const loss = (change: Partial<LossConfig>): LossConfig => ({ ...LOSS_DEFAULTS, ...change });
const close = (got: Tensor, expected: readonly number[], bound = 1e-6): void => {
  assert.equal(got.size, expected.length);
  got.dataSync().forEach((x, i) => assert.ok(Math.abs(x - expected[i]) <= bound, `[${i}]: ${x}, expected ${expected[i]}`));
};
/** Logits whose softmax is `p`. */
const logits = (p: readonly number[][]): Tensor => tf.log(tf.tensor2d(p as number[][]));

test('cross-entropy, Poly-1, focal and label smoothing on rows of known probabilities', () => {
  tf.tidy(() => {
    const z = logits([
      [0.5, 0.25, 0.25],
      [0.1, 0.8, 0.1],
    ]);
    const y = oneHot(ints([0, 2]), 3);
    const ce = [Math.log(2), Math.log(10)];
    close(rowLosses(z, y, loss({ kind: 'ce' })), ce);
    close(rowLosses(z, y, loss({ kind: 'poly1', epsilon: 1 })), [ce[0] + 0.5, ce[1] + 0.9]);
    close(rowLosses(z, y, loss({ kind: 'poly1', epsilon: -0.5 })), [ce[0] - 0.25, ce[1] - 0.45]);
    close(rowLosses(z, y, loss({ kind: 'focal', gamma: 2 })), [0.25 * ce[0], 0.81 * ce[1]]);
    // smoothing .3: targets (.8, .1, .1) and (.1, .1, .8)
    const smooth = [0.8 * Math.log(2) + 0.2 * Math.log(4), 0.9 * Math.log(10) + 0.1 * Math.log(1.25)];
    close(rowLosses(z, y, loss({ kind: 'ce', smoothing: 0.3 })), smooth);
    close(rowLosses(z, y, loss({ kind: 'poly1', epsilon: 1, smoothing: 0.3 })), [smooth[0] + 0.5, smooth[1] + 0.9]);
  });
});

test('soft targets: the cross-entropy is linear in them', () => {
  tf.tidy(() => {
    const z = normal('soft', [5, 3]);
    const [a, b] = [oneHot(ints([0, 1, 2, 0, 1]), 3), oneHot(ints([1, 1, 0, 2, 0]), 3)];
    const ce = (y: Tensor): Tensor => rowLosses(z, y, loss({ kind: 'ce' }));
    close(ce(tf.add(tf.mul(a, 0.3), tf.mul(b, 0.7))), [...tf.add(tf.mul(ce(a), 0.3), tf.mul(ce(b), 0.7)).dataSync()]);
  });
});

test('GHM-C: rows of a crowded bin weigh little, filler rows neither count nor weigh', () => {
  tf.tidy(() => {
    // 1 − p_true = .05, .12, .18, .95 in ten bins: bins 0, 1, 1, 9; three bins in use; B = 4: weights 4/3, 4/6, 4/6, 4/3
    const p = [0.95, 0.88, 0.82, 0.05];
    const z = logits(p.map((x) => [x, 1 - x]));
    const y = oneHot(ints([0, 0, 0, 0]), 2);
    const ce = p.map((x) => -Math.log(x));
    const weights = [4 / 3, 2 / 3, 2 / 3, 4 / 3];
    close(
      rowLosses(z, y, loss({ kind: 'ghm', bins: 10 })),
      ce.map((l, i) => weights[i] * l),
      1e-5,
    );
    // Without the third row: bins 0, 1, 9 with one row each; B = 3: every weight is 3/(1·3) = 1
    const real = tf.tensor1d([1, 1, 0, 0.3]);
    close(rowLosses(z, y, loss({ kind: 'ghm', bins: 10 }), real), [ce[0], ce[1], 0, ce[3]], 1e-5);
    // p_true = 0 exactly lies in the last bin, not beyond it
    assert.ok(Number.isFinite(rowLosses(tf.tensor2d([[-200, 0]]), oneHot(ints([0]), 2), loss({ kind: 'ghm' })).dataSync()[0]));
    // The weight carries no gradient: the slope is the weight times cross-entropy's.
    const slope = (kind: 'ce' | 'ghm'): Tensor =>
      valueAndGradients(({ z }) => tf.sum(rowLosses(z, y, loss({ kind, bins: 10 }))), { z }).gradients.z;
    close(slope('ghm'), [...tf.mul(slope('ce'), tf.tensor2d(weights, [4, 1])).dataSync()], 1e-5);
  });
});

test('gradients agree with finite differences', () => {
  tf.tidy(() => {
    const z = normal('logits', [5, 4]);
    const y = oneHot(ints([0, 1, 2, 3, 1]), 4);
    for (const kind of ['ce', 'poly1', 'focal'] as const)
      for (const smoothing of [0, 0.1]) checkGradients(({ z }) => rowLosses(z, y, loss({ kind, smoothing })), { z });
    const gains = tf.tensor2d([[1], [0.1], [0]]);
    checkGradients(({ z }) => rowLosses(z, gains, loss({ kind: 'mse' })), { z: normal('one', [3, 1]) });
  });
});

test('focal: a row that is certain and right has loss 0 and a finite slope for every γ', () => {
  tf.tidy(() => {
    for (const gamma of [0, 0.5, 1, 2]) {
      const { value, gradients } = valueAndGradients(
        ({ z }) => tf.sum(rowLosses(z, oneHot(ints([0]), 2), loss({ kind: 'focal', gamma }))),
        { z: tf.tensor2d([[60, 0]]) },
      );
      assert.ok(Math.abs(value.dataSync()[0]) < 1e-30);
      assert.ok(gradients.z.dataSync().every(Number.isFinite), `γ = ${gamma}: ${Array.from(gradients.z.dataSync()).join(', ')}`);
    }
  });
});

test('squared error of the sigmoid against the gain', () => {
  tf.tidy(() => {
    const z = tf.tensor2d([[0], [Math.log(3)]]); // sigmoids .5 and .75
    close(rowLosses(z, tf.tensor2d([[1], [0.1]]), loss({ kind: 'mse' })), [0.25, 0.4225]);
  });
});

test('the batch loss: an augmented row pulls at .3 and counts as one, a filler row does neither', () => {
  tf.tidy(() => {
    close(weightedMean(tf.tensor1d([2, 4, 100]), tf.tensor1d([1, 0.3, 0])), [(2 + 1.2) / 2]);
    close(weightedMean(tf.tensor1d([7, 8]), tf.tensor1d([0, 0])), [0]);
  });
});

test('a word that is no loss, and a loss over a query’s products, are refused instead of taken for GHM-C', () => {
  tf.tidy(() => {
    const [z, y] = [normal('unknown', [2, 3]), oneHot(ints([0, 1]), 3)];
    assert.throws(() => rowLosses(z, y, loss({ kind: 'focla' as 'focal' })), /loss\.kind: got "focla"/);
    assert.throws(() => rowLosses(z, y, loss({ kind: 'ranknet' })), /loss\.kind ranknet compares the rows of a query/);
  });
});
