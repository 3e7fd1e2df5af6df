import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Key } from '../../runtime/key';
import { batchStream, queryBatches } from '../../train/query-batches';

const random = Key.from('queries').random();
const queries = Array.from({ length: 53 }, (_, q) => Array.from({ length: 2 + random.int(17) }, () => q * 7)).flat();
const order = random.permutation(queries.length);
const mixed = Int32Array.from(order, (i) => queries[i]);
const lengths = Int32Array.from(mixed, () => 5 + random.int(19));
const options = { batch: 23, buckets: [13, 29], key: Key.from('order') };

test('every row once, whole queries in a batch, each batch padded enough and of B rows (counting)', () => {
  const batches = queryBatches(mixed, lengths, options);
  const home = new Map<number, number>();
  const rows: number[] = [];
  batches.forEach((batch, b) => {
    assert.equal(batch.rows.length, 23);
    for (const row of batch.rows.subarray(0, batch.real)) {
      rows.push(row);
      assert.ok(lengths[row] <= batch.length);
      assert.equal(home.get(mixed[row]) ?? b, b, 'a query lies in one batch');
      home.set(mixed[row], b);
    }
  });
  assert.deepEqual(
    rows.sort((a, b) => a - b),
    [...mixed.keys()],
  );
  assert.ok(batches.length < 1.4 * Math.ceil(mixed.length / 23), 'few places are left empty');
  assert.deepEqual(queryBatches(mixed, lengths, options), batches);
  assert.notDeepEqual(queryBatches(mixed, lengths, { ...options, key: Key.from('other') }), batches);
});

test('a query of more rows than a batch is dealt out evenly; a row too long for every bucket is refused', () => {
  const one = Int32Array.from({ length: 59 }, () => 1);
  const sizes = queryBatches(one, one, { ...options, batch: 23 }).map((b) => b.real);
  assert.deepEqual(sizes.sort(), [19, 20, 20]);
  assert.throws(
    () =>
      queryBatches(
        one,
        one.map(() => 31),
        options,
      ),
    /31 tokens, more than the longest bucket 29/,
  );
});

test('a stream of batches is a function of the number alone, forwards, backwards and resumed (two routes)', () => {
  const make = (epoch: number) => queryBatches(mixed, lengths, { ...options, key: options.key.fold(epoch) });
  const all = [0, 1, 2].flatMap(make);
  const at = batchStream(make);
  all.forEach((batch, i) => assert.deepEqual(at(i), batch));
  assert.deepEqual(at(1), all[1]);
  assert.deepEqual(batchStream(make)(all.length - 1), all.at(-1));
  const fixed = batchStream((epoch) => make(epoch).slice(0, 11), 11);
  assert.deepEqual(fixed(25), make(2)[3]);
});
