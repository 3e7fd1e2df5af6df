import type { Key } from '../runtime/key';
import { padBatch, type Batch as RowBatch } from '../text';
import { withTypes } from '../train/inputs';
import type { ImpressionGroups, PairInputs } from './inputs';
import type { RankerSpec } from './train-ranking';

/** What a batch of groups feeds `train` and `conflict`: the groups' pairs, and of each up to M impressions with position and signals. Groups from `real` on count nothing. */
export function groupFeeds(
  spec: RankerSpec,
  tasks: readonly (keyof ImpressionGroups['labels'])[],
  inputs: PairInputs,
  groups: ImpressionGroups,
  { rows: chosen, length, real }: RowBatch,
  padId: number,
  key: Key,
): Record<string, ArrayLike<number>> {
  const { capacity, position, labels, count } = groups;
  const columns = <A extends Float32Array | Int32Array>(
    make: (n: number) => A,
    value: (at: number, i: number, m: number) => number,
  ): A => {
    const out = make(chosen.length * capacity);
    chosen.forEach((group, i) => {
      for (let m = 0; m < capacity; m++) out[i * capacity + m] = value(group * capacity + m, i, m);
    });
    return out;
  };
  const floats = (n: number): Float32Array => new Float32Array(n);
  const last = spec.sizes.positions - 1;
  const rows = Int32Array.from(chosen, (group) => groups.row[group]);
  return {
    ...pairFeeds(spec, inputs, rows, length, padId),
    positions: columns((n) => new Int32Array(n), (at) => Math.min(last, position[at])), // prettier-ignore
    counted: columns(floats, (_, i, m) => Number(i < real && m < count[chosen[i]])),
    ...Object.fromEntries(tasks.map((task) => [task, columns(floats, (at) => labels[task][at])])),
    seed: key.fold('dropout').words(),
  };
}

/** What pairs feed every program: tokens padded to `length`, and price and popularity where the network reads them. */
export function pairFeeds(
  spec: RankerSpec,
  inputs: PairInputs,
  rows: Int32Array,
  length: number,
  padId: number,
): Record<string, ArrayLike<number>> {
  const { inputIds, attentionMask, tokenTypeIds } = padBatch(inputs.tokens, rows, length, padId);
  const { width } = inputs;
  const features = new Float32Array(rows.length * width);
  rows.forEach((row, i) => features.set(inputs.features.subarray(row * width, (row + 1) * width), i * width));
  const tokens = { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}) };
  return { ...withTypes(tokens, spec.encoder.type === 'bert'), ...(width ? { features } : {}) };
}
