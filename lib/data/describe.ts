import { ensure } from '../runtime/errors';
import { readCatalogue } from './catalogue';
import { Distinct, hash51 } from './distinct';
import { Duck } from './duck';
import { resolveFiles, type SourceInput } from './files';
import { inspectFile } from './inspect';
import { normalizeQuery } from './normalize';
import { productKey } from './parse-row';
import { Gather, type Quantiles } from './quantiles';
import { streamRows } from './read';
import { ReadReport } from './report';
import { scanFile } from './scan';
import type { ReadFilters } from './stage';
import { LABELS, LOCALES, type Label, type Locale, type Product, type SkippedRow, type Split } from './types';

const FIELDS = ['title', 'description', 'bullets', 'brand', 'color'] as const;
type Field = (typeof FIELDS)[number];

interface Common {
  name: string;
  /** Rows that could be used. */
  rows: number;
  products: number;
  locales: Record<Locale, number>;
  /** Rows in which a text field is empty, and those whose description has HTML tags. */
  missing: Record<Field, number>;
  html: number;
  /** Lengths in characters (UTF-16 units), of non-empty texts. */
  lengths: Record<string, Quantiles>;
  skipped: Record<string, number>;
  skippedRows: readonly SkippedRow[];
}

/** What is in a file of judgements. */
export interface DatasetDescription extends Common {
  kind: 'judgements';
  /** Distinct query ids; distinct (locale, normalised query) texts. */
  queries: number;
  queryTexts: number;
  labels: Record<Label, number>;
  labelsByLocale: Record<Locale, Record<Label, number>>;
  splits: Record<Split, number>;
  versions: Record<'small' | 'large', number>;
  productsPerQuery: Quantiles;
  /** (query, product) pairs judged more than once, and how many of these with different labels. */
  duplicates: { pairs: number; disagreeing: number };
  /** Queries and products that both splits hold. */
  inBothSplits: { queries: number; products: number };
  /** Rows whose true label is known, and how many of these differ from the given one. */
  trueLabels?: { rows: number; flipped: number };
  /** Products have no text: the file holds judgements alone. */
  withoutText: boolean;
}

/** What is in a file of products alone. */
export interface CatalogueDescription extends Common {
  kind: 'products';
  brands: number;
}

/** Describes a data set or a file of products, in one pass and bounded memory. Errors as in `readDataset`. */
export async function describeData(
  source: SourceInput,
  filters: ReadFilters = {},
): Promise<DatasetDescription | CatalogueDescription> {
  const columns = await columnsOf(source);
  if (typeof source === 'string' && columns.has('product_title') && !columns.has('query') && !columns.has('esci_label'))
    return describeCatalogue(source, filters);
  const pair = !!resolveFiles(source).products;
  const withoutText = !pair && !columns.has('product_title') && !columns.has('product_bullet_point');
  return describeRows(source, { ...filters, ...(withoutText && { text: 'optional' as const }) }, withoutText);
}

async function columnsOf(source: SourceInput): Promise<ReadonlySet<string>> {
  const { examples } = resolveFiles(source);
  const facts = inspectFile(examples);
  const duck = await Duck.open();
  try {
    const { has } = await scanFile(duck, facts, []);
    return has;
  } finally {
    duck.close();
  }
}

class TextFacts {
  readonly missing: Record<Field, number> = { title: 0, description: 0, bullets: 0, brand: 0, color: 0 };
  readonly locales: Record<Locale, number> = { us: 0, es: 0, jp: 0 };
  private readonly lengths = new Map<string, Gather>(['query', ...FIELDS].map((field) => [field, new Gather()]));
  html = 0;

  add(product: Product): void {
    this.locales[product.locale]++;
    for (const field of FIELDS) {
      if (product[field]) this.length(field, product[field]);
      else this.missing[field]++;
    }
    if (/<[a-z/!][^>]*>/i.test(product.description)) this.html++;
  }

  length(field: string, text: string): void {
    this.lengths.get(field)!.add(text.length);
  }

  summary(): Record<string, Quantiles> {
    return Object.fromEntries(
      [...this.lengths].map(([field, gather]) => [field, gather.summary()] as const).filter(([, { count }]) => count),
    );
  }
}

async function describeCatalogue(path: string, { locales: wanted, split, version }: ReadFilters): Promise<CatalogueDescription> {
  for (const [name, value] of Object.entries({ split, version }))
    ensure(value === undefined, `${path} holds products, which have no ${name}: expected no filter by it, got ${value}`);
  const report = new ReadReport();
  const all = await readCatalogue(path, report);
  const products = wanted ? all.filter(({ locale }) => wanted.includes(locale)) : all;
  const facts = new TextFacts();
  products.forEach((product) => facts.add(product));
  const brands = new Set(products.map(({ brand }) => brand).filter(Boolean)).size;
  const { missing, locales, html } = facts;
  const { skipped, skippedRows } = report;
  const name = resolveFiles(path).name;
  return {
    kind: 'products',
    name,
    rows: products.length,
    products: products.length,
    brands,
    locales,
    missing,
    html,
    lengths: facts.summary(),
    skipped,
    skippedRows,
  };
}

async function describeRows(source: SourceInput, filters: ReadFilters, withoutText: boolean): Promise<DatasetDescription> {
  const report = new ReadReport();
  const facts = new TextFacts();
  const perLabel = (): Record<Label, number> => ({ E: 0, S: 0, C: 0, I: 0 });
  const labelsByLocale: Record<Locale, Record<Label, number>> = { us: perLabel(), es: perLabel(), jp: perLabel() };
  const splits = { train: 0, test: 0 };
  const versions = { small: 0, large: 0 };
  const trueLabels = { rows: 0, flipped: 0 };
  const queryIds = new Map<number, number>();
  const texts = new Distinct();
  const products = new Distinct();
  const pairs = new Distinct();
  let rows = 0;
  for await (const chunk of streamRows(source, filters, 8192, report)) {
    rows += chunk.length;
    for (const row of chunk) {
      facts.add(row);
      facts.length('query', row.query);
      labelsByLocale[row.locale][row.label]++;
      splits[row.split]++;
      if (row.smallVersion) versions.small++;
      if (row.largeVersion) versions.large++;
      if (row.trueLabel) {
        trueLabels.rows++;
        if (row.trueLabel !== row.label) trueLabels.flipped++;
      }
      queryIds.set(row.queryId, (queryIds.get(row.queryId) ?? 0) + 1);
      const split = row.split === 'train' ? 0 : 1;
      const text = `${row.locale}\t${normalizeQuery(row.query)}`;
      texts.add(hash51(text), split);
      products.add(hash51(productKey(row.locale, row.productId)), split);
      pairs.add(hash51(`${text}\t${row.productId}`), LABELS.indexOf(row.label));
    }
  }
  const perQuery = new Gather();
  for (const count of queryIds.values()) perQuery.add(count);
  const inBothSplits = { queries: 0, products: 0 };
  const duplicates = { pairs: 0, disagreeing: 0 };
  const queryTexts = texts.each((_, splitsMet) => void (inBothSplits.queries += Number(splitsMet === 3)));
  const productCount = products.each((_, splitsMet) => void (inBothSplits.products += Number(splitsMet === 3)));
  pairs.each((times, labelsMet) => {
    if (times > 1) duplicates.pairs++;
    if (labelsMet & (labelsMet - 1)) duplicates.disagreeing++;
  });
  const total = (label: Label): number => LOCALES.reduce((sum, locale) => sum + labelsByLocale[locale][label], 0);
  return {
    kind: 'judgements',
    name: resolveFiles(source).name,
    rows,
    queries: queryIds.size,
    queryTexts,
    products: productCount,
    locales: facts.locales,
    labels: Object.fromEntries(LABELS.map((label) => [label, total(label)])) as Record<Label, number>,
    labelsByLocale,
    splits,
    versions,
    missing: facts.missing,
    html: facts.html,
    lengths: facts.summary(),
    productsPerQuery: perQuery.summary(),
    duplicates,
    inBothSplits,
    ...(trueLabels.rows && { trueLabels }),
    withoutText,
    skipped: report.skipped,
    skippedRows: report.skippedRows,
  };
}
