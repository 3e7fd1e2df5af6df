// Oracles: arithmetic worked in the comments, slow loops in float64, and the counts and independence that random masks must have.
import assert from 'node:assert/strict';
import test from 'node:test';
import { attention, paddingBias } from '../../ops/attention';
import { crossEntropy, crossEntropyRows } from '../../ops/cross-entropy';
import { dense } from '../../ops/dense';
import { dropout } from '../../ops/dropout';
import { embedding } from '../../ops/embedding';
import { gelu } from '../../ops/gelu';
import { valueAndGradients } from '../../ops/gradients';
import { layerNorm } from '../../ops/layer-norm';
import { l2Normalise, meanPool } from '../../ops/pooling';
import { scoped } from '../../ops/scoped';
import { TensorKey } from '../../ops/tensor-key';
import { Key } from '../../runtime/key';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { noLeak, normal } from './finite-differences';

const int = (values: number[], shape: number[] = [values.length]): Tensor => tf.tensor(values, shape, 'int32');
const close = (got: Tensor, expected: number[], bound = 1e-6): void => {
  const values = got.dataSync();
  assert.equal(values.length, expected.length);
  expected.forEach((x, i) => assert.ok(Math.abs(values[i] - x) <= bound, `[${i}] ${values[i]}, expected ${x}`));
};
const leakFree = (name: string, body: () => void): void => void test(name, () => noLeak(() => tf.tidy(body)));

leakFree('dense multiplies with the transposed weight and adds the bias', () => {
  // [1 2]·[[3 4],[5 6],[7 8]]ᵀ + [10 20 30] = [11+10, 17+20, 23+30]
  close(dense(tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4], [5, 6], [7, 8]]), tf.tensor1d([10, 20, 30])), [21, 37, 53]); // prettier-ignore
});

leakFree('layerNorm: mean 0, biased variance, ε inside the root', () => {
  // [1 3]: μ 2, σ² 1, so ±1/√(1 + 3) = ±0.5 with ε = 3; times γ [2 4] plus β [10 20]
  close(layerNorm(tf.tensor2d([[1, 3]]), tf.tensor1d([2, 4]), tf.tensor1d([10, 20]), 3), [9, 22]);
});

leakFree('gelu is exact, not the tanh approximation', () => {
  // x·Φ(x): Φ(1) = 0.8413447, Φ(−3) = 0.0013499; the approximation gives 0.8411920 at 1
  close(gelu(tf.tensor1d([0, 1, -3, 20, -20])), [0, 0.8413447, -3 * 0.0013498980316, 20, 0], 3e-7);
});

leakFree('embedding: the gradient of a row is the sum over its uses, and zero for the padding row', () => {
  const table = normal('table', [5, 3]);
  const ids = int([4, 0, 4], [3, 1]);
  const use = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 1, 3]);
  const gradient = (padding?: number): Tensor =>
    valueAndGradients((p) => tf.sum(tf.mul(embedding(p.table, ids, padding), use)), { table }).gradients.table;
  close(gradient(), [4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 10, 12]);
  close(gradient(4), [4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

leakFree('dropout: one key repeats bit for bit, two keys differ, the share and the scale are right', () => {
  const x = tf.ones([101, 103]);
  const key = TensorKey.of(Key.from('dropout'));
  const [a, again, b] = [key, key, key.fold(1)].map((k) => dropout(x, 0.2, k).dataSync());
  assert.deepEqual(a, again);
  assert.notDeepEqual(a, b);
  const kept = a.filter((v) => v !== 0);
  assert.ok(kept.every((v) => v === Math.fround(1 / (1 - 0.2))));
  // 10,403 draws of probability 0.8: standard deviation 0.0039; five of them
  assert.ok(Math.abs(kept.length / a.length - 0.8) < 0.02, `${kept.length / a.length} kept`);
  const both = a.filter((v, i) => v !== 0 && b[i] !== 0).length / a.length;
  assert.ok(Math.abs(both - 0.64) < 0.024, `independent masks keep 0.64 together, got ${both}`);
  assert.equal(dropout(x, 0, key), x);
  assert.equal(dropout(x, 0.5, null), x);
  assert.throws(() => dropout(x, 1, key), /dropout rate must be at least 0 and below 1, got 1/);
});

leakFree('attention equals a slow loop over batches, heads and tokens in float64; padding is not attended to', () => {
  const [B, T, A, D] = [2, 5, 3, 7];
  const x = normal('projections', [B, T, 3 * A * D]);
  const mask = [1, 1, 1, 1, 1, 0, 1, 1, 1, 0];
  const v = x.dataSync();
  const at = (b: number, t: number, part: number, a: number, d: number): number =>
    v[((b * T + t) * 3 + part) * A * D + a * D + d];
  const expected: number[] = [];
  for (let b = 0; b < B; b++)
    for (let t = 0; t < T; t++)
      for (let a = 0; a < A; a++) {
        const scores = Array.from({ length: T }, (_, s) => {
          let dot = 0;
          for (let d = 0; d < D; d++) dot += at(b, t, 0, a, d) * at(b, s, 1, a, d);
          return mask[b * T + s] ? Math.exp(dot) : 0;
        });
        const total = scores.reduce((p, q) => p + q, 0);
        for (let d = 0; d < D; d++) expected.push(scores.reduce((sum, p, s) => sum + (p / total) * at(b, s, 2, a, d), 0));
      }
  close(attention(x, { heads: A, bias: paddingBias(int(mask, [B, T])) }), expected, 1e-5);
  assert.throws(() => attention(x, { heads: 5, bias: tf.scalar(0) }), /last axis must be 3 × 5 heads × D, got 63/);
});

leakFree('crossEntropy: mean over counted rows; a row weight scales the loss and not the divisor', () => {
  // two classes, difference d: −log p = log(1 + e^−d). Rows: d = 0 → log 2; d = log 3 for the right class → log(4/3); the ignored one counts nowhere.
  const logits = tf.tensor2d([[5, 5], [Math.log(3), 0], [100, -100]]); // prettier-ignore
  const labels = int([1, 0, -100]);
  const [a, b] = [Math.log(2), Math.log(4 / 3)];
  close(crossEntropy(logits, labels), [(a + b) / 2]);
  close(crossEntropy(logits, labels, { rowWeights: tf.tensor1d([0.5, 3, 1000]) }), [(0.5 * a + 3 * b) / 2]);
  close(crossEntropyRows(logits, labels), [a, b, 0]);
  close(crossEntropy(logits, int([-100, -100, -100])), [0]);
  close(crossEntropy(logits, int([1, 7, 0]), { ignoreIndex: 7 }), [(a + 0) / 2]);
  assert.throws(() => crossEntropy(logits, tf.tensor1d([0, 1, 1])), /labels must be int32 \[3\], got float32 \[3\]/);
});

leakFree('meanPool leaves padding out; l2Normalise gives length 1 and keeps zero', () => {
  const hidden = tf.tensor3d([1, 2, 3, 4, 500, 600, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
  close(meanPool(hidden, int([1, 1, 0, 0, 0, 0], [2, 3])), [2, 3, 0, 0]);
  close(l2Normalise(tf.tensor2d([[3, 4], [0, 0]])), [0.6, 0.8, 0, 0]); // prettier-ignore
});

test('valueAndGradients: a parameter that is not reached has no entry, what it was given stays, and only the result is left', () => {
  const params = { a: tf.scalar(3), b: tf.scalar(5) };
  const before = tf.memory().numTensors;
  const { value, gradients } = valueAndGradients((p) => tf.mul(p.a, p.a), params);
  assert.equal(value.dataSync()[0], 9);
  assert.deepEqual(Object.keys(gradients), ['a']);
  assert.equal(gradients.a.dataSync()[0], 6);
  assert.equal(tf.memory().numTensors, before + 2);
  assert.equal(params.b.dataSync()[0], 5);
  tf.dispose([value, gradients]);
  assert.throws(() => valueAndGradients((p) => tf.stack([p.a, p.b]), params), /returns a scalar, got shape \[2\]/);
  assert.equal(tf.memory().numTensors, before, 'nothing is left behind by a function that throws');
  tf.dispose(params);
});

test('scoped keeps what is returned and disposes the rest, also where the body throws', () => {
  const before = tf.memory().numTensors;
  const { kept, text } = scoped(() => ({ kept: tf.add<Tensor>(tf.scalar(1), tf.scalar(2)), text: 'x' }));
  assert.equal(text, 'x');
  assert.equal(tf.memory().numTensors, before + 1);
  kept.dispose();
  assert.throws(() =>
    scoped(() => {
      tf.scalar(1);
      throw new Error('inside');
    }),
  );
  assert.equal(tf.memory().numTensors, before);
});
