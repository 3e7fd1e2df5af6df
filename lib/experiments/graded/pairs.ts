import type { Product, Row } from '../../data/types';
import { cutPseudoQuery } from '../../pretrain/pseudo-query';
import { ensure } from '../../runtime/errors';
import type { Key } from '../../runtime/key';
import type { ProductField } from '../../text';
import { rankingText } from '../../train/zero-shot';
import type { BiEncoderPair } from '../../train/bi-encoder';
import type { TuneConfig } from './config';
import { TOP_GRADE } from './data';

/** Query and product of every row labelled E. */
export function exactPairs(rows: readonly Row[], fields: readonly ProductField[]): BiEncoderPair[] {
  return rows.filter((row) => row.label === 'E').map((row) => ({ query: row.query, product: rankingText(row, fields) }));
}

/** A pseudo-query of each product (Product2Query, paper §4) and the product's text, in half of the rows without the words that were cut. */
export function pseudoPairs(
  products: readonly Product[],
  fields: readonly ProductField[],
  tune: TuneConfig,
  key: Key,
): BiEncoderPair[] {
  const { cut } = tune;
  ensure(cut, 'pairs pseudo needs cut: how pseudo-queries are cut');
  const random = key.random();
  return products.flatMap((product) => {
    const whole = rankingText(product, cut.fields);
    const found = cutPseudoQuery(whole, product.locale, cut, random);
    if (!found) return [];
    const body = random.bernoulli(cut.deleted) ? found.rest : whole;
    const others = rankingText(product, fields.filter((field) => !cut.fields.includes(field))); // prettier-ignore
    return [{ query: found.query, product: `${body} ${others}`.trim() }];
  });
}

/** The pairs of some graded rows: a query and each of its products of grade `from` or more; or, for `pointwise`, every row with grade / 3 as its target. */
export function gradedPairs(
  rows: readonly Row[],
  grades: ArrayLike<number>,
  chosen: Int32Array,
  fields: readonly ProductField[],
  { loss, from = 2 }: Pick<TuneConfig, 'loss' | 'from'>,
): BiEncoderPair[] {
  const kept = loss === 'pointwise' ? chosen : chosen.filter((i) => grades[i] >= from);
  return Array.from(kept, (i) => ({
    query: rows[i].query,
    product: rankingText(rows[i], fields),
    ...(loss === 'pointwise' ? { target: grades[i] / TOP_GRADE } : {}),
  }));
}
