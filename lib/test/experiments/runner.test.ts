import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planGrid } from '../../experiments/plan';
import { encoderKey } from '../../experiments/pretrained-start';
import { planRuns, runGrid } from '../../experiments/runner';
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
