import { InputError } from '../../runtime/errors';
import { canonicalJson, sha256 } from '../../runtime/hash';
import type { Key } from '../../runtime/key';
import { LABELS, LOCALES, type Dataset, type Label, type Locale, type Product, type Row } from '../types';
import { Catalogue, type Entry } from './catalogue';
import { flip } from './noise';
import type { GeneratorOptions } from './options';
import { drawQuery, writeQuery } from './query';
import { relation } from './relation';
import { resolveOptions } from './resolve';
import { buildWorld, type World } from './world';

/** Raised whenever the same options and key give other rows: part of a generated data set's sha256. */
export const GENERATOR_VERSION = 1;

/** Some hundred queries, their rows, and the products that first appear with them. */
export interface Chunk {
  rows: Row[];
  products: Product[];
}

const QUERIES_PER_CHUNK = 128;

/**
 * A whole generated data set in memory. Equal options and key give equal rows on every platform; `sha256` names both and the generator's version.
 * Structure, text and label noise are drawn from separate streams: another `noiseRate` changes labels only.
 * Throws InputError for an unknown option, a value out of range, or more queries than the words can tell apart.
 */
export function generate(options: Partial<GeneratorOptions>, key: Key): Dataset {
  const full = resolveOptions(options);
  const rows: Row[] = [];
  const products: Product[] = [];
  for (const chunk of generateChunks(full, key)) {
    for (const row of chunk.rows) rows.push(row);
    for (const product of chunk.products) products.push(product);
  }
  const identity = { generator: GENERATOR_VERSION, options: full, key: key.words() };
  return { name: 'generated', sha256: sha256(canonicalJson(identity)), rows, products, skipped: {} };
}

/** The same rows and products as `generate`, a chunk at a time, for any number of queries: memory holds one chunk and a hash per query. */
export function generateChunks(options: Partial<GeneratorOptions>, key: Key): Iterable<Chunk> {
  return chunks(buildWorld(resolveOptions(options)), key);
}

function* chunks(world: World, key: Key): Generator<Chunk> {
  const { options } = world;
  const plan = queryPlan(options, key);
  const seen = new Set<string>();
  let serial = 0;
  let exampleId = 0;
  for (let first = 0, chunk = 0; first < options.queries; first += QUERIES_PER_CHUNK, chunk++) {
    const stream = (purpose: string): ReturnType<Key['random']> => key.fold(purpose, chunk).random();
    const structure = stream('structure');
    const words = stream('query');
    const noise = stream('noise');
    const catalogue = new Catalogue(world, structure, stream('text'), serial);
    const rows: Row[] = [];
    for (let queryId = first; queryId < Math.min(first + QUERIES_PER_CHUNK, options.queries); queryId++) {
      const { locale, split } = plan();
      const smallVersion = structure.bernoulli(options.smallShare);
      const { query, text } = newQuery(world, locale, structure, words, seen);
      const own = new Map<Label, Entry[]>();
      const [least, most] = options.productsPerQuery;
      const before = catalogue.products.length;
      for (let left = least + structure.int(most - least + 1); left > 0; left--) {
        const wanted = LABELS[structure.weighted(LABELS.map((label) => options.labelShares[label]))];
        const entry = catalogue.candidate(locale, query, wanted, own);
        const trueLabel = relation(query, entry.item);
        if (own.has(trueLabel)) own.get(trueLabel)!.push(entry);
        else own.set(trueLabel, [entry]);
        const label = flip(trueLabel, options.noiseRate, options.confusion, noise);
        rows.push({
          ...entry.product,
          exampleId: exampleId++,
          queryId,
          query: text,
          label,
          smallVersion,
          largeVersion: true,
          split,
          trueLabel,
        });
      }
      const unjudged = (catalogue.products.length - before) * options.unjudgedShare;
      for (let n = Math.floor(unjudged + structure.uniform()); n > 0; n--) catalogue.unjudged(locale);
    }
    serial = catalogue.nextSerial;
    yield { rows, products: catalogue.products };
  }
}

/** Deals queries out to locales and splits so that every prefix holds the asked shares to within one query. */
function queryPlan(options: GeneratorOptions, key: Key): () => { locale: Locale; split: Row['split'] } {
  const start = key.fold('plan').random();
  const debt = LOCALES.map(() => 0);
  const test = LOCALES.map(() => start.uniform());
  return () => {
    LOCALES.forEach((locale, i) => (debt[i] += options.localeShares[locale]));
    const at = debt.indexOf(Math.max(...debt));
    debt[at] -= 1;
    test[at] += options.testShare;
    const isTest = test[at] >= 1;
    if (isTest) test[at] -= 1;
    return { locale: LOCALES[at], split: isTest ? 'test' : 'train' };
  };
}

/** A query whose text no earlier query of the locale has, so that no text can lie in two splits. */
function newQuery(
  world: World,
  locale: Locale,
  structure: ReturnType<Key['random']>,
  words: ReturnType<Key['random']>,
  seen: Set<string>,
): { query: ReturnType<typeof drawQuery>; text: string } {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const query = drawQuery(world, structure);
    const text = writeQuery(world, locale, query, words);
    const identity = `${locale} ${text}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    return { query, text };
  }
  throw new InputError(
    `queries must be fewer than ${world.options.queries} for this world: after ${seen.size}, 1,000 draws for ${locale} gave none that is new (more brands, attributes or categories give more)`,
  );
}
