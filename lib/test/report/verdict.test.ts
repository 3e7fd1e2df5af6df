import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../report/change';
import { summarise } from '../../report/summarise';
import { judge, type Claim } from '../../report/verdict';
import { simulateTable } from './simulate';

const change = (value: number, low: number, high: number, more: Partial<Change> = {}): Change => ({
  value,
  interval: { low, high, level: 0.95, standardError: (high - low) / 4, freedom: { seeds: 1e9, queries: 1e9, share: 1 } },
  detectable: 0.01,
  pairs: 3,
  seeds: 3,
  folds: 1,
  covers: { queries: true, training: true },
  ...more,
});
const claim = (more: Partial<Claim>): Claim => ({
  run: true,
  compared: true,
  paperChange: 0.001,
  higherIsBetter: true,
  resolution: 0.0001,
  print: (x) => x.toFixed(3),
  ...more,
});
const once = { covers: { queries: true, training: false }, pairs: 1, seeds: 1 };

test('every rule of the verdict, case by case (the table in its documentation)', () => {
  const cases: [string, Partial<Claim>][] = [
    ['not run', { run: false }],
    ['not run', {}],
    ['base', { compared: false }],
    ['reproduced', { change: change(0.01, 0.002, 0.018) }],
    ['reproduced', { change: change(-0.01, -0.018, -0.002), paperChange: -0.003 }],
    ['same direction', { change: change(0.01, 0.00004, 0.018) }],
    ['reproduced', { change: change(0.01, 0.00006, 0.018) }],
    ['differs', { change: change(-0.01, -0.018, -0.002) }],
    ['differs', { change: change(0.01, 0.002, 0.018), paperChange: -0.003 }],
    ['differs', { change: change(0.01, 0.002, 0.018), paperChange: 0 }],
    ['not distinguishable at this size', { change: change(0.0001, -0.01, 0.01), paperChange: 0 }],
    ['same direction', { change: change(0.0095, -0.001, 0.02) }],
    ['same direction', { change: change(-0.0095, -0.02, 0.001), paperChange: -0.002 }],
    ['not distinguishable at this size', { change: change(0.0075, -0.005, 0.02) }],
    ['not distinguishable at this size', { change: change(0.0095, -0.001, 0.02, once) }],
    ['not distinguishable at this size', { change: change(-0.0095, -0.02, 0.001) }],
    ['same direction', { change: change(0.01, 0.002, 0.018, once) }],
    ['not distinguishable at this size', { change: change(-0.01, -0.018, -0.002, once) }],
    ['not distinguishable at this size', { change: change(0.01, 0.002, 0.018, once), paperChange: 0 }],
    ['better', { change: change(0.01, 0.002, 0.018), paperChange: undefined }],
    ['held', { change: change(0.01, 0.002, 0.018), paperChange: undefined, claimed: true }],
    ['contradicted here', { change: change(-0.01, -0.018, -0.002), paperChange: undefined, claimed: true }],
    ['not distinguishable at this size', { change: change(0.01, -0.002, 0.018), paperChange: undefined, claimed: true }],
    ['better in the one seed run', { change: change(0.01, 0.002, 0.018, once), paperChange: undefined, claimed: true }],
    ['worse in the one seed run', { change: change(-0.01, -0.018, -0.002, once), paperChange: undefined }],
    ['not distinguishable at this size', { change: change(0.01, -0.002, 0.018, once), paperChange: undefined }],
    ['worse', { change: change(0.01, 0.002, 0.018), paperChange: undefined, higherIsBetter: false }],
    ['better in the one seed run', { change: change(0.01, 0.002, 0.018, once), paperChange: undefined }],
    ['not distinguishable at this size', { change: change(0.01, -0.002, 0.018), paperChange: undefined }],
    ['not distinguishable at this size', { change: { ...change(0.01, 0, 0), interval: undefined } }],
  ];
  cases.forEach(([words, given], i) => assert.equal(judge(claim(given)).words, words, `case ${i}: ${JSON.stringify(given)}`));
});

test('below a verdict in a table stands what its columns do not: never an interval, and nothing where they say it all', () => {
  const more = (given: Partial<Claim>) => judge(claim(given)).more;
  assert.equal(more({ change: change(0.0001, -0.01, 0.01) }), undefined);
  assert.equal(more({ change: change(0.01, 0.002, 0.018), paperChange: undefined }), undefined);
  assert.equal(more({ run: false }), 'no finished run');
  assert.equal(more({ change: change(0.01, 0.002, 0.018) }), "the paper's: its size lies outside");
  for (const one of [0.01, -0.01]) {
    const told = more({ change: change(one, one - 0.002, one + 0.002, once) });
    assert.equal(told, "one seed cannot show training's chance");
  }
});

test('no verdict claims an effect whose interval contains 0 or rests on one run (all combinations)', () => {
  for (const value of [-0.02, 0, 0.02])
    for (const half of [0.001, 0.03])
      for (const training of [true, false])
        for (const paperChange of [undefined, -0.01, 0, 0.01])
          for (const df of [1, 7, 1e9]) {
            const c = change(value, value - half, value + half, { covers: { queries: true, training } });
            c.interval!.freedom = { seeds: df, queries: df, share: 1 };
            const { kind } = judge(claim({ change: c, paperChange }));
            const contains = value - half <= 0 && value + half >= 0;
            if (contains || !training)
              assert.ok(
                ['leaning', 'unclear', ...(contains ? [] : ['betterOnce', 'worseOnce'])].includes(kind),
                `${kind} from ${value} ± ${half}, ${training}`,
              );
            if (paperChange === undefined) assert.notEqual(kind, 'reproduced');
          }
});

const words = (effect: number, seeds: number, paperChange: number): string => {
  const world = { seeds, queries: 293, perQuery: 7, luck: 0.001, shared: 0.95 };
  const { table, rowRuns } = simulateTable(world, [{ id: 'trick', effect, paperChange }]);
  return summarise(table, rowRuns, { draws: 600 }).rows[1].verdict.words;
};

test('simulated runs with a known effect: two points are reproduced or differ by the paper’s sign, none is not distinguishable', () => {
  assert.equal(words(0.02, 7, 0.0011), 'reproduced');
  assert.equal(words(0.02, 7, -0.0011), 'differs');
  assert.equal(words(0, 7, 0.0011), 'not distinguishable at this size');
  assert.notEqual(words(0.02, 1, 0.0011), 'reproduced', 'one seed never shows it');
});

test('one point is reproduced with enough seeds, and the table says beforehand what it could detect', () => {
  const world = { queries: 293, perQuery: 7, luck: 0.004, shared: 0.95 };
  const at = (seeds: number) => {
    const { table, rowRuns } = simulateTable({ ...world, seeds }, [{ id: 'trick', effect: 0.01, paperChange: 0.0011 }]);
    return summarise(table, rowRuns, { draws: 600 }).rows[1];
  };
  const [few, many] = [at(2), at(11)];
  assert.equal(many.verdict.words, 'reproduced');
  assert.ok(
    many.change!.detectable! < 0.01 && few.change!.detectable! > 0.01,
    `${many.change!.detectable} ${few.change!.detectable}`,
  );
});
