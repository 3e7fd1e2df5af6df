import type { Row } from '../data/types';
import { ensure, inRange, oneOf } from '../runtime/errors';
import { stripHtml } from './html';
import type { TrigramVocabulary } from './trigram-vocabulary';
import type { TrigramOptions } from './trigrams';

/** How many bags a row has: both ways of grouping make three. */
export const BAG_GROUPS = 3;

type Fields = Pick<Row, 'query' | 'title' | 'brand' | 'color' | 'bullets' | 'description'>;

/**
 * The three texts whose tri-grams are kept apart, because the long one would dominate. `paper`: query; bullet points; description.
 * `code`: query; title, brand, colour and bullet points joined by blanks; description. HTML is stripped from the description.
 * Source: paper §5 and its released code.
 */
export function bagTexts(row: Fields, groups: 'paper' | 'code'): [query: string, middle: string, description: string] {
  oneOf('groups', groups, ['paper', 'code']);
  const middle = groups === 'paper' ? row.bullets : [row.title, row.brand, row.color, row.bullets].join(' ');
  return [row.query, middle, stripHtml(row.description)];
}

export interface BagOptions extends TrigramOptions {
  groups: 'paper' | 'code';
  /** The most grams of a bag, for each group: the first ones are kept. Default 32, 256 and 256. */
  capacity?: readonly [number, number, number];
}

/** The bags of all rows. Bag g of row i holds `ids[g][offsets[g][i]] … ids[g][offsets[g][i + 1] − 1]`. */
export interface TrigramBags {
  /** N */
  size: number;
  capacity: readonly [number, number, number];
  ids: readonly [Int32Array, Int32Array, Int32Array];
  /** [N + 1] each */
  offsets: readonly [Uint32Array, Uint32Array, Uint32Array];
  /** How many grams did not fit, by group. */
  cut: readonly [number, number, number];
}

/** The tri-gram bags of rows: known grams only, at most `capacity` of each group. */
export function trigramBags(rows: readonly Fields[], vocabulary: TrigramVocabulary, options: BagOptions): TrigramBags {
  const capacity = options.capacity ?? [32, 256, 256];
  ensure(capacity.length === BAG_GROUPS, `capacity must have three numbers, got ${capacity.length}`);
  capacity.forEach((c) => inRange('capacity', c, 1, 1e6));
  const lists = [0, 1, 2].map((): Int32Array[] => []);
  const cut: [number, number, number] = [0, 0, 0];
  for (const row of rows) {
    bagTexts(row, options.groups).forEach((text, g) => {
      const ids = vocabulary.ids(text, options);
      cut[g] += Math.max(0, ids.length - capacity[g]);
      lists[g].push(ids.subarray(0, capacity[g]));
    });
  }
  const [a, b, c] = lists.map(flatten);
  return { size: rows.length, capacity, ids: [a.ids, b.ids, c.ids], offsets: [a.offsets, b.offsets, c.offsets], cut };
}

function flatten(lists: readonly Int32Array[]): { ids: Int32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i] + list.length));
  const ids = new Int32Array(offsets[lists.length]);
  lists.forEach((list, i) => ids.set(list, offsets[i]));
  return { ids, offsets };
}

/** One group's bags of a batch, of a shape that does not change. */
export interface PaddedBag {
  /** C, the group's capacity. */
  capacity: number;
  /** [B, C] gram ids, 0 where there is none */
  ids: Int32Array;
  /** [B, C] which row of the batch a place belongs to: 0 0 … 1 1 …, for a segment sum over the flat ids */
  segments: Int32Array;
  /** [B, C] 1/count on the bag's grams, 0 elsewhere: a bag's mean is the weighted sum. An empty bag is all zeros, its mean 0. */
  weights: Float32Array;
  /** [B] grams of each row */
  counts: Int32Array;
}

/** The bags of the chosen rows, one per group, padded to capacity. */
export function padBags(bags: TrigramBags, rows: ArrayLike<number>): [PaddedBag, PaddedBag, PaddedBag] {
  const pad = (g: 0 | 1 | 2): PaddedBag => {
    const capacity = bags.capacity[g];
    const size = rows.length;
    const ids = new Int32Array(size * capacity);
    const segments = new Int32Array(size * capacity);
    const weights = new Float32Array(size * capacity);
    const counts = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const at = i * capacity;
      const [from, to] = [bags.offsets[g][rows[i]], bags.offsets[g][rows[i] + 1]];
      ids.set(bags.ids[g].subarray(from, to), at);
      segments.fill(i, at, at + capacity);
      counts[i] = to - from;
      weights.fill(1 / (to - from), at, at + to - from);
    }
    return { capacity, ids, segments, weights, counts };
  };
  return [pad(0), pad(1), pad(2)];
}
