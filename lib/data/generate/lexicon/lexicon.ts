import { CATEGORIES, COLORS, DEPARTMENTS, DISTRACTORS, TYPES, VALUES_PER_TYPE } from './concepts';

/** The words of one locale. Every word is one blank-separated token and names one concept only (a test holds this). */
export interface Lexicon {
  /** Per category: the word in product text, the searcher's synonym that product text never uses, the category's accessory. */
  categories: readonly Readonly<{ word: string; synonym: string; accessory: string }>[];
  /** Per type, per value. */
  values: readonly (readonly Term[])[];
  colors: readonly Term[];
  departments: readonly string[];
  /** Words of titles and bullets that no query asks for. */
  distractors: readonly string[];
  /** Words of queries that say nothing about the product. */
  fillers: readonly string[];
  /** With `{category}`: what an accessory is for. */
  accessoryFor: Template;
  /** With `{value}`: a value the searcher does not want. */
  negation: Template;
  /** With `{noun}` (category or accessory), `{value}`, `{extra}` (a distractor), `{brand}`, `{color}`, `{department}`. */
  bullets: readonly Template[];
  descriptions: readonly Template[];
  /** With `{category}`: mentions a category that the product is not. */
  crossMention: Template;
  /** The share of titles and queries in which the noun stands before what describes it. */
  nounFirst: number;
  /** Beginnings, middles and ends that invented brands are put together from. */
  brandParts: readonly [readonly string[], readonly string[], readonly string[]];
}

export interface Term {
  word: string;
  synonym: string;
}

/** Blank-separated words, slots in braces. */
export type Template = readonly string[];

/** How a locale file writes its words: blank-separated, alternatives by `/`, types and templates one a line. */
export interface LexiconSource {
  categories: string;
  values: string;
  colors: string;
  departments: string;
  distractors: string;
  fillers: string;
  accessoryFor: string;
  negation: string;
  bullets: string;
  descriptions: string;
  crossMention: string;
  nounFirst: number;
  brandParts: readonly [string, string, string];
}

const words = (text: string): string[] => text.trim().split(/\s+/);
const lines = (text: string): string[] => text.trim().split('\n');
const term = (entry: string): Term => {
  const [word, synonym] = entry.split('/');
  return { word, synonym };
};

/** Parses a locale's words and checks their number against the concepts. Throws Error: a mistake in a lexicon is a mistake in this library. */
export function lexicon(name: string, source: LexiconSource): Lexicon {
  const result: Lexicon = {
    categories: words(source.categories).map((entry) => {
      const [word, synonym, accessory] = entry.split('/');
      return { word, synonym, accessory };
    }),
    values: lines(source.values).map((line) => words(line).map(term)),
    colors: words(source.colors).map(term),
    departments: words(source.departments),
    distractors: words(source.distractors),
    fillers: words(source.fillers),
    accessoryFor: words(source.accessoryFor),
    negation: words(source.negation),
    bullets: lines(source.bullets).map(words),
    descriptions: lines(source.descriptions).map(words),
    crossMention: words(source.crossMention),
    nounFirst: source.nounFirst,
    brandParts: [words(source.brandParts[0]), words(source.brandParts[1]), words(source.brandParts[2])],
  };
  const expect = (what: string, got: number, wanted: number): void => {
    if (got !== wanted) throw new Error(`lexicon ${name}: ${what} must be ${wanted}, got ${got}`);
  };
  expect('categories', result.categories.length, CATEGORIES.length);
  expect('types', result.values.length, TYPES.length);
  result.values.forEach((values, i) => expect(`values of ${TYPES[i]}`, values.length, VALUES_PER_TYPE));
  expect('colours', result.colors.length, COLORS);
  expect('departments', result.departments.length, DEPARTMENTS.length);
  expect('distractors', result.distractors.length, DISTRACTORS);
  return result;
}
