import { ensure, inRange, InputError, oneOf } from '../runtime/errors';
import type { Key } from '../runtime/key';

/** One batch: which rows, and the length they are padded to. */
export interface Batch {
  /** [B] row numbers. Rows after the first `real` fill the batch and have no weight. */
  rows: Int32Array;
  /** T, one of the buckets. */
  length: number;
  /** How many rows count; B but for the last batch of an evaluation. */
  real: number;
}

export interface EpochOptions {
  /** B, rows of a batch. */
  batch: number;
  /** Bucket lengths in ascending order (`lengthBuckets`). */
  buckets: readonly number[];
  /** Decides the order: fold the epoch into it. Not needed where `shuffle` is `none`. */
  key?: Key;
  /** `train`: random batches in random order. `none`: by length, for evaluation; every row once. Default `train`. */
  shuffle?: 'train' | 'none';
  /**
   * What becomes of the last rows that do not make a batch. `fill`: the batch is filled with the epoch's first rows, which count again. `drop`: they are left out: fewer than B
   * rows an epoch, drawn anew in each, mostly long ones.
   * `pad`: it is filled with rows of no weight. Default: `fill` in training, `pad` (the only choice) in evaluation.
   */
  last?: 'fill' | 'drop' | 'pad';
}

/**
 * The batches of one epoch, formed by length: rows are taken in a random order, each waits in the bucket of its length, and a bucket that has B rows is a batch; what
 * is left in a bucket at the end moves into the next longer one. Then the batches are shuffled. So every row stands once in an epoch, every batch has exactly one of
 * the declared lengths, and the same key gives the same batches.
 *
 * Throws where a row is longer than the longest bucket.
 */
export function epochBatches(lengths: ArrayLike<number>, options: EpochOptions): Batch[] {
  const { batch, buckets, key, shuffle = 'train' } = options;
  inRange('batch', batch, 1, 1e6);
  oneOf('shuffle', shuffle, ['train', 'none']);
  const last = oneOf('last', options.last ?? (shuffle === 'train' ? 'fill' : 'pad'), ['fill', 'drop', 'pad']);
  ensure(shuffle === 'train' || last === 'pad', `last must be pad in evaluation, where every row counts once, got ${last}`);
  ensure(
    buckets.length > 0 && buckets.every((b, i) => i === 0 || b > buckets[i - 1]),
    `buckets must ascend, got ${buckets.join(', ')}`,
  );
  ensure(shuffle === 'none' || key, 'a training epoch needs a key for its order');
  const n = lengths.length;
  const order = key && shuffle === 'train' ? key.fold('order').random().permutation(n) : byLength(lengths);

  const result: Batch[] = [];
  const waiting: number[][] = buckets.map(() => []);
  for (const row of order) {
    const bucket = bucketOf(lengths[row], buckets, row);
    waiting[bucket].push(row);
    if (waiting[bucket].length === batch) result.push(full(waiting[bucket].splice(0), buckets[bucket]));
  }
  const left: number[] = [];
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    left.push(...waiting[bucket]);
    while (left.length >= batch) result.push(full(left.splice(0, batch), buckets[bucket]));
  }
  if (left.length && last !== 'drop') {
    const real = last === 'fill' ? batch : left.length;
    for (let i = 0; left.length < batch; i++) left.push(last === 'fill' ? order[i % n] : left[0]);
    const longest = left.reduce((most, row) => Math.max(most, bucketOf(lengths[row], buckets, row)), 0);
    result.push({ rows: Int32Array.from(left), length: buckets[longest], real });
  }
  return key && shuffle === 'train' ? key.fold('batches').random().shuffle(result) : result;
}

const full = (rows: number[], length: number): Batch => ({ rows: Int32Array.from(rows), length, real: rows.length });

function byLength(lengths: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: lengths.length }, (_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
}

function bucketOf(length: number, buckets: readonly number[], row: number): number {
  for (let i = 0; i < buckets.length; i++) if (length <= buckets[i]) return i;
  throw new InputError(`row ${row} has ${length} tokens, more than the longest bucket ${buckets[buckets.length - 1]}`);
}

/** What padding costs: real tokens, tokens computed (B·T of every batch), and the share of them that is padding. */
export function paddingOf(
  lengths: ArrayLike<number>,
  batches: readonly Batch[],
): { tokens: number; computed: number; share: number } {
  let [tokens, computed] = [0, 0];
  for (const { rows, length, real } of batches) {
    for (let i = 0; i < real; i++) tokens += lengths[rows[i]];
    computed += rows.length * length;
  }
  return { tokens, computed, share: computed ? 1 - tokens / computed : 0 };
}
