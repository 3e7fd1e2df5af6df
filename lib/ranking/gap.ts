import type { Locale } from '../data/types';
import { LEXICONS } from '../data/generate/lexicon';
import { words } from '../metrics/bm25';
import { inRange } from '../runtime/errors';
import { productText, type ProductField } from '../text';
import type { RankingData } from './types';

export interface GapOptions {
  /** Fields of the product's text; default all: title, brand, colour, bullets, description. */
  fields?: readonly ProductField[];
  /** A product of this grade or more is relevant; default 2/3 (E and S; Chorus 2 and 3). */
  relevant?: number;
}

/** Words that ask for nothing, besides the generator's own fillers. */
const EMPTY: Readonly<Record<Locale, string>> = {
  us: 'a an and by for from in of on or the to with without not no',
  es: 'a al con de del el en la las los o para por sin su un una y no',
  jp: 'の を に は が と で 用 以外',
};

/**
 * The vocabulary gap of each query: the share of its words that the text of none of its relevant products holds, 0 … 1, [queries]; NaN where no product is relevant or
 * the query has no word that asks for something. Words are compared in lower case and without an English or Spanish plural's s; function words and searchers'
 * fillers ("best") do not count. In generated data these are the planted synonyms and typing errors; in real text it is measured, not known: a word can be
 * missing because the product lacks what it names.
 */
export function vocabularyGap(data: RankingData, { fields, relevant = 2 / 3 }: GapOptions = {}): Float64Array {
  inRange('relevant', relevant, 0, 1);
  const texts = new Map<number, Set<string>>();
  const wordsOf = (product: number): Set<string> => {
    let known = texts.get(product);
    if (!known)
      texts.set(
        product,
        (known = new Set(words(productText(data.products[product], { ...(fields && { fields }), separator: ' ' })).map(plain))),
      );
    return known;
  };
  return Float64Array.from(data.queries, ({ query, locale }, q) => {
    const asked = askedWords(query, locale);
    const good = data.pairs.slice(data.offsets[q], data.offsets[q + 1]).filter(({ grade }) => grade >= relevant - 1e-9);
    if (!good.length || !asked.length) return NaN;
    const missing = asked.filter((word) => !good.some(({ product }) => wordsOf(product).has(word)));
    return missing.length / asked.length;
  });
}

/** The same data with each query's gap noted (absent where it is NaN): what `RankingQuery.gap` holds. */
export function withGap(data: RankingData, options?: GapOptions): RankingData {
  const gaps = vocabularyGap(data, options);
  return { ...data, queries: data.queries.map((query, q) => (Number.isNaN(gaps[q]) ? query : { ...query, gap: gaps[q] })) };
}

/** The distinct words of a query that ask for something. */
function askedWords(query: string, locale: Locale): string[] {
  const empty = emptyWords(locale);
  return [...new Set(words(query).map(plain))].filter((word) => !empty.has(word));
}

const known = new Map<Locale, ReadonlySet<string>>();
function emptyWords(locale: Locale): ReadonlySet<string> {
  let set = known.get(locale);
  if (!set)
    known.set(locale, (set = new Set([EMPTY[locale], ...LEXICONS[locale].fillers].flatMap((text) => words(text)).map(plain))));
  return set;
}

/** A word without its plural's ending. */
function plain(word: string): string {
  if (word.length <= 3) return word;
  if (/(ch|sh|x|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
