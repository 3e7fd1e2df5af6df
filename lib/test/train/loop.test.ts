import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '../../graph';
import { train } from '../../train/loop';

test('a loss that is no number ends training at once, and says where and after what', async () => {
  const losses = [0.9, 0.7, NaN, 0.5];
  let runs = 0;
  const program = { run: () => ({ loss: Float32Array.of(losses[runs++]) }) } as unknown as Program;
  const batch = () => Promise.resolve({ bucket: '8', feeds: {}, tokens: 8, padded: 8 });
  const steps: number[] = [];
  const plan = { program, steps: 4, accumulation: 1, batch, scalars: () => ({}), onStep: (t: number) => steps.push(t) };
  await assert.rejects(train(plan), /training diverged: the loss of update 3 of 4 is NaN, after 0\.700 at update 2; a lower/);
  assert.deepEqual([runs, steps], [3, [1, 2]]);
});
