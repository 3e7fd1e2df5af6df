// Oracles: the eager encoder, one text at a time; a plain sort; worked nDCG.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Product } from '../../data/types';
import { encode, encoderParams, initialise, savePretrained, type EncoderConfig } from '../../encoder';
import { l2Normalise, meanPool } from '../../ops/pooling';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { trainTokenizer } from '../../text';
import { embedTexts, type SentenceEncoder } from '../../train/embed';
import { ProductIndex } from '../../train/nearest';
import { cachedVectors } from '../../train/vector-cache';
import { gradedNdcg, rankByBm25, rankByCosine, type GradedPair } from '../../train/zero-shot';
import { smallCorpus } from '../text/corpus';

const texts = [...new Set(smallCorpus(211))].slice(0, 101);
const folder = mkdtempSync(join(tmpdir(), 'embed-'));
let encoder: SentenceEncoder;
before(async () => {
  process.env.ESCI_DATA_CACHE = join(folder, 'cache');
  const tokenizer = await trainTokenizer(smallCorpus(), { vocabulary: 211 });
  const sizes = {
    type: 'xlm-roberta',
    layers: 2,
    hidden: 12,
    heads: 3,
    ffn: 17,
    maxPositions: 71,
    typeVocabulary: 1,
    epsilon: 1e-5,
  } as const;
  const config: EncoderConfig = {
    ...sizes,
    vocabulary: tokenizer.size,
    padId: tokenizer.specials.pad,
    dropout: 0.1,
    attentionDropout: 0.1,
  };
  const weights = initialise(encoderParams(config, 0.4), Key.from('embed'));
  encoder = { config, tokenizer, weights };
  savePretrained(folder, config, encoderParams(config), weights);
  tokenizer.save(folder);
});
after(() => {
  delete process.env.ESCI_DATA_CACHE;
  rmSync(folder, { recursive: true, force: true });
});

async function eager(text: string, maxLength: number): Promise<Float32Array> {
  const { ids } = await encoder.tokenizer.encodeSingle(text, { maxLength });
  const specs = encoderParams(encoder.config);
  return tf.tidy(() => {
    const params = Object.fromEntries(Object.entries(encoder.weights).map(([n, v]) => [n, tf.tensor(v, [...specs[n].shape])]));
    const inputIds = tf.tensor2d([...ids], [1, ids.length], 'int32');
    const attentionMask = tf.onesLike(inputIds);
    return l2Normalise(
      meanPool(encode(params, encoder.config, { inputIds, attentionMask }), attentionMask),
    ).dataSync() as Float32Array;
  });
}

test('recorded vectors in batches by length equal the eager ones text by text, in the order of the texts', async () => {
  const repeated = [...texts, texts[3], texts[3]];
  const { vectors, hidden } = await embedTexts(encoder, repeated, { maxLength: 23, batch: 7, buckets: 3 });
  assert.equal(vectors.length, repeated.length * hidden);
  for (const i of [0, 3, 41, 100, 101, 102]) {
    const own = vectors.subarray(i * hidden, (i + 1) * hidden);
    const other = await eager(repeated[i], 23);
    own.forEach((x, h) => assert.ok(Math.abs(x - other[h]) < 2e-6, `text ${i}`));
    assert.ok(Math.abs(Math.hypot(...own) - 1) < 1e-6);
  }
});

const product = (productId: string, title: string): Product => ({
  productId,
  locale: 'us',
  title,
  description: '',
  bullets: '',
  brand: '',
  color: '',
});

test('nearest products are those of a plain sort of cosines; vectors come from disk the second time, and not for other texts', async () => {
  const products = texts.map((title, i) => product(`p${i}`, title));
  const first = await ProductIndex.open(folder, products, { maxLength: 23, batch: 7 });
  const scores = await first.scores(texts[17]);
  const expected = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, 5);
  const found = await first.nearest(texts[17], 5);
  assert.deepEqual(found.map((f) => f.index), expected); // prettier-ignore
  assert.equal(found[0].index, 17);
  assert.ok(Math.abs(found[0].score - 1) < 1e-5, 'a text is nearest to itself');
  first.dispose();
  const again = await cachedVectors(folder, texts, { maxLength: 23, batch: 7 });
  assert.equal(again.cached, true);
  assert.deepEqual(again.vectors, first.vectors);
  assert.equal((await cachedVectors(folder, texts.slice(1), { maxLength: 23 })).cached, false);
});

const pair = (queryId: string, query: string, productId: string, grade: number): GradedPair => ({
  queryId,
  query,
  productId,
  grade,
});

test('graded nDCG counts queries with two rows and a positive grade; ties are averaged or kept in order', () => {
  const pairs = [
    pair('a', 'a', '1', 3),
    pair('a', 'a', '2', 0),
    pair('b', 'b', '1', 2), // one row: left out
    pair('c', 'c', '1', 0),
    pair('c', 'c', '2', 0), // no positive grade: left out
  ];
  const worst = 1 / Math.log2(3); // the only relevant row is second
  assert.ok(Math.abs(gradedNdcg(pairs, [0, 1, 0, 0, 0]).value - worst) < 1e-12);
  const tied = gradedNdcg(pairs, [1, 1, 0, 0, 0]);
  assert.equal(tied.scored, 1);
  assert.ok(Math.abs(tied.value - (1 + worst) / 2) < 1e-12);
  assert.ok(Math.abs(tied.random - (1 + worst) / 2) < 1e-12);
  assert.equal(gradedNdcg(pairs, [1, 1, 0, 0, 0], { ties: 'order' }).value, 1);
});

test('ranking: cosine is 1 where product and query are the same words; BM25 prefers the document that has the rare word', async () => {
  const products = new Map([product('x', texts[5]), product('y', texts[6]), product('z', texts[7])].map((p) => [p.productId, p]));
  const pairs = [...products.keys()].map((id) => pair('q', texts[6], id, Number(id === 'y')));
  const { scores } = await rankByCosine(encoder, pairs, products, ['title'], { maxLength: 64 });
  assert.ok(Math.abs(scores[1] - 1) < 1e-5 && scores[0] < scores[1] && scores[2] < scores[1]);
  const words = new Map(
    [product('1', 'red red cup'), product('2', 'red lamp'), product('3', 'green cup')].map((p) => [p.productId, p]),
  );
  const bm25 = rankByBm25([pair('q', 'lamp', '1', 0), pair('q', 'lamp', '2', 1)], words, ['title']).scores;
  assert.ok(bm25[1] > bm25[0]);
});
