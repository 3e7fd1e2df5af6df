import { ensure, inRange, InputError } from '../runtime/errors';
import type { Key } from '../runtime/key';
import type { Batch } from '../text';

export interface QueryBatchOptions {
  /** B, rows of a batch. */
  batch: number;
  /** Padded lengths, ascending. */
  buckets: readonly number[];
  /** Decides the order: fold the epoch into it. */
  key: Key;
}

/** Queries are ordered by length within pools of so many batches: less padding, still a random order. */
const POOL = 16;

/**
 * The batches of one epoch for losses that compare the rows of a query: every batch holds whole queries, every row stands once. A query of more than B rows is dealt
 * out at random to as many batches as it needs. Places left over repeat a row without weight (`real` says how many count). The same key gives the same batches.
 */
export function queryBatches(queries: ArrayLike<number>, lengths: ArrayLike<number>, options: QueryBatchOptions): Batch[] {
  const { batch, buckets, key } = options;
  inRange('batch', batch, 2, 1e6);
  ensure(
    queries.length === lengths.length,
    `rows must each have a query and a length, got ${queries.length} and ${lengths.length}`,
  );
  const random = key.fold('order').random();
  const shuffled = random.shuffle(groupsOf(queries).flatMap((rows) => pieces(random.shuffle([...rows]), batch)));
  const longest = (rows: readonly number[]): number => rows.reduce((most, row) => Math.max(most, lengths[row]), 0);
  const result: Batch[] = [];
  for (let waiting = shuffled, pool = poolSize(shuffled, batch); waiting.length; waiting = waiting.slice(pool)) {
    const sorted = waiting.slice(0, pool).sort((a, b) => longest(a) - longest(b));
    let rows: number[] = [];
    for (const group of sorted) {
      if (rows.length + group.length > batch) {
        result.push(padded(rows, batch, longest(rows), buckets));
        rows = [];
      }
      rows.push(...group);
    }
    if (rows.length) result.push(padded(rows, batch, longest(rows), buckets));
  }
  return key.fold('batches').random().shuffle(result);
}

/**
 * Batch number `i` of a run over epochs of batches, a function of `i` alone. `perEpoch` says how many an epoch has where that is the same for all; otherwise
 * epochs are counted from the first (batches of whole queries are not as many in each).
 */
export function batchStream(make: (epoch: number) => Batch[], perEpoch?: number): (i: number) => Batch {
  let epoch = -1;
  let start = 0;
  let batches: Batch[] = [];
  const open = (n: number, at: number): void => {
    if (n === epoch) return;
    [epoch, start, batches] = [n, at, make(n)];
  };
  return (i) => {
    if (perEpoch !== undefined) open(Math.floor(i / perEpoch), Math.floor(i / perEpoch) * perEpoch);
    else if (epoch < 0 || i < start) open(0, 0);
    while (i >= start + batches.length) open(epoch + 1, start + batches.length);
    return batches[i - start];
  };
}

function groupsOf(queries: ArrayLike<number>): number[][] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < queries.length; i++) {
    const group = groups.get(queries[i]);
    if (group) group.push(i);
    else groups.set(queries[i], [i]);
  }
  return [...groups.values()];
}

/** A group in pieces of at most `batch` rows, as equal as can be. */
function pieces(rows: number[], batch: number): number[][] {
  const n = Math.ceil(rows.length / batch);
  return Array.from({ length: n }, (_, i) =>
    rows.slice(Math.floor((i * rows.length) / n), Math.floor(((i + 1) * rows.length) / n)),
  );
}

/** Groups of a pool: about `POOL` batches' worth. */
function poolSize(groups: readonly number[][], batch: number): number {
  const rows = groups.reduce((n, group) => n + group.length, 0);
  return Math.max(1, Math.round((POOL * batch * groups.length) / Math.max(1, rows)));
}

function padded(rows: readonly number[], batch: number, longest: number, buckets: readonly number[]): Batch {
  const length = buckets.find((bucket) => bucket >= longest);
  if (length === undefined) throw new InputError(`a row has ${longest} tokens, more than the longest bucket ${buckets.at(-1)}`);
  return { rows: Int32Array.from({ length: batch }, (_, i) => rows[i] ?? rows[0]), length, real: rows.length };
}
