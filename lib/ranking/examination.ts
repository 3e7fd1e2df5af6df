import { ensure, inRange } from '../runtime/errors';
import type { LogColumns } from './types';

export interface ExaminationOptions {
  /** EM ends after so many rounds, or when no position moves by more than `tolerance` in one. Defaults 500, 1e-5. */
  iterations?: number;
  tolerance?: number;
  /**
   * Impressions' worth of the mean attractiveness that each pair is given besides its own: holds pairs with few impressions back. Default 2; 0 is the maximum
   * likelihood.
   */
  prior?: number;
}

/** Examination by position as a log tells it. Curves are relative to the top position, which no click log can tell from attractiveness. */
export interface Examination {
  /** [positions] Click-through rate at position k over that at the top. Mixes what is looked at with what is shown where. */
  naive: Float64Array;
  /** [positions] e_k / e_1 by expectation maximisation. */
  em: Float64Array;
  /** [pairs] P(click | shown at the top) by EM; NaN for a pair that the log does not show. */
  attractiveness: Float64Array;
  /** [positions] Impressions. */
  shown: Float64Array;
  /** Of the log before each round, in nats per impression: never falls where `prior` is 0. */
  logLikelihood: number[];
  iterations: number;
}

/**
 * Examination by position from clicks alone: the naive click-through rate by position, and expectation maximisation for the position-based model
 * P(click) = e_k·a_pair (Craswell et al. 2008; Chuklin, Markov and de Rijke 2015, §4.2.1, eqs. 4.16–4.20):
 *
 *   E: P(examined | no click) = e(1 − a)/(1 − e·a),   P(attractive | no click) = a(1 − e)/(1 − e·a);   both 1 after a click
 *   M: e_k ← mean over the impressions at k,   a_pair ← mean over the pair's impressions (with the prior's)
 *
 * Every (query, product) pair has an attractiveness of its own and no features (hence regression-free; Wang et al. 2018 regress it). It can tell position from quality
 * only as far as pairs are seen at several positions. Throws an InputError for an empty log.
 */
export function recoverExamination(log: LogColumns, options: ExaminationOptions = {}): Examination {
  const { iterations = 500, tolerance = 1e-5, prior = 2 } = options;
  ensure(log.rows > 0, 'examination cannot be recovered from an empty log');
  inRange('iterations', iterations, 1, 1e6);
  inRange('tolerance', tolerance, 0, 1);
  inRange('prior', prior, 0, 1e6);
  const cells = cellsOf(log);
  const pairs = cells.pair.reduce((most, p) => Math.max(most, p), -1) + 1;
  const positions = cells.position.reduce((most, k) => Math.max(most, k), -1) + 1;
  const shown = new Float64Array(positions);
  const clicks = new Float64Array(positions);
  const own = new Float64Array(pairs);
  for (let c = 0; c < cells.size; c++) {
    shown[cells.position[c]] += cells.shown[c];
    clicks[cells.position[c]] += cells.clicks[c];
    own[cells.pair[c]] += cells.shown[c];
  }
  const rates = clicks.map((n, k) => (shown[k] ? n / shown[k] : 0));
  const total = clicks.reduce((a, b) => a + b, 0);
  ensure(total > 0, `examination cannot be recovered: none of the log's ${log.rows} impressions was clicked`);

  let e = new Float64Array(positions).fill(0.5);
  let a = new Float64Array(pairs).fill(0.5);
  const logLikelihood: number[] = [];
  let round = 0;
  for (let moved = Infinity; round < iterations && moved > tolerance; round++) {
    const examined = new Float64Array(positions);
    const attracted = new Float64Array(pairs);
    let likelihood = 0;
    for (let c = 0; c < cells.size; c++) {
      const [k, p, n, hits] = [cells.position[c], cells.pair[c], cells.shown[c], cells.clicks[c]];
      const click = e[k] * a[p];
      const misses = n - hits;
      const none = Math.max(1e-12, 1 - click);
      examined[k] += hits + (misses * e[k] * (1 - a[p])) / none;
      attracted[p] += hits + (misses * a[p] * (1 - e[k])) / none;
      likelihood += (hits ? hits * Math.log(Math.max(1e-300, click)) : 0) + misses * Math.log(none);
    }
    logLikelihood.push(likelihood / log.rows);
    const nextE = examined.map((sum, k) => (shown[k] ? sum / shown[k] : 0));
    const mean = attracted.reduce((x, y) => x + y, 0) / log.rows;
    const nextA = attracted.map((sum, p) => (own[p] || prior ? (sum + prior * mean) / (own[p] + prior) : 0));
    moved = nextE.reduce((most, x, k) => Math.max(most, Math.abs(x - e[k])), 0);
    [e, a] = [nextE, nextA];
  }
  const top = e[0] || 1;
  return {
    naive: rates.map((rate) => rate / (rates[0] || 1)),
    em: e.map((x) => x / top),
    attractiveness: a.map((x, p) => (own[p] ? Math.min(1, x * top) : NaN)),
    shown,
    logLikelihood,
    iterations: round,
  };
}

/** Root mean square difference of two curves over positions, each weighted by `weights` (default alike). */
export function curveError(curve: ArrayLike<number>, truth: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const n = Math.min(curve.length, truth.length);
  ensure(n > 0, 'curves must have at least one position');
  let [sum, total] = [0, 0];
  for (let k = 0; k < n; k++) {
    const w = weights?.[k] ?? 1;
    sum += w * (curve[k] - truth[k]) ** 2;
    total += w;
  }
  return Math.sqrt(sum / total);
}

/** Impressions and clicks by (pair, position): what the likelihood needs of a log. */
function cellsOf(log: LogColumns) {
  const places = new Map<number, number>();
  const [pair, position, shown, clicks]: number[][] = [[], [], [], []];
  for (let i = 0; i < log.rows; i++) {
    const id = log.pair[i] * 65536 + log.position[i];
    let cell = places.get(id);
    if (cell === undefined) {
      places.set(id, (cell = pair.length));
      pair.push(log.pair[i]);
      position.push(log.position[i] - 1);
      shown.push(0);
      clicks.push(0);
    }
    shown[cell]++;
    clicks[cell] += log.click[i];
  }
  return { size: pair.length, pair, position, shown, clicks };
}
