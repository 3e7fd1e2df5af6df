import { ensure, inRange } from '../runtime/errors';

export interface BucketOptions {
  /** B, rows of a batch: a bucket holds at least one batch of rows. */
  batch: number;
  /** Bucket lengths are multiples of this. Default 8. */
  multiple?: number;
  /** No bucket is longer; rows are expected to be cut to it. Default: the longest row. */
  maxLength?: number;
  /** The most buckets. Default 6: each is recorded as a graph of its own. */
  buckets?: number;
}

/**
 * A few lengths, ascending, so that padding every row to the shortest that holds it wastes least: exact, by dynamic programming over the histogram of lengths.
 * The last holds the longest row. A further bucket is only made where it saves 1 % of the padded tokens.
 */
export function lengthBuckets(lengths: ArrayLike<number>, options: BucketOptions): number[] {
  const { batch, multiple = 8, maxLength = Infinity, buckets = 6 } = options;
  inRange('batch', batch, 1, 1e6);
  inRange('multiple', multiple, 1, 4096);
  inRange('buckets', buckets, 1, 64);
  ensure(lengths.length > 0, 'length buckets need at least one row, got none');
  const histogram: number[] = [];
  for (let i = 0; i < lengths.length; i++) {
    ensure(lengths[i] <= maxLength, `row ${i} has ${lengths[i]} tokens, more than maxLength ${maxLength}: cut rows first`);
    const bin = Math.max(1, Math.ceil(lengths[i] / multiple));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  const used = Object.keys(histogram).map(Number);
  const before = [0];
  used.forEach((bin, i) => before.push(before[i] + histogram[bin]));
  const most = Math.min(buckets, used.length, Math.max(1, Math.floor(lengths.length / batch)));
  const length = (bin: number) => Math.min(bin * multiple, maxLength);

  // best[k][j]: least padded tokens of the first j bins in k buckets; a bucket ends at bin j − 1.
  let best = used.map((bin, j) => before[j + 1] * length(bin));
  best.unshift(0);
  const from: Int32Array[] = [new Int32Array(used.length + 1)];
  let chosen = 1;
  for (let k = 2, total = best[used.length]; k <= most; k++) {
    const next = new Array<number>(used.length + 1).fill(Infinity);
    const cuts = new Int32Array(used.length + 1);
    for (let j = k; j <= used.length; j++) {
      for (let i = k - 1; i < j; i++) {
        if (before[j] - before[i] < batch && before[i] > 0 && j < used.length) continue;
        const cost = best[i] + (before[j] - before[i]) * length(used[j - 1]);
        if (cost < next[j]) [next[j], cuts[j]] = [cost, i];
      }
    }
    from.push(cuts);
    best = next;
    if (!(next[used.length] < 0.99 * total)) break;
    total = next[used.length];
    chosen = k;
  }
  const result: number[] = [];
  for (let k = chosen, j = used.length; k >= 1; k--) {
    result.unshift(length(used[j - 1]));
    j = from[k - 1][j];
  }
  return result;
}
