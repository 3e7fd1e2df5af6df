import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { main } from '../../cli/main';
import { readDataset } from '../../data';
import type { Dataset, Product } from '../../data/types';
import { line, lines, sharedData, temporaryFolder, write } from './fixtures';
import { esci as runProgram } from '../program';

const esci = (...words: string[]) => runProgram(['data', ...words]);
const folder = temporaryFolder();

const catalogue = write(folder, 'catalogue.csv', 'product_id,product_locale,product_title\nA,us,lamp\nB,jp,cup\nC,us,pen\n');

test('a file of products is described by locale', () => {
  const { products, locales } = JSON.parse(esci('describe', catalogue, '--json', '--locales', 'us').stdout) as Record<string, unknown>; // prettier-ignore
  assert.deepEqual([products, locales], [2, { us: 2, es: 0, jp: 0 }]);
});

test('data describe prints the counts, as text and as JSON, and data generate writes what describe reads', () => {
  // Oracle: five lines made for it, one of them bad; the generator's own words.
  const path = write(folder, 'five.jsonl', lines([line(0), line(1), line(2), line(3), line(4, { esci_label: '?' })]));
  const text = esci('describe', path);
  assert.equal(text.status, 0, text.stderr);
  assert.match(text.stdout, /^rows +4$/m);
  assert.match(text.stdout, /^labels +E 1 \(25\.0 %\), S 1 .*C 1 .*I 1/m);
  assert.match(text.stdout, /1 {2}esci_label unknown \(first: row 4, "\?"\)/);
  const json = JSON.parse(esci('describe', path, '--json', '--locales', 'us').stdout) as { rows: number; skipped: unknown };
  assert.deepEqual([json.rows, json.skipped], [2, {}]);
  const generated = esci('generate', join(folder, 'g'), '--world', 'smoke', '--queries', '7', '--set', 'noiseRate=0');
  assert.equal(generated.status, 0, generated.stderr);
  const described = JSON.parse(esci('describe', join(folder, 'g'), '--json').stdout) as {
    queries: number;
    trueLabels: { flipped: number };
  };
  assert.deepEqual([described.queries, described.trueLabels.flipped], [7, 0]);
});

test('data sample writes all rows of some queries; a smaller sample lies within a larger, another seed draws others (oracle: the rows it draws from)', async () => {
  const [whole, small, large, other, bare] = ['whole', 'small', 'large', 'other', 'bare'].map((name) => join(folder, 'drawn', name)); // prettier-ignore
  assert.equal(esci('generate', whole, '--world', 'smoke', '--queries', '30').status, 0);
  const { status, stdout, stderr } = esci('sample', whole, small, '--queries', '5', '--catalogue');
  assert.equal(status, 0, stderr);
  esci('sample', whole, large, '--queries', '9', '--locales', 'us,es,jp');
  esci('sample', whole, other, '--queries', '5', '--seed', '1');
  esci('sample', whole, bare, '--queries', '5');
  const read = (path: string) => readDataset(path);
  const [all, five, nine, others, judged] = await Promise.all([whole, small, large, other, bare].map(read));
  const queries = ({ rows }: Dataset): Set<string> => new Set(rows.map((row) => row.query));
  assert.match(stdout, new RegExp(`^${five.rows.length} rows of 5 queries, ${all.products.length} products in `));
  assert.deepEqual([queries(five).size, queries(nine).size, queries(others).size], [5, 9, 5]);
  assert.ok([...queries(five)].every((query) => queries(nine).has(query)));
  assert.notDeepEqual(queries(others), queries(five));
  assert.deepEqual(
    five.rows,
    all.rows.filter((row) => queries(five).has(row.query)),
  );
  const keys = (products: readonly Product[]): string[] => [...new Set(products.map((p) => `${p.locale} ${p.productId}`))].sort();
  assert.deepEqual(keys(five.products), keys(all.products));
  assert.deepEqual(keys(judged.products), keys(judged.rows));
});

test('a mistake is one line on stderr and exit code 2', async (t) => {
  // Oracle: the contract of the command line.
  const said: string[] = [];
  t.mock.method(process.stderr, 'write', (text: string) => said.push(text) > 0);
  for (const words of [
    ['describe', join(folder, 'nothing')],
    ['describe', write(folder, 'empty.csv', '')],
    ['fetch', 'imagenet'],
    ['generate', join(folder, 'h'), '--world', 'mars'],
    ['generate', join(folder, 'h'), '--set', 'noiseRate=a'],
    ['describe', folder, '--split', 'dev'],
    ['describe', catalogue, '--split', 'test'],
    ['sample', catalogue, join(folder, 's'), '--queries', '3'],
    ['sample', join(folder, 'five.jsonl'), join(folder, 's'), '--queries', '0'],
    ['sample', join(folder, 'five.jsonl'), folder, '--queries', '1'],
    ['describe', catalogue, '--data-version', 'small'],
  ]) {
    said.length = 0;
    assert.equal(await main(['data', ...words]), 2, words.join(' '));
    assert.match(said.join(''), /^esci: [^\n]+\n$/);
  }
});

test(
  'the real sample is described as its documentation says',
  { skip: sharedData('esci-sample') ? false : 'no shared data here' },
  () => {
    // Oracle: counts published beside the file.
    const { stdout } = esci('describe', sharedData('esci-sample', 'esci_sample.jsonl.gz')!);
    for (const fact of [
      '2,734',
      '2,575',
      'us 1,756',
      'jp 511',
      'es 467',
      'E 1,620',
      'S 682',
      'I 334',
      'C 98',
      'train 2,093',
      'test 641',
    ])
      assert.ok(stdout.includes(fact), fact);
  },
);
