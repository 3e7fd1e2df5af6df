import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import {
  epochBatches,
  lengthBuckets,
  padBatch,
  paddingOf,
  rowLengths,
  selectRows,
  concatRows,
  type TokenisedRows,
} from '../../text';

const random = Key.from('lengths').random();
const lengths = Int32Array.from({ length: 1009 }, () =>
  Math.min(127, 3 + random.poisson(19) + (random.bernoulli(0.2) ? random.int(101) : 0)),
);
const B = 31;
const padded = (buckets: readonly number[], list: ArrayLike<number>) =>
  Array.from(list).reduce((sum, n) => sum + buckets.find((b) => b >= n)!, 0);

test('length buckets: no choice of three multiples of eight wastes less (every choice tried)', () => {
  const buckets = lengthBuckets(lengths, { batch: 1, buckets: 3 });
  const last = Math.ceil(Math.max(...lengths) / 8) * 8;
  let least = Infinity;
  for (let a = 8; a < last; a += 8) for (let b = a + 8; b < last; b += 8) least = Math.min(least, padded([a, b, last], lengths));
  assert.equal(padded(buckets, lengths), least);
  assert.equal(buckets.length, 3);
});

test('length buckets: worked by hand, and their limits', () => {
  assert.deepEqual(lengthBuckets([3, 5, 5, 61], { batch: 2, buckets: 2 }), [8, 64]);
  assert.deepEqual(lengthBuckets([3, 5, 5, 61], { batch: 5 }), [64]);
  assert.deepEqual(lengthBuckets([61], { batch: 1, maxLength: 61 }), [61]);
  assert.deepEqual(lengthBuckets([17, 17, 17], { batch: 1 }), [24]);
  assert.ok(lengthBuckets(lengths, { batch: B }).length <= 6);
  assert.throws(() => lengthBuckets([], { batch: 1 }), InputError);
  assert.throws(() => lengthBuckets([65], { batch: 1, maxLength: 64 }), InputError);
});

const buckets = lengthBuckets(lengths, { batch: B });
const count = (rows: Iterable<number>) => {
  const seen = new Int32Array(lengths.length);
  for (const row of rows) seen[row]++;
  return seen;
};

test('training epoch: every row once and the last batch filled, each batch of a declared length that holds its rows', () => {
  const batches = epochBatches(lengths, { batch: B, buckets, key: Key.from(3) });
  assert.equal(batches.length, Math.ceil(1009 / B));
  for (const { rows, length, real } of batches) {
    assert.deepEqual([rows.length, real], [B, B]);
    assert.ok(buckets.includes(length));
    assert.ok(rows.every((row) => lengths[row] <= length));
  }
  const seen = count(batches.flatMap((b) => [...b.rows]));
  assert.ok(seen.every((n) => n >= 1));
  assert.equal(
    seen.reduce((a, b) => a + b, 0),
    batches.length * B,
  );
});

test('training epoch: dropped instead, no row stands twice and fewer than B are missing', () => {
  const batches = epochBatches(lengths, { batch: B, buckets, key: Key.from(3), last: 'drop' });
  const seen = count(batches.flatMap((b) => [...b.rows]));
  assert.equal(batches.length, Math.floor(1009 / B));
  assert.ok(seen.every((n) => n <= 1));
  assert.equal(seen.filter((n) => n === 0).length, 1009 % B);
});

test('training epoch: decided by the key alone', () => {
  const epoch = (seed: number) => epochBatches(lengths, { batch: B, buckets, key: Key.from(seed) }).map((b) => [...b.rows]);
  assert.deepEqual(epoch(5), epoch(5));
  assert.notDeepEqual(epoch(5), epoch(6));
  const order = epochBatches(lengths, { batch: B, buckets, key: Key.from(5) }).map((b) => b.length);
  assert.notDeepEqual(
    order,
    [...order].sort((a, b) => a - b),
    'lengths are mixed over the epoch',
  );
});

test('training epoch: fewer rows than a batch are repeated until it is full', () => {
  const [only, ...none] = epochBatches([5, 7, 3], { batch: 7, buckets: [8], key: Key.from(1) });
  assert.deepEqual([none.length, only.real, only.rows.length], [0, 7, 7]);
  assert.deepEqual([...new Set(only.rows)].sort(), [0, 1, 2]);
});

test('evaluation: every row counts once, fillers have no weight', () => {
  const batches = epochBatches(lengths, { batch: B, buckets, shuffle: 'none' });
  assert.deepEqual(count(batches.flatMap((b) => [...b.rows.subarray(0, b.real)])), new Int32Array(1009).fill(1));
  assert.deepEqual(
    batches.filter((b) => b.real < B).map((b) => b.real),
    [1009 % B],
  );
  assert.throws(() => epochBatches(lengths, { batch: B, buckets, shuffle: 'none', last: 'drop' }), InputError);
});

test('padding: the share is what counting gives, far below padding everything to the longest row', () => {
  const batches = epochBatches(lengths, { batch: B, buckets, shuffle: 'none' });
  const { tokens, computed, share } = paddingOf(lengths, batches);
  assert.equal(
    tokens,
    lengths.reduce((a, b) => a + b, 0),
  );
  assert.equal(
    computed,
    batches.reduce((sum, b) => sum + B * b.length, 0),
  );
  const plain = 1 - tokens / (1009 * Math.max(...lengths));
  const least = padded(buckets, lengths);
  assert.ok(
    computed >= least && computed <= least + B * buckets.reduce((a, b) => a + b, 0),
    'every row in its bucket, but what is left of each',
  );
  assert.ok(3 * share < plain, `${share} against ${plain}`);
});

test('batches: a row too long, buckets out of order, and a missing key are errors', () => {
  assert.throws(() => epochBatches([9], { batch: 1, buckets: [8], shuffle: 'none' }), InputError);
  assert.throws(() => epochBatches([1], { batch: 1, buckets: [16, 8], shuffle: 'none' }), InputError);
  assert.throws(() => epochBatches([1], { batch: 1, buckets: [8] }), InputError);
});

const table: TokenisedRows = {
  size: 3,
  ids: Int32Array.of(0, 7, 2, 0, 2, 0, 5, 6, 9, 2),
  offsets: Uint32Array.of(0, 3, 5, 10),
  typeIds: Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 1, 1, 1),
  labels: Int8Array.of(0, 3, 2),
  weights: Float32Array.of(1, 0.5, 0.25),
  locales: Int8Array.of(0, 1, 2),
  queryIds: Int32Array.of(11, 11, 13),
  exampleIds: Int32Array.of(101, 103, 107),
};

test('padBatch: written out by hand', () => {
  const batch = padBatch(table, [2, 0, 0], 7, 1, 2);
  assert.deepEqual([...batch.inputIds], [0, 5, 6, 9, 2, 1, 1, 0, 7, 2, 1, 1, 1, 1, 0, 7, 2, 1, 1, 1, 1]);
  assert.deepEqual([...batch.attentionMask], [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0]);
  assert.deepEqual([...batch.tokenTypeIds!], [0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  assert.deepEqual([...batch.labels], [2, 0, 0]);
  assert.deepEqual([...batch.weights], [0.25, 1, 0]);
  assert.throws(() => padBatch(table, [2], 3, 1), InputError);
});

test('tables: chosen rows and joined tables are what indexing says', () => {
  const chosen = selectRows(table, [2, 0]);
  assert.deepEqual([...chosen.ids], [0, 5, 6, 9, 2, 0, 7, 2]);
  assert.deepEqual([...rowLengths(chosen)], [5, 3]);
  const both = concatRows([chosen, selectRows(table, [1])]);
  assert.deepEqual(both, selectRows(table, [2, 0, 1]));
});
