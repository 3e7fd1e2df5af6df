import type { EncoderInput } from '../../encoder/encoder';
import { fromHuggingFace } from '../../encoder/names';
import type { Params } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { norm } from './compare';

export type Matrix = readonly (readonly number[])[];

/** A golden file's batch: rows may be of unequal length, and are padded on the right. */
export interface GoldenBatch {
  input_ids: Matrix;
  attention_mask?: Matrix;
  token_type_ids?: Matrix;
}

/** A golden file's batch as int32 tensors [B, T]. */
export function batchOf(
  { input_ids: ids, attention_mask: mask, token_type_ids: types }: GoldenBatch,
  padId: number,
): EncoderInput {
  const tokens = Math.max(...ids.map((row) => row.length));
  const padded = (rows: Matrix, fill: number): Tensor =>
    tf.tensor2d(
      rows.map((row) => [...row, ...Array<number>(tokens - row.length).fill(fill)]),
      [rows.length, tokens],
      'int32',
    );
  return {
    inputIds: padded(ids, padId),
    attentionMask: padded(mask ?? ids.map((row) => row.map(() => 1)), 0),
    ...(types ? { tokenTypeIds: padded(types, 0) } : {}),
  };
}

/** Numbers keyed by transformers' parameter names, under this library's names. A tied decoder is the word-embedding table. */
export function byOurNames<V>(theirs: Readonly<Record<string, V>>): Record<string, V> {
  const positions = Object.keys(theirs).find((name) => name.endsWith('embeddings.position_embeddings.weight')) ?? '';
  const words = positions.replace('position', 'word');
  const tied = Object.entries(theirs).map(([name, v]): [string, V] => [name === 'lm_head.decoder.weight' ? words : name, v]);
  const names = fromHuggingFace(tied.map(([name]) => name));
  return Object.fromEntries(tied.flatMap(([name, v]) => (names.get(name) ? [[names.get(name)!, v]] : [])));
}

/** The norm of each tensor. */
export function norms(tensors: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, norm(t.dataSync())]));
}

export const tensorsOf = (
  values: Readonly<Record<string, Float32Array>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): Params => Object.fromEntries(Object.entries(values).map(([name, v]) => [name, tf.tensor(v, [...shapes[name]], 'float32')]));

export const flat = (nested: readonly unknown[]): number[] => nested.flat(9) as number[];
