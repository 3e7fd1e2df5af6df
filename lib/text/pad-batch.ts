import { ensure } from '../runtime/errors';
import type { TokenisedRows } from './tokenised-rows';

/** A batch as typed arrays, ready to be tensors. */
export interface PaddedBatch {
  /** B */
  size: number;
  /** T */
  length: number;
  /** [B, T] */
  inputIds: Int32Array;
  /** [B, T] 1 for tokens, 0 for padding */
  attentionMask: Int32Array;
  /** [B, T], only where the tokenizer has types */
  tokenTypeIds?: Int32Array;
  /** [B] */
  labels: Int32Array;
  /** [B] 0 for rows that only fill the batch */
  weights: Float32Array;
}

/**
 * The chosen rows padded to `length`. Rows from place `real` on keep their tokens, so that no row is empty, but get weight 0.
 * Throws where a row is longer than `length`.
 */
export function padBatch(
  tokenised: Pick<TokenisedRows, 'ids' | 'offsets' | 'typeIds' | 'labels' | 'weights'>,
  rows: ArrayLike<number>,
  length: number,
  padId: number,
  real: number = rows.length,
): PaddedBatch {
  const { ids, offsets, typeIds, labels, weights } = tokenised;
  const size = rows.length;
  const batch: PaddedBatch = {
    size,
    length,
    inputIds: new Int32Array(size * length).fill(padId),
    attentionMask: new Int32Array(size * length),
    ...(typeIds ? { tokenTypeIds: new Int32Array(size * length) } : {}),
    labels: new Int32Array(size),
    weights: new Float32Array(size),
  };
  for (let i = 0; i < size; i++) {
    const row = rows[i];
    const [from, to] = [offsets[row], offsets[row + 1]];
    ensure(to - from <= length, `row ${row} has ${to - from} tokens, more than the batch's length ${length}`);
    batch.inputIds.set(ids.subarray(from, to), i * length);
    batch.attentionMask.fill(1, i * length, i * length + to - from);
    if (typeIds) batch.tokenTypeIds?.set(typeIds.subarray(from, to), i * length);
    batch.labels[i] = labels[row];
    batch.weights[i] = i < real ? weights[row] : 0;
  }
  return batch;
}
