// Oracles: a bag's mean and the concatenation by hand; finite differences; the identity of parts that are left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameHeadParams, nameLogits } from '../../heads/brand';
import { esciHead, esciHeadParams, outputProjection, type EsciHeadBatch, type EsciHeadConfig } from '../../heads/esci';
import { ints } from '../../ops/kernel';
import type { Params, ParamSpecs } from '../../ops/params';
import { TensorKey } from '../../ops/tensor-key';
import { Key } from '../../runtime/key';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { checkGradients, normal } from '../ops/finite-differences';

const [B, T, H, C] = [3, 5, 7, 4];
const sizes = { hidden: H, brands: 11, colors: 5, trigramVocabulary: 13, outputs: 4 };
const full: EsciHeadConfig = { pooling: 'cls', brand: 2, color: 3, country: 2, trigrams: 2, dropout: 0 };
const draw = (specs: ParamSpecs): Params =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, normal(name, [...shape], 0.5)]));
const batch = (): Required<EsciHeadBatch> => ({
  attentionMask: tf.tensor2d(
    [
      [1, 1, 1, 1, 1],
      [1, 1, 0, 0, 0],
      [1, 1, 1, 0, 0],
    ],
    [B, T],
    'int32',
  ),
  brand: ints([10, 0, 3]),
  color: ints([1, 4, 0]),
  country: ints([2, 0, 1]),
  trigrams: tf.tensor3d(
    Int32Array.from({ length: B * 3 * C }, (_, i) => (i < C ? 0 : i % 5 ? 1 + ((i * 7) % 12) : 0)),
    [B, 3, C],
    'int32',
  ),
});
const close = (got: Tensor, expected: ArrayLike<number>, bound = 1e-5): void => {
  assert.equal(got.size, expected.length);
  got.dataSync().forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < bound, `[${i}]: ${x}, expected ${expected[i]}`));
};

test('the head of Figure 2 by hand: [CLS ‖ brand ‖ colour ‖ country ‖ three bags] → dense → tanh → logits', () => {
  tf.tidy(() => {
    const params = draw(esciHeadParams(full, sizes));
    const hidden = normal('hidden', [B, T, H]);
    const inputs = batch();
    const at = (name: string): number[][] => params[`heads.esci.${name}.weight`].arraySync() as number[][];
    const ids = (x: Tensor): number[] => x.arraySync() as number[];
    const bag = (grams: number[]): number[] => {
      const known = grams.filter((g) => g > 0);
      return [0, 1].map((w) => (known.length ? known.reduce((sum, g) => sum + at('trigrams')[g][w], 0) / known.length : 0));
    };
    const joined = Array.from({ length: B }, (_, i) => [
      ...(hidden.arraySync() as number[][][])[i][0],
      ...at('brand')[ids(inputs.brand)[i]],
      ...at('color')[ids(inputs.color)[i]],
      ...at('country')[ids(inputs.country)[i]],
      ...(inputs.trigrams.arraySync() as number[][][])[i].flatMap(bag),
    ]);
    const linear = (x: number[], name: string): number[] => {
      const bias = params[`heads.esci.${name}.bias`].dataSync();
      return at(name).map((row, k) => row.reduce((sum, w, j) => sum + w * x[j], bias[k]));
    };
    const feature = joined.map((x) => linear(x, 'dense').map(Math.tanh));
    const out = esciHead(params, hidden, inputs, full, null);
    close(
      out.pooled,
      joined.flatMap((x) => x.slice(0, H)),
    );
    close(out.feature, feature.flat());
    close(
      out.logits,
      feature.flatMap((x) => linear(x, 'out_proj')),
    );
    close(outputProjection(params, out.feature), [...out.logits.dataSync()], 1e-7);
    assert.ok(
      joined[0].slice(H + 7, H + 9).every((x) => x === 0),
      'a bag without grams is 0',
    );
  });
});

test('every part can be left out, and then has no weights', () => {
  tf.tidy(() => {
    const none: EsciHeadConfig = { ...full, brand: 0, color: 0, country: 0, trigrams: 0 };
    const specs = esciHeadParams(none, sizes);
    assert.deepEqual(
      Object.keys(specs),
      ['dense', 'out_proj'].flatMap((n) => [`heads.esci.${n}.weight`, `heads.esci.${n}.bias`]),
    );
    assert.deepEqual(specs['heads.esci.dense.weight'].shape, [H, H]);
    const { attentionMask } = batch();
    const hidden = normal('hidden', [B, T, H]);
    assert.deepEqual(esciHead(draw(specs), hidden, { attentionMask }, none, null).logits.shape, [B, 4]);
    // mean pooling: the second row has two tokens
    const pooled = esciHead(
      draw(specs),
      hidden,
      { attentionMask },
      { ...none, pooling: 'mean' },
      null,
    ).pooled.arraySync() as number[][];
    const tokens = (hidden.arraySync() as number[][][])[1];
    pooled[1].forEach((x, j) => assert.ok(Math.abs(x - (tokens[0][j] + tokens[1][j]) / 2) < 1e-6));
  });
});

test('gradients of all weights agree with finite differences', () => {
  tf.tidy(() => {
    const hidden = normal('hidden', [B, T, H]);
    const inputs = batch();
    checkGradients((p) => esciHead(p, hidden, inputs, full, null).logits, draw(esciHeadParams(full, sizes)), 2e-3, 3);
    checkGradients((p) => nameLogits(p, 'brand', normal('v', [B, H])), draw(nameHeadParams('brand', H, 5, 11)), 4e-3, 2);
  });
});

test('dropout acts with a key only; the same key gives the same pass', () => {
  tf.tidy(() => {
    const params = draw(esciHeadParams(full, sizes));
    const hidden = normal('hidden', [B, T, H]);
    const inputs = batch();
    const shaken = { ...full, dropout: 0.3 };
    const plain = esciHead(params, hidden, inputs, full, null).logits.dataSync();
    assert.deepEqual(esciHead(params, hidden, inputs, shaken, null).logits.dataSync(), plain);
    const pass = (n: number) =>
      esciHead(params, hidden, inputs, shaken, TensorKey.of(Key.from('drop').fold(n))).logits.dataSync();
    assert.notDeepEqual(pass(0), pass(1));
    assert.deepEqual(pass(0), pass(0));
  });
});

test('name head: dense → GELU → LayerNorm → · name table + bias, by hand', () => {
  tf.tidy(() => {
    const params = draw(nameHeadParams('brand', 2, 3, 4));
    const v = [0.3, -1.2];
    const rows = (part: string) => params[`heads.brand.${part}`].arraySync() as number[][];
    const get = (part: string) => params[`heads.brand.${part}`].arraySync() as number[];
    const erf = (x: number): number => {
      // Σ of the series of erf, enough terms for |x| < 3
      let [sum, term] = [x, x];
      for (let n = 1; n < 60; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
      return (2 / Math.sqrt(Math.PI)) * sum;
    };
    const wide = rows('dense.weight')
      .map((row, k) => row[0] * v[0] + row[1] * v[1] + get('dense.bias')[k])
      .map((x) => (x / 2) * (1 + erf(x / Math.SQRT2)));
    const mean = wide.reduce((a, b) => a + b, 0) / 3;
    const deviation = Math.sqrt(wide.reduce((s, x) => s + (x - mean) ** 2, 0) / 3 + 1e-5);
    const unit = wide.map((x, k) => ((x - mean) / deviation) * get('LayerNorm.weight')[k] + get('LayerNorm.bias')[k]);
    const expected = rows('names.weight').map((row, k) => row.reduce((s, w, j) => s + w * unit[j], get('names.bias')[k]));
    close(nameLogits(params, 'brand', tf.tensor2d([v])), expected, 1e-5);
  });
});
