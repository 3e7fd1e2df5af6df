import { ensure } from '../runtime/errors';
import { CONVENTIONS, conventionNamed, type Convention, type ConventionName } from './conventions';
import { groupRows } from './groups';

/** Judged lists as columns over rows in any order: gain ≥ 0, score, and the running number of the row's query. */
export interface JudgedLists {
  gains: ArrayLike<number>;
  scores: ArrayLike<number>;
  query: ArrayLike<number>;
  /** Number of queries, where trailing ones may have no row. */
  queries?: number;
  /**
   * Product ids for ties; where absent, row order stands for the order of ids. Then beware of files that list the best rows first: with many ties
   * (BM25) their order flatters the score; average ties instead.
   */
  ids?: readonly string[];
}

export interface NdcgResult {
  value: number;
  /** One value per query number; NaN where the query was left out of the mean. */
  perQuery: Float64Array;
  queries: number;
  /** Queries in the mean. */
  scored: number;
  /** Queries whose gains are all 0, whatever the policy did with them. */
  zeroIdeal: number;
  /** Queries with one row. */
  single: number;
  /** Queries with two or more rows of equal score. */
  tied: number;
  skipped: number;
}

/**
 * Normalised discounted cumulative gain, mean over queries: nDCG = Σ_r g(r)/log2(r+1) / Σ_r g*(r)/log2(r+1), g in order of score, g* sorted.
 * Linear gain (Järvelin and Kekäläinen 2002 with base 2; KDD Cup 2022 task 1). `k` cuts both sums; without it the whole list counts.
 * Throws an InputError on a NaN score, a negative gain, or when no query is left.
 */
export function ndcg(lists: JudgedLists, convention: ConventionName | Convention = 'spec', k = Infinity): NdcgResult {
  const rule = typeof convention === 'string' ? conventionNamed(convention) : convention;
  const { gains, ids } = lists;
  ensure(k >= 1, `k must be ≥ 1, got ${k}`);
  ensure(
    gains.length === lists.scores.length && gains.length === lists.query.length,
    `gains, scores and query must be equally long, got ${gains.length}, ${lists.scores.length} and ${lists.query.length}`,
  );
  const scores = checked(gains, lists.scores, rule.float32);
  const groups = groupRows(lists.query, lists.queries);
  const perQuery = new Float64Array(groups.count).fill(NaN);
  const counts = { zeroIdeal: 0, single: 0, tied: 0, scored: 0, queries: 0 };
  const later = rule.ties === 'last' ? -1 : 1;
  const compare = (i: number, j: number): number => {
    const by = scores[j] - scores[i];
    if (by < 0 || by > 0) return by;
    if (scores[j] !== scores[i]) return scores[j] > scores[i] ? 1 : -1; // two infinities differ by NaN
    return later * (ids && ids[i] !== ids[j] ? (ids[i] < ids[j] ? -1 : 1) : i - j);
  };
  let total = 0;
  for (let q = 0; q < groups.count; q++) {
    const rows = groups.order.subarray(groups.offsets[q], groups.offsets[q + 1]);
    if (rows.length === 0) continue;
    counts.queries++;
    if (rows.length > 1) rows.sort(compare);
    else counts.single++;
    let tied = false;
    for (let i = 1; i < rows.length; i++) tied ||= scores[rows[i]] === scores[rows[i - 1]];
    if (tied) counts.tied++;
    const ideal = idealDcg(rows, gains, k);
    if (ideal === 0) counts.zeroIdeal++;
    if ((ideal === 0 && rule.zeroIdeal === 'skip') || (rows.length === 1 && rule.single === 'skip')) continue;
    perQuery[q] = ideal === 0 ? 0 : dcg(rows, gains, scores, rule, k) / ideal;
    total += perQuery[q];
    counts.scored++;
  }
  ensure(counts.scored > 0, `nDCG (${rule.name}) needs at least one query to score, got ${counts.queries} queries, all left out`);
  return { value: total / counts.scored, perQuery, ...counts, skipped: counts.queries - counts.scored };
}

/**
 * nDCG of random order, exactly: the expectation over all orders, which is every row tied and averaged. No draw is needed.
 */
export function randomNdcg(
  lists: Omit<JudgedLists, 'scores'>,
  convention: Convention = CONVENTIONS.spec,
  k = Infinity,
): NdcgResult {
  return ndcg({ ...lists, scores: new Float64Array(lists.gains.length) }, { ...convention, ties: 'average' }, k);
}

function checked(gains: ArrayLike<number>, scores: ArrayLike<number>, float32: boolean): ArrayLike<number> {
  for (let i = 0; i < gains.length; i++) {
    ensure(!Number.isNaN(scores[i]), `score of row ${i} must be a number, got NaN`);
    ensure(gains[i] >= 0 && gains[i] < Infinity, `gain of row ${i} must be a finite number ≥ 0, got ${gains[i]}`);
  }
  return float32 ? Float32Array.from(scores) : scores;
}

const discounts: number[] = [];
/** 1/log2(rank + 1) for rank = index + 1. */
function discount(index: number): number {
  for (let r = discounts.length; r <= index; r++) discounts.push(1 / Math.log2(r + 2));
  return discounts[index];
}

/** DCG of rows sorted by score. With averaged ties a run of equal scores earns its mean gain at each of its ranks. */
function dcg(rows: Int32Array, gains: ArrayLike<number>, scores: ArrayLike<number>, rule: Convention, k: number): number {
  let sum = 0;
  const extra = rule.extraZeroItem;
  let passed = 0; // 1 once the extra item, of score 0 and gain 0, is ranked
  for (let i = 0; i < rows.length;) {
    const score = scores[rows[i]];
    if (extra && passed === 0 && score < 0) passed = 1;
    let end = i + 1;
    if (rule.ties === 'average') while (end < rows.length && scores[rows[end]] === score) end++;
    const member = extra && score === 0 ? 1 : 0;
    let gain = 0;
    for (let j = i; j < end; j++) gain += gains[rows[j]];
    const size = end - i + member;
    let weight = 0;
    for (let r = i + passed; r < Math.min(i + passed + size, k); r++) weight += discount(r);
    sum += (gain / size) * weight;
    if (member) passed = 1;
    i = end;
  }
  return sum;
}

function idealDcg(rows: Int32Array, gains: ArrayLike<number>, k: number): number {
  const sorted = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) sorted[i] = gains[rows[i]];
  sorted.sort();
  let sum = 0;
  const top = Math.min(k, rows.length);
  for (let r = 0; r < top; r++) sum += sorted[rows.length - 1 - r] * discount(r);
  return sum;
}
