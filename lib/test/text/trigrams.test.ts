import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Key } from '../../runtime/key';
import { InputError } from '../../runtime/errors';
import { bagTexts, padBags, trigramBags, trigrams, TrigramVocabulary, word2vec } from '../../text';

test('tri-grams: worked by hand', () => {
  const worked: [string, string[]][] = [
    ['', []],
    [' !? ', []],
    ['TV', ['tv']],
    ['Mug', ['mug']],
    ['USB-C', ['usb', 'sbc']],
    ['a b cd', ['a b', 'b', 'b c', 'cd']],
    ['ワイヤレス', ['ワイヤ', 'イヤレ', 'ヤレス']],
    ['Été 2', ['été', 'té', 'é 2']],
  ];
  for (const [text, grams] of worked) assert.deepEqual(trigrams(text), grams, text);
});

test('tri-grams as coded lack the last one, and only that', () => {
  for (const text of ['mugs', 'wireless mouse', 'ワイヤレスイヤホン']) {
    const all = trigrams(text);
    assert.deepEqual(trigrams(text, { keepLast: false }), all.slice(0, -1));
  }
  assert.deepEqual(trigrams('mug', { keepLast: false }), ['mug']);
});

test('tri-gram vocabulary: by count then text, 0 unknown; order of texts does not matter; saved and read back', () => {
  const texts = ['abcd', 'abc', 'bcd', 'xyz', 'bcd'];
  const v = TrigramVocabulary.build(texts); // abc 2, bcd 3, xyz 1
  assert.deepEqual([v.grams, v.counts, v.size], [['', 'bcd', 'abc'], [0, 3, 2], 3]);
  assert.deepEqual(TrigramVocabulary.build([...texts].reverse()).grams, v.grams);
  assert.deepEqual([...v.ids('abcdxyz')], [2, 1]);
  assert.equal(v.id('xyz'), 0);
  assert.deepEqual(TrigramVocabulary.build(texts, { minCount: 1, limit: 3 }).grams, ['', 'bcd', 'abc']);
  const folder = mkdtempSync(join(tmpdir(), 'esci-grams-'));
  try {
    v.save(join(folder, 'v.json'));
    const again = TrigramVocabulary.load(join(folder, 'v.json'));
    assert.deepEqual([again.grams, again.counts], [v.grams, v.counts]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const row = (query: string, title: string, bullets: string, description = '') => ({
  query,
  title,
  brand: 'Bb',
  color: 'Cc',
  bullets,
  description,
});

test('bags: the groups of the paper and of the code', () => {
  const r = row('q', 'T', 'B', '<p>D</p>');
  assert.deepEqual(bagTexts(r, 'paper'), ['q', 'B', 'D']);
  assert.deepEqual(bagTexts(r, 'code'), ['q', 'T Bb Cc B', 'D']);
});

test('bags: padded to capacity, mean by weights equals the mean over the row’s grams (two routes)', () => {
  const rows = [row('abcde', 't', 'bcdea'), row('', 't', 'abc', 'cdeab'), row('abcdeabcdeabcde', 't', '')];
  const v = TrigramVocabulary.build(['abcdeabcde'], { minCount: 1 });
  const bags = trigramBags(rows, v, { groups: 'paper', capacity: [7, 5, 3] });
  assert.deepEqual(bags.cut, [13 - 7, 0, 0]);
  const chosen = [2, 0, 1];
  const padded = padBags(bags, chosen);
  padded.forEach((bag, g) => {
    const capacity = [7, 5, 3][g];
    assert.equal(bag.ids.length, 3 * capacity);
    chosen.forEach((r, i) => {
      const own = [...v.ids(bagTexts(rows[r], 'paper')[g])].slice(0, capacity);
      const mean = own.length ? own.reduce((s, id) => s + id * id, 0) / own.length : 0;
      let sum = 0;
      for (let p = 0; p < bag.ids.length; p++) if (bag.segments[p] === i) sum += bag.weights[p] * bag.ids[p] ** 2;
      assert.ok(Math.abs(sum - mean) < 1e-5, `group ${g} row ${r}: ${sum} and ${mean}`);
      assert.equal(bag.counts[i], own.length);
      assert.deepEqual([...bag.ids.subarray(i * capacity, i * capacity + own.length)], own);
    });
  });
  assert.throws(() => trigramBags(rows, v, { groups: 'both' as 'paper' }), InputError);
});

test('word2vec: on a planted corpus of two topics a gram lies nearer to its own topic; chance is one half', () => {
  const key = Key.from(11);
  const random = key.fold('corpus').random();
  // Topic A has ids 1–13, topic B 14–26; each sequence has one topic.
  const sequences = Array.from({ length: 307 }, (_, s) =>
    Int32Array.from({ length: 17 }, () => 1 + (s % 2) * 13 + random.int(13)),
  );
  const D = 11;
  const train = (k: Key) =>
    word2vec(sequences, { dimensions: D, window: 5, negatives: 5, epochs: 5, rate: 0.1, sample: 0, key: k });
  const vectors = train(key);
  assert.equal(vectors.length, 27 * D);
  assert.ok(
    vectors.subarray(0, D).every((x) => x === 0),
    'id 0 stays 0',
  );
  const cosine = (a: number, b: number) => {
    let [ab, aa, bb] = [0, 0, 0];
    for (let d = 0; d < D; d++) {
      ab += vectors[a * D + d] * vectors[b * D + d];
      aa += vectors[a * D + d] ** 2;
      bb += vectors[b * D + d] ** 2;
    }
    return ab / Math.sqrt(aa * bb);
  };
  let [right, all] = [0, 0];
  for (let a = 1; a <= 26; a++)
    for (let b = 1; b <= 13; b++) {
      if (a === b || a === b + 13) continue;
      const [own, other] = a <= 13 ? [b, b + 13] : [b + 13, b];
      right += Number(cosine(a, own) > cosine(a, other));
      all++;
    }
  assert.ok(right / all > 0.95, `${right} of ${all}`);
  assert.deepEqual(train(key), vectors, 'the same key gives the same digits');
  assert.notDeepEqual(train(Key.from(12)), vectors);
});

test('word2vec: wrong ids and settings are errors', () => {
  const key = Key.from(1);
  assert.throws(() => word2vec([Int32Array.of(5)], { size: 5, key }), InputError);
  assert.throws(() => word2vec([Int32Array.of(-1)], { key }), InputError);
  assert.throws(() => word2vec([Int32Array.of(1)], { dimensions: 0, key }), InputError);
  assert.deepEqual(word2vec([], { size: 2, dimensions: 1, key })[0], 0);
});
