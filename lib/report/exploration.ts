import type { Row } from '../data/types';
import { NameVocabulary, normaliseName, productText, stripHtml, type Tokenizer } from '../text';

/** One judged row as exploratory analysis wants it: numbers and categories, no text. */
export interface ExplorationRow {
  locale: string;
  label: string;
  split: string;
  queryTokens: number;
  productTokens: number;
  /** 1 where the query names the product's brand. */
  brandMatch: number;
  /** Share of the query's words that the title holds; for text without blanks, of its characters. */
  overlap: number;
  brandMissing: number;
  colorMissing: number;
  bulletsMissing: number;
  descriptionMissing: number;
  /** 1 where the label was flipped (generated data), 0 where not or not known. */
  flipped: number;
}

/** The rows of a data set as columns for arquero and danfojs. Lengths are in the tokenizer's tokens, special tokens left out. */
export async function explorationRows(rows: readonly Row[], tokenizer: Tokenizer): Promise<ExplorationRow[]> {
  const queries = await tokenizer.encodeTexts(rows.map((row) => row.query));
  const products = await tokenizer.encodeProducts(rows.map((row) => productText(row)));
  return rows.map((row, i) => ({
    locale: row.locale,
    label: row.label,
    split: row.split,
    queryTokens: queries[i].length,
    productTokens: products[i].length,
    brandMatch: Number(row.brand !== '' && ` ${normaliseName(row.query)} `.includes(` ${normaliseName(row.brand)} `)),
    overlap: wordOverlap(row.query, row.title),
    brandMissing: Number(row.brand === ''),
    colorMissing: Number(row.color === ''),
    bulletsMissing: Number(row.bullets === ''),
    descriptionMissing: Number(stripHtml(row.description) === ''),
    flipped: Number(row.trueLabel !== undefined && row.trueLabel !== row.label),
  }));
}

/** The share of a query's distinct words that a title holds; 0 for an empty query. */
export function wordOverlap(query: string, title: string): number {
  const words = new Set(wordsOf(query));
  const held = new Set(wordsOf(title));
  return words.size ? [...words].filter((word) => held.has(word)).length / words.size : 0;
}

function wordsOf(text: string): string[] {
  const name = normaliseName(text);
  return /\s/.test(name) || /^[\p{Script=Latin}\p{N}]+$/u.test(name) ? name.split(' ').filter(Boolean) : [...name];
}

/** How many products the brand at each rank has, most first: the long tail. Points [rank, products]. */
export function brandTail(products: readonly { brand: string }[]): [number, number][] {
  const { counts } = NameVocabulary.build(
    products.map((p) => p.brand),
    { minCount: 1 },
  );
  return counts.slice(1).map((count, i) => [i + 1, count]);
}

/** A histogram as points [left edge, share of values], for a line figure. */
export function histogram(values: ArrayLike<number>, width: number, last: number): [number, number][] {
  const bins = new Float64Array(Math.floor(last / width) + 1);
  for (let i = 0; i < values.length; i++) bins[Math.min(bins.length - 1, Math.floor(values[i] / width))]++;
  return Array.from(bins, (count, b) => [b * width, count / values.length]);
}
