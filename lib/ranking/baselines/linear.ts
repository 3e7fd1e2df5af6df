import type { Product } from '../../data/types';
import { fitLogistic, predictLogistic } from '../../metrics/logistic';
import type { ProductField } from '../../text';
import { featureColumns, standardByQuery } from '../features';
import type { NetworkConfig } from '../multitask/config';
import { SIGNALS, type LogColumns, type RankingData, type Signal } from '../types';
import { scoreByBm25 } from './lexical';

export interface LinearOptions {
  /** What BM25 reads of a product. */
  fields: readonly ProductField[];
  /** Numbers of the product beside BM25: what the networks' towers read. */
  features: NetworkConfig['features'];
  /** Products that BM25 takes its statistics from; default those of the lists. */
  catalogue?: readonly Product[];
}

/** By signal: P(signal) of every pair at the top of a list, [pairs], and of every row of the test log where it was shown, [rows]. */
export interface LinearScores {
  scores: Partial<Record<Signal, Float32Array>>;
  probabilities: Partial<Record<Signal, Float32Array>>;
}

/**
 * A logistic regression a signal, learned from a log's rows: BM25 standardised among the products of the query, the product's numbers, and the logarithm of the position,
 * which ranking sets to the top. It has what a multi-task network has but its reading of the text. A signal that the log has never, or always, has no scores.
 */
export function scoreByLinear(data: RankingData, train: LogColumns, test: LogColumns, options: LinearOptions): LinearScores {
  const { fields, features, catalogue } = options;
  const bm25 = standardByQuery(scoreByBm25(data, fields, catalogue ? { catalogue } : {}), data.offsets);
  const { values, width } = featureColumns(data, features);
  const inputs = (pairs: ArrayLike<number>, positions?: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(pairs.length * (width + 2));
    for (let i = 0; i < pairs.length; i++) {
      const [pair, at] = [pairs[i], i * (width + 2)];
      out[at] = bm25[pair];
      for (let f = 0; f < width; f++) out[at + 1 + f] = values[pair * width + f];
      out[at + 1 + width] = positions ? Math.log(positions[i]) : 0;
    }
    return out;
  };
  const [learned, every, shown] = [
    inputs(train.pair, train.position),
    inputs(data.pairs.map((_, pair) => pair)),
    inputs(test.pair, test.position),
  ];
  const found: LinearScores = { scores: {}, probabilities: {} };
  for (const signal of SIGNALS) {
    const hits = train[signal].reduce((sum, hit) => sum + hit, 0);
    if (hits === 0 || hits === train.rows) continue;
    const model = fitLogistic(learned, train[signal], 2);
    const positive = (rows: Float64Array): Float32Array => predictLogistic(model, rows).filter((_, i) => i % 2 === 1);
    found.scores[signal] = positive(every);
    found.probabilities[signal] = positive(shown);
  }
  return found;
}
