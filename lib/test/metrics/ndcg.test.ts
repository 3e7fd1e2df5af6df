import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CONVENTIONS, gainsOf, labelId, type ConventionName } from '../../metrics/conventions';
import { mrr } from '../../metrics/mrr';
import { ndcg, randomNdcg, type JudgedLists } from '../../metrics/ndcg';
import { Key } from '../../runtime/key';
import { sharedFile } from './shared';
import reference from './reference.json';

const close = (got: number, want: number, message: string, tolerance = 1e-12): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${message}: got ${got}, expected ${want}`);

function lists(
  queries: readonly { labels: Iterable<string>; scores: number[]; ids?: string[] }[],
  convention: ConventionName,
): JudgedLists {
  const labels = queries.flatMap((q) => [...q.labels].map(labelId));
  return {
    gains: gainsOf(labels, CONVENTIONS[convention].gains),
    scores: queries.flatMap((q) => q.scores),
    query: queries.flatMap((q, i) => q.scores.map(() => i)),
    ids: queries.every((q) => q.ids) ? queries.flatMap((q) => q.ids as string[]) : undefined,
  };
}

/** Compares per query; null marks a query the reference refuses. */
function agrees(convention: ConventionName, expected: (number | null)[], k?: number): void {
  const got = ndcg(lists(reference.queries, convention), convention, k);
  expected.forEach((want, q) => {
    if (want === null) assert.ok(Number.isNaN(got.perQuery[q]), `query ${q} must be left out`);
    else close(got.perQuery[q], want, `${convention} query ${q}`);
  });
  const kept = expected.filter((x): x is number => x !== null);
  close(got.value, kept.reduce((a, b) => a + b, 0) / kept.length, `${convention} mean`);
  assert.equal(got.scored, kept.length);
}

test('worked: three rows, E ranked second, S first, I last', () => {
  // DCG = .1/log2(2) + 1/log2(3) + 0 = .1 + .6309297536; ideal = 1/log2(2) + .1/log2(3) = 1.0630929754
  const got = ndcg({ gains: [1, 0.1, 0], scores: [2, 3, 1], query: [0, 0, 0] });
  close(got.value, 0.7309297535714575 / 1.0630929753571458, 'spec');
  // cut at one: .1 / 1
  close(ndcg({ gains: [1, 0.1, 0], scores: [2, 3, 1], query: [0, 0, 0] }, 'spec', 1).value, 0.1, 'k = 1');
  // with S at .01 (the swapped gains): (.01 + .6309297536) / (1 + .01 · .6309297536)
  const swapped = gainsOf([0, 1, 3], CONVENTIONS['esci-data-head'].gains);
  close(
    ndcg({ gains: swapped, scores: [2, 3, 1], query: [0, 0, 0] }, 'esci-data-head').value,
    0.6409297535714575 / 1.0063092975357146,
    'swapped',
  );
});

test('scikit-learn: averaged ties, whole list and k = 5, a single product refused', () => {
  agrees('sklearn', reference.sklearn);
  agrees('sklearn', reference.sklearn5, 5);
});

test('trec_eval: ties by id descending in single precision, whole list and k = 5; the swapped gains', () => {
  agrees('trec', reference.trec);
  agrees('trec', reference.trec5, 5);
  agrees('esci-data-head', reference.head);
});

test('zhichunroad-dev: scikit-learn with the extra zero item', () => agrees('zhichunroad-dev', reference.zhichunroad));

test('averaged ties equal the mean over every order of the tied rows', () => {
  const gains = [1, 0.1, 0.01, 0, 1];
  const scores = [3, 2, 2, 2, 1];
  const orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]; // prettier-ignore
  const each = orders.map((o) => {
    const jitter = scores.map((s, i) => s - 0.1 * o.indexOf(i));
    return ndcg({ gains, scores: jitter, query: [0, 0, 0, 0, 0] }).value;
  });
  const mean = each.reduce((a, b) => a + b, 0) / each.length;
  close(ndcg({ gains, scores, query: [0, 0, 0, 0, 0] }, 'sklearn').value, mean, 'average');
});

test('random order: the exact expectation lies within four standard errors of 4,001 drawn orders', () => {
  const gains = [1, 1, 0.1, 0.01, 0, 0, 0];
  const query = gains.map(() => 0);
  const random = Key.from(7).random();
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 4001; i++) {
    const value = ndcg({ gains, scores: gains.map(() => random.uniform()), query }).value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / 4001;
  const error = Math.sqrt((squares / 4001 - mean * mean) / 4001);
  close(randomNdcg({ gains, query }).value, mean, 'expectation', 4 * error);
});

test('policies: a query without gain is 0 or left out, and counted; rows may come in any order', () => {
  const given = { gains: [0, 1, 0, 0.1], scores: [1, 2, 3, 1], query: [0, 2, 0, 2] };
  const zero = ndcg(given);
  assert.deepEqual([zero.value, zero.queries, zero.zeroIdeal, zero.scored], [0.5, 2, 1, 2]);
  const skip = ndcg(given, { ...CONVENTIONS.spec, zeroIdeal: 'skip' });
  assert.deepEqual([skip.value, skip.queries, skip.zeroIdeal, skip.scored, skip.skipped], [1, 2, 1, 1, 1]);
  assert.ok(Number.isNaN(zero.perQuery[1]), 'query number 1 has no row');
});

test('errors: NaN score, negative gain, nothing to score, unknown convention and label', () => {
  assert.throws(() => ndcg({ gains: [1], scores: [NaN], query: [0] }), /score of row 0 must be a number, got NaN/);
  assert.throws(() => ndcg({ gains: [-1], scores: [1], query: [0] }), /gain of row 0 must be/);
  assert.throws(() => ndcg({ gains: [1], scores: [1], query: [0] }, 'sklearn'), /at least one query to score/);
  assert.throws(
    () => ndcg({ gains: [1], scores: [1], query: [0] }, 'dcg' as ConventionName),
    /convention must be one of spec, trec/,
  );
  assert.throws(() => labelId('X'), /esci_label must be one of E, S, C, I, got "X"/);
  assert.deepEqual(['E', 'substitute', 'Complement', 'i'].map(labelId), [0, 1, 2, 3]);
});

test('MRR, worked: first relevant at rank 2, at rank 1 by row order, and never', () => {
  const given = {
    gains: [0.1, 1, 1, 0, 0.1, 0.01],
    scores: [5, 4, 1, 1, 2, 1],
    query: [0, 0, 1, 1, 2, 2],
  };
  assert.deepEqual([...mrr(given).perQuery], [0.5, 1, 0]);
  close(mrr(given).value, 0.5, 'mean');
  close(mrr(given, { k: 1 }).value, 1 / 3, 'k = 1');
});

test('golden lists: numpy’s DCG with ties in input order', { skip: sharedFile('golden/seed7/metrics.json').skip }, () => {
  const golden = JSON.parse(readFileSync(sharedFile('golden/seed7/metrics.json').path, 'utf8')) as {
    ndcg: { queries: { labels: string[]; scores: number[]; ndcg: number }[]; mean: number };
  };
  const got = ndcg(lists(golden.ndcg.queries, 'spec'));
  golden.ndcg.queries.forEach((q, i) => close(got.perQuery[i], q.ndcg, `query ${i}`));
  close(got.value, golden.ndcg.mean, 'mean');
});

test('real lists: 150 ESCI queries, 6,678 rows', { skip: sharedFile('data/fixtures/esci_us_judgments.json').skip }, () => {
  const { path } = sharedFile('data/fixtures/esci_us_judgments.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as { judgmentRatings: { ratings: { docId: string; rating: string }[] }[] };
  const queries = file.judgmentRatings.map((q) => ({
    labels: q.ratings.map((r) => ({ '100': 'E', '10': 'S', '1': 'C', '0': 'I' })[String(Number(r.rating))] as string),
    ids: q.ratings.map((r) => r.docId),
    scores: q.ratings.map((r) => Number(r.rating)),
  }));
  assert.equal(
    queries.reduce((a, q) => a + q.labels.length, 0),
    6678,
  );
  // Scored by their own gains every convention that keeps the order of gains gives 1 for each query with a positive gain …
  for (const name of ['spec', 'trec', 'sklearn'] as const) {
    const got = ndcg(lists(queries, name), { ...CONVENTIONS[name], zeroIdeal: 'skip' });
    close(got.value, 1, name);
  }
  // … the swapped gains do not, and scoring backwards is worse than random order.
  assert.ok(ndcg(lists(queries, 'esci-data-head'), 'esci-data-head').value < 1);
  const backwards = lists(
    queries.map((q) => ({ ...q, scores: q.scores.map((s) => -s) })),
    'spec',
  );
  assert.ok(ndcg(backwards).value < randomNdcg(backwards).value);
});
