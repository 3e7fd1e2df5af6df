import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowRuns } from '../../experiments/record';
import { gateView } from '../../report/ranking-views';
import { simulateTable } from './simulate';

test('gates are of one seed, for experts of two seeds are exchangeable; the largest weight is over all (by hand)', () => {
  const [base] = simulateTable({ seeds: 1, folds: 1, queries: 7 }, []).rowRuns;
  const weights = [
    [0.05, 0.95],
    [0.85, 0.15],
  ];
  const runs = weights.map((own, seed) => ({
    ...base.runs[0],
    experiment: { ...base.runs[0].experiment, seed },
    curves: { 'gate.click': own.map((weight, expert): [number, number] => [expert, weight]) },
  }));
  const row: RowRuns = { row: { ...base.row, label: 'MMoE' }, runs: runs.reverse() };
  const { text } = gateView([row]);
  const cells = text.split('\n').find((line) => line.includes('MMoE: click'))!;
  assert.match(cells, /0\.05.*0\.95.*0\.90 \(2 runs\)/);
});
