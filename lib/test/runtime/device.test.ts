import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceReport, matmulSpeed } from '../../runtime/device';
import { cudaFailure, loadFailure } from '../../runtime/cuda';
import { findGpus, older, OLDEST_DRIVER } from '../../runtime/gpus';
import { backend } from '../../runtime/tensorflow';

test('the matmul check multiplies (oracle: the product of ones has n in it) and leaves no tensor behind, in both precisions', () => {
  const before = backend().binding.getNumOfTensors();
  assert.ok(matmulSpeed('float32', 131, 2, 3) > 0);
  assert.ok(matmulSpeed('bfloat16', 128, 2, 3) > 0); // 128 is exact in bfloat16
  assert.equal(backend().binding.getNumOfTensors(), before);
});

test('the check notices a wrong product (oracle: 257 ones do not add up to 257 in bfloat16, whose results have 8 bits)', () => {
  assert.throws(() => matmulSpeed('bfloat16', 257, 1, 1), /has 256 in it, expected 257/);
  assert.equal(deviceReport().tensorflow, backend().binding.TF_Version);
});

test("cards, drivers and capabilities are judged from nvidia-smi's table (oracle: tables written for it)", () => {
  const card = (driver: string, capability: string): string => `NVIDIA H100 80GB HBM3, ${driver}, ${capability}, 81559 MiB\n`;
  assert.deepEqual(
    findGpus(() => card('550.54.15', '9.0')),
    {
      cards: [{ name: 'NVIDIA H100 80GB HBM3', driver: '550.54.15', capability: '9.0', memory: '81559 MiB' }],
    },
  );
  assert.match(findGpus(() => undefined).problem ?? '', /no NVIDIA driver answers/);
  assert.match(findGpus(() => '\n').problem ?? '', /lists no card/);
  assert.match(findGpus(() => card('470.82.01', '9.0')).problem ?? '', /470\.82\.01 is too old/);
  assert.match(findGpus(() => card('550.54.15', '3.7')).problem ?? '', /capability 3\.7/);
  assert.match(
    findGpus(() => card('590.48.01', '12.0')).problem ?? '',
    /capability 12\.0, newer than TensorFlow 2\.21's kernels/,
  );
  assert.equal(findGpus(() => card(OLDEST_DRIVER, '6.0')).problem, undefined);
});

test('versions are compared by number (oracle: cases by hand)', () => {
  assert.ok(older('525.60.13', '525.100'));
  assert.ok(older('9.0', '10.0'));
  assert.ok(!older('12.0', '6.0'));
  assert.ok(!older('6.0', '6'));
});

test('the library that does not load is named, the driver before CUDA (oracle: loaders written for it, and the C library)', () => {
  const only = (broken: string) => (path: string) => (path.endsWith(broken) ? 'cannot open' : undefined);
  assert.match(cudaFailure('/none', only('libcuda.so.1')) ?? '', /driver's library libcuda\.so\.1 does not load \(cannot open\)/);
  assert.match(cudaFailure('/none', only('libcudnn.so.9')) ?? '', /^libcudnn\.so\.9 does not load .*setup -- --gpu again$/);
  assert.equal(cudaFailure('/none', only('nothing')), undefined);
  assert.match(loadFailure('libesci-no-such-library.so.1') ?? '', /libesci-no-such-library/);
  if (process.platform === 'linux') assert.equal(loadFailure('libm.so.6'), undefined);
});
