import type { Product } from '../data/types';
import { cutPseudoQuery } from '../pretrain/pseudo-query';
import type { Product2QueryConfig } from '../pretrain/config';
import type { Key } from '../runtime/key';
import { productText } from '../text';
import { markup, type Markup } from './markup';

/** Pseudo-queries cut from products, with the cut marked in the text: what Product2Query is trained on. For notebooks; shows product text. */
export function pseudoQueryExamples(
  products: readonly Product[],
  config: Product2QueryConfig,
  key: Key,
): { html: Markup; text: string } {
  const random = key.random();
  const cuts = products.flatMap((product) => {
    const text = productText(product, { fields: config.fields, separator: ' ' }).replace(/\s+/gu, ' ').trim();
    const cut = cutPseudoQuery(text, product.locale, config, random);
    return cut ? [{ text, cut }] : [];
  });
  const glue = config.unit === 'words' ? ' ' : '';
  const rows = cuts.map(({ text, cut }) => {
    const units = config.unit === 'words' ? text.split(' ') : [...text];
    const parts = units.map((unit, i) =>
      cut.spans.some(([from, to]) => i >= from && i < to) ? markup`<mark>${unit}</mark>` : markup`${unit}`,
    );
    const joined = parts.flatMap((part, i) => (i ? [glue, part] : [part]));
    return markup`<tr><td>${cut.query}</td><td>${joined}</td></tr>`;
  });
  return {
    html: markup`<table><thead><tr><th>pseudo-query</th><th>product text, the cut marked</th></tr></thead><tbody>${rows}</tbody></table>`,
    text: cuts.map(({ text, cut }) => `${cut.query}  ←  ${text}`).join('\n'),
  };
}
