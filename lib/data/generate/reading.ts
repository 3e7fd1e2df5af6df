import type { Locale, Product } from '../types';
import { brandNames, LEXICONS, MAX_BRANDS, type Term } from './lexicon';

/** What a word of the lexicon stands for. `index` counts categories, values of `type`, colours or brands. */
export interface Meaning {
  kind: 'category' | 'accessory' | 'value' | 'color' | 'brand';
  /** The attribute type of a value, else −1. */
  type: number;
  index: number;
}

/** What a reader who knows the lexicon finds a query to ask; `category` is undefined where no word names one. */
export interface QueryReading {
  category?: number;
  asks: { meaning: Meaning; negated: boolean }[];
}

/** What a reader who knows the lexicon sees of a product: what it is, and all values, colours and brands that its text names. */
export interface ProductReading {
  category?: number;
  accessory: boolean;
  named: ReadonlySet<string>;
  /** Which of the attribute types, `color` and `brand` are named at all. */
  about: ReadonlySet<string>;
}

export type VisibleField = 'title' | 'brand' | 'color' | 'bullets' | 'description';
export const VISIBLE_FIELDS: readonly VisibleField[] = ['title', 'brand', 'color', 'bullets', 'description'];

interface Index {
  meanings: Map<string, Meaning>;
  /** Words by first letter and sorted rest: undoes a swap of letters where only one word fits. */
  bySignature: Map<string, string | null>;
  negationBefore?: string;
  negationAfter?: string;
}

const indices = new Map<Locale, Index>();

function indexOf(locale: Locale): Index {
  const known = indices.get(locale);
  if (known) return known;
  const { categories, values, colors, negation } = LEXICONS[locale];
  const meanings = new Map<string, Meaning>();
  const put = (word: string, kind: Meaning['kind'], index: number, type = -1): void => {
    meanings.set(word.toLowerCase(), { kind, type, index });
  };
  const putTerm = (term: Term, kind: Meaning['kind'], index: number, type = -1): void => {
    put(term.word, kind, index, type);
    put(term.synonym, kind, index, type);
  };
  brandNames(locale, MAX_BRANDS).forEach((name, i) => put(name, 'brand', i));
  colors.forEach((term, i) => putTerm(term, 'color', i));
  values.forEach((terms, type) => terms.forEach((term, i) => putTerm(term, 'value', i, type)));
  categories.forEach((category, i) => {
    putTerm(category, 'category', i);
    put(category.accessory, 'accessory', i);
  });
  const bySignature = new Map<string, string | null>();
  for (const word of meanings.keys()) bySignature.set(signature(word), bySignature.has(signature(word)) ? null : word);
  const at = negation.indexOf('{value}');
  const index: Index = { meanings, bySignature, negationBefore: negation[at - 1], negationAfter: negation[at + 1] };
  indices.set(locale, index);
  return index;
}

const signature = (word: string): string => word[0] + [...word.slice(1)].sort().join('');

/** Lower-cased words of generated text, without tags, entities and punctuation. (For real HTML the text fields' own parser is the one to use.) */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/<[^>]*>|&\w+;/g, ' ')
    .split(/[\s.,:、]+/)
    .filter((word) => word !== '' && word !== '-');
}

/** Reads a query with the lexicon: synonyms, negations, swapped letters. */
export function readQuery(locale: Locale, query: string): QueryReading {
  const { meanings, bySignature, negationBefore, negationAfter } = indexOf(locale);
  const words = wordsOf(query);
  const reading: QueryReading = { asks: [] };
  words.forEach((word, i) => {
    const meaning = meanings.get(word) ?? meanings.get((word.length >= 4 && bySignature.get(signature(word))) || '');
    if (!meaning) return;
    if (meaning.kind === 'category') reading.category ??= meaning.index;
    else if (meaning.kind !== 'accessory') {
      const before = negationBefore !== undefined && words[i - 1] === negationBefore;
      const after = negationAfter !== undefined && words[i + 1] === negationAfter;
      reading.asks.push({ meaning, negated: before || after });
    }
  });
  return reading;
}

/** The name of a meaning in `ProductReading.named`, and of what it is about in `ProductReading.about`. */
export const nameOf = (meaning: Meaning): string => `${aboutOf(meaning)}=${meaning.index}`;
export const aboutOf = (meaning: Meaning): string => (meaning.kind === 'value' ? String(meaning.type) : meaning.kind);

/** Reads the given fields of a product with the lexicon. What the product is stands in its title: an accessory's word, else a category's. */
export function readProduct(product: Product, fields: readonly VisibleField[] = VISIBLE_FIELDS): ProductReading {
  const { meanings } = indexOf(product.locale);
  const named = new Set<string>();
  const about = new Set<string>();
  let category: number | undefined;
  let accessory = false;
  for (const field of fields)
    for (const word of wordsOf(product[field])) {
      const meaning = meanings.get(word);
      if (!meaning) continue;
      if (meaning.kind === 'value' || meaning.kind === 'color' || meaning.kind === 'brand') {
        named.add(nameOf(meaning));
        about.add(aboutOf(meaning));
      } else if (field === 'title') {
        if (meaning.kind === 'accessory' && !accessory) {
          accessory = true;
          category = meaning.index;
        } else if (!accessory) category ??= meaning.index;
      }
    }
  return { category, accessory, named, about };
}
