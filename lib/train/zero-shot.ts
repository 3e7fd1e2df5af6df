import type { Product } from '../data/types';
import { Bm25 } from '../metrics/bm25';
import { GRADED } from '../metrics/conventions';
import { ndcg, randomNdcg, type NdcgResult } from '../metrics/ndcg';
import { ensure } from '../runtime/errors';
import { productText, type ProductField } from '../text';
import { cosineAt, embedTexts, type EmbedOptions, type SentenceEncoder } from './embed';

/** A judged pair; `grade` is its gain. */
export interface GradedPair {
  queryId: string;
  query: string;
  productId: string;
  grade: number;
}

export interface RankedPairs {
  /** [N] one score a pair, in the order of the pairs. */
  scores: Float64Array;
  /** Distinct texts (queries and products) that were encoded, and their tokens; 0 for BM25. */
  texts: number;
  tokens: number;
}

/** A product's text for ranking: the fields with a blank in between. */
export const rankingText = (product: Product, fields: readonly ProductField[]): string =>
  productText(product, { fields, separator: ' ' }).replace(/\s+/gu, ' ').trim();

/** Scores judged pairs by the cosine of their unit vectors, with nothing trained on judgements. Only judged products are encoded. */
export async function rankByCosine(
  encoder: SentenceEncoder,
  pairs: readonly GradedPair[],
  products: ReadonlyMap<string, Product>,
  fields: readonly ProductField[],
  options: EmbedOptions = {},
): Promise<RankedPairs> {
  const text = (id: string): string => rankingText(products.get(id)!, fields);
  const texts = [...new Set(pairs.flatMap(({ query, productId }) => [query, text(productId)]))];
  const place = new Map(texts.map((t, i) => [t, i]));
  const { vectors, hidden, tokens } = await embedTexts(encoder, texts, options);
  const scores = Float64Array.from(pairs, ({ query, productId }) =>
    cosineAt(vectors, place.get(query)! * hidden, vectors, place.get(text(productId))! * hidden, hidden),
  );
  return { scores, texts: texts.length, tokens };
}

/** Scores judged pairs by BM25 with the statistics of the whole catalogue. */
export function rankByBm25(
  pairs: readonly GradedPair[],
  products: ReadonlyMap<string, Product>,
  fields: readonly ProductField[],
): RankedPairs {
  const place = new Map([...products.keys()].map((id, i) => [id, i]));
  const index = new Bm25([...products.values()].map((product) => rankingText(product, fields)));
  const byQuery = new Map<string, number[]>();
  pairs.forEach(({ query }, i) => byQuery.set(query, [...(byQuery.get(query) ?? []), i]));
  const scores = new Float64Array(pairs.length);
  for (const [query, rows] of byQuery) {
    const own = index.scores(query, rows.map((i) => place.get(pairs[i].productId)!)); // prettier-ignore
    rows.forEach((i, k) => (scores[i] = own[k]));
  }
  return { scores, texts: 0, tokens: 0 };
}

/**
 * nDCG@k of scores against grades as linear gains, over the queries with two or more rows and a positive grade; `random` is random order, exactly.
 * Ties matter for BM25, whose titles often score alike: `order` ranks them in the order of the pairs (a stable sort, as most scripts do), `average` takes the
 * mean over all their orders, which no order of a file can flatter.
 */
export function gradedNdcg(
  pairs: readonly GradedPair[],
  scores: ArrayLike<number>,
  { k = 10, ties = 'average' }: { k?: number; ties?: 'order' | 'average' } = {},
): NdcgResult & { random: number; queryIds: readonly string[] } {
  ensure(scores.length === pairs.length, `there must be a score for each of ${pairs.length} pairs, got ${scores.length}`);
  const numbers = new Map<string, number>();
  const query = Int32Array.from(pairs, ({ queryId }) => {
    if (!numbers.has(queryId)) numbers.set(queryId, numbers.size);
    return numbers.get(queryId)!;
  });
  const lists = { gains: pairs.map((p) => p.grade), query };
  const result = ndcg({ ...lists, scores }, { ...GRADED, ties: ties === 'order' ? 'first' : 'average' }, k);
  return { ...result, random: randomNdcg(lists, GRADED, k).value, queryIds: [...numbers.keys()] };
}
