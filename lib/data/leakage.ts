import { normalizeQuery } from './normalize';
import { productKey } from './parse-row';
import type { Product, Row } from './types';

/** What two parts of the data have in common. Shares are of the evaluation part. */
export interface LeakageAudit {
  /** Queries (by locale and normalised text) in both parts: must be none, or scores are too good. */
  sharedQueries: number;
  sharedQueryShare: number;
  /** (query, product) pairs in both. */
  sharedPairs: number;
  /** Products in both: usual, since many queries lead to one product; worth knowing. */
  sharedProducts: number;
  sharedProductShare: number;
  /** Products of the evaluation part whose text the pre-training corpus holds; absent without a corpus. */
  corpusProducts?: number;
  corpusProductShare?: number;
  /** Up to five shared queries, for a look. */
  examples: string[];
  /** No query is shared. */
  ok: boolean;
}

/** Audits a split: queries, pairs and products shared between parts, and evaluation products in the pre-training corpus. */
export function leakageAudit(
  train: readonly Row[],
  evaluation: readonly Row[],
  corpus?: Iterable<Pick<Product, 'locale' | 'productId'>>,
): LeakageAudit {
  const queryOf = (row: Row): string => `${row.locale}\t${normalizeQuery(row.query)}`;
  const productOf = (row: Pick<Product, 'locale' | 'productId'>): string => productKey(row.locale, row.productId);
  const pairOf = (row: Row): string => `${queryOf(row)}\t${row.productId}`;
  const both = (of: (row: Row) => string): { shared: string[]; total: number } => {
    const left = new Set(train.map(of));
    const right = new Set(evaluation.map(of));
    return { shared: [...right].filter((key) => left.has(key)), total: right.size };
  };
  const queries = both(queryOf);
  const products = both(productOf);
  const share = (part: number, whole: number): number => (whole ? part / whole : 0);
  const audit: LeakageAudit = {
    sharedQueries: queries.shared.length,
    sharedQueryShare: share(queries.shared.length, queries.total),
    sharedPairs: both(pairOf).shared.length,
    sharedProducts: products.shared.length,
    sharedProductShare: share(products.shared.length, products.total),
    examples: queries.shared.slice(0, 5).map((key) => key.replace('\t', ': ')),
    ok: queries.shared.length === 0,
  };
  if (!corpus) return audit;
  const wanted = new Set(evaluation.map(productOf));
  const met = new Set<string>();
  for (const product of corpus) if (wanted.has(productOf(product))) met.add(productOf(product));
  return { ...audit, corpusProducts: met.size, corpusProductShare: share(met.size, wanted.size) };
}
