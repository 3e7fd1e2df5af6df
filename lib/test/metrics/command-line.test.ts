import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { esci as runProgram } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'score-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const esci = (...parts: string[]) => runProgram(parts, folder);
const write = (name: string, lines: string[]): void => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);

write('judged.csv', ['query_id,product_id,esci_label', '1,a,E', '1,b,S', '1,c,I', '2,a,S', '2,b,I']);
write('one.csv', ['query_id,product_id,score', '1,a,2', '1,b,3', '1,c,1', '2,a,1', '2,b,0']);
write('two.csv', ['query_id,product_id,score', '1,a,9', '1,b,3', '1,c,1', '2,a,0', '2,b,1']);

test('score --json, worked: query 1 has S before E, query 2 is in order; the interval is over two queries', () => {
  const { status, stdout } = esci(
    'score',
    '--task',
    '1',
    '--judgements',
    'judged.csv',
    '--predictions',
    'one.csv',
    '--all',
    '--json',
    '--per-query',
    'each.csv',
  );
  assert.equal(status, 0);
  const got = JSON.parse(stdout) as {
    ndcg: number;
    conventions: Record<string, { ndcg: number }>;
    interval: { low: number; high: number };
  };
  const first = (0.1 + 1 / Math.log2(3)) / (1 + 0.1 / Math.log2(3));
  const swapped = (0.01 + 1 / Math.log2(3)) / (1 + 0.01 / Math.log2(3));
  assert.ok(Math.abs(got.ndcg - (first + 1) / 2) < 1e-12, `got ${got.ndcg}`);
  assert.ok(Math.abs(got.conventions['esci-data-head'].ndcg - (swapped + 1) / 2) < 1e-12);
  assert.deepEqual(
    [got.interval.low, got.interval.high].map((x) => x.toFixed(9)),
    [first.toFixed(9), '1.000000000'],
  );
  assert.deepEqual(readFileSync(join(folder, 'each.csv'), 'utf8').split('\n').slice(0, 3), [
    'query_id,ndcg',
    `1,${first}`,
    '2,1',
  ]);
});

test('a user’s mistake is one line on stderr and exit code 2, with nothing on stdout', () => {
  write('broken.csv', ['query_id,product_id,score', '1,a,NaN', '1,b,3', '1,c,1', '2,a,1', '2,b,0']);
  for (const [parts, message] of [
    [
      ['--task', '1', '--judgements', 'judged.csv', '--predictions', 'broken.csv'],
      /score of query_id 1, product_id a must be a finite number, got "NaN"/,
    ],
    [['--task', '4', '--judgements', 'judged.csv', '--predictions', 'one.csv'], /--task must be one of 1, 2, 3, got "4"/],
    [
      ['--task', '1', '--judgements', 'judged.csv', '--predictions', 'one.csv', '--convention', 'ndcg'],
      /convention must be one of spec, trec, sklearn/,
    ],
    [['--task', '1', '--judgements', 'judged.csv', '--predictions', 'one.csv', '--k', '0'], /--k must be ≥ 1, got 0/],
  ] as const) {
    const { status, stdout, stderr } = esci('score', ...parts);
    assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr);
    assert.match(stderr, message);
  }
});

test('ensemble writes the mean of its members, or nothing at all', () => {
  const made = esci('ensemble', '--predictions', 'one.csv,two.csv', '--out', 'out.jsonl', '--json');
  assert.equal(made.status, 0, made.stderr);
  const rows = readFileSync(join(folder, 'out.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { score: number }); // prettier-ignore
  assert.deepEqual(rows.map((row) => row.score), [5.5, 3, 1, 0.5, 0.5]); // prettier-ignore
  write('short.csv', ['query_id,product_id,score', '1,a,9']);
  const failed = esci('ensemble', '--predictions', 'one.csv,short.csv', '--out', 'none.csv');
  assert.equal(failed.status, 2);
  assert.match(failed.stderr, /short\.csv: missing query 2 of one\.csv/);
  assert.ok(!existsSync(join(folder, 'none.csv')));
});
