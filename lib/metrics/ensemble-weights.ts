import { ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { meanScores } from './ensemble';

/** The metric (higher is better) of combined values for some rows: `values` holds `width` numbers for each of `rows`, in their order. */
export type Evaluate = (values: Float64Array, rows: Int32Array) => number;

export interface EnsembleRows {
  /** Each member's values, [N · width]: a score a row, or its class probabilities. */
  members: readonly Float64Array[];
  width: number;
  query: ArrayLike<number>;
  /** A name of each query that does not depend on the files' order: folds are drawn from it. */
  queryIds: readonly string[];
  /** Rows with a judgement; weights are learnt from these alone. */
  judged: Int32Array;
}

export interface CrossFitted {
  /** [N · width] */
  combined: Float64Array;
  /** Weights learnt from all judged queries: what queries without judgement get. */
  weights: number[];
  /** Weights of each fold, learnt from the judged queries of the other folds. */
  foldWeights: number[][];
}

/**
 * Weights ≥ 0 that sum to 1, by greedy selection with replacement: start from the best member, add the member that helps most, `rounds` times or until
 * five rounds did not help; the best round's counts are the weights. (Caruana et al. 2004, ensemble selection.)
 */
export function selectWeights(parts: EnsembleRows, rows: Int32Array, evaluate: Evaluate, rounds = 20): number[] {
  const { members, width } = parts;
  ensure(members.length > 0 && rows.length > 0, `weights need members and judged rows, got ${members.length} and ${rows.length}`);
  const own = members.map((member) => takeRows(member, rows, width));
  const sum = new Float64Array(rows.length * width);
  const counts = members.map(() => 0);
  const trial = new Float64Array(sum.length);
  let best = { value: -Infinity, counts: counts.slice() };
  for (let round = 1, idle = 0; round <= rounds && idle < 5; round++, idle++) {
    const values = own.map((member) => {
      for (let i = 0; i < trial.length; i++) trial[i] = (sum[i] + member[i]) / round;
      return evaluate(trial, rows);
    });
    const chosen = values.indexOf(Math.max(...values));
    ensure(chosen >= 0, `the metric must be a number for every member, got ${values.join(', ')}`);
    counts[chosen]++;
    for (let i = 0; i < sum.length; i++) sum[i] += own[chosen][i];
    if (values[chosen] > best.value) {
      best = { value: values[chosen], counts: counts.slice() };
      idle = -1;
    }
  }
  const total = best.counts.reduce((a, b) => a + b, 0);
  return best.counts.map((count) => count / total);
}

/**
 * Combines members so that no query's values depend on its own judgements: a judged query gets the weights learnt from the other folds' judged queries, a
 * query without judgement (the test part) those learnt from all of them. So the metric over judged rows is an honest cross-validated figure.
 */
export function crossFit(
  parts: EnsembleRows,
  evaluate: Evaluate,
  { folds = 5, rounds = 20, key }: { folds?: number; rounds?: number; key: Key },
): CrossFitted {
  const { members, width, query, queryIds, judged } = parts;
  ensure(Number.isInteger(folds) && folds >= 2, `folds must be a whole number ≥ 2, got ${folds}`);
  const foldOf = queryIds.map((id) => key.fold('ensemble', id).random().int(folds));
  const weights = selectWeights(parts, judged, evaluate, rounds);
  const combined = meanScores(members, weights);
  const foldWeights = Array.from({ length: folds }, (_, fold) => {
    const inside = judged.filter((row) => foldOf[query[row]] === fold);
    const outside = judged.filter((row) => foldOf[query[row]] !== fold);
    if (inside.length === 0 || outside.length === 0) return weights.map(() => NaN);
    const own = selectWeights(parts, outside, evaluate, rounds);
    const values = meanScores(members.map((member) => takeRows(member, inside, width)), own); // prettier-ignore
    inside.forEach((row, i) => combined.set(values.subarray(i * width, (i + 1) * width), row * width));
    return own;
  });
  const queries = new Set(judged.map((row) => query[row])).size;
  ensure(
    !foldWeights.every((w) => Number.isNaN(w[0])),
    `cross-validated weights need judged queries in at least 2 of ${folds} folds, got ${queries} judged ${queries === 1 ? 'query' : 'queries'}, all in one fold`,
  );
  return { combined, weights, foldWeights };
}

/** The values of some rows of [N · width], in their order. */
export function takeRows(values: Float64Array, rows: Int32Array, width: number): Float64Array {
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, i) => out.set(values.subarray(row * width, (row + 1) * width), i * width));
  return out;
}
