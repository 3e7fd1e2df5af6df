import { LOCALES, type Dataset, type Locale } from '../data/types';
import { fertility } from '../encoder/weights/readable';
import type { Tokenizer } from '../text';

/** Rows of a locale that are looked at. */
const MOST = 1000;
const known = new Map<string, Promise<Partial<Record<Locale, number>>>>();

/**
 * The share of unknown tokens among those of queries and titles, by locale, also of locales that a vocabulary cannot read and that are therefore left out; over the
 * first 1,000 rows of each. `name` tells vocabularies apart: each is measured once on a data set in this process.
 */
export function unknownTokens(dataset: Dataset, tokenizer: Tokenizer, name: string): Promise<Partial<Record<Locale, number>>> {
  const key = `${name}\t${dataset.sha256}`;
  if (!known.has(key)) known.set(key, measure(dataset, tokenizer));
  return known.get(key)!;
}

async function measure({ rows }: Dataset, tokenizer: Tokenizer): Promise<Partial<Record<Locale, number>>> {
  const shares: Partial<Record<Locale, number>> = {};
  for (const locale of LOCALES) {
    const texts = rows.filter((row) => row.locale === locale).slice(0, MOST).flatMap(({ query, title }) => [query, title]); // prettier-ignore
    if (texts.length) shares[locale] = (await fertility(tokenizer, locale, texts)).unknown;
  }
  return shares;
}
