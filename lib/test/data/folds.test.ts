import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  balanceClasses,
  cleanText,
  foldOf,
  leakageAudit,
  normalizeQuery,
  parseLabel,
  splitFolds,
  splitManifest,
  translateRows,
  type Row,
} from '../../data';

const row = (exampleId: number, patch: Partial<Row> = {}): Row => ({
  exampleId,
  queryId: exampleId % 11,
  query: `query ${exampleId % 11}`,
  label: 'E',
  smallVersion: true,
  largeVersion: true,
  split: 'train',
  productId: `P${exampleId % 7}`,
  locale: 'us',
  title: `Title ${exampleId}`,
  description: '',
  bullets: '',
  brand: 'B',
  color: '',
  ...patch,
});
const rows = Array.from({ length: 97 }, (_, i) => row(i));

test('a fold is the first 8 bytes of SHA-256 of locale, tab and normalised query, big-endian, modulo the folds', () => {
  // Oracle: the digest's bytes put together by hand.
  const bytes = createHash('sha256').update('us\tred shoe').digest().subarray(0, 8);
  const number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  for (const folds of [1, 2, 5, 7, 1009]) assert.equal(foldOf('us', '  Red\u00a0 SHOE ', folds), Number(number % BigInt(folds)));
  // Oracle: printed once by Python's hashlib: int.from_bytes(sha256("jp\t靴".encode()).digest()[:8], "big") % 1000003.
  assert.equal(foldOf('jp', '靴', 1000003), 374478);
  assert.notEqual(foldOf('us', 'red shoe', 1_000_003), foldOf('es', 'red shoe', 1_000_003));
  assert.throws(() => foldOf('us', 'a', 0), { name: 'InputError', message: 'folds must be a whole number ≥ 1, got 0' });
});

test('folds part the rows, keep each query together, and are about equal', () => {
  // Oracle: the definition; 2,003 queries over 5 folds, each 400.6 ± 5 sd (sd = √(2003·.2·.8) = 17.9).
  const many = Array.from({ length: 2003 }, (_, i) => row(i, { query: `q${i}` }));
  const split = splitFolds(many, 5);
  assert.deepEqual(
    split.flatMap(({ evaluation }) => [...evaluation]).sort((a, b) => a - b),
    [...many.keys()],
  );
  for (const { train, evaluation } of split) {
    assert.ok(Math.abs(evaluation.length - 400.6) < 5 * 17.9, String(evaluation.length));
    assert.equal(train.length + evaluation.length, many.length);
  }
  for (const { train, evaluation } of splitFolds(rows, 3)) {
    const audit = leakageAudit(
      Array.from(train, (i) => rows[i]),
      Array.from(evaluation, (i) => rows[i]),
    );
    assert.deepEqual([audit.sharedQueries, audit.ok], [0, true]);
  }
  assert.throws(() => splitFolds(rows.slice(0, 2), 7), /would be empty/);
});

test("a split's checksum says which rows lie where, whatever their order", () => {
  // Oracle: same rows in another order; one query moved.
  const data = { name: 'x', sha256: 'y' };
  const manifest = splitManifest(rows, 3, data);
  assert.equal(splitManifest([...rows].reverse(), 3, data).checksum, manifest.checksum);
  assert.notEqual(
    splitManifest(
      rows.map((r) => (r.query === 'query 4' ? { ...r, query: 'other words' } : r)),
      3,
      data,
    ).checksum,
    manifest.checksum,
  );
  assert.equal(manifest.queries, 11);
  assert.equal(
    manifest.parts.reduce((sum, part) => sum + part.rows, 0),
    97,
  );
});

test('the leakage audit finds what was planted', () => {
  // Oracle: worked by hand: query "A b" on both sides, products P1 and P2 shared of P1, P2, P9; P9 and P2 in the corpus.
  const train = [row(1, { query: 'a  B', productId: 'P1' }), row(2, { query: 'c', productId: 'P2' })];
  const evaluation = [
    row(3, { query: 'A b', productId: 'P1' }),
    row(4, { query: 'd', productId: 'P2' }),
    row(5, { query: 'e', productId: 'P9' }),
  ];
  const audit = leakageAudit(train, evaluation, [
    row(6, { productId: 'P9' }),
    row(7, { productId: 'P2' }),
    row(8, { productId: 'P1', locale: 'es' }),
  ]);
  assert.deepEqual(audit, {
    sharedQueries: 1,
    sharedQueryShare: 1 / 3,
    sharedPairs: 1,
    sharedProducts: 2,
    sharedProductShare: 2 / 3,
    examples: ['us: a b'],
    ok: false,
    corpusProducts: 2,
    corpusProductShare: 2 / 3,
  });
});

test('class balance cuts bullets and description of rare classes into weighted rows', () => {
  // Oracle: worked by hand: "abcde fg" in pieces of 3 is "abc", "de ", "fg"; Japanese in pieces of 2 code points.
  const given = [
    row(0, { label: 'C', bullets: 'abcde', description: 'fg', title: 'T' }),
    row(1, { label: 'E', bullets: 'never' }),
    row(2, { label: 'I', locale: 'jp', bullets: '👟靴下', title: '' }),
    row(3, { label: 'I' }),
  ];
  const all = balanceClasses(given, { chunkChars: { us: 3, es: 3, jp: 2 } });
  assert.deepEqual(all.slice(0, 4), given);
  const extra = all.slice(4);
  assert.deepEqual(
    extra.map((r) => r.title),
    ['T abc', 'T de', 'T fg', '👟靴', '下'],
  );
  assert.deepEqual(
    extra.map((r) => r.exampleId),
    [4, 5, 6, 7, 8],
  );
  assert.ok(extra.every((r) => r.weight === 0.3 && !r.bullets && !r.description));
  assert.deepEqual(
    extra.map((r) => r.label),
    ['C', 'C', 'C', 'I', 'I'],
  );
  assert.equal(balanceClasses(given, { classes: ['I'], chunkChars: { us: 3, es: 3, jp: 2 } }).length, 6);
  assert.equal(balanceClasses(given, { chunkChars: { us: 3, es: 3, jp: 2 }, maxChunks: 1, minChars: 2 }).length, 6);
  assert.equal(balanceClasses(given, { classes: [] }).length, 4);
  const doubted = row(0, { label: 'C', bullets: 'abc', weight: 0.5 });
  assert.equal(balanceClasses([doubted])[1].weight, 0.15, 'a row that counts half has extra rows that count half as much');
  assert.throws(() => balanceClasses(given, { weight: 2 }), /weight must be between 0 and 1/);
});

test('translated rows come from the engine, in order, beside the originals', async () => {
  // Oracle: an engine whose answer is known (upper case).
  const given = [row(0), row(1, { locale: 'es', title: 'zapato', brand: '' })];
  const translator = {
    translate: (texts: readonly string[]): Promise<string[]> => Promise.resolve(texts.map((text) => text.toUpperCase())),
  };
  const [only, ...rest] = await translateRows(given, { translator });
  assert.equal(rest.length, 0);
  assert.deepEqual(
    [only.title, only.brand, only.query, only.locale, only.exampleId, only.weight],
    ['ZAPATO', '', 'QUERY 1', 'us', 2, 0.3],
  );
  const [half] = await translateRows([{ ...given[1], weight: 0.5 }], { translator });
  assert.equal(half.weight, 0.15);
  await assert.rejects(translateRows(given, { translator: { translate: () => Promise.resolve([]) } }), /returned 0 texts for 6/);
});

test('text, queries and labels have one normal form', () => {
  // Oracle: the documented rules, case by case.
  assert.equal(cleanText('\ufeff a\u0000b\r\nc\td\ud83d \u200b'), 'a b\nc\td\ufffd');
  assert.equal(cleanText('👟 <b>x</b>'), '👟 <b>x</b>');
  assert.equal(normalizeQuery(' Ｆｕｌｌ　Width \n x '), 'full width x');
  assert.deepEqual(['e', 'Exact', ' SUBSTITUTE ', 'c', 'Complement', 'irrelevant', 'x', 'exactly', ''].map(parseLabel), [
    'E',
    'E',
    'S',
    'C',
    'C',
    'I',
    undefined,
    undefined,
    undefined,
  ]);
});
