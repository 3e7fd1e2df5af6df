import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  judgedProduct,
  readCatalogue,
  readDataset,
  readJudgements,
  normalizeQuery,
  portableHash,
  type GradedJudgement,
} from '../data';
import { productFacts } from '../data/generate';
import { LABELS, type Dataset, type Label, type Locale, type Product } from '../data/types';
import { ensure, inRange } from '../runtime/errors';
import { canonicalJson, sha256 } from '../runtime/hash';
import { Key } from '../runtime/key';
import type { RankingData, RankingPair, RankingProduct, RankingQuery, RankingSplit } from './types';

export interface ListOptions {
  /** Names the pseudo prices and popularities and the filled lists; default `Key.from('products')`. */
  key?: Key;
  /** Share of queries for testing, by a hash of locale and query, where the data have no split of their own (both parts); default 0.25. */
  testShare?: number;
  /** Share of the other queries for development (early stopping), by the same hash; default 0.1. */
  devShare?: number;
  /** Lists shorter than this are filled with products of the same locale that were judged for other queries, as grade 0; default 0 (none). */
  fillTo?: number;
  /** Only the judgements of these locales. */
  locales?: readonly Locale[];
}

/** Grades of the ESCI labels on the scale 0 … 1: evenly spaced, E 1, S 2/3, C 1/3, I 0. */
export const LABEL_GRADES: Readonly<Record<Label, number>> = { E: 1, S: 2 / 3, C: 1 / 3, I: 0 };

interface Judged {
  queryId?: number;
  query: string;
  product: Product;
  grade: number;
  label?: Label;
  split?: RankingSplit;
}

/**
 * The lists of a data set of ESCI judgements. The grade is the true label's where the data knows it (generated data), else the given one's.
 * The data have no prices and no demand: each product gets a pseudo price and popularity from the key (`productFacts`).
 */
export function listsOfDataset(dataset: Dataset, options: ListOptions = {}): RankingData {
  const judged = dataset.rows
    .filter(({ locale }) => !options.locales || options.locales.includes(locale))
    .map((row): Judged => {
      const label = row.trueLabel ?? row.label;
      return {
        queryId: row.queryId,
        query: row.query,
        product: productOf(row),
        grade: LABEL_GRADES[label],
        label,
        split: row.split,
      };
    });
  return assemble(dataset.name, dataset.sha256, judged, options);
}

/**
 * The lists of graded judgements (Chorus: 0 … 3) over a catalogue; grades are divided by `maxGrade`, by default the largest that occurs. Judgements of
 * products that the catalogue lacks are an InputError. Prices and popularities as in `listsOfDataset`.
 */
export function listsOfJudgements(
  name: string,
  catalogue: readonly Product[],
  judgements: readonly GradedJudgement[],
  options: ListOptions & { maxGrade?: number } = {},
): RankingData {
  ensure(judgements.length > 0, `${name}: there are no judgements`);
  const productFor = judgedProduct(catalogue);
  const most = options.maxGrade ?? judgements.reduce((max, { grade }) => Math.max(max, grade), 0);
  ensure(most > 0, `${name}: every grade is 0`);
  const judged = judgements.flatMap(({ query, queryId: written, productId, locale, grade, split }): Judged[] => {
    const product = productFor({ productId, locale });
    const queryId = /^\d+$/.test(written ?? '') && Number.isSafeInteger(Number(written)) ? Number(written) : undefined;
    ensure(product, `${name}: product ${productId}, judged for ${JSON.stringify(query)}, is not in the catalogue`);
    ensure(grade <= most, `${name}: grade ${grade} of product ${productId} must be at most ${most}`);
    if (options.locales && !options.locales.includes(product.locale)) return [];
    return [{ queryId, query, product, grade: grade / most, ...(split === 'test' || split === 'train' ? { split } : {}) }];
  });
  const identity = canonicalJson(judged.map(({ query, product, grade }) => [query, product, grade]));
  return assemble(name, sha256(identity), judged, options);
}

/**
 * The lists of a folder or file: a folder that holds `judgments.*` (or judgements) and `products.*` is read as graded judgements, anything else as ESCI data.
 * Lists of real ESCI samples are short: give `fillTo`.
 */
export async function readLists(path: string, options: ListOptions = {}): Promise<RankingData> {
  ensure(existsSync(path), `data ${path}: no such file or folder`);
  if (statSync(path).isDirectory()) {
    const files = readdirSync(path).sort();
    const judgements = files.find((file) => /^judge?ments\./.test(file));
    const products = files.find((file) => /^products\./.test(file));
    if (judgements && products)
      return listsOfJudgements(
        basename(path),
        await readCatalogue(join(path, products)),
        await readJudgements(join(path, judgements)),
        options,
      );
  }
  return listsOfDataset(await readDataset(path), options);
}

/** The queries of a split, as indices. */
export function queriesOf(data: RankingData, ...splits: RankingSplit[]): number[] {
  return data.queries.flatMap(({ split }, q) => (splits.includes(split) ? [q] : []));
}

function productOf({ productId, locale, title, description, bullets, brand, color }: Product): Product {
  return { productId, locale, title, description, bullets, brand, color };
}

function assemble(name: string, source: string, judged: readonly Judged[], options: ListOptions): RankingData {
  const { key = Key.from('products'), devShare = 0.1, fillTo = 0 } = options;
  inRange('devShare', devShare, 0, 0.9);
  inRange('fillTo', fillTo, 0, 1e5);
  if (options.testShare !== undefined) inRange('testShare', options.testShare, 0, 0.9);
  ensure(judged.length > 0, `data ${name} has no judgement in these locales`);
  const ownSplit = judged.some(({ split }) => split === 'test') && judged.some(({ split }) => split === 'train');
  const testShare = options.testShare ?? 0.25;
  const products: RankingProduct[] = [];
  const places = new Map<string, number>();
  const placeOf = (product: Product): number => {
    const id = `${product.locale}\t${product.productId}`;
    const known = places.get(id);
    if (known !== undefined) return known;
    places.set(id, products.length);
    return products.push({ ...product, ...productFacts(product, key) }) - 1;
  };
  const queries: RankingQuery[] = [];
  const lists: RankingPair[][] = [];
  const numbers = new Map<string, number>();
  const ids = new Set<number>();
  for (const { queryId, query, product, grade, label, split } of judged) {
    const id = `${product.locale}\t${normalizeQuery(query)}`;
    let q = numbers.get(id);
    if (q === undefined) {
      numbers.set(id, (q = queries.length));
      let number = queryId ?? q;
      while (ids.has(number)) number++; // one id, two texts: the later text takes the next free number
      ids.add(number);
      const u = Number(portableHash('split', id) >> 11n) / 2 ** 53;
      const test = ownSplit ? split === 'test' : u < testShare;
      const dev = Number(portableHash('dev', id) >> 11n) / 2 ** 53 < devShare;
      queries.push({ queryId: number, query, locale: product.locale, split: test ? 'test' : dev ? 'dev' : 'train' });
      lists.push([]);
    }
    const place = placeOf(product);
    const before = lists[q].find((pair) => pair.product === place);
    if (before)
      before.grade = Math.max(before.grade, grade); // judged twice: the better grade
    else lists[q].push({ query: q, product: place, grade, ...(label && { label }) });
  }
  for (const pair of lists.flat()) if (pair.label) pair.label = LABELS.find((label) => LABEL_GRADES[label] === pair.grade);
  if (fillTo > 0) fill(lists, queries, products, fillTo, key);
  const offsets = Int32Array.from([0, ...lists.map((list) => list.length)]);
  for (let q = 1; q < offsets.length; q++) offsets[q] += offsets[q - 1];
  const identity = {
    source,
    key: key.words(),
    testShare: options.testShare ?? null,
    devShare,
    fillTo,
    locales: options.locales ?? null,
  };
  return { name, sha256: sha256(canonicalJson(identity)), queries, products, pairs: lists.flat(), offsets };
}

/** Fills short lists with products of the query's locale drawn at random; a product that is in the list already is drawn again. */
function fill(
  lists: RankingPair[][],
  queries: readonly RankingQuery[],
  products: readonly RankingProduct[],
  fillTo: number,
  key: Key,
): void {
  const pools = new Map<Locale, number[]>();
  for (const [i, { locale }] of products.entries()) {
    const pool = pools.get(locale);
    if (pool) pool.push(i);
    else pools.set(locale, [i]);
  }
  lists.forEach((list, q) => {
    const pool = pools.get(queries[q].locale) ?? [];
    const random = key.fold('fill', queries[q].locale, queries[q].query).random();
    const taken = new Set(list.map(({ product }) => product));
    const size = Math.min(fillTo, pool.length);
    while (list.length < size) {
      const product = random.choice(pool);
      if (taken.has(product)) continue;
      taken.add(product);
      list.push({ query: q, product, grade: 0 });
    }
  });
}
