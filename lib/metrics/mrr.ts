import { ensure } from '../runtime/errors';
import { groupRows } from './groups';
import type { JudgedLists } from './ndcg';

/**
 * Mean reciprocal rank: the mean over queries of 1 / rank of the best-ranked relevant row (gain ≥ `relevant`, default 1: exact), 0 where none is
 * relevant or its rank is beyond k. Equal scores keep row order. (Voorhees 1999; trec_eval recip_rank with ties in row order.)
 */
export function mrr(lists: JudgedLists, { relevant = 1, k = Infinity } = {}): { value: number; perQuery: Float64Array } {
  const { gains, scores } = lists;
  const groups = groupRows(lists.query, lists.queries);
  const perQuery = new Float64Array(groups.count).fill(NaN);
  let total = 0;
  let queries = 0;
  for (let q = 0; q < groups.count; q++) {
    const from = groups.offsets[q];
    const to = groups.offsets[q + 1];
    if (from === to) continue;
    let best = -1;
    for (let at = from; at < to; at++) {
      const row = groups.order[at];
      ensure(!Number.isNaN(scores[row]), `score of row ${row} must be a number, got NaN`);
      if (gains[row] >= relevant && (best < 0 || scores[row] > scores[best])) best = row;
    }
    let rank = 1;
    for (let at = from; at < to && best >= 0; at++) {
      const row = groups.order[at];
      if (scores[row] > scores[best] || (scores[row] === scores[best] && row < best)) rank++;
    }
    perQuery[q] = best < 0 || rank > k ? 0 : 1 / rank;
    total += perQuery[q];
    queries++;
  }
  ensure(queries > 0, 'MRR needs at least one row, got none');
  return { value: total / queries, perQuery };
}
