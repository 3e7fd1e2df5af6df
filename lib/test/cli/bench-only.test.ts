import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchGpu } from '../../cli/bench-gpu';
import { benchMemory } from '../../cli/bench-memory';

test('a bench of shapes that are not there is refused: it would write a record of nothing', () => {
  assert.throws(() => benchMemory(['bf16']), /--only: shapes begin with 4x256 or 6x384, got bf16/);
  assert.throws(() => benchGpu({ steps: 1, only: ['2x2'] }), /--only: shapes are .*, got 2x2/);
});
