import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorOf, failureOf, Stopped } from '../../experiments/failure';
import { planGrid } from '../../experiments/plan';
import { encoderKey } from '../../experiments/pretrained-start';
import { planRuns, runGrid } from '../../experiments/runner';
import { fileProblem, InputError } from '../../runtime/errors';
import { ownDataCache } from './data-cache';

const cache = ownDataCache('runner-');

test('runs side by side that start from one pre-trained encoder: one makes it, the other waits (stages seen, one folder)', async () => {
  const set = ['length.steps=2', 'pretrain.steps=5', 'start.hidden=16', 'start.ffn=32'];
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base', 'ema'], set });
  assert.equal(encoderKey(cells[0].experiment), encoderKey(cells[1].experiment));
  const folder = join(cache, 'runs');
  const seen: string[][] = [];
  await runGrid(await planRuns(cells, [folder]), {
    jobs: 2,
    folder,
    onProgress: ({ running }) => seen.push([...running]),
  });
  const making = (line: string): boolean => /: pre-train$|\/5 loss/.test(line);
  assert.ok(seen.some((lines) => lines.some(making)));
  assert.ok(seen.every((lines) => lines.filter(making).length < 2));
  assert.equal(readdirSync(join(cache, 'encoders')).length, 1);
});

test('an encoder is another for another seed, and for another fold where its text or vocabulary is the fold’s', () => {
  const keys = (set: string[], scale: string): (string | undefined)[] =>
    planGrid({ table: '3', scale, seeds: 2, folds: [0, 1], rows: ['p2q-only'], set }).cells.map((c) => encoderKey(c.experiment));
  assert.equal(new Set(keys([], 'smoke')).size, 4);
  assert.equal(new Set(keys([], 'minilm')).size, 2);
  const none = planGrid({ table: '3', scale: 'smoke', seeds: 1, folds: [0], rows: ['none'] }).cells[0];
  assert.equal(encoderKey(none.experiment), undefined);
});

test('what a run refuses is an input error that names the run, in this process and from a worker; the other finished runs are kept', async () => {
  const { cells } = planGrid({
    table: '5',
    scale: 'smoke',
    seeds: 1,
    folds: [0, 1],
    rows: ['base'],
    set: ['length.steps=2', 'pretrain=null'],
  });
  const [good, bad] = cells;
  const experiment = { ...bad.experiment, source: { path: join(cache, 'no-such-rows.csv') } } as typeof bad.experiment;
  for (const jobs of [1, 2]) {
    const folder = join(cache, `refused-${jobs}`);
    const planned = await planRuns([good], [folder]);
    const refused = { id: '0'.repeat(16), cell: { ...bad, experiment }, needs: [] };
    await assert.rejects(
      runGrid([...planned, refused], { jobs, folder }),
      (error: Error) => error instanceof InputError && /^table 5, .*, seed 0, fold 1: .*no-such-rows\.csv/.test(error.message),
    );
    if (jobs === 1) assert.equal(readdirSync(folder).length, 1);
  }
});

test('an error from a worker process keeps its class, its stack and what the system said', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write', path: '/there' });
  const again = (error: unknown): Error => errorOf(structuredClone(failureOf(error)));
  assert.equal(again(new Stopped('between')).constructor, Stopped);
  assert.equal(again(new InputError('wrong')).constructor, InputError);
  assert.deepEqual([again(full).stack, fileProblem(again(full))], [full.stack, 'no space left on device']);
  assert.equal(again('a word').message, 'a word');
});
