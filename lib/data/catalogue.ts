import { basename } from 'node:path';
import { ensure } from '../runtime/errors';
import { PRODUCT_KEY, PRODUCT_TEXT } from './columns';
import { Duck } from './duck';
import { inspectFile } from './inspect';
import { cleanText, parseLocale } from './normalize';
import { parseProduct, productKey } from './parse-row';
import { ReadReport } from './report';
import { overScan, rejectedLines, scanFile } from './scan';
import { rawRows, requireColumns, verified, type PlacedRow } from './stage';
import type { Locale, Product } from './types';

const TEXT = Object.keys(PRODUCT_TEXT);

/** Reads a file of products alone (upstream's product columns; any readable format). The first of repeated products stays; what is skipped is in `report`. */
export async function readCatalogue(path: string, report: ReadReport = new ReadReport()): Promise<Product[]> {
  return scanAll(path, [...PRODUCT_KEY, ...TEXT], [...PRODUCT_KEY, 'product_title'], 'products', report, (rows) => {
    const products = new Map<string, Product>();
    for (const { raw, row } of rows) {
      const product = parseProduct(raw);
      if ('reason' in product) report.skip(basename(path), row, product.reason, product.got);
      else {
        const key = productKey(product.locale, product.productId);
        if (products.has(key)) report.skip(basename(path), row, 'product listed twice (first kept)', product.productId);
        else products.set(key, product);
      }
    }
    return [...products.values()];
  });
}

/** A human grade of a product for a query: how well it serves it. Not an ESCI label. */
export interface GradedJudgement {
  query: string;
  productId: string;
  /** ≥ 0, larger is better; the scale is the file's own. */
  grade: number;
  /** As the file writes it: text or a number's digits. */
  queryId?: string;
  split?: string;
  locale?: Locale;
}

/**
 * Reads graded judgements: columns query, product_id and grade (query_id, split, product_locale optional). A grade must be a number ≥ 0. With `split` the rows of
 * other splits are left out before they are looked at.
 */
export async function readJudgements(
  path: string,
  report: ReadReport = new ReadReport(),
  { split }: { split?: string } = {},
): Promise<GradedJudgement[]> {
  const names = ['query', 'product_id', 'grade', 'query_id', 'split', 'product_locale'];
  return scanAll(path, names, ['query', 'product_id', 'grade'], 'graded judgements', report, (rows) => {
    const judgements: GradedJudgement[] = [];
    for (const { raw, row } of rows) {
      if (split !== undefined && raw.split !== split) continue;
      const skip = (reason: string, got: string | null): void => report.skip(basename(path), row, reason, got ?? '');
      const query = cleanText(raw.query ?? '');
      const productId = cleanText(raw.product_id ?? '');
      const grade = raw.grade?.trim() ? Number(raw.grade) : NaN;
      const locale = parseLocale(raw.product_locale ?? '');
      if (raw.wrong) skip(`${raw.wrong} is a list or an object`, '');
      else if (!query) skip('query empty', raw.product_id);
      else if (!productId) skip('product_id missing', raw.query);
      else if (!(grade >= 0 && Number.isFinite(grade))) skip('grade is not a number ≥ 0', raw.grade);
      else if (raw.product_locale?.trim() && !locale) skip('product_locale unknown', raw.product_locale);
      else {
        judgements.push({
          query,
          productId,
          grade,
          ...(raw.query_id?.trim() && { queryId: raw.query_id }),
          ...(raw.split && { split: raw.split }),
          ...(locale && { locale }),
        });
      }
    }
    return judgements;
  });
}

/** Products by locale and id (`productKey`): several locales may share ids. */
export const productsByKey = <P extends Product>(products: readonly P[]): Map<string, P> =>
  new Map(products.map((product) => [productKey(product.locale, product.productId), product]));

/**
 * How a judgement's product is found in a catalogue: by locale and id where the judgement has a locale, else by its id alone. The function throws an InputError where
 * products of several locales have that id, so that none is taken by chance.
 */
export function judgedProduct(
  catalogue: readonly Product[],
): (judgement: Pick<GradedJudgement, 'productId' | 'locale'>) => Product | undefined {
  const byKey = productsByKey(catalogue);
  const byId = new Map<string, Product[]>();
  for (const product of catalogue) byId.set(product.productId, [...(byId.get(product.productId) ?? []), product]);
  return ({ productId, locale }) => {
    if (locale) return byKey.get(productKey(locale, productId));
    const found = byId.get(productId) ?? [];
    ensure(
      found.length <= 1,
      `product ${productId} is in the catalogue for ${found.map((product) => product.locale).join(' and ')}: the judgements must say which in a column product_locale`,
    );
    return found[0];
  };
}

async function scanAll<T>(
  path: string,
  names: readonly string[],
  required: readonly string[],
  what: string,
  report: ReadReport,
  parse: (rows: readonly PlacedRow[]) => T[],
): Promise<T[]> {
  const facts = inspectFile(path);
  await verified(facts);
  const duck = await Duck.open();
  try {
    const scan = await scanFile(duck, facts, names);
    requireColumns(scan, required, what);
    const rows = await overScan(scan, async (from) => {
      const all: PlacedRow[] = [];
      for await (const lines of rawRows(duck, [...names, 'wrong'], from)) all.push(...lines);
      return all;
    });
    for (const { line, reason, got } of await rejectedLines(duck))
      report.skip(basename(path), line - 2, `CSV line cannot be read: ${reason}`, got);
    report.rows += rows.length;
    const result = parse(rows.sort((a, b) => a.row - b.row));
    const unused = report.summary() ? `can be used: ${report.summary()}` : 'is of the wanted split';
    ensure(
      result.length,
      rows.length ? `${path}: none of its ${rows.length} rows ${unused}` : `${path} has a header but no rows`,
    );
    return result;
  } finally {
    duck.close();
  }
}
