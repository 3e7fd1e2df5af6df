// Oracles: arithmetic by hand; a PATH without nvidia-smi; this very machine's processor, at a shape of seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchGpu, COLUMNS, gpuFigures, gpuLine, timeColumn, xlaVariables, type GpuShape } from '../../cli/bench-gpu';

const shape: GpuShape = { name: 'toy', layers: 1, hidden: 8, heads: 2, vocabulary: 101, batch: 3, tokens: 7, dropout: 0.1 };
const recorded = COLUMNS.find(({ name }) => name === 'recorded, bf16')!;
const torch = COLUMNS.find(({ name }) => name === 'PyTorch, bf16')!;

test('steps, tokens, TFLOP/s and the share of the peak, by hand', () => {
  const peak = { bf16: 1e-6, tf32: 2e-6, f32: 3e-6, gib: 1 };
  // PyTorch computes the layer for all 21 tokens: 2·21·(4·64 + 2·8·32 + 2·7·8) = 36,960 operations, three times that for a step; in the median 2 ms.
  const full = gpuFigures(shape, torch, [1, 2, 50], peak);
  assert.deepEqual([full.milliseconds, full.stepsPerSecond, full.tokensPerSecond], [2, 500, 10_500]);
  assert.ok(Math.abs(full.teraflops - (3 * 36_960) / 2 / 1e9) < 1e-15);
  assert.ok(Math.abs(full.shareOfPeak! - (3 * 36_960) / 2 / 1e3) < 1e-9);
  // Ours computes it for the first token of each text but for queries, keys and values: 2·3·(3·7·64 + 64 + 2·8·32 + 2·7·8).
  const ours = gpuFigures(shape, recorded, [2], undefined);
  assert.ok(Math.abs(ours.teraflops - (3 * 2 * 3 * (3 * 7 * 64 + 64 + 512 + 112)) / 2 / 1e9) < 1e-15);
  assert.equal(ours.shareOfPeak, undefined);
  assert.match(gpuLine(full), /^toy {4}PyTorch, bf16 .* 2\.0 ms {2}500\.00 steps\/s {2}10500 tokens\/s/);
  assert.match(gpuLine({ ...full, failed: 'out of memory' }), /failed: out of memory$/);
});

test('without a card it refuses in words', () => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    assert.throws(() => benchGpu({ steps: 1 }), { name: 'InputError', message: /no NVIDIA driver answers.*525\.60\.13/ });
  } finally {
    process.env.PATH = PATH;
  }
});

test('a column of ours runs as a process of its own (oracle: as many finite times as steps)', () => {
  const { milliseconds } = timeColumn(shape, recorded, 2, undefined, 'cpu');
  assert.equal(milliseconds.length, 2);
  assert.ok(milliseconds.every((ms) => ms > 0 && ms < 1e6));
  assert.throws(() => timeColumn(shape, torch, 2, undefined, 'cpu'), /PyTorch needs --python/);
  assert.match(xlaVariables().TF_XLA_FLAGS, /auto_jit=2/);
});
