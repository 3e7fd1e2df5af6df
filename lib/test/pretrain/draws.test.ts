// Oracles: exact distributions (chi-square and binomial bounds), and properties that must hold for every draw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scales } from '../../experiments/scales';
import { checkMasked, maskCapacity, maskTokens, type Maskable } from '../../pretrain/mlm';
import { cutPseudoQuery, otherRows, spanLength } from '../../pretrain/pseudo-query';
import { Key } from '../../runtime/key';

const paper = scales.paper.pretrain;
const key = Key.from('draws');

test('MLM over a million tokens: 15 % chosen; of these 80 % mask, 10 % random, 10 % kept; specials untouched', () => {
  const tokens: Maskable = { mask: 4, special: new Set([0, 1, 2, 3, 4]), vocabulary: 997 };
  const draw = key.fold('text').random();
  const original = Int32Array.from({ length: 1_000_000 }, (_, i) => (i % 23 === 0 ? draw.int(4) : 5 + draw.int(992)));
  const ids = Int32Array.from(original);
  const labels = maskTokens(ids, paper.mlm!, tokens, key.fold('mask').random());
  checkMasked(labels, tokens);
  let [ordinary, chosen, masked, kept, random] = [0, 0, 0, 0, 0];
  const drawn = new Float64Array(997);
  for (let i = 0; i < ids.length; i++) {
    if (tokens.special.has(original[i])) {
      assert.ok(labels[i] === -100 && ids[i] === original[i], `special token at ${i} was touched`);
      continue;
    }
    ordinary++;
    if (labels[i] === -100) {
      assert.equal(ids[i], original[i]);
      continue;
    }
    assert.equal(labels[i], original[i], 'the label is the token that was there');
    chosen++;
    if (ids[i] === tokens.mask) masked++;
    else if (ids[i] === original[i]) kept++;
    else random++;
    if (ids[i] !== tokens.mask && ids[i] !== original[i]) drawn[ids[i]]++;
  }
  // Four standard deviations of a binomial. A random token is the same one again in 1 of 992 draws, which counts as kept.
  const within = (count: number, of: number, p: number, what: string): void =>
    assert.ok(Math.abs(count - of * p) < 4 * Math.sqrt(of * p * (1 - p)), `${what}: ${count / of}, expected ${p}`);
  within(chosen, ordinary, 0.15, 'chosen');
  within(masked, chosen, 0.8, 'masked');
  within(random, chosen, 0.1 * (991 / 992), 'random');
  within(kept, chosen, 0.1 + 0.1 / 992, 'kept');
  assert.ok(
    drawn.subarray(0, 5).every((n) => n === 0),
    'a special token was drawn',
  );
  assert.ok(drawn.subarray(5).filter((n) => n === 0).length < 10, 'random tokens come from the whole vocabulary');
});

test('MLM: a full batch leaves the rest alone, and a masked special token is an error', () => {
  const tokens: Maskable = { mask: 1, special: new Set([0, 1]), vocabulary: 50 };
  const ids = new Int32Array(1000).fill(7);
  const labels = maskTokens(ids, { ...paper.mlm!, share: 0.5 }, tokens, key.random(), 13);
  assert.equal(labels.filter((l) => l !== -100).length, 13);
  // A capacity of four standard deviations is passed about once in 30,000 batches.
  assert.equal(maskCapacity(4096, 0.15), Math.ceil(614.4 + 4 * Math.sqrt(4096 * 0.15 * 0.85)));
  assert.throws(() => checkMasked(Int32Array.from([-100, 9, 0]), tokens), /MLM masked a special token \(id 0\)/);
});

test('span lengths follow the truncated Poisson exactly (chi-square, 1 % level)', () => {
  // Upper 1 % points of chi-square for 4 … 16 degrees of freedom.
  const critical: Record<number, number> = { 4: 13.28, 12: 26.22, 16: 32.0 };
  for (const [mu, least, longest] of [
    [4, 8, 20],
    [8, 4, 20],
    [8, 8, 12],
    [2, 1, 5],
  ]) {
    const random = key.fold('span', mu, least, longest).random();
    const counts = new Float64Array(longest + 1);
    const n = 200_000;
    for (let i = 0; i < n; i++) counts[spanLength(mu, least, longest, random)]++;
    let factorial = 1;
    const p = Array.from({ length: longest + 1 }, (_, k) => {
      if (k > 0) factorial *= k;
      return k < least ? 0 : mu ** k / factorial;
    });
    const total = p.reduce((a, b) => a + b, 0);
    let chi = 0;
    let pooled = { seen: 0, expected: 0 };
    let cells = 0;
    for (let k = least; k <= longest; k++) {
      pooled = { seen: pooled.seen + counts[k], expected: pooled.expected + (n * p[k]) / total };
      // Cells of fewer than five expected draws are joined with the next ones.
      if (pooled.expected < 5 && k < longest) continue;
      if (pooled.expected > 0) chi += (pooled.seen - pooled.expected) ** 2 / pooled.expected;
      cells++;
      pooled = { seen: 0, expected: 0 };
    }
    assert.ok(
      counts.subarray(0, least).every((c) => c === 0),
      'below the minimum',
    );
    const bound = critical[cells - 1] ?? critical[cells <= 5 ? 4 : cells <= 13 ? 12 : 16];
    assert.ok(chi < bound, `μ = ${mu}, ${least}…${longest}: χ² = ${chi.toFixed(1)} over ${cells} cells, bound ${bound}`);
  }
  assert.equal(spanLength(8, 8, 5, key.random()), 5, 'a text shorter than the minimum is the span');
});

test('pseudo-queries are parts of the text; the rest is the text without them; two spans merge or are joined by a space', () => {
  const settings = paper.product2query!;
  const random = key.fold('cut').random();
  const text = 'Abcdefghij klmnopqrst uvwxyz 0123456789 — ÄÖÜ 日本語の商品です end';
  const units = [...text];
  let two = 0;
  for (let i = 0; i < 2000; i++) {
    const cut = cutPseudoQuery(text, i % 2 ? 'us' : 'jp', settings, random)!;
    const parts = cut.spans.map(([from, to]) => units.slice(from, to).join('').trim());
    assert.equal(cut.query, parts.filter(Boolean).join(' '));
    const outside = units.filter((_, k) => !cut.spans.some(([from, to]) => k >= from && k < to)).join('');
    assert.equal(cut.rest, outside.replace(/\s+/gu, ' ').trim());
    const longest = Math.max(...cut.spans.map(([from, to]) => to - from));
    if (cut.spans.length === 2) {
      two++;
      assert.ok(cut.spans[0][1] < cut.spans[1][0] && longest <= 12, 'two spans lie apart');
    } else assert.ok(longest <= 24);
    const least = i % 2 ? 8 : 4;
    assert.ok(cut.spans.every(([from, to]) => to - from >= least));
  }
  assert.ok(two > 300 && two < 1000, `${two} of 2,000 had two spans; half are drawn so, some merge`);
  // Two spans of at least eight out of 13 characters always overlap.
  for (let i = 0; i < 50; i++) {
    const { spans } = cutPseudoQuery('abcdefghijklm', 'us', { ...settings, twoSpans: 1 }, random)!;
    assert.equal(spans.length, 1);
  }
  assert.equal(cutPseudoQuery('', 'us', settings, random), null);
  const words = {
    ...settings,
    unit: 'words',
    mu: { us: 2, es: 2, jp: 2 },
    minimum: { us: 1, es: 1, jp: 1 },
    longestOne: 6,
    longestTwo: 3,
  } as const;
  const known = new Set(text.split(' '));
  for (let i = 0; i < 200; i++)
    assert.ok(
      cutPseudoQuery(text, 'us', words, random)!
        .query.split(' ')
        .every((word) => known.has(word)),
      'words stay whole',
    );
});

test('a negative is never the row itself and always of its locale; every row is used once', () => {
  for (let trial = 0; trial < 300; trial++) {
    const random = key.fold('others', trial).random();
    const locales = Array.from({ length: 2 + random.int(30) }, () => ['us', 'es', 'jp'][random.int(3)]);
    const other = otherRows(locales, random);
    const used = new Map<number, number>();
    other.forEach((j, i) => {
      const alone = locales.filter((l) => l === locales[i]).length === 1;
      assert.equal(j < 0, alone);
      if (j < 0) return;
      assert.notEqual(j, i);
      assert.equal(locales[j], locales[i]);
      used.set(j, (used.get(j) ?? 0) + 1);
    });
    assert.ok([...used.values()].every((n) => n === 1));
  }
  // A whole catalogue in one locale: with a list copied for each row this would not end.
  const many = otherRows(new Array<string>(300_000).fill('us'), key.fold('many').random());
  assert.equal(new Set(many).size, many.length);
});
