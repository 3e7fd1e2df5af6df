import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generate } from '../../data/generate';
import {
  clickModel,
  listsOfDataset,
  queriesOf,
  readLists,
  simulateImpressions,
  simulateLog,
  trueProbabilities,
} from '../../ranking';
import type { LogColumns, RankingData } from '../../ranking';
import { projectRoot } from '../../runtime/files';
import { Key } from '../../runtime/key';
import { tinyLists } from './lists-fixture';

const shared = process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared');
const key = Key.from('simulate-test');
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('the click model is the documented sum (oracle: worked arithmetic without the pair’s own part)', () => {
  const data = tinyLists(2, 3);
  const truth = clickModel(data, { attractionSpread: 0, severity: 1, top: 0.9, floor: 0.1, purchaseRate: 0.003 }, key);
  assert.deepEqual(
    Array.from(truth.examination, (e) => e.toFixed(6)),
    ['0.900000', '0.500000', '0.366667'],
  ); // .1 + .8/k
  const logs = data.products.map(({ popularity }) => Math.log(popularity));
  const mean = sum(logs) / logs.length;
  const deviation = Math.sqrt(sum(logs.map((x) => (x - mean) ** 2)) / logs.length);
  const prices = [3, 4, 5].map((i) => Math.log(data.products[data.pairs[i].product].price));
  const middle = sum(prices) / 3;
  const spread = Math.sqrt(sum(prices.map((x) => (x - middle) ** 2)) / 3);
  const { product, grade } = data.pairs[4]; // second query, second product: grade 2 of 3 (the largest that occurs)
  assert.equal(grade, 2 / 3);
  const [price, popularity] = [(prices[1] - middle) / spread, (logs[product] - mean) / deviation];
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} ≠ ${b}`);
  near(truth.attractiveness[4], sigmoid(-2.6 + (3.6 * 2) / 3 - 0.25 * price + 0.35 * popularity));
  near(truth.cartGivenClick[4], sigmoid(-2 + (1.2 * 2) / 3 - 0.2 * price + 0.1 * popularity));
  near(truth.purchaseGivenCart[4], sigmoid(truth.purchaseBias + (1.5 * 2) / 3 - 0.5 * price + 0.1 * popularity));
  const { purchase } = trueProbabilities(truth);
  near((sum(purchase) / 6) * (sum(truth.examination) / 3), 0.003); // every list is shown whole, in random order
});

test('purchaseRate, unknown options and an empty split are refused in one line (oracle: the messages)', () => {
  const data = tinyLists();
  assert.throws(
    () => clickModel(data, { purchaseRate: 0.5 }, key),
    /purchaseRate must be below the expected carts per impression, 0\.\d+ with these parameters, got 0.5/,
  );
  assert.throws(() => clickModel(data, { slope: 1 } as never, key), /click model option slope is not known/);
  const truth = clickModel(data, {}, key);
  assert.throws(
    () => simulateLog(data, truth, { impressions: 5, splits: ['test'] }, key),
    /no query of the split test has a product/,
  );
  assert.throws(
    () => simulateLog(data, truth, { impressions: 5, randomShare: 2 }, key),
    /randomShare must be between 0 and 1, got 2/,
  );
  assert.throws(() => simulateLog(data, truth, { impressions: 5, zipf: 1 } as never, key), /simulation option zipf is not known/);
});

/** Σ over cells of (observed − expected)² / variance, where the cell of a row is given and its outcome is drawn with a known probability. */
function chiSquare(rows: Iterable<[cell: number, outcome: number, probability: number]>): { value: number; cells: number } {
  const cells = new Map<number, [excess: number, variance: number]>();
  for (const [cell, outcome, p] of rows) {
    const [excess, variance] = cells.get(cell) ?? [0, 0];
    cells.set(cell, [excess + outcome - p, variance + p * (1 - p)]);
  }
  return { value: sum([...cells.values()].map(([excess, variance]) => excess ** 2 / variance)), cells: cells.size };
}

const rowsOf = (log: LogColumns): number[] => Array.from({ length: log.rows }, (_, i) => i);

test('frequencies follow the probabilities at each position and for each pair, down the funnel (oracle: chi-square against the truth)', () => {
  const data = tinyLists(5, 7);
  const truth = clickModel(data, { purchaseRate: 0.02, positions: 6 }, key);
  const log = simulateLog(data, truth, { impressions: 90_000 }, key.fold('chi'));
  const rows = rowsOf(log);
  const p = (i: number): number => truth.examination[log.position[i] - 1] * truth.attractiveness[log.pair[i]];
  const limit = (cells: number): number => cells + 4 * Math.sqrt(2 * cells); // mean + 4 deviations of χ²
  const holds = ({ value, cells }: { value: number; cells: number }, what: string): void =>
    assert.ok(
      value < limit(cells) && value > cells - 4 * Math.sqrt(2 * cells),
      `${what}: χ² ${value.toFixed(1)} with ${cells} cells`,
    );
  holds(chiSquare(rows.map((i) => [log.position[i] * 100 + log.pair[i], log.click[i], p(i)])), 'click by position and pair');
  const clicked = rows.filter((i) => log.click[i]);
  holds(chiSquare(clicked.map((i) => [log.pair[i], log.cart[i], truth.cartGivenClick[log.pair[i]]])), 'cart by pair');
  const carts = clicked.filter((i) => log.cart[i]);
  holds(chiSquare(carts.map((i) => [log.pair[i], log.purchase[i], truth.purchaseGivenCart[log.pair[i]]])), 'purchase by pair');
  holds(
    chiSquare(clicked.map((i) => [log.position[i], log.cart[i], truth.cartGivenClick[log.pair[i]]])),
    'cart does not depend on the position',
  );
  const wrong = chiSquare(
    rows.map((i) => [
      log.position[i],
      log.click[i],
      truth.examination[Math.min(5, log.position[i])] * truth.attractiveness[log.pair[i]],
    ]),
  );
  assert.ok(wrong.value > 100 * limit(wrong.cells), `positions one off are found out: ${wrong.value}`);
});

test('purchases are as rare as asked, and no signal comes without the one before it (oracle: binomial bound, counting)', () => {
  const data = listsOfDataset(generate({ world: 'smoke', queries: 61 }, key));
  for (const purchaseRate of [0.002, 0.02]) {
    const truth = clickModel(data, { purchaseRate }, key);
    const log = simulateLog(data, truth, { impressions: 120_000, queryZipf: 0, randomShare: 1 }, key.fold(purchaseRate));
    const deviation = Math.sqrt((purchaseRate * (1 - purchaseRate)) / log.rows);
    const got = sum(log.purchase) / log.rows;
    assert.ok(Math.abs(got - purchaseRate) < 4 * deviation, `asked ${purchaseRate}, got ${got} (sd ${deviation})`);
    for (let i = 0; i < log.rows; i++) assert.ok(log.cart[i] <= log.click[i] && log.purchase[i] <= log.cart[i]);
  }
});

test('the logging policy puts better products higher, random order does not (oracle: the mean grade by position)', () => {
  const data = tinyLists(5, 7);
  const truth = clickModel(data, {}, key);
  const gradeAt = (log: LogColumns, position: number): number => {
    const rows = rowsOf(log).filter((i) => log.position[i] === position);
    return sum(rows.map((i) => data.pairs[log.pair[i]].grade)) / rows.length;
  };
  const policy = simulateLog(data, truth, { impressions: 20_000 }, key);
  assert.ok(gradeAt(policy, 1) - gradeAt(policy, 7) > 0.25, `${gradeAt(policy, 1)} against ${gradeAt(policy, 7)}`);
  const random = simulateLog(data, truth, { impressions: 20_000, randomShare: 1 }, key);
  assert.ok(Math.abs(gradeAt(random, 1) - gradeAt(random, 7)) < 0.05);
});

test('a log is a function of its key, a longer one begins with the shorter, and rows keep the schema (oracle: equality, counting)', () => {
  const data = tinyLists(5, 7);
  const truth = clickModel(data, {}, key);
  const short = [...simulateImpressions(data, truth, { impressions: 700 }, key)];
  const long = [...simulateImpressions(data, truth, { impressions: 2100 }, key)];
  assert.deepEqual(long.slice(0, short.length), short);
  assert.notDeepEqual([...simulateImpressions(data, truth, { impressions: 700 }, key.fold('other'))], short);
  const lists = new Map<string, number[]>();
  for (const row of long) {
    const id = `${row.session} ${row.queryId} ${row.timestamp}`;
    lists.set(id, [...(lists.get(id) ?? []), row.position]);
    assert.ok(data.queries.some(({ queryId, query }) => queryId === row.queryId && query === row.query));
    assert.ok(Number.isSafeInteger(row.timestamp) && row.timestamp > Date.UTC(2024, 0, 1));
  }
  for (const positions of lists.values()) assert.deepEqual(positions, [1, 2, 3, 4, 5, 6, 7]);
  const sessions = new Map<string, Set<string>>();
  for (const { session, queryId, timestamp } of long)
    sessions.set(session, (sessions.get(session) ?? new Set()).add(`${queryId} ${timestamp}`));
  assert.ok(
    [...sessions.values()].some((of) => of.size > 1),
    'some sessions look at several lists',
  );
  const columns = simulateLog(data, truth, { impressions: 2100 }, key);
  assert.deepEqual(
    [...columns.position],
    long.map(({ position }) => position),
  );
  assert.deepEqual(
    [...columns.purchase],
    long.map(({ purchase }) => purchase),
  );
  assert.equal(columns.lists, lists.size);
});

test('a split that the data have is kept, whatever share is asked for; where there is none the share holds (by hand, and a count)', () => {
  const dataset = generate({ world: 'smoke', queries: 401 }, key);
  const own = listsOfDataset(dataset, { testShare: 0.8 });
  const split = new Map(dataset.rows.map((row) => [row.queryId, row.split]));
  for (const query of own.queries) assert.equal(query.split === 'test', split.get(query.queryId) === 'test', query.query);
  const rows = dataset.rows.map((row) => ({ ...row, split: 'train' as const }));
  for (const testShare of [0.1, 0.4, 0.8]) {
    const { queries } = listsOfDataset({ ...dataset, rows }, { testShare });
    const share = queries.filter((query) => query.split === 'test').length / queries.length;
    assert.ok(Math.abs(share - testShare) < 0.08, `${share}, asked for ${testShare}`);
  }
});

test('lists of generated data: grades of the true labels, no query in two splits (oracle: the generator’s rows)', () => {
  const dataset = generate({ world: 'smoke', queries: 61 }, key);
  const data = listsOfDataset(dataset);
  const row = dataset.rows[17];
  const q = data.queries.findIndex(({ queryId, locale }) => queryId === row.queryId && locale === row.locale);
  const pair = data.pairs
    .slice(data.offsets[q], data.offsets[q + 1])
    .find(({ product }) => data.products[product].productId === row.productId);
  assert.equal(pair?.grade, { E: 1, S: 2 / 3, C: 1 / 3, I: 0 }[row.trueLabel!]);
  assert.equal(data.queries[q].split === 'test', row.split === 'test');
  assert.equal(queriesOf(data, 'train', 'dev', 'test').length, data.queries.length);
  assert.ok(data.products.every(({ price, popularity }) => price > 0 && popularity >= 1));
  const filled: RankingData = listsOfDataset(dataset, { fillTo: 29, locales: ['us'] });
  for (let i = 0; i < filled.queries.length; i++) {
    const own = filled.pairs.slice(filled.offsets[i], filled.offsets[i + 1]);
    assert.ok(own.length >= 29 && new Set(own.map(({ product }) => product)).size === own.length);
    assert.ok(own.every(({ query, product }) => query === i && filled.products[product].locale === 'us'));
  }
});

const chorus = join(shared, 'data', 'chorus-electronics');
test(
  'lists of real graded judgements (oracle: the counts in the data’s README)',
  { skip: existsSync(chorus) ? false : `${chorus} is not there` },
  async () => {
    const data = await readLists(chorus);
    assert.equal(data.queries.length, 100);
    assert.equal(data.pairs.length, 2748);
    assert.deepEqual([...new Set(data.pairs.map(({ grade }) => grade * 3))].sort(), [0, 1, 2, 3]);
    assert.ok(queriesOf(data, 'test').length > 10 && queriesOf(data, 'train').length > 50);
  },
);
