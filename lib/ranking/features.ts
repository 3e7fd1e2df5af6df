import type { NetworkConfig } from './multitask/config';
import type { RankingData } from './types';

/**
 * Numbers of each pair that the towers read beside the text, [pairs, F] flat: `price` is log price standardised among the products of the query, and over the
 * catalogue; `popularity` log popularity standardised over the catalogue.
 */
export function featureColumns(data: RankingData, features: NetworkConfig['features']): { values: Float32Array; width: number } {
  const { products, pairs, offsets } = data;
  const columns: ArrayLike<number>[] = [];
  for (const feature of features) {
    const scores = standard(Float64Array.from(products, (product) => Math.log(product[feature])));
    if (feature === 'price')
      columns.push(
        standardByQuery(
          pairs.map((pair) => Math.log(products[pair.product].price)),
          offsets,
        ),
      );
    columns.push(pairs.map((pair) => scores[pair.product]));
  }
  const width = columns.length;
  return {
    values: Float32Array.from({ length: pairs.length * width }, (_, i) => columns[i % width][Math.floor(i / width)]),
    width,
  };
}

/** A number of each pair, standardised among the pairs of its query. */
export function standardByQuery(values: ArrayLike<number>, offsets: Int32Array): Float64Array {
  const own = Float64Array.from(values);
  for (let q = 0; q + 1 < offsets.length; q++) own.set(standard(own.subarray(offsets[q], offsets[q + 1])), offsets[q]);
  return own;
}

/** Values less their mean, over their standard deviation; 0 where all are equal. */
function standard(values: Float64Array): Float64Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 1e-12 ? (value - mean) / deviation : 0));
}
