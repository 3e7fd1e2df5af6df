import type { Product } from '../data/types';
import { ensure, oneOf } from '../runtime/errors';
import { collapse, stripHtml } from './html';

/** The fields of a product that can stand in its text. */
export const PRODUCT_FIELDS = ['locale', 'title', 'brand', 'color', 'bullets', 'description'] as const;
export type ProductField = (typeof PRODUCT_FIELDS)[number];

/** The paper's order (§3): title, brand, colour, bullet points, description. */
export const PAPER_FIELDS: readonly ProductField[] = ['title', 'brand', 'color', 'bullets', 'description'];
/** The paper's order for masked language modelling (§4): the locale stands first. */
export const MLM_FIELDS: readonly ProductField[] = ['locale', ...PAPER_FIELDS];
/** The paper's separator (§3): XLM-R's end token twice, as between the two texts of a pair. */
export const PAPER_SEPARATOR = ' </s></s> ';

export interface TextOptions {
  /** Which fields, in which order. Default: the paper's. */
  fields?: readonly ProductField[];
  /** What stands between two fields. Default: the paper's. A tokenizer's own separator token in it becomes that token. */
  separator?: string;
  /** The fields that hold HTML. Default: the description, as in the paper. */
  html?: readonly ProductField[];
}

/**
 * A product's text: the chosen fields in order, joined by the separator. An empty field stays empty (two separators meet), as in the paper.
 * HTML is stripped from the description, white space collapsed, and no field can bring a special token with it (`neutralise`).
 *
 * Source: paper §3. The default gives `title </s></s> brand </s></s> colour </s></s> bullets </s></s> description`.
 */
export function productText(product: Partial<Product>, options: TextOptions = {}): string {
  const { fields = PAPER_FIELDS, separator = PAPER_SEPARATOR, html = HTML_FIELDS } = options;
  let text = '';
  for (let i = 0; i < fields.length; i++) {
    const value = product[fields[i]] ?? '';
    text += (i > 0 ? separator : '') + neutralise(html.includes(fields[i]) ? stripHtml(value) : collapse(value));
  }
  return text;
}

/** Throws unless the options name known fields, each once. */
export function checkTextOptions(options: TextOptions): void {
  const { fields = PAPER_FIELDS, html = HTML_FIELDS } = options;
  ensure(fields.length > 0, 'fields must name at least one field, got none');
  for (const field of [...fields, ...html]) oneOf('fields', field, PRODUCT_FIELDS);
  ensure(new Set(fields).size === fields.length, `fields must be different, got ${fields.join(', ')}`);
}

/**
 * User text that cannot be taken for a special token: a blank is put after the bracket of `<s>`, `</s>`, `<pad>`, `<unk>`, `<mask>`, `[CLS]`, `[SEP]`, `[PAD]`,
 * `[UNK]` and `[MASK]` in any case, so `</s>` reads `< /s>`. Other text is returned as it is.
 */
export function neutralise(text: string): string {
  return /[<[]/.test(text) ? text.replace(SPECIAL, '$& ') : text;
}

/** The fields that hold HTML in the release. */
export const HTML_FIELDS: readonly ProductField[] = ['description'];
const SPECIAL = /<(?=(?:\/?s|pad|unk|mask)>)|\[(?=(?:CLS|SEP|PAD|UNK|MASK)\])/gi;
