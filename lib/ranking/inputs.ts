import { ensure } from '../runtime/errors';
import { tokenise, type ProductField, type Tokenizer, type TokenisedRows } from '../text';
import type { NetworkConfig } from './multitask/config';
import { featureColumns } from './features';
import { SIGNALS, type LogColumns, type RankingData, type RankingSplit } from './types';

/** Pairs as the network reads them: a row a pair. */
export interface PairInputs {
  tokens: TokenisedRows;
  /** [N, F] flat. */
  features: Float32Array;
  width: number;
  /** [N] The pair of each row, an index into `RankingData.pairs`. */
  pairs: Int32Array;
}

/** Text, features and numbers of the pairs of some parts of the data. */
export async function pairInputs(
  data: RankingData,
  splits: readonly RankingSplit[],
  tokenizer: Tokenizer,
  text: { fields: readonly ProductField[]; maxLength: number; queryLength: number },
  features: NetworkConfig['features'],
): Promise<PairInputs> {
  const chosen = data.pairs.flatMap((pair, i) => (splits.includes(data.queries[pair.query].split) ? [i] : []));
  ensure(chosen.length > 0, `data ${data.name} has no pair of the split ${splits.join(', ')}`);
  const rows = chosen.map((i) => {
    const { query, product, label } = data.pairs[i];
    const { queryId, query: words } = data.queries[query];
    const row = { ...data.products[product], queryId, query: words, exampleId: i, label: label ?? ('E' as const) };
    return { ...row, smallVersion: true, largeVersion: true, split: 'train' as const };
  });
  const { values, width } = featureColumns(data, features);
  const own = new Float32Array(chosen.length * width);
  chosen.forEach((pair, i) => own.set(values.subarray(pair * width, (pair + 1) * width), i * width));
  const { fields, maxLength, queryLength } = text;
  return {
    tokens: await tokenise(rows, tokenizer, { fields, maxLength, queryLength }),
    features: own,
    width,
    pairs: Int32Array.from(chosen),
  };
}

/**
 * Impressions grouped by pair, so that a pair is read by the encoder once for up to M impressions: the same loss as impression by impression (it is a mean over
 * impressions), at a fraction of the cost. A pair with more than M impressions has several groups.
 */
export interface ImpressionGroups {
  /** G, the number of groups. */
  size: number;
  /** M, places of a group. */
  capacity: number;
  /** [G] The row of the pair. */
  row: Int32Array;
  /** [G] Impressions in the group; the other places count for nothing. */
  count: Uint16Array;
  /** [G, M] From 0 at the top. */
  position: Int32Array;
  /** [G, M] by signal. */
  labels: Readonly<Record<(typeof SIGNALS)[number], Uint8Array>>;
}

/** Groups the impressions of a log that are of these pairs. */
export function groupImpressions(log: LogColumns, inputs: Pick<PairInputs, 'pairs'>, capacity: number): ImpressionGroups {
  const rowOf = new Map(Array.from(inputs.pairs, (pair, row) => [pair, row]));
  const byRow: number[][] = Array.from(inputs.pairs, () => []);
  for (let i = 0; i < log.rows; i++) {
    const row = rowOf.get(log.pair[i]);
    if (row !== undefined) byRow[row].push(i);
  }
  const size = byRow.reduce((n, list) => n + Math.ceil(list.length / capacity), 0);
  ensure(size > 0, 'the log has no impression of the pairs to train on');
  const groups: ImpressionGroups = {
    size,
    capacity,
    row: new Int32Array(size),
    count: new Uint16Array(size),
    position: new Int32Array(size * capacity),
    labels: {
      click: new Uint8Array(size * capacity),
      cart: new Uint8Array(size * capacity),
      purchase: new Uint8Array(size * capacity),
    },
  };
  let g = 0;
  byRow.forEach((list, row) => {
    for (let from = 0; from < list.length; from += capacity, g++) {
      const part = list.slice(from, from + capacity);
      groups.row[g] = row;
      groups.count[g] = part.length;
      part.forEach((i, m) => {
        groups.position[g * capacity + m] = log.position[i] - 1;
        for (const signal of SIGNALS) groups.labels[signal][g * capacity + m] = log[signal][i];
      });
    }
  });
  return groups;
}
