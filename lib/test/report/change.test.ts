import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean, pairedChange, sd } from '../../report/change';
import { summarise } from '../../report/summarise';
import { simulateRecord, type World } from './simulate';

const close = (got: number, want: number, tolerance: number): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `got ${got}, expected ${want} ± ${tolerance}`);

test('sd: arithmetic by hand', () => {
  close(sd([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 1e-12);
  assert.ok(Number.isNaN(sd([3])));
});

const world: World = { seeds: 3, queries: 151, perQuery: 5, luck: 0 };
const runs = (skill: number, seeds: number, row: string, more: Partial<World> = {}) =>
  Array.from({ length: seeds }, (_, s) => simulateRecord({ ...world, ...more }, skill, 11 + s, 0, { row }, row));

test('a metric without predictions gives the paired t interval of the differences (two routes)', () => {
  const strip = (values: number[], row: string) =>
    runs(0.7, values.length, row).map((r, i) => ({ ...r, predictions: undefined, metrics: { loss: values[i] } }));
  const a = [1.9, 2.05, 1.97, 2.11, 2.0];
  const b = [2.0, 2.1, 2.1, 2.14, 2.03];
  const change = pairedChange('loss', strip(a, 'a'), strip(b, 'b'), {})!;
  const deltas = a.map((x, i) => x - b[i]);
  const half = (2.776445 * sd(deltas)) / Math.sqrt(5);
  close(change.value, mean(deltas), 1e-12);
  close(change.interval!.low, mean(deltas) - half, 1e-6);
  close(change.interval!.high, mean(deltas) + half, 1e-6);
  close(change.detectable!, (2.776445 + 0.9409646) * (sd(deltas) / Math.sqrt(5)), 1e-5);
  assert.deepEqual(change.covers, { queries: false, training: true });
});

test('one pair: the interval is the cluster bootstrap over queries (against the analytic error of a mean)', () => {
  const [row] = runs(0.75, 1, 'row');
  const [base] = runs(0.7, 1, 'base');
  const change = pairedChange('microF1', [row], [base], { draws: 8000 })!;
  close(change.value, row.metrics.microF1 - base.metrics.microF1, 1e-12);
  const right = (r: typeof row, q: number): number =>
    [0, 1, 2, 3, 4].filter((j) => r.predictions!.given[q * 5 + j] === r.predictions!.predicted[q * 5 + j]).length / 5;
  const perQuery = Array.from({ length: 151 }, (_, q) => right(row, q) - right(base, q));
  const error = sd(perQuery) / Math.sqrt(151);
  close((change.interval!.high - change.interval!.low) / 2, 1.96 * error, 0.06 * error * 1.96);
  assert.deepEqual(change.covers, { queries: true, training: false });
});

test('runs are paired by seed, fold and rows only: another seed, another data set or other rows are left out', () => {
  const row = runs(0.75, 3, 'row');
  assert.equal(pairedChange('microF1', row, runs(0.7, 2, 'base'))!.pairs, 2);
  assert.equal(pairedChange('microF1', row, runs(0.7, 3, 'base', { name: 'other' })), undefined);
  const shorter = runs(0.7, 3, 'base', { queries: 149 });
  assert.equal(pairedChange('microF1', row, shorter), undefined);
  assert.equal(pairedChange('nowhere', row, row), undefined);
});

test('the same runs give the same digits, in whatever order they come', () => {
  const row = runs(0.75, 3, 'row');
  const base = runs(0.7, 3, 'base');
  const one = pairedChange('microF1', row, base);
  const copies = (of: typeof row) => of.map((record) => structuredClone(record)); // measured anew: what was measured is kept by record
  assert.deepEqual(pairedChange('microF1', copies(row), copies(base)), one);
  assert.deepEqual(pairedChange('microF1', copies(row).reverse(), copies(base).reverse()), one);
  const again = runs(0.6, 3, 'base');
  assert.deepEqual(
    again.map((r) => r.id),
    base.map((r) => r.id),
  );
  assert.notDeepEqual(pairedChange('microF1', row, again), one, 'other records of the same runs are measured for themselves');
});

test('the same comparison has the same interval in whichever table and row it stands', () => {
  const inTable = (id: string, first: string, second: string) => {
    const rows = [
      { id: first, label: first, patch: {} },
      { id: second, label: second, patch: {}, against: first },
    ];
    const table = {
      id,
      title: id,
      metric: 'microF1',
      beside: [],
      unit: 'percent',
      higherIsBetter: true,
      notes: [],
      rows,
    } as const;
    // Copies, since what was measured is kept by record.
    const made = [runs(0.7, 3, 'base'), runs(0.72, 3, 'row')].map((of) => of.map((record) => structuredClone(record)));
    const rendered = summarise(table, rows.map((row, i) => ({ row, runs: made[i] }))); // prettier-ignore
    return rendered.rows[1].change;
  };
  const change = inTable('3', 'none', 'p2q');
  assert.ok(change?.interval);
  assert.deepEqual(inTable('5', 'base', 'trick'), change);
});

test('intervals cover: over 120 simulated null comparisons of 3 seeds, 95 % intervals exclude 0 in at most 10 % (binomial bound)', () => {
  let wrong = 0;
  for (let i = 0; i < 120; i++) {
    const more = { name: `null-${i}`, luck: 0.006, queries: 61, shared: 0.6 };
    const make = (row: string) =>
      [0, 1, 2].map((s) => simulateRecord({ ...world, ...more }, 0.7, 1000 * i + s, i, { row }, `${row}-${i}`));
    const { low, high } = pairedChange('microF1', make('row'), make('base'), { draws: 400 })!.interval!;
    if (low > 0 || high < 0) wrong++;
  }
  assert.ok(wrong <= 12, `${wrong} of 120`);
});
