// Oracles: what was typed; worked nDCG; `score` over the file that `rank` wrote.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sharedFile } from '../metrics/shared';
import { esci as runProgram } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'rank-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const esci = (...parts: string[]) => runProgram(parts, folder);
const write = (name: string, lines: string[]): void => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
const rank = (products: string, judgements: string, out: string, ...more: string[]) =>
  esci('rank', '--by', 'bm25', '--products', products, '--judgements', judgements, '--out', out, ...more);
const refused = (result: ReturnType<typeof esci>, message: RegExp, out: string): void => {
  assert.deepEqual([result.status, result.stdout, result.stderr.trim().split('\n').length], [2, '', 1], result.stderr);
  assert.match(result.stderr, message);
  assert.ok(!existsSync(join(folder, out)), 'nothing is written');
};

write('products.csv', [
  'product_id,product_locale,product_title',
  'A1,us,red lamp',
  'A1,es,taza verde',
  'B2,us,green cup',
  'C3,us,blue desk with a lamp',
  'D4,us,chair',
]);
const HEAD = 'query_id,query,product_id,product_locale,grade,split';
const ROWS = [
  'q1,lamp,A1,us,1,test',
  'q1,lamp,B2,us,0,test',
  'q1,lamp,C3,us,3,test',
  'q 2,green cup,B2,us,2,test',
  'q 2,green cup,D4,us,0,train',
];
write('judged.csv', [HEAD, ...ROWS]);

test('rank keeps query ids as text, takes the judgement’s locale, and score gives its figure on the file that it wrote', () => {
  const ranked = rank('products.csv', 'judged.csv', 'scores.csv');
  assert.equal(ranked.status, 0, ranked.stderr);
  const lines = readFileSync(join(folder, 'scores.csv'), 'utf8').trim().split('\n').map((line) => line.split(',')); // prettier-ignore
  assert.deepEqual(lines.map(([query, product]) => `${query}/${product}`), ['query_id/product_id', 'q1/A1', 'q1/B2', 'q1/C3', 'q 2/B2', 'q 2/D4']); // prettier-ignore
  assert.ok(Number(lines[1][2]) > Number(lines[3][2]), 'the English title of A1 is matched, and is shorter than C3’s');
  assert.match(ranked.stdout, /^5 pairs of 2 queries, 4 products/);
  const printed = /BM25 +([\d.]+)/.exec(ranked.stdout)?.[1];
  const worked = ((1 + 3 / Math.log2(3)) / (3 + 1 / Math.log2(3)) + 1) / 2;
  assert.equal(printed, worked.toFixed(3));
  const scored = esci('score', '--task', '1', '--k', '10', '--judgements', 'judged.csv', '--predictions', 'scores.csv');
  assert.equal(scored.status, 0, scored.stderr);
  assert.match(scored.stdout, new RegExp(`^nDCG@10 ${worked.toFixed(4)}`));
  assert.match(
    scored.stdout,
    /convention graded: human grades: grades as linear gains; ties averaged; a query without gain is left out/,
  );
  const some = rank('products.csv', 'judged.csv', 'some.csv', '--split', 'test');
  assert.match(some.stdout, /^4 pairs of 2 queries, 3 products/);
});

test('score says what was used: another convention and another policy on grades, and grades beside labels', () => {
  write('both.csv', ['query_id,product_id,esci_label,grade', '1,a,I,2', '1,b,E,0', '2,a,I,0', '2,b,I,0']);
  write('guess.csv', ['query_id,product_id,score', '1,a,2', '1,b,1', '2,a,1', '2,b,0']);
  const score = (...more: string[]): string => {
    const { status, stdout, stderr } = esci(
      'score',
      '--task',
      '1',
      '--judgements',
      'both.csv',
      '--predictions',
      'guess.csv',
      ...more,
    );
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const second = 1 / Math.log2(3);
  assert.match(score(), new RegExp(`^nDCG ${(second / 2).toFixed(4)}[^]*convention spec: the task’s text: gains E 1, S .1, C .01, I 0; ties by product id, ascending; a query without gain scores 0\n`)); // prettier-ignore
  assert.match(
    score('--zero-ideal', 'skip'),
    new RegExp(`^nDCG ${second.toFixed(4)}[^]*ascending; a query without gain is left out\n`),
  );
  assert.match(score('--convention', 'graded'), /^nDCG 1\.0000[^]*convention graded: human grades: grades as linear gains/);
  write('grades.csv', ['query_id,product_id,grade', '1,a,2', '1,b,0', '2,a,0', '2,b,0']);
  const spec = esci(
    'score',
    '--task',
    '1',
    '--judgements',
    'grades.csv',
    '--predictions',
    'guess.csv',
    '--convention',
    'spec',
    '--json',
  );
  const { ndcg, convention } = JSON.parse(spec.stdout) as { ndcg: number; convention: { about: string; gains: unknown } };
  assert.deepEqual([ndcg, convention.gains], [0.5, 'grades']);
  assert.match(convention.about, /^the task’s text: grades as linear gains; ties by product id/);
  const missing = esci(
    'score',
    '--task',
    '1',
    '--judgements',
    'labels.csv',
    '--predictions',
    'guess.csv',
    '--convention',
    'graded',
  );
  assert.equal(missing.status, 2);
});

test('rank refuses what it cannot use, in one line, before anything is written', () => {
  const cases: [name: string, rows: string[], message: RegExp][] = [
    ['a bad grade', [...ROWS, 'q3,chair,D4,us,good,test'], /every row must be usable, but grade is not a number ≥ 0 \(1, for example "good"\)/],
    ['an empty query', [...ROWS, 'q3,,D4,us,1,test'], /but query empty \(1, for example "D4"\)/],
    ['an unknown locale', [...ROWS, 'q3,chair,D4,de,1,test'], /but product_locale unknown \(1, for example "de"\)/],
    ['a pair with two grades', [...ROWS, 'q1,lamp,A1,us,0,test'], /duplicate pair query_id q1, product_id A1/],
    ['an id in two locales', ['q1,lamp,A1,,1,test', 'q1,lamp,B2,us,0,test'], /product A1 is in the catalogue for us and es: .* product_locale/],
    ['a locale without the product', ['q1,lamp,B2,es,1,test', 'q1,lamp,A1,us,0,test'], /1 of 2 judged products are not in products\.csv, the first is B2 \(es\)/],
    ['some rows without an id', [...ROWS, ',chair,D4,us,1,test'], /query_id must stand in every row or in none, got 1 rows without, the first is of query "chair"/],
    ['no positive grade', ['q1,lamp,A1,us,0,test', 'q1,lamp,B2,us,0,test'], /nDCG \(graded\) needs at least one query to score/],
  ]; // prettier-ignore
  for (const [name, rows, message] of cases) {
    write('bad.csv', [HEAD, ...rows]);
    refused(rank('products.csv', 'bad.csv', 'never.csv'), message, 'never.csv');
    assert.ok(name);
  }
  for (const [option, typed, message] of [
    ['--batch', '2.5', /--batch must be a whole number, got "2\.5"/],
    ['--batch', '0', /--batch must be between 1 and 4096, got 0/],
    ['--batch', 'many', /--batch must be a number, got "many"/],
    ['--max-length', '7.5', /--max-length must be a whole number, got "7\.5"/],
  ] as const)
    refused(rank('products.csv', 'judged.csv', 'never.csv', option, typed), message, 'never.csv');
  refused(
    rank('products.csv', 'judged.csv', 'never.csv', '--split', 'dev'),
    /none of its 5 rows is of the wanted split/,
    'never.csv',
  );
});

test('a catalogue’s unusable rows are told, and a file without query ids is numbered', () => {
  write('twice.csv', ['product_id,product_locale,product_title', 'A1,us,red lamp', 'A1,us,blue lamp', 'B2,us,green cup']);
  write('plain.csv', ['query,product_id,grade', 'lamp,A1,1', 'lamp,B2,0', 'cup,B2,2', 'cup,A1,1']);
  const { status, stderr } = rank('twice.csv', 'plain.csv', 'plain-scores.jsonl');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /twice\.csv: rows left out: product listed twice \(first kept\) \(1, for example "A1"\)/);
  const rows = readFileSync(join(folder, 'plain-scores.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { query_id: string }); // prettier-ignore
  assert.deepEqual(rows.map((row) => row.query_id), ['0', '0', '1', '1']); // prettier-ignore
});

const [products, judged] = ['products.jsonl.gz', 'judgments.csv'].map((name) =>
  sharedFile(join('data', 'chorus-electronics', name)),
);
test('rank’s figure on real grades is score’s (two routes)', { skip: products.skip || judged.skip }, () => {
  const ranked = rank(products.path, judged.path, 'chorus.csv');
  assert.equal(ranked.status, 0, ranked.stderr);
  const { ndcg } = JSON.parse(
    esci('score', '--task', '1', '--k', '10', '--judgements', judged.path, '--predictions', 'chorus.csv', '--json').stdout,
  ) as { ndcg: number };
  assert.equal(/BM25 +([\d.]+)/.exec(ranked.stdout)?.[1], ndcg.toFixed(3));
});
