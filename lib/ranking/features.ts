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
    const scores = standard(products.map((product) => Math.log(product[feature])));
    if (feature === 'price') {
      const own = new Float64Array(pairs.length);
      for (let q = 0; q + 1 < offsets.length; q++) {
        const list = pairs.slice(offsets[q], offsets[q + 1]);
        own.set(standard(list.map((pair) => Math.log(products[pair.product].price))), offsets[q]);
      }
      columns.push(own);
    }
    columns.push(pairs.map((pair) => scores[pair.product]));
  }
  const width = columns.length;
  return {
    values: Float32Array.from({ length: pairs.length * width }, (_, i) => columns[i % width][Math.floor(i / width)]),
    width,
  };
}

/** Values less their mean, over their standard deviation; 0 where all are equal. */
export function standard(given: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(given);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return values.map((value) => (deviation > 1e-12 ? (value - mean) / deviation : 0));
}
