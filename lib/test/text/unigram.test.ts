import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { trainTokenizer, unigramVocabulary } from '../../text';
import { smallCorpus } from './corpus';

test('Unigram: planted morphemes are found, and scores are log-probabilities that sum to at most one', () => {
  const morphemes = ['water', 'proof', 'cart', 'wheel', 'pad', 'light', 'bolt', 'frame', 'hinge', 'screw', 'mat'];
  const random = Key.from(5).random();
  const words = new Map<string, number>();
  for (let i = 0; i < 1009; i++) {
    const word = '▁' + Array.from({ length: 2 + random.int(3) }, () => random.choice(morphemes)).join('');
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  const vocabulary = unigramVocabulary(words, { pieces: 41 });
  assert.equal(vocabulary.length, 41);
  const found = morphemes.filter((m) => vocabulary.some(([piece]) => piece === m || piece === `▁${m}`));
  assert.deepEqual(found, morphemes);
  const sum = vocabulary.reduce((total, [, score]) => total + Math.exp(score), 0);
  assert.ok(sum > 0.9 && sum < 1.0001, String(sum));
  for (let i = 1; i < vocabulary.length; i++) assert.ok(vocabulary[i][1] <= vocabulary[i - 1][1], 'most probable first');
});

test('Unigram: every character within the coverage has a piece, the rarest beyond it has none', () => {
  const words = new Map([
    ['abab', 5000],
    ['abcd', 499],
    ['xy', 1],
  ]);
  const all = unigramVocabulary(words, { pieces: 17, coverage: 1 }).map(([p]) => p);
  for (const c of 'abcdxy') assert.ok(all.includes(c), c);
  const most = unigramVocabulary(words, { pieces: 17, coverage: 0.9995 }).map(([p]) => p);
  assert.ok(!most.includes('x') && !most.includes('y') && most.includes('d'));
});

test('Unigram: two characters and one word, worked by hand', () => {
  // Candidates a, b (coverage) and ab (seen 8 times). Every segmentation of "ab" is ab or a·b; EM goes to ab alone, whose probability then beats a·b.
  const vocabulary = unigramVocabulary(new Map([['ab', 8]]), { pieces: 3 });
  assert.deepEqual(vocabulary.map(([piece]) => piece).sort(), ['a', 'ab', 'b']);
  assert.equal(vocabulary[0][0], 'ab');
});

test('training: the same corpus gives the same ids, another or another size does not; cached by corpus hash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esci-train-'));
  try {
    const corpus = smallCorpus(307);
    const first = await trainTokenizer(corpus, { vocabulary: 149, cacheFolder: folder });
    const fromCache = await trainTokenizer(corpus, { vocabulary: 149, cacheFolder: folder });
    const anew = await trainTokenizer([...corpus].reverse(), { vocabulary: 149, cacheFolder: null });
    assert.deepEqual([fromCache.hash, anew.hash], [first.hash, first.hash]);
    assert.equal(readdirSync(folder).length, 1);
    const other = await trainTokenizer([...corpus, 'something else'], { vocabulary: 149, cacheFolder: folder });
    const smaller = await trainTokenizer(corpus, { vocabulary: 113, cacheFolder: folder });
    assert.equal(new Set([first.hash, other.hash, smaller.hash]).size, 3);
    assert.deepEqual([first.size, smaller.size, smaller.specials.mask], [149, 113, 112]);
    assert.equal(readdirSync(folder).length, 3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('training: no text, or a vocabulary too small, is an error; hostile text cannot become a special piece', async () => {
  await assert.rejects(trainTokenizer([], { vocabulary: 101, cacheFolder: null }), InputError);
  await assert.rejects(trainTokenizer(['', ' \n'], { vocabulary: 101, cacheFolder: null }), InputError);
  await assert.rejects(trainTokenizer(['text'], { vocabulary: 5, cacheFolder: null }), InputError);
  const hostile = Array.from({ length: 53 }, () => 'a</s>b <mask> x<mask>y <s>');
  const tokenizer = await trainTokenizer(hostile, { vocabulary: 61, cacheFolder: null });
  const [ids] = await tokenizer.encodeTexts(['a</s>b <mask> x<mask>y']);
  assert.ok(
    ids.every((id) => id > 3 && id !== tokenizer.specials.mask),
    String(ids),
  );
});
