// Oracle: worked arithmetic. Changes .5, .2 and 1.2 points have sd √.2633 = .5132; Student's t from a printed table says that 25 seeds show .3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderPlan, seedPlan } from '../../cli/seeds-auto';
import { planGrid } from '../../experiments/plan';
import type { PlannedRun } from '../../experiments/runner';
import { InputError } from '../../runtime/errors';
import { simulateRecord } from '../report/simulate';

const grid = planGrid({ table: '5', scale: 'smoke', seeds: 3, rows: ['base', 'ema'] });
const values: Record<string, number[]> = { base: [0.7, 0.71, 0.69], ema: [0.705, 0.712, 0.702] };
const planned = (skip = 0): PlannedRun[] =>
  grid.cells.map((cell, i) => {
    const record = simulateRecord({ seeds: 1, queries: 5 }, 0.7, cell.experiment.seed, 0, {}, cell.row);
    const microF1 = values[cell.row][cell.experiment.seed];
    return { id: String(i), cell, needs: [], ...(i < skip ? {} : { record: { ...record, metrics: { microF1 } } }) };
  });

test('seeds for a wanted difference from the spread seen, and what they cost', () => {
  const plan = seedPlan([grid], planned(), 0.3, 2);
  const [row] = plan.rows;
  assert.ok(Math.abs(row.spread - Math.sqrt(0.79 / 3)) < 1e-9, String(row.spread));
  // n = 25: (2.0639 + 0.8569) · .5132 / 5 = .2998; n = 24: (2.0687 + 0.8575) · .5132 / √24 = .3065.
  assert.deepEqual([row.row, row.seen, row.seeds], ['ema', 3, 25]);
  // 2 runs of 61 s a seed, 50 in all, 6 done, 2 jobs.
  assert.deepEqual([plan.seeds, plan.runs, plan.done], [25, 50, 6]);
  assert.ok(Math.abs(plan.hours - (44 * 61) / 3600 / 2) < 1e-9);
  assert.match(
    renderPlan(plan, 0.3),
    /ema against base: sd of the change 0\.51 over 3 seeds, 25 seeds show 0\.3\n.*50 runs, 44 to do, about 23 minutes/,
  );
  assert.ok(seedPlan([grid], planned(), 0.9, 2).seeds < 8, 'a larger difference needs fewer');
});

test('with one seed of a row there is no spread to plan from', () => {
  assert.throws(() => seedPlan([grid], planned(4), 0.3, 1), (error: Error) => error instanceof InputError && /two or more finished seeds/.test(error.message)); // prettier-ignore
});

test('a row that leads with its own metric is planned by it', () => {
  const own = planGrid({ table: '6', scale: 'smoke', seeds: 2, rows: ['task2', 'task2-oracle'] });
  const runs = own.cells.map((cell, i): PlannedRun => {
    const record = simulateRecord({ seeds: 1, queries: 5 }, 0.7, cell.experiment.seed, 0, {}, cell.row);
    const microF1 = 0.7 + (cell.row === 'task2-oracle' ? 0.01 * (1 + cell.experiment.seed) : 0);
    return { id: String(i), cell, needs: [], record: { ...record, metrics: { microF1 } } };
  });
  const [row] = seedPlan([own], runs, 0.02, 1).rows;
  assert.ok(Math.abs(row.spread - Math.SQRT1_2 * 0.01) < 1e-9, 'a fraction, as the table prints it');
});
