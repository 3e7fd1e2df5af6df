import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { CONVENTIONS } from '../../metrics/conventions';
import { ensembleFiles } from '../../metrics/ensemble-files';
import { scoreClasses, scoreRanking } from '../../metrics/score';
import { readScoreRows } from '../../metrics/score-files';
import { scoreText } from '../../metrics/score-text';
import { Key } from '../../runtime/key';
import { sharedFile } from './shared';
import reference from './reference.json';

const folder = mkdtempSync(join(tmpdir(), 'score-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const close = (got: number, want: number, message: string, tolerance = 1e-12): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${message}: got ${got}, expected ${want}`);
const key = Key.from(1);
const options = { convention: CONVENTIONS.spec, resamples: 101, key };

const rows = reference.queries.flatMap((q, i) =>
  q.ids.map((id, j) => ({ q: i + 2, id, label: q.labels[j], score: q.scores[j] })),
);
const judged = file('judged.csv', [
  'query_id,product_id,esci_label,product_locale',
  ...rows.map((r) => `${r.q},${r.id},${r.label},${r.q % 2 ? 'us' : 'jp'}`),
]);
// the predictions in another order and another format
const scored = file(
  'scored.jsonl',
  [...rows].reverse().map((r) => JSON.stringify({ query_id: r.q, product_id: r.id, score: r.score })),
);

test('files of two formats, rows shuffled: trec_eval’s and scikit-learn’s figures through the whole scorer', async () => {
  const read = await readScoreRows(1, judged, scored);
  const got = scoreRanking(read.rows, { ...options, convention: CONVENTIONS.trec, all: true });
  const mean = (values: (number | null)[]): number =>
    values.reduce<number>((a, b) => a + (b ?? 0), 0) / values.filter((x) => x !== null).length;
  close(got.ndcg, mean(reference.trec), 'trec');
  close(got.conventions?.sklearn.ndcg ?? NaN, mean(reference.sklearn), 'sklearn');
  close(got.conventions?.['zhichunroad-dev'].ndcg ?? NaN, mean(reference.zhichunroad), 'zhichunroad-dev');
  close(got.conventions?.['esci-data-head'].ndcg ?? NaN, mean(reference.head), 'esci-data-head');
  assert.deepEqual([...read.rows.queryIds], reference.queries.map((_, i) => String(i + 2)), 'queries in numeric order'); // prettier-ignore
  reference.trec.forEach((want, q) => close(got.perQuery[q], want, `query ${q}`));
  const jp = reference.trec.filter((_, i) => i % 2 === 0);
  close(got.locales.jp.ndcg ?? NaN, mean(jp), 'jp');
  assert.deepEqual([got.counts.zeroIdeal, got.counts.single, got.rows], [1, 1, rows.length]);
  assert.ok(got.interval && got.interval.low < got.ndcg && got.ndcg < got.interval.high);
  assert.match(scoreText(got, read.unjudged), /convention trec: trec_eval’s ndcg/);
});

test('one query has no interval over queries: all its resamples are the same', async () => {
  const one = file('one-judged.csv', ['query_id,product_id,esci_label', '1,A,E', '1,B,I']);
  const scores = file('one-scored.csv', ['query_id,product_id,score', '1,A,.2', '1,B,.3']);
  const read = await readScoreRows(1, one, scores);
  const got = scoreRanking(read.rows, options);
  assert.equal(got.interval, null);
  assert.match(scoreText(got, read.unjudged), /^nDCG 0\.\d{4} {3}no interval over one query\n/);
});

test('parquet reads as CSV does', async () => {
  const path = join(folder, 'scored.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (SELECT * FROM read_json('${scored}', format = 'newline_delimited')) TO '${path}' (FORMAT parquet)`);
  const [one, two] = [await readScoreRows(1, judged, scored), await readScoreRows(1, judged, path)];
  assert.deepEqual(two, one);
});

test('task 2 and task 3, worked; labels as letters and words; a pair nobody judged is counted', async () => {
  const given = file('given.csv', ['query_id,product_id,esci_label', '1,a,E', '1,b,Substitute', '2,a,S', '2,c,irrelevant']);
  const labels = file('labels.csv', ['query_id,product_id,label', '2,c,I', '1,a,E', '1,b,E', '2,a,substitute', '3,z,E']);
  const two = await readScoreRows(2, given, labels);
  const f1 = scoreClasses(2, two.rows, options);
  close(f1.micro_f1, 3 / 4, 'micro');
  close(f1.macro_f1, (2 / 3 + 2 / 3 + 1) / 3, 'macro over E, S, I');
  assert.equal(two.unjudged, 1);
  assert.deepEqual([...f1.perQuery], [0.5, 1]);
  const binary = file('binary.csv', [
    'query_id,product_id,label',
    '1,a,substitute',
    '1,b,substitute',
    '2,a,substitute',
    '2,c,no_substitute',
  ]);
  const three = scoreClasses(3, (await readScoreRows(3, given, binary)).rows, options);
  assert.deepEqual(three.confusion, [[1, 1], [0, 2]]); // prettier-ignore
});

test('grades as gains: a judgement file with a grade column instead of labels', async () => {
  const graded = file('graded.csv', ['query_id,product_id,grade', '1,a,3', '1,b,1', '2,a,0', '2,b,0']);
  const scores = file('graded-scores.csv', ['query_id,product_id,score', '1,a,0.1', '1,b,0.9', '2,a,1', '2,b,2']);
  const got = scoreRanking((await readScoreRows(1, graded, scores)).rows, {
    ...options,
    convention: { ...CONVENTIONS.spec, zeroIdeal: 'skip' },
    all: true,
  });
  close(got.ndcg, (1 + 3 / Math.log2(3)) / (3 + 1 / Math.log2(3)), 'nDCG');
  assert.deepEqual([got.counts.zeroIdeal, got.counts.skipped], [1, 1]);
  const read = (await readScoreRows(1, graded, scores)).rows;
  const both = scoreRanking(read, { ...options, zeroIdeal: 'skip', all: true }).conventions;
  close(both?.trec.ndcg ?? NaN, got.ndcg, 'the policy given holds for every convention');
  assert.ok(!('esci-data-head' in (got.conventions ?? {})), 'swapped label gains mean nothing for grades');
});

test('ensemble of files: classifier + regressor, scored again from what was written; weights that never saw the query', async () => {
  const out = join(folder, 'out.csv');
  const classifier = file('classifier.csv', ['query_id,product_id,p_E,p_S,p_C,p_I', ...rows.map((r) => `${r.q},${r.id},${[...'ESCI'].map((l) => (l === r.label ? 0.7 : 0.1)).join(',')}`)]); // prettier-ignore
  const report = await ensembleFiles({
    task: 1,
    method: 'gain',
    predictions: [classifier, scored],
    out,
    judgements: judged,
    weights: 'equal',
    key,
  });
  const again = scoreRanking((await readScoreRows(1, judged, out)).rows, options);
  close(again.ndcg, report.value ?? NaN, 'the written file scores what the report says');
  assert.deepEqual(report.weights, [0.5, 0.5]);
  const first = rows.find((r) => r.q === 2);
  const score = readFileSync(out, 'utf8').split('\n').find((line) => line.startsWith(`2,${first?.id},`))?.split(',')[2]; // prettier-ignore
  const gain = { E: 1, S: 0.1, C: 0.01, I: 0 }[first?.label as 'E'];
  close(Number(score), (0.1 * 1.11 + 0.6 * gain + (first?.score ?? NaN)) / 2, 'E[gain] and the regressor halved');
  const fitted = await ensembleFiles({
    task: 1,
    method: 'mean',
    predictions: [classifier, scored],
    out,
    judgements: judged,
    weights: 'cv',
    key,
  });
  close(fitted.value ?? NaN, 1 - 1 / 13, 'the classifier knows every label but one query has no gain');
  assert.equal(fitted.foldWeights?.length, 5);
  await assert.rejects(
    ensembleFiles({ task: 2, method: 'mean', predictions: [scored], out, weights: 'equal', key }),
    /missing column label or p_E/,
  );
});

test('an ensemble counts judged pairs that nobody predicts, and refuses probabilities that are none', async () => {
  const probabilities = (name: string, ...p: readonly number[]) =>
    file(name, ['query_id,product_id,p_E,p_S,p_C,p_I', `1,a,${p.join(',')}`, '1,b,0.25,0.25,0.25,0.25']);
  const labels = file('three.csv', ['query_id,product_id,esci_label', '1,a,E', '1,b,S', '1,c,E', '2,a,E']);
  const common = { method: 'mean', out: join(folder, 'counted.csv'), weights: 'equal', key } as const;
  const whole = probabilities('whole.csv', 0.1, 0.2, 0.3, 0.4);
  const report = await ensembleFiles({ ...common, task: 1, predictions: [whole], judgements: labels });
  assert.deepEqual([report.judgedQueries, report.unpredicted], [1, 2]);
  for (const [bad, got] of [
    [probabilities('percent.csv', 10, 20, 30, 40), '10, 20, 30, 40'],
    [probabilities('logits.csv', -1, 2, 0, 0), '-1, 2, 0, 0'],
  ])
    for (const task of [1, 2] as const)
      await assert.rejects(
        ensembleFiles({ ...common, task, predictions: [whole, bad] }),
        new RegExp(
          `^InputError: ${bad}: probabilities of query_id 1, product_id a must be from 0 to 1 and sum to 1 .*, got ${got}$`,
        ),
      );
});

test(
  'real parquet: the upstream file’s own columns',
  { skip: sharedFile('data/fixtures/esci_examples_16.parquet').skip },
  async () => {
    const { path } = sharedFile('data/fixtures/esci_examples_16.parquet');
    const connection = await (await DuckDBInstance.create()).connect();
    const out = join(folder, 'own.csv');
    await connection.run(
      `COPY (SELECT query_id, product_id, CASE esci_label WHEN 'E' THEN 3 WHEN 'S' THEN 2 WHEN 'C' THEN 1 ELSE 0 END AS score FROM read_parquet('${path}')) TO '${out}'`,
    );
    const got = scoreRanking((await readScoreRows(1, path, out)).rows, options);
    assert.deepEqual([got.rows, got.ndcg], [16, 1]);
  },
);
