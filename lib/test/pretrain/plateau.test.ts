// Oracles: curves worked by hand; a run stopped at any update and resumed settles where the whole run does; the trapezium of the rate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PretrainConfig } from '../../pretrain/config';
import { checkPlateau, plateauRate, settledAt } from '../../pretrain/plateau';
import { scales } from '../../experiments/scales';

const until = { every: 10, patience: 2, gain: 0.1, cooldown: 7, most: 101 };
const config: PretrainConfig = { ...scales.smoke.pretrain, steps: 30, warmup: 0.1, learningRate: 2, until };
const curve = (losses: readonly number[]): [number, number][] => losses.map((loss, i) => [10 * (i + 1), loss]);
const curves = {
  // Stands still until 20, then falls until 40; the measurements at 50 and 60 are not 10 % below 0.5.
  'evaluation.product2queryLoss': curve([1, 1, 0.8, 0.5, 0.46, 0.455, 0.47]),
  // Falls until 50.
  'evaluation.mlmLoss': curve([8, 7, 6, 5, 4, 3.9, 3.8]),
};

test('each task alone settles where its own loss stands still, both where the later does (worked by hand)', () => {
  assert.equal(settledAt(config, ['product2query'], curves, 70), 60);
  assert.equal(settledAt(config, ['mlm'], curves, 70), 70);
  assert.equal(settledAt(config, ['mlm', 'product2query'], curves, 70), 70);
});

test('a standstill before `steps` does not count; without one the end is `most`', () => {
  const still = { 'evaluation.mlmLoss': curve([5, 5, 5, 5, 5]) };
  assert.equal(settledAt(config, ['mlm'], still, 50), 30, 'not at 20, which has no measurement before its window');
  assert.equal(settledAt({ ...config, steps: 41 }, ['mlm'], still, 50), 50);
  const falls = { 'evaluation.mlmLoss': curve([9, 8, 7, 6, 5, 4, 3, 2, 1]) };
  assert.equal(settledAt(config, ['mlm'], falls, 90), undefined);
  assert.equal(settledAt(config, ['mlm'], falls, 94), 94);
});

test('the same update whether it is asked after each measurement or, resumed, at the end', () => {
  const upTo = (step: number): typeof curves =>
    Object.fromEntries(
      Object.entries(curves).map(([name, points]) => [name, points.filter(([s]) => s <= step)]),
    ) as typeof curves;
  const asked = Array.from({ length: 70 }, (_, i) => settledAt(config, ['mlm', 'product2query'], upTo(i + 1), i + 1));
  assert.equal(
    asked.find((at) => at !== undefined),
    70,
  );
  assert.equal(
    asked.findIndex((at) => at !== undefined),
    69,
  );
});

test('the rate rises over the warm-up of `steps`, stays, and falls to 0 over the cooldown', () => {
  assert.deepEqual([0, 1, 3, 29, 60, 90].map((t) => plateauRate(config, t, undefined)), [0, 2 / 3, 2, 2, 2, 2]); // prettier-ignore
  assert.deepEqual([59, 60, 61, 66, 67, 68].map((t) => plateauRate(config, t, 60)), [2, 2, 2 * (1 - 1 / 7), 2 * (1 - 6 / 7), 0, 0]); // prettier-ignore
});

test('rules that cannot work are refused', () => {
  assert.throws(() => checkPlateau({ ...until, most: 36 }, 30), /until\.most must be at least .* 37, got 36/);
  assert.throws(() => checkPlateau({ ...until, gain: 0 }, 30), /until\.gain/);
  assert.throws(() => checkPlateau({ ...until, every: 0 }, 30), /until\.every/);
});
