import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean, pairedChange, percentile, sd } from '../../report/change';
import { studentCdf, studentQuantile } from '../../report/student';
import { simulateRecord, type World } from './simulate';

const close = (got: number, want: number, tolerance: number): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `got ${got}, expected ${want} ± ${tolerance}`);

test('Student quantiles equal printed tables (any statistics handbook), the normal limit and the closed form for one degree', () => {
  for (const [p, df, want] of [
    [0.975, 1, 12.7062],
    [0.975, 2, 4.30265],
    [0.975, 4, 2.77645],
    [0.95, 7, 1.894579],
    [0.975, 30, 2.042272],
    [0.975, Infinity, 1.959964],
    [0.8, Infinity, 0.841621],
  ]) {
    close(studentQuantile(p, df), want, 1e-4);
    close(studentQuantile(1 - p, df), -want, 1e-4);
  }
  for (const t of [-3, 0, 0.7, 11]) close(studentCdf(t, 1), 0.5 + Math.atan(t) / Math.PI, 1e-12);
});

test('sd and percentile: arithmetic by hand', () => {
  close(sd([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 1e-12);
  assert.ok(Number.isNaN(sd([3])));
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(percentile([1, 2, 3, 4], 1), 4);
});

const world: World = { seeds: 3, queries: 151, perQuery: 5, luck: 0 };
const runs = (skill: number, seeds: number, row: string, more: Partial<World> = {}) =>
  Array.from({ length: seeds }, (_, s) => simulateRecord({ ...world, ...more }, skill, 11 + s, 0, { row }, row));

test('a metric without predictions gives the paired t interval of the differences (two routes)', () => {
  const strip = (values: number[], row: string) =>
    runs(0.7, values.length, row).map((r, i) => ({ ...r, predictions: undefined, metrics: { loss: values[i] } }));
  const a = [1.9, 2.05, 1.97, 2.11, 2.0];
  const b = [2.0, 2.1, 2.1, 2.14, 2.03];
  const change = pairedChange('loss', strip(a, 'a'), strip(b, 'b'), { draws: 60000 })!;
  const deltas = a.map((x, i) => x - b[i]);
  const half = (2.77645 * sd(deltas)) / Math.sqrt(5);
  close(change.value, mean(deltas), 1e-12);
  close(change.interval!.low, mean(deltas) - half, 0.03 * half);
  close(change.interval!.high, mean(deltas) + half, 0.03 * half);
  close(change.detectable!, (2.77645 + studentQuantile(0.8, 4)) * (sd(deltas) / Math.sqrt(5)), 1e-5);
  assert.deepEqual(change.covers, { queries: false, training: true });
});

test('one pair: the interval is the cluster bootstrap over queries (against the analytic error of a ratio of sums)', () => {
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
  assert.deepEqual(pairedChange('microF1', row, base), one);
  assert.deepEqual(pairedChange('microF1', [...row].reverse(), [...base].reverse()), one);
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

test('macro-F1 and nDCG get query intervals, and their unweighted statistic equals the metric (two routes)', async () => {
  const { queryStatistic } = await import('../../report/statistic.js');
  const { f1Scores } = await import('../../metrics/f1.js');
  const { decodeLabels } = await import('../../report/decode.js');
  const [run] = runs(0.7, 1, 'row');
  const whole = (name: string): number => {
    const s = queryStatistic(name, run.predictions!)!;
    const sums = new Float64Array(s.width);
    s.parts.forEach((part, i) => (sums[i % s.width] += part));
    return s.value(sums);
  };
  const given = decodeLabels(run.predictions!.given);
  const predicted = decodeLabels(run.predictions!.predicted);
  const scores = f1Scores(given, predicted, 4);
  close(whole('microF1'), run.metrics.microF1, 1e-12);
  close(whole('macroF1'), scores.macro, 1e-12);
  assert.ok(whole('ndcg') > 0.6 && whole('ndcg') <= 1);
  assert.equal(queryStatistic('auc', run.predictions!), undefined);
});
