// Oracle: a shared tensor follows what is written to the array it was made from, a copy does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedOffset, StandIns } from '../../graph/stand-ins';
import { backend, DataType } from '../../runtime/tensorflow';

test('an array’s place that TensorFlow shares is found wherever the array lies', () => {
  const native = backend().binding;
  const kept: ArrayBuffer[] = [];
  const found = new Set<number>();
  for (let i = 0; i < 64; i++) {
    const memory = new ArrayBuffer(4096 + 16 * (i % 5));
    kept.push(memory); // so that the next one lies elsewhere
    const offset = sharedOffset(native, memory);
    found.add(offset);
    const array = new Float32Array(memory, offset, 24);
    assert.ok(
      array.every((x) => x === 0),
      'left as it was',
    );
    const id = native.createTensor([2, 12], DataType.float32, array);
    array[17] = 5;
    assert.equal((native.tensorDataSync(id) as Float32Array)[17], 5, `offset ${offset} of array ${i} is shared`);
    native.deleteTensor(id);
  }
  assert.ok(found.size > 1, `arrays of ${[...found].join()} alone: nothing was searched for`);
});

test('stand-ins of any size take no memory, whatever the process let go of before (oracle: the process’s own size)', () => {
  const native = backend().binding;
  const standIns = new StandIns();
  const before = process.memoryUsage.rss();
  const made = Array.from({ length: 60 }, () => standIns.make(native, { shape: [1 << 23], dtype: DataType.float32 })!); // 32 MiB each
  const grown = process.memoryUsage.rss() - before;
  made.forEach(({ id }) => native.deleteTensor(id));
  assert.ok(grown < 256 * 2 ** 20, `${grown} bytes for 60 stand-ins of 32 MiB`);
});
