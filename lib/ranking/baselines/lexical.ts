import type { Product } from '../../data/types';
import { Bm25, type Bm25Options } from '../../metrics/bm25';
import { productText, type ProductField } from '../../text';
import type { RankingData } from '../types';

/** Product text as the baselines read it: the fields with a blank in between, one line. */
export const plainText = (product: Product, fields: readonly ProductField[]): string =>
  productText(product, { fields, separator: ' ' }).replace(/\s+/gu, ' ').trim();

/**
 * BM25 of every pair, [pairs], with the statistics of a catalogue (default: the products of the lists). Nothing is learned from the log.
 * Every product of the lists must be in the catalogue; one that is not is added to it.
 */
export function scoreByBm25(
  data: RankingData,
  fields: readonly ProductField[],
  { catalogue = data.products, ...options }: Bm25Options & { catalogue?: readonly Product[] } = {},
): Float64Array {
  const place = new Map<string, number>();
  const texts: string[] = [];
  const add = (product: Product): number => {
    const id = `${product.locale}\t${product.productId}`;
    const known = place.get(id);
    if (known !== undefined) return known;
    place.set(id, texts.length);
    return texts.push(plainText(product, fields)) - 1;
  };
  catalogue.forEach(add);
  const document = data.products.map(add);
  const index = new Bm25(texts, options);
  const scores = new Float64Array(data.pairs.length);
  data.queries.forEach(({ query }, q) => {
    const [from, to] = [data.offsets[q], data.offsets[q + 1]];
    if (from < to) scores.set(index.scores(query, data.pairs.slice(from, to).map((pair) => document[pair.product])), from); // prettier-ignore
  });
  return scores;
}
