// Oracle: a planned run's specification, which is accepted, with one mistake at a time.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { planGrid } from '../../experiments/plan';
import { readSpec } from '../../experiments/spec';
import { InputError } from '../../runtime/errors';
import { esci } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'spec-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'spec.json');
const [{ experiment }] = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base'] }).cells;
const read = (value: unknown): unknown => {
  writeFileSync(path, JSON.stringify(value));
  return readSpec(path);
};

test('a specification that a record could not be made of is refused before anything is trained', () => {
  assert.deepEqual(read(experiment), JSON.parse(JSON.stringify(experiment)));
  assert.deepEqual((read({ ...experiment, source: { path: 'rows.csv' } }) as typeof experiment).source, { path: 'rows.csv' });
  const wrong: [change: object, message: RegExp][] = [
    [{ seed: undefined }, /^seed: missing; a whole number from 0/],
    [{ seed: '0' }, /^seed: got "0"; a whole number/],
    [{ scale: undefined }, /^scale: missing; one of smoke, demo/],
    [{ scale: 'huge' }, /^scale: got "huge"; one of smoke, demo/],
    [{ fold: -1 }, /^fold: got -1; a whole number ≥ 0/],
    [{ fold: 5 }, /^fold: got 5; below folds \(5\)/],
    [{ folds: 0 }, /^folds: got 0; a whole number ≥ 1/],
    [{ source: {} }, /^source: got \{\}; settings \{path\} or \{generated\}/],
    [{ source: 'rows.csv' }, /^source: got "rows\.csv"; settings/],
    [{ source: { path: 5 } }, /^source\.path: got 5; text/],
    [{ source: { generated: 'mars' } }, /^source\.generated: got "mars"; one of demo, small, smoke/],
    [{ kind: 'out-of-fold' }, /^part: missing/],
  ];
  for (const [change, message] of wrong)
    assert.throws(
      () => read({ ...experiment, ...change }),
      (error: Error) => error instanceof InputError && message.test(error.message),
      JSON.stringify(change),
    );
});

test('what is no specification at all is refused in one line', () => {
  for (const value of [null, 5, [], {}])
    assert.throws(() => read(value), /must be a run's specification with kind, source and config/);
  for (const place of ['', folder, join(folder, 'none')])
    assert.throws(() => readSpec(place), /--experiment must be a specification file/);
});

test('run shows pre-training and fine-tuning each of its own number of steps', (t) => {
  process.env.ESCI_DATA_CACHE = join(folder, 'cache');
  t.after(() => delete process.env.ESCI_DATA_CACHE);
  const set = ['length.steps=2', 'pretrain.steps=5', 'start.hidden=16', 'start.ffn=32'];
  const [cell] = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base'], set }).cells;
  writeFileSync(path, JSON.stringify(cell.experiment));
  const { status, stderr } = esci(['run', '--experiment', path, '--out', join(folder, 'runs')]);
  assert.deepEqual([status, [...stderr.matchAll(/ (\d+\/\d+) \(/g)].map(([, steps]) => steps)], [0, ['5/5', '2/2']], stderr);
});
