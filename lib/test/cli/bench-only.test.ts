import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from '../../cli/bench-action';
import { benchGpu } from '../../cli/bench-gpu';
import { benchMemory } from '../../cli/bench-memory';
import { shapesNamed } from '../../cli/bench-shapes';

test('a bench of shapes that are not there is refused: it would write a record of nothing', async () => {
  assert.throws(() => benchMemory(['bf16']), /^InputError: --only must name shapes, of 4x256, 6x384, got "bf16"$/);
  assert.throws(() => benchMemory(['']), /got ""$/);
  assert.throws(() => benchGpu({ steps: 1, only: ['2x2'] }), /^InputError: --only must name shapes, of base, large, got "2x2"$/);
  const options = { rounds: 1, steps: 1, tricks: false, maxLength: 32 };
  await assert.rejects(
    bench({ ...options, only: ['none', '9x9'] }),
    /^InputError: --only must name shapes, of 2x128, .*, got "9x9"$/,
  );
});

test('a shape is named by its name up to the comma; none named is none, nothing said is all', () => {
  const shapes = ['2x3, f32', '2x3, bf16', '5x7'].map((name) => ({ name }));
  const named = (only?: string[]): string[] => shapesNamed(shapes, only).map(({ name }) => name);
  assert.deepEqual([named(), named([]), named(['2x3']), named(['5x7', '2x3'])], [['2x3, f32', '2x3, bf16', '5x7'], [], ['2x3, f32', '2x3, bf16'], ['2x3, f32', '2x3, bf16', '5x7']]); // prettier-ignore
});
