import type { Locale } from '../../types';
import { es } from './es';
import { jp } from './jp';
import type { Lexicon } from './lexicon';
import { us } from './us';

export type { Lexicon, Template, Term } from './lexicon';
export * from './concepts';

export const LEXICONS: Readonly<Record<Locale, Lexicon>> = { us, es, jp };

/** How many brands a locale can have: 20 beginnings × 12 middles × 20 ends. */
export const MAX_BRANDS = 4800;

/**
 * The first `count` invented brands of a locale, most frequent first. Brand i is number 1777·i modulo 4,800 of all combinations of parts,
 * so that neighbours in rank look different and none repeats (1,777 is prime).
 */
export function brandNames(locale: Locale, count: number): string[] {
  const [heads, middles, tails] = LEXICONS[locale].brandParts;
  return Array.from({ length: count }, (_, i) => {
    const at = (i * 1777) % MAX_BRANDS;
    return (
      heads[Math.floor(at / (middles.length * tails.length))] +
      middles[Math.floor(at / tails.length) % middles.length] +
      tails[at % tails.length]
    );
  });
}
