import { LABELS } from '../data/types';
import type { Predictions } from '../experiments/record';
import { gainsOf } from '../metrics/conventions';
import { ndcg } from '../metrics/ndcg';
import { runningNumbers } from '../metrics/groups';
import { decodeLabels, expectedGains } from './decode';

/**
 * A metric as a function of sums over queries: `parts` holds `width` addends for each of `queries` queries, and the metric is
 * `value` of their sums. So a bootstrap over queries needs no row again, only sums with weights.
 */
export interface QueryStatistic {
  queries: number;
  width: number;
  /** [queries, width] */
  parts: Float64Array;
  value(sums: Float64Array): number;
}

/**
 * The metric `name` as sums over queries, or undefined where it is no such function (or not computed from classes): `microF1`
 * (for one label a row: the share of rows predicted right) and `macroF1` (mean over the classes given or predicted of
 * F1 = 2·tp / (given + predicted)), `ndcg` (mean over queries, scores are expected gains, the task's own convention).
 */
export function queryStatistic(name: string, predictions: Predictions): QueryStatistic | undefined {
  if (name === 'ndcg') return ndcgStatistic(predictions);
  if (name !== 'microF1' && name !== 'macroF1') return undefined;
  const given = decodeLabels(predictions.given);
  const predicted = decodeLabels(predictions.predicted);
  const { numbers, names } = runningNumbers(predictions.query);
  const K = LABELS.length;
  const width = name === 'microF1' ? 2 : 3 * K;
  const parts = new Float64Array(names.length * width);
  for (let i = 0; i < given.length; i++) {
    const at = numbers[i] * width;
    if (name === 'microF1') {
      parts[at] += Number(given[i] === predicted[i]);
      parts[at + 1]++;
    } else {
      if (given[i] === predicted[i]) parts[at + given[i]]++;
      parts[at + K + given[i]]++;
      parts[at + 2 * K + predicted[i]]++;
    }
  }
  const value = name === 'microF1' ? (sums: Float64Array) => sums[0] / sums[1] : (sums: Float64Array) => macroF1(sums, K);
  return { queries: names.length, width, parts, value };
}

function macroF1(sums: Float64Array, K: number): number {
  let total = 0;
  let classes = 0;
  for (let k = 0; k < K; k++) {
    const size = sums[K + k] + sums[2 * K + k];
    if (size === 0) continue;
    total += (2 * sums[k]) / size;
    classes++;
  }
  return total / classes;
}

function ndcgStatistic(predictions: Predictions): QueryStatistic {
  const query = runningNumbers(predictions.query).numbers;
  const { perQuery } = ndcg(
    { gains: gainsOf(decodeLabels(predictions.given)), scores: expectedGains(predictions), query },
    'spec',
  );
  const parts = new Float64Array(perQuery.length * 2);
  perQuery.forEach((value, q) => {
    if (Number.isNaN(value)) return;
    parts[2 * q] = value;
    parts[2 * q + 1] = 1;
  });
  return { queries: perQuery.length, width: 2, parts, value: (sums) => sums[0] / sums[1] };
}
