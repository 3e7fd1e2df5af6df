// Oracle: simulated runs whose noise, cut and change are set; what has no all-rows run beside it has no change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '../../experiments/record';
import { sweepFigures, sweepPoints, sweepView } from '../../report/sweep-views';
import { simulateRecord, type World } from './simulate';

const world = (name: string): World => ({ seeds: 2, queries: 59, perQuery: 5, luck: 0, shared: 1, name });
const run = (
  name: string,
  noise: number,
  skill: number,
  seed: number,
  clean?: object,
  metrics: Record<string, number> = {},
): RunRecord => {
  const config = { task: 2, loss: 'ce', ...(clean ? { clean } : {}) };
  const made = simulateRecord(world(name), skill, seed, 0, config as never, JSON.stringify(config));
  const own = clean ? { flippedShare: noise, ...metrics } : {};
  return {
    ...made,
    experiment: { ...made.experiment, kind: 'finetune' },
    metrics: { ...made.metrics, trueMicroF1: skill, ...own },
  };
};
const cut = (name: string, noise: number, fraction: number, skill: number): RunRecord[] =>
  [0, 1].map((seed) =>
    run(
      name,
      noise,
      skill,
      seed,
      { method: 'prune', fraction },
      { removedShare: fraction, precisionOfRemoved: 0.7, recallOfRemoved: 0.3 },
    ),
  );
const records = [
  ...[0, 1].map((seed) => run('usual', 0.08, 0.7, seed)),
  ...[0, 1].map((seed) => run('noisy', 0.2, 0.6, seed)),
  ...cut('usual', 0.08, 0.04, 0.73),
  ...cut('usual', 0.0796, 0.12, 0.66),
  ...cut('noisy', 0.2, 0.04, 0.65),
  ...cut('alone', 0.15, 0.04, 0.65),
];

test('points by noise and share removed, each against all rows of the same data (set changes)', () => {
  const points = sweepPoints(records);
  assert.deepEqual(points.map((p) => [p.noise, p.removed, p.runs]), [[0.08, 0.04, 2], [0.0796, 0.12, 2], [0.15, 0.04, 2], [0.2, 0.04, 2]]); // prettier-ignore
  const [small, large, alone, noisy] = points;
  const near = (got: number | undefined, expected: number): void => assert.ok(Math.abs(got! - expected) < 1e-9, `${got}`);
  near(small.truth!.value, 0.03);
  near(large.truth!.value, -0.04);
  near(noisy.truth!.value, 0.05);
  assert.ok(small.given!.value > 0 && large.given!.value < 0 && noisy.given!.value > 0);
  assert.equal(alone.given, undefined, 'no run on all rows of these data');
});

test('a line for each noise rate; other tasks and unknown noise are left out; nothing is drawn of nothing', () => {
  const figures = sweepFigures(sweepPoints(records));
  assert.equal(figures.length, 4);
  const names = (figures[0].data as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ['8 % noise', '15 % noise', '20 % noise']);
  assert.match(figures[2].title, /^Removal sweep, scale demo: change of micro-F1$/);
  // The bars of a change are its interval's ends, live and still; the smallest and the largest of them lie inside the picture.
  const [first] = figures[2].data as { x: number[]; y: number[]; error_y: { array: number[]; arrayminus: number[] } }[];
  const { value, interval } = sweepPoints(records)[0].given!;
  assert.ok(Math.abs(first.y[0] - 100 * value) < 1e-9 && Math.abs(first.x[0] - 4) < 0.3);
  assert.ok(Math.abs(first.y[0] + first.error_y.array[0] - 100 * interval!.high) < 1e-9);
  assert.ok(Math.abs(first.y[0] - first.error_y.arrayminus[0] - 100 * interval!.low) < 1e-9);
  const bars = [...figures[2].svg.matchAll(/<line x1="([\d.]+)" y1="([-\d.]+)" x2="\1" y2="([-\d.]+)"/g)];
  assert.equal(bars.length, 3, 'two cuts of one rate and one of another: the rate without a run on all rows has none');
  for (const [, , from, to] of bars) assert.ok(Number(from) > 0 && Number(from) < 380 && Number(to) > 0);
  assert.match(sweepView(sweepPoints(records)).text, /8\.0 %  \|  4\.0 %  \|  confident learning  \|  70\.0 %  \|  30\.0 %/);
  const third = records.map((r) => ({
    ...r,
    experiment: { ...r.experiment, config: { ...(r.experiment.config as object), task: 3 } },
  }));
  assert.deepEqual(sweepFigures(sweepPoints(third as RunRecord[])), []);
  const real = records.map((r) => ({ ...r, metrics: { microF1: r.metrics.microF1 } }));
  assert.deepEqual(sweepPoints(real), []);
});
