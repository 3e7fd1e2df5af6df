import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Row } from '../../data/types';
import { InputError } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { productText, tokenise, tokeniseBlocks, tokensKey, trainTokenizer, type ProductField, type Tokenizer } from '../../text';
import { smallCorpus } from './corpus';

const folder = mkdtempSync(join(tmpdir(), 'esci-tokens-'));
after(() => rmSync(folder, { recursive: true }));
let tokenizer: Tokenizer;
let rows: Row[];
before(async () => {
  const corpus = smallCorpus(307);
  tokenizer = await trainTokenizer(corpus, { vocabulary: 149, cacheFolder: null });
  const random = Key.from('rows').random();
  rows = corpus.map((title, i) => ({
    exampleId: 1000 + i,
    queryId: i % 23,
    query: corpus[i % 23].slice(0, 11),
    label: random.choice(['E', 'S', 'C', 'I'] as const),
    smallVersion: false,
    largeVersion: true,
    split: 'train',
    productId: `P${i % 101}`,
    locale: (['us', 'es', 'jp'] as const)[i % 3],
    title,
    description: i % 2 ? '' : `<p>${corpus[(i * 7) % 307]}</p>`,
    bullets: '',
    brand: i % 5 ? 'Acme' : '',
    color: '',
    ...(i % 7 === 0 ? { weight: 0.3 } : {}),
  }));
});

async function* inBlocks(size: number): AsyncGenerator<Row[]> {
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size);
}

test('tokenise: each row is what encodePair gives for its text, beside its label, weight, locale and numbers (two routes)', async () => {
  const options = { maxLength: 29, queryLength: 7, truncate: 'product' as const };
  const table = await tokenise(rows, tokenizer, options);
  assert.equal(table.size, 307);
  for (const i of [0, 1, 14, 101, 202, 306]) {
    const one = await tokenizer.encodePair(rows[i].query, productText(rows[i]), { ...options, separators: true });
    assert.deepEqual([...table.ids.subarray(table.offsets[i], table.offsets[i + 1])], [...one.ids]);
    assert.equal(table.labels[i], 'ESCI'.indexOf(rows[i].label));
    assert.equal(table.weights[i], Math.fround(rows[i].weight ?? 1));
    assert.deepEqual([table.locales[i], table.queryIds[i], table.exampleIds[i]], [i % 3, i % 23, 1000 + i]);
  }
});

test('tokenise: product text alone, other fields and separator', async () => {
  const options = { maxLength: 53, input: 'product' as const, fields: ['locale', 'title'] as const, separator: ' ' };
  const table = await tokenise(rows.slice(0, 3), tokenizer, options);
  const one = await tokenizer.encodeSingle(`us ${rows[0].title}`, { maxLength: 53 });
  assert.deepEqual([...table.ids.subarray(0, table.offsets[1])], [...one.ids]);
});

test('tokenise: blocks of any size give the same table, in memory and through the cache', async () => {
  const options = { maxLength: 31 };
  const whole = await tokenise(rows, tokenizer, options);
  assert.deepEqual(await tokenise(inBlocks(41), tokenizer, options), whole);
  const cached = await tokenise(inBlocks(17), tokenizer, options, { data: 'd1', folder });
  assert.deepEqual(cached, whole);
  let blocks = 0;
  for await (const part of tokeniseBlocks(inBlocks(41), tokenizer, options)) blocks += Number(part.size > 0);
  assert.equal(blocks, Math.ceil(307 / 41));
});

test('token cache: a hit reads no row, anything that decides the tokens changes the key, a damaged column is made anew', async () => {
  const options = { maxLength: 37 };
  const first = await tokenise(rows, tokenizer, options, { data: 'd2', folder });
  const never: AsyncIterable<Row[]> = {
    [Symbol.asyncIterator]: () => {
      throw new Error('rows were read');
    },
  };
  assert.deepEqual(await tokenise(never, tokenizer, options, { data: 'd2', folder }), first);
  await assert.rejects(tokenise(never, tokenizer, { maxLength: 38 }, { data: 'd2', folder }), /rows were read/);
  const other = await trainTokenizer(['some other text entirely'], { vocabulary: 31, cacheFolder: null });
  const keys = [
    tokensKey(tokenizer, options, 'd2'),
    tokensKey(tokenizer, options, 'd3'),
    tokensKey(other, options, 'd2'),
    tokensKey(tokenizer, { ...options, fields: ['title'] }, 'd2'),
    tokensKey(tokenizer, { ...options, separator: ' ' }, 'd2'),
    tokensKey(tokenizer, { ...options, truncate: 'product' }, 'd2'),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(tokensKey(tokenizer, { ...options, truncate: 'longer' }, 'd2'), keys[0], 'a default spelt out is the same key');
  truncateSync(join(folder, keys[0], 'ids'), 12);
  assert.deepEqual(await tokenise(rows, tokenizer, options, { data: 'd2', folder }), first);
});

test('token cache: a failure leaves nothing behind', async () => {
  const before = readdirSync(folder).sort();
  const bad = { ...rows[5], label: 'X' as 'E' };
  const broken = (async function* () {
    yield rows.slice(0, 3);
    yield await Promise.resolve([bad]);
  })();
  await assert.rejects(tokenise(broken, tokenizer, { maxLength: 41 }, { data: 'd9', folder }), InputError);
  assert.deepEqual(readdirSync(folder).sort(), before);
});

test('tokenise: no rows give an empty table; wrong options are named', async () => {
  const none = await tokenise([], tokenizer, { maxLength: 16 });
  assert.deepEqual([none.size, none.ids.length, none.offsets.length], [0, 0, 1]);
  for (const options of [
    { maxLength: 3 },
    { maxLength: 16, fields: ['price' as ProductField] },
    { maxLength: 16, input: 'query' as 'pair' },
  ]) {
    await assert.rejects(tokenise(rows, tokenizer, options), InputError);
  }
});
