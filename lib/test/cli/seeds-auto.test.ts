// Oracles: worked arithmetic (changes .5, .2 and 1.2 points have sd √.2633 = .5132; Student's t from a printed table says that 25 seeds show .3); and
// agreement with the table: as many seeds as were run show exactly the change that it prints as detectable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beyondLimits, planCost, renderPlan, seedPlan, seedsFor } from '../../cli/seeds-auto';
import { planGrid, type Grid } from '../../experiments/plan';
import type { PlannedRun } from '../../experiments/runner';
import { changeWithParts } from '../../report/change';
import { InputError } from '../../runtime/errors';
import { simulateRecord } from '../report/simulate';

const request = { table: '5', scale: 'smoke', seeds: 3, rows: ['base', 'ema', 'only-fgm'] };
const grid = planGrid(request);
const values: Record<string, number[]> = {
  base: [0.7, 0.71, 0.69],
  ema: [0.705, 0.712, 0.702],
  'only-fgm': [0.6, 0.612, 0.588],
};
/** Runs whose metric alone is recorded: changes are then those of the seeds, and nothing is drawn. */
function planned({ cells }: Grid, of = (row: string, seed: number): number => values[row][seed], skip = 0): PlannedRun[] {
  return cells.map((cell, i) => {
    const { seed } = cell.experiment;
    const record = simulateRecord({ seeds: 1, queries: 5 }, 0.7, seed, 0, {}, cell.row);
    const own = { ...record, metrics: { microF1: of(cell.row, seed) }, predictions: undefined };
    return { id: String(i), cell, needs: [], ...(i < skip ? {} : { record: own }) };
  });
}
const close = (got: number, want: number, what: string, tolerance = 1e-9): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${what}: got ${got}, expected ${want}`);

test('each row gets the seeds it needs, its partner as many, and a row that is sure none', () => {
  const runs = planned(grid);
  const plan = seedPlan([grid], runs, 0.3);
  const [ema, fgm] = plan.rows;
  close(ema.spread, Math.sqrt(0.79 / 3), 'spread');
  // n = 25: (2.0639 + 0.8569) · .5132 / 5 = .2998; n = 24: (2.0687 + 0.8575) · .5132 / √24 = .3065.
  assert.deepEqual([ema.row, ema.seen, ema.seeds, ema.sure], ['ema', 3, 25, false]);
  // An sd over three seeds: .5132 · .520658 and .5132 · 6.284759.
  close(ema.spreadInterval[0], 0.26719, 'low', 1e-4);
  close(ema.spreadInterval[1], 3.22517, 'high', 1e-4);
  const [least, most] = ema.seedsInterval;
  assert.ok(least! < 12 && most! > 600, `${least} to ${most}`);
  // −10, −9.8 and −10.2: mean −10, sd .2, interval ±4.3027 · .2 / √3 = ±.4968.
  close(fgm.interval.high, -10 + 0.4968, 'interval', 1e-4);
  assert.equal(fgm.sure, true);
  assert.deepEqual(plan.rowSeeds, { 5: { base: 25, ema: 25, 'only-fgm': 3 } });

  const cells = planGrid({ ...request, rowSeeds: plan.rowSeeds }).cells;
  const count = (row: string): number => cells.filter((cell) => cell.row === row).length;
  assert.deepEqual(['base', 'ema', 'only-fgm'].map(count), [25, 25, 3]);
  // 53 runs of 61 s, 9 done, 2 jobs.
  const cost = planCost(cells, runs, 2);
  assert.deepEqual([cost.runs, cost.done], [53, 9]);
  close(cost.hours, (44 * 61) / 3600 / 2, 'hours');
  assert.match(
    renderPlan(plan, cost, 0.3),
    /ema against base: sd of the change 0\.51 \(95 %: 0\.27 to 3\.23\) over 3 seeds, which show 1\.59 points; 25 seeds show 0\.3 \(by the sd's interval \d+ to \d+\)\n.*only-fgm against base: change -10\.00 \[-10\.50, -9\.50\] excludes 0 by 0\.3 points or more: no more seeds\n.*53 runs, 44 to do, about 23 minutes/,
  );
  assert.ok(seedPlan([grid], runs, 0.9).rows[0].seeds! < 8, 'a larger difference needs fewer');
  assert.equal(seedPlan([grid], runs, 9.7).rows[1].sure, false, 'an interval that excludes 0 by less is not sure');
});

test('what tables call detectable at n seeds is planned with n seeds', () => {
  for (const [seeds, name] of [[3, 'own'], [4, 'shared'], [7, 'shared']] as const) {
    // Records of the same rows for all seeds, or of rows of each seed's own.
    const runs = (row: string, skill: number) =>
      Array.from({ length: seeds }, (_, seed) => {
        const world = { seeds, queries: 97, luck: 0.004, name: name === 'own' ? `set ${seed}` : 'one' };
        return simulateRecord(world, skill, seed, 0, {}, row);
      });
    const { change, parts } = changeWithParts('microF1', runs('row', 0.72), runs('base', 0.7), { draws: 200 })!;
    assert.equal(parts!.shared, name === 'shared');
    close(seedsFor(parts!, change.detectable!)!, seeds, `${seeds} seeds, ${name} queries`, 1);
  }
}); // prettier-ignore

test('shared queries set a floor that no number of seeds goes below', () => {
  const parts = { seeds: 3, queries: 101, perSeeds: 0.01, perQueries: 0.05, interaction: 0.01, shared: true };
  // √.04 · (1.98 + .85) = .57 is left of many seeds.
  assert.equal(seedsFor(parts, 0.5), undefined);
  assert.ok(seedsFor(parts, 0.6)! > 3);
});

test('a plan beyond the limits says so in one line', () => {
  const plan = seedPlan([grid], planned(grid), 0.1);
  const cells = planGrid({ ...request, rowSeeds: plan.rowSeeds }).cells;
  const cost = planCost(cells, planned(grid), 2);
  const line = beyondLimits(plan, cost)!;
  assert.match(
    line,
    /plans 2\d\d seeds of row (base|ema) of table 5 and about \d.*more than 100 seeds a row or 10 hours: expected --yes/,
  );
  assert.ok(!line.includes('\n'));
  const few = seedPlan([grid], planned(grid), 0.3);
  assert.equal(beyondLimits(few, { runs: 53, done: 9, hours: 2 }), undefined);
  assert.match(beyondLimits(few, { runs: 53, done: 9, hours: 11 })!, /about 11\.0 hours/);
});

test('with one seed of a row there is no spread to plan from', () => {
  const two = planGrid({ ...request, rows: ['base', 'ema'] });
  assert.throws(() => seedPlan([two], planned(two, undefined, 4), 0.3), (error: Error) => error instanceof InputError && /two or more finished seeds/.test(error.message)); // prettier-ignore
});

test('a row that leads with its own metric is planned by it', () => {
  const own = planGrid({ table: '6', scale: 'smoke', seeds: 2, rows: ['task2', 'task2-oracle'] });
  const runs = planned(own, (row, seed) => 0.7 + (row === 'task2-oracle' ? 0.01 * (1 + seed) : 0));
  const [row] = seedPlan([own], runs, 0.3).rows;
  close(row.spread, Math.SQRT1_2, 'in points, also where the table prints fractions');
  assert.ok(row.seeds! > 10, `${row.seeds} seeds show .3 points`);
});
