import type { Label, Locale } from '../types';
import { CATEGORIES_PER_DEPARTMENT, COLORS, DEPARTMENTS, DISTRACTORS, TYPES, VALUES_PER_TYPE } from './lexicon';

/** The named worlds. `demo` suits a 2×128 encoder from scratch, `small` a 4×256 encoder, `smoke` a test of the plumbing. */
export const WORLDS = ['demo', 'small', 'smoke'] as const;
export type WorldName = (typeof WORLDS)[number];

/** Where a flipped label goes: per true label, the probabilities of the other three (sum 1). */
export type Confusion = Readonly<Record<Label, Readonly<Partial<Record<Label, number>>>>>;

/** Everything that decides a generated data set, besides the key. Shares, rates and probabilities lie in [0, 1]; pairs are [least, most], both included. */
export interface GeneratorOptions {
  /** The named world whose values the other options replace. */
  world: WorldName;
  /** Queries in all locales together. Rows = queries × the mean of `productsPerQuery`. */
  queries: number;
  productsPerQuery: readonly [number, number];
  /** Share of queries by locale (sum 1; kept to within one query). */
  localeShares: Readonly<Record<Locale, number>>;
  /** Share of rows by true label, before noise (sum 1). */
  labelShares: Readonly<Record<Label, number>>;
  /** Share of labels flipped, whatever the label; `confusion` says to what. The same key with another rate has the same rows and nested flips. */
  noiseRate: number;
  confusion: Confusion;
  /** Share of each locale's queries in the test split, and (drawn) of those in the small version. */
  testShare: number;
  smallShare: number;

  /** How much of the lexicon is used: departments, categories in each, attribute types, values of each, types that describe a category. */
  departments: number;
  categoriesPerDepartment: number;
  attributeTypes: number;
  valuesPerType: number;
  typesPerCategory: number;
  colors: number;
  /** Brands per locale. */
  brands: number;
  distractors: number;
  /** Exponents s of Zipf's law, P(rank r) ∝ r⁻ˢ, for brands and for the categories that queries name. */
  brandZipf: number;
  categoryZipf: number;

  /** Probabilities that a query asks for 0, 1, 2, 3 attributes (sum 1; no more than the category has; a query that would ask nothing asks a colour or brand). */
  askedAttributes: readonly [number, number, number, number];
  askColor: number;
  askBrand: number;
  /** Probability that a query holds a word that says nothing, such as "best". */
  fillerRate: number;
  /** The vocabulary gap: probabilities that a query uses a synonym that no product text holds. */
  categorySynonym: number;
  valueSynonym: number;
  colorSynonym: number;
  /** Hard queries: share that excludes a value ("without leather"), and share with two letters of a word swapped. */
  negationShare: number;
  typoShare: number;

  /** Share of substitutes in which two asked things differ instead of one. */
  twoWrongShare: number;
  /** Share of irrelevant products from the query's department that have the asked values, and share that are accessories (to something else). */
  hardIrrelevantShare: number;
  irrelevantAccessoryShare: number;
  /** Share of rows that try to take a product of an earlier query, and that repeat a product of this query under another id and a slightly longer title. */
  reuseShare: number;
  duplicateShare: number;
  /** Products that no query was judged against, per judged product. */
  unjudgedShare: number;

  /** Probability that a title leaves out one of its attribute values. */
  titleOmits: number;
  /** Mean number (Poisson) of words in a title that no query asks for. */
  titleDistractors: number;
  brandInTitle: number;
  colorInTitle: number;
  /** Probability that an accessory's title says what it is for, and that it names one of its attribute values. */
  accessoryNames: number;
  accessoryValue: number;
  /** Share of products whose title and brand are written With Capitals, and whose title has a comma or dash. */
  titleCase: number;
  punctuation: number;
  /** Numbers of bullet points and of sentences of a description, where not missing. */
  bullets: readonly [number, number];
  sentences: readonly [number, number];
  /** Share of bullets and sentences that are bare keywords (a value and a word that no query asks for) instead of a phrase: shorter rows, fewer words to learn. */
  keywordShare: number;
  /** Share of products with bullets that mention a category it is not. */
  crossMention: number;
  /** Share of descriptions, where not missing, with HTML tags and entities. */
  htmlShare: number;
  /** Share of products without the field. */
  missing: Readonly<Record<'brand' | 'color' | 'bullets' | 'description', number>>;
}

const demo: GeneratorOptions = {
  world: 'demo',
  queries: 960,
  productsPerQuery: [5, 20],
  localeShares: { us: 0.7, es: 0.15, jp: 0.15 },
  labelShares: { E: 0.652, S: 0.219, C: 0.029, I: 0.1 },
  noiseRate: 0.08,
  confusion: {
    E: { S: 0.6, I: 0.3, C: 0.1 },
    S: { E: 0.7, I: 0.3 },
    C: { I: 0.4, S: 0.3, E: 0.3 },
    I: { S: 0.5, E: 0.4, C: 0.1 },
  },
  testShare: 0.2,
  smallShare: 0.3,
  departments: 3,
  categoriesPerDepartment: 4,
  attributeTypes: 4,
  valuesPerType: 4,
  typesPerCategory: 2,
  colors: 6,
  brands: 20,
  distractors: 30,
  brandZipf: 0.8,
  categoryZipf: 0.3,
  askedAttributes: [0, 0.7, 0.3, 0],
  askColor: 0.25,
  askBrand: 0.12,
  fillerRate: 0.5,
  categorySynonym: 0.15,
  valueSynonym: 0.1,
  colorSynonym: 0.05,
  negationShare: 0.01,
  typoShare: 0.01,
  twoWrongShare: 0.2,
  hardIrrelevantShare: 0.3,
  irrelevantAccessoryShare: 0.1,
  reuseShare: 0.1,
  duplicateShare: 0.05,
  unjudgedShare: 0.25,
  titleOmits: 0.15,
  titleDistractors: 1,
  brandInTitle: 0.3,
  colorInTitle: 0.3,
  accessoryNames: 0.7,
  accessoryValue: 0.5,
  titleCase: 0,
  punctuation: 0,
  bullets: [1, 1],
  sentences: [1, 1],
  keywordShare: 0.8,
  crossMention: 0,
  htmlShare: 0.5,
  missing: { brand: 0.07, color: 0.36, bullets: 0.13, description: 0.52 },
};

/**
 * The default options of each world. `demo` follows what a prototype measured as learnable from scratch (12 categories, short rows, 8 % noise), with fewer
 * synonyms, since each is rare among 960 queries; its label shares are those of the full ESCI release and its missing fields those of a real sample of
 * 2,734 rows. `small` uses the whole lexicon, harder queries and longer text.
 */
export const DEFAULTS: Readonly<Record<WorldName, GeneratorOptions>> = {
  demo,
  small: {
    ...demo,
    world: 'small',
    queries: 3000,
    departments: DEPARTMENTS.length,
    categoriesPerDepartment: CATEGORIES_PER_DEPARTMENT,
    attributeTypes: TYPES.length,
    valuesPerType: VALUES_PER_TYPE,
    typesPerCategory: 4,
    colors: COLORS,
    brands: 400,
    distractors: DISTRACTORS,
    askedAttributes: [0.05, 0.5, 0.35, 0.1],
    categorySynonym: 0.3,
    valueSynonym: 0.25,
    colorSynonym: 0.2,
    negationShare: 0.03,
    typoShare: 0.03,
    titleDistractors: 3,
    brandInTitle: 0.65,
    titleCase: 0.1,
    punctuation: 0.3,
    bullets: [2, 5],
    sentences: [1, 3],
    keywordShare: 0.2,
    crossMention: 0.1,
  },
  smoke: { ...demo, world: 'smoke', queries: 48 },
};

/** The label shares of the full release's task-2 rows (the default) and of a real sample of 2,734 rows. */
export const LABEL_SHARES: Readonly<Record<'esci' | 'sample', Readonly<Record<Label, number>>>> = {
  esci: demo.labelShares,
  sample: { E: 0.593, S: 0.249, C: 0.036, I: 0.122 },
};
