import { portableHash } from './folds';
import { cleanText, normalizeQuery, parseLabel, parseLocale } from './normalize';
import type { ReadReport } from './report';
import type { Label, Locale, Product, Row } from './types';

/** A judgement before its product's text is joined. */
export type Judgement = Omit<Row, 'title' | 'description' | 'bullets' | 'brand' | 'color'>;

/** A line of a file as text, missing values null, with its place and the name of a column that holds no text (or null). */
export type RawRow = { [column: string]: string | null } & { wrong: string | null };

/** Turns raw lines into judgements; what cannot be used is counted in the report and gives null. Keeps the ids it has seen. */
export class JudgementParser {
  private readonly seen = new Set<number>();

  constructor(
    private readonly file: string,
    private readonly has: ReadonlySet<string>,
    private readonly report: ReadReport,
  ) {}

  parse(raw: RawRow, row: number): Judgement | null {
    this.report.rows++;
    const skip = (reason: string, got: string | null = ''): null => {
      this.report.skip(this.file, row, reason, got ?? '');
      return null;
    };
    if (raw.wrong) return skip(`${raw.wrong} is a list or an object`);
    const productId = raw.product_id && cleanText(raw.product_id);
    const query = raw.query && cleanText(raw.query);
    if (!productId && !query && !raw.esci_label && !raw.product_locale) return skip('line cannot be read, or is blank');
    if (!productId) return skip('product_id missing');
    if (!query) return skip('query empty');
    if (!raw.product_locale?.trim()) return skip('product_locale missing');
    const locale = parseLocale(raw.product_locale);
    if (!locale) return skip('product_locale unknown', raw.product_locale);
    const given = this.has.has('esci_label') ? raw.esci_label : 'I';
    if (!given?.trim()) return skip('esci_label missing');
    const label = parseLabel(given);
    if (!label) return skip('esci_label unknown', given);
    const exampleId = this.has.has('example_id') ? wholeNumber(raw.example_id) : row;
    if (exampleId === undefined) return skip('example_id is not a whole number', raw.example_id);
    const queryId = this.has.has('query_id') ? wholeNumber(raw.query_id) : queryNumber(locale, query);
    if (queryId === undefined) return skip('query_id is not a whole number', raw.query_id);
    const smallVersion = this.has.has('small_version') ? flag(raw.small_version) : true;
    if (smallVersion === undefined) return skip('small_version is not 0 or 1', raw.small_version);
    const largeVersion = this.has.has('large_version') ? flag(raw.large_version) : true;
    if (largeVersion === undefined) return skip('large_version is not 0 or 1', raw.large_version);
    const split = this.has.has('split') ? raw.split?.trim().toLowerCase() : 'train';
    if (split !== 'train' && split !== 'test') return skip('split is not train or test', raw.split);
    const extra = this.extra(raw);
    if (typeof extra === 'string') return skip(extra);
    if (this.seen.has(exampleId)) return skip('example_id repeated (first kept)', String(exampleId));
    this.seen.add(exampleId);
    return { productId, locale, exampleId, queryId, query, label, smallVersion, largeVersion, split, ...extra };
  }

  private extra(raw: RawRow): Pick<Row, 'trueLabel' | 'weight' | 'source'> | string {
    const extra: { trueLabel?: Label; weight?: number; source?: string } = {};
    if (raw.true_label) {
      const trueLabel = parseLabel(raw.true_label);
      if (!trueLabel) return 'true_label unknown';
      extra.trueLabel = trueLabel;
    }
    if (raw.weight) {
      const weight = Number(raw.weight);
      if (!(weight >= 0 && Number.isFinite(weight))) return 'weight is not a number ≥ 0';
      extra.weight = weight;
    }
    if (raw.source) extra.source = cleanText(raw.source);
    return extra;
  }
}

/** A product from a raw line, or the reason why it is none. */
export function parseProduct(raw: RawRow): Product | { reason: string; got: string } {
  if (raw.wrong) return { reason: `${raw.wrong} is a list or an object`, got: '' };
  const productId = raw.product_id && cleanText(raw.product_id);
  if (!productId && !raw.product_locale && !raw.product_title)
    return { reason: 'product line cannot be read, or is blank', got: '' };
  if (!productId) return { reason: 'product_id missing in the catalogue', got: raw.product_title ?? '' };
  const locale = parseLocale(raw.product_locale ?? '');
  if (!locale) return { reason: 'product_locale unknown in the catalogue', got: raw.product_locale ?? '' };
  return { productId, locale, ...productText(raw) };
}

/** The five text fields of a product, clean; a missing one is the empty string. */
export function productText(raw: RawRow): Omit<Product, 'productId' | 'locale'> {
  return {
    title: cleanText(raw.product_title ?? ''),
    description: cleanText(raw.product_description ?? ''),
    bullets: cleanText(raw.product_bullet_point ?? ''),
    brand: cleanText(raw.product_brand ?? ''),
    color: cleanText(raw.product_color ?? ''),
  };
}

/** Identity of a product. */
export const productKey = (locale: Locale, productId: string): string => `${locale}\t${productId}`;

/** A query's number where the file has none: the first 48 bits of its portable hash. */
const queryNumber = (locale: string, query: string): number => Number(portableHash(locale, normalizeQuery(query)) >> 16n);

function wholeNumber(text: string | null): number | undefined {
  const value = text?.trim() ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function flag(text: string | null): boolean | undefined {
  const value = text?.trim().toLowerCase();
  return value === '1' || value === 'true' || value === '1.0'
    ? true
    : value === '0' || value === 'false' || value === '0.0'
      ? false
      : undefined;
}
