import { ensure, inRange } from '../runtime/errors';
import { recoverExamination } from './examination';
import type { LogColumns, RankingData } from './types';

/** Pairs of which the first was preferred to the second, [n] each: indices into `RankingData.pairs`, both of one query. */
export interface Preferences {
  better: Int32Array;
  worse: Int32Array;
}

/**
 * Preferences between the shown products of a query from clicks by a click model, as K-NRM's authors infer theirs: attractiveness by EM (`recoverExamination`), and a product is
 * preferred where its own is higher by `margin` or more. (Rules such as "click > skip above" prefer the lower of two products by construction: where position decides what is
 * looked at and the shop shows the good ones first, they learn the shop's order upside down.) Throws an InputError where nothing is preferred.
 */
export function clickPreferences(data: RankingData, log: LogColumns, margin = 0.1): Preferences {
  inRange('margin', margin, 0, 1);
  const { attractiveness } = recoverExamination(log);
  const better: number[] = [];
  const worse: number[] = [];
  for (let q = 0; q < data.queries.length; q++)
    for (let i = data.offsets[q]; i < data.offsets[q + 1]; i++)
      for (let j = data.offsets[q]; j < data.offsets[q + 1]; j++)
        // A pair that was not shown has no attractiveness (NaN or undefined), and compares false.
        if (i !== j && attractiveness[i] - attractiveness[j] >= margin && attractiveness[i] > attractiveness[j]) {
          better.push(i);
          worse.push(j);
        }
  ensure(better.length > 0, `no two shown products of a query differ by ${margin} in attractiveness: nothing to prefer`);
  return { better: Int32Array.from(better), worse: Int32Array.from(worse) };
}
