import { rowLengths, padBatch, type TokenisedRows } from '../text';
import type { FeedSpecs } from '../graph';
import { TRIGRAM_GROUPS, type EsciHeadConfig } from '../heads/esci';

/** Rows ready to be fed: tokens, and what the head reads besides. Rows are numbered from 0. */
export interface Inputs {
  tokens: TokenisedRows;
  /** [N] class id in the task. */
  classes: Int32Array;
  /** [N] gain of the label, for a regressor. */
  gains: Float32Array;
  brand?: Int32Array; // [N]
  color?: Int32Array; // [N]
  country?: Int32Array; // [N]
  trigrams?: Int32Array; // [N, groups, capacity]
}

/** What the network is fed for a batch of `batch` rows padded to `length`, labels aside. */
export function inputFeeds(head: EsciHeadConfig, batch: number, length: number, typed: boolean, capacity: number): FeedSpecs {
  const ids = { shape: [batch, length], dtype: 'int32' } as const;
  const one = { shape: [batch], dtype: 'int32' } as const;
  return {
    inputIds: ids,
    attentionMask: ids,
    ...(typed ? { tokenTypeIds: ids } : {}),
    ...(head.brand ? { brand: one } : {}),
    ...(head.color ? { color: one } : {}),
    ...(head.country ? { country: one } : {}),
    ...(head.trigrams ? { trigrams: { shape: [batch, TRIGRAM_GROUPS, capacity], dtype: 'int32' } as const } : {}),
  };
}

/** A batch's feeds: `forward` what the network reads, `labels` what the loss reads. Rows from `real` on have weight 0. */
export function feedsOf(inputs: Inputs, rows: Int32Array, length: number, padId: number, real = rows.length) {
  const padded = padBatch(inputs.tokens, rows, length, padId, real);
  const pick = (column: Int32Array | undefined, width = 1): Int32Array | undefined => {
    if (!column) return undefined;
    const out = new Int32Array(rows.length * width);
    rows.forEach((row, i) => out.set(column.subarray(row * width, (row + 1) * width), i * width));
    return out;
  };
  const width = inputs.trigrams ? inputs.trigrams.length / inputs.tokens.size : 1;
  const forward = {
    inputIds: padded.inputIds,
    attentionMask: padded.attentionMask,
    tokenTypeIds: padded.tokenTypeIds,
    brand: pick(inputs.brand),
    color: pick(inputs.color),
    country: pick(inputs.country),
    trigrams: pick(inputs.trigrams, width),
  };
  const labels = {
    labels: pick(inputs.classes)!,
    gains: Float32Array.from(rows, (row) => inputs.gains[row]),
    weights: padded.weights,
  };
  return { forward: present(forward), labels };
}

/**
 * Feeds with token types where the encoder reads them and its tokenizer gives none (BERT's architecture with XLM-R's tokenizer, as Multilingual MiniLM has it: all
 * of segment 0), and without where the encoder has none.
 */
export function withTypes<T>(feeds: Readonly<Record<string, T>>, typed: boolean): Record<string, T | Int32Array> {
  const result: Record<string, T | Int32Array> = { ...feeds };
  for (const name of Object.keys(feeds).filter((n) => n.endsWith('inputIds'))) {
    const types = name.replace(/inputIds$/, 'tokenTypeIds');
    if (!typed) delete result[types];
    else result[types] ??= new Int32Array((feeds[name] as ArrayLike<number>).length);
  }
  return result;
}

const present = (feeds: Record<string, Int32Array | undefined>): Record<string, Int32Array> =>
  Object.fromEntries(Object.entries(feeds).filter(([, value]) => value !== undefined)) as Record<string, Int32Array>;

/** [N] tokens of each row. */
export const lengthsOf = (inputs: Inputs): Int32Array => rowLengths(inputs.tokens);
