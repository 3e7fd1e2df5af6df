import { portableHash } from '../data';
import { auc } from '../metrics/auc';
import { pairedBootstrap, type BootstrapOptions } from '../metrics/bootstrap';
import { calibrationCurve, expectedCalibrationError, type CalibrationBin } from '../metrics/calibration';
import { CONVENTIONS, type Convention } from '../metrics/conventions';
import { mrr } from '../metrics/mrr';
import { ndcg } from '../metrics/ndcg';
import { ensure } from '../runtime/errors';
import { trueProbabilities } from './click-model';
import {
  SIGNALS,
  type ClickModelTruth,
  type LogColumns,
  type RankingData,
  type RankingTask,
  type Signal,
  type TaskScores,
} from './types';

/** What a ranking is held against. */
export interface HeldOut {
  data: RankingData;
  /**
   * Impressions of the queries to evaluate on. Their lists should be shown in random order (`randomShare: 1`), so that every product is seen at every position
   * alike and counts of clicks compare products fairly, whatever position a ranker would give them.
   */
  log: LogColumns;
  /** Queries to evaluate on; default those that the log shows. */
  queries?: readonly number[];
  /** With a simulated log: adds the metrics that are measured against the true probabilities. */
  truth?: ClickModelTruth;
}

export interface EvaluateOptions {
  /** Cut-off of nDCG and MRR; default 10. */
  k?: number;
  /**
   * Predicted probabilities of the log's rows by signal, [log.rows] each, at the position where the row was shown: what AUC and calibration read. Where absent,
   * AUC reads the pair's score (position plays no part) and there is no calibration error.
   */
  impressionProbabilities?: Partial<Record<Signal, ArrayLike<number>>>;
  /** Bins of the calibration error; default 15. */
  bins?: number;
}

/** Numbers by name, and what a paired bootstrap over queries needs. */
export interface RankingEvaluation {
  /**
   * `<task>.ndcg@10`, `<task>.mrr`, `<signal>.auc`, `<signal>.ece`, `<signal>.bias` (mean probability over the share of hits, 1 is right),
   * and with the truth `<signal>.trueNdcg@10` (gains: the true probabilities) and `<signal>.rmse` (of a pair's probability, where `impressionProbabilities` says that scores are some).
   */
  metrics: Record<string, number>;
  /** By the same names (nDCG and MRR alone): [queries.length], NaN where a query is not counted. */
  perQuery: Record<string, Float64Array>;
  /** Indices into `RankingData.queries`: the order of `perQuery`. */
  queries: Int32Array;
  /** Queries that counted, by metric. */
  counted: Record<string, number>;
  /** Calibration curves of the signals that were given probabilities. */
  calibration: Partial<Record<Signal, CalibrationBin[]>>;
}

/** A query without a hit, and one with a single product, say nothing about a ranking: left out of the mean and counted. Ties are averaged. */
const TELLING: Convention = { ...CONVENTIONS.spec, name: 'ranking', ties: 'average', zeroIdeal: 'skip', single: 'skip' };

/**
 * Measures scores of pairs on held-out queries, for each task that has scores and for the true relevance; a task without scores of its own is ranked by the first that is there of
 * click, cart, purchase, relevance, so that a single-task ranker is measured on every task.
 *
 *   nDCG@k: gain of a product = its signals per impression (relevance: its grade), linear, ties averaged;
 *   MRR@k: 1/rank of the first product with a signal (relevance: with the query's best grade), equal scores in the order of a hash of the product's id;
 *   AUC and ECE over impressions.
 *
 * Throws an InputError where a score is missing or NaN, and where no query has anything to tell.
 */
export function evaluateRanking(scores: TaskScores, heldOut: HeldOut, options: EvaluateOptions = {}): RankingEvaluation {
  const { data, log, truth } = heldOut;
  const { k = 10, bins = 15, impressionProbabilities = {} } = options;
  const given = (['click', 'cart', 'purchase', 'relevance'] as const).filter((task) => scores[task]);
  ensure(given.length > 0, 'there must be scores for at least one of click, cart, purchase, relevance');
  const scoresOf = (task: RankingTask): ArrayLike<number> => scores[task] ?? scores[given[0]]!;
  for (const task of given)
    ensure(
      scores[task]!.length === data.pairs.length,
      `${task} scores must be one for each of ${data.pairs.length} pairs, got ${scores[task]!.length}`,
    );
  for (const signal of SIGNALS) {
    const rows = impressionProbabilities[signal];
    ensure(
      !rows || rows.length === log.rows,
      `${signal} probabilities must be one for each of ${log.rows} impressions, got ${rows?.length}`,
    );
  }
  const queries = Int32Array.from(heldOut.queries ?? shownQueries(data, log));
  const place = new Map(Array.from(queries, (q, i) => [q, i]));
  const pairs = Array.from(queries).flatMap((q) => inHashOrder(data, q));
  const query = pairs.map((pair) => place.get(data.pairs[pair].query)!);
  const shown = new Float64Array(data.pairs.length);
  const rows = [...Array(log.rows).keys()].filter((i) => place.has(data.pairs[log.pair[i]].query));
  for (const i of rows) shown[log.pair[i]]++;
  ensure(rows.length > 0, 'the held-out log shows none of the queries to evaluate on');

  const result: RankingEvaluation = { metrics: {}, perQuery: {}, queries, counted: {}, calibration: {} };
  const rank = (
    name: string,
    gains: Float64Array,
    own: ArrayLike<number>,
    best: (gain: number, query: number) => boolean,
  ): void => {
    const lists = {
      gains: pairs.map((pair) => gains[pair]),
      scores: pairs.map((pair) => own[pair]),
      query,
      queries: queries.length,
    };
    if (!lists.gains.some((gain) => gain > 0)) return;
    const cut = name.startsWith('true.') ? `${name.slice(5)}.trueNdcg@${k}` : `${name}.ndcg@${k}`;
    note(result, cut, ndcg(lists, TELLING, k).perQuery);
    if (name.startsWith('true.')) return;
    const hits = lists.gains.map((gain, i) => Number(gain > 0 && best(gain, query[i])));
    const reciprocal = mrr({ ...lists, gains: hits }, { k }).perQuery;
    const positive = new Uint8Array(queries.length);
    hits.forEach((hit, i) => (positive[query[i]] |= hit));
    note(result, `${name}.mrr`, reciprocal.map((value, q) => (positive[q] ? value : NaN))); // prettier-ignore
  };
  for (const signal of SIGNALS) {
    const hits = new Float64Array(data.pairs.length);
    for (const i of rows) hits[log.pair[i]] += log[signal][i];
    rank(signal, hits.map((n, pair) => (shown[pair] ? n / shown[pair] : 0)), scoresOf(signal), () => true); // prettier-ignore
    overImpressions(result, signal, rows, log, scoresOf(signal), impressionProbabilities[signal], bins);
  }
  const grades = Float64Array.from(data.pairs, ({ grade }) => grade || 0);
  const top = new Float64Array(queries.length);
  pairs.forEach((pair, i) => (top[query[i]] = Math.max(top[query[i]], grades[pair])));
  rank('relevance', grades, scoresOf('relevance'), (gain, q) => gain === top[q]);
  if (truth) {
    const probabilities = trueProbabilities(truth);
    for (const signal of SIGNALS) {
      rank(`true.${signal}`, probabilities[signal], scoresOf(signal), () => true);
      const own = scores[signal];
      // Scores that only rank, such as BM25's, are no probabilities.
      if (!own || !impressionProbabilities[signal]) continue;
      const squares = pairs.map((pair) => (own[pair] - probabilities[signal][pair]) ** 2);
      result.metrics[`${signal}.rmse`] = Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
    }
  }
  return result;
}

/** nDCG@k of random order on the same held-out data, exactly, by task: the floor of every table. */
export function randomRanking(heldOut: HeldOut, k = 10): Record<string, number> {
  const flat = new Float64Array(heldOut.data.pairs.length);
  const { metrics } = evaluateRanking({ click: flat, cart: flat, purchase: flat, relevance: flat }, heldOut, { k }); // ties are averaged
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => /ndcg@/i.test(name)));
}

/**
 * The paired bootstrap over queries of the difference a − b of a per-query metric of two rankings of the same held-out data (`pairedBootstrap`); a query that either
 * leaves out is left out of both. Throws an InputError where the queries differ.
 */
export function compareRankings(
  a: RankingEvaluation,
  b: RankingEvaluation,
  metric: string,
  options: Omit<BootstrapOptions, 'groups'>,
) {
  ensure(
    a.perQuery[metric] && b.perQuery[metric],
    `metric ${metric} is not one by query; expected one of ${Object.keys(a.perQuery).join(', ')}`,
  );
  ensure(String(a.queries) === String(b.queries), 'both rankings must be of the same queries');
  const both = Array.from(a.queries.keys()).filter(
    (q) => !Number.isNaN(a.perQuery[metric][q]) && !Number.isNaN(b.perQuery[metric][q]),
  );
  const pick = (of: RankingEvaluation): number[] => both.map((q) => of.perQuery[metric][q]);
  return pairedBootstrap(pick(a), pick(b), options);
}

/** The pairs of a query in the order of a hash of the product: an order that no grade or id can have put there. */
function inHashOrder({ pairs, products, offsets }: RankingData, q: number): number[] {
  return Array.from({ length: offsets[q + 1] - offsets[q] }, (_, i) => offsets[q] + i)
    .map((pair) => [portableHash('tie', products[pairs[pair].product].productId), pair] as const)
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([, pair]) => pair);
}

function note(result: RankingEvaluation, name: string, perQuery: Float64Array): void {
  const counted = perQuery.filter((value) => !Number.isNaN(value));
  result.perQuery[name] = perQuery;
  result.counted[name] = counted.length;
  result.metrics[name] = counted.length ? counted.reduce((a, b) => a + b, 0) / counted.length : NaN;
}

function overImpressions(
  result: RankingEvaluation,
  signal: Signal,
  rows: readonly number[],
  log: LogColumns,
  scores: ArrayLike<number>,
  probabilities: ArrayLike<number> | undefined,
  bins: number,
): void {
  const outcome = rows.map((i) => log[signal][i]);
  const hits = outcome.reduce((a, b) => a + b, 0);
  if (hits > 0 && hits < rows.length)
    result.metrics[`${signal}.auc`] = auc(
      rows.map((i) => (probabilities ? probabilities[i] : scores[log.pair[i]])),
      outcome,
    );
  if (!probabilities) return;
  const said = rows.map((i) => probabilities[i]);
  result.metrics[`${signal}.ece`] = expectedCalibrationError(said, outcome, bins);
  if (hits > 0) result.metrics[`${signal}.bias`] = said.reduce((a, b) => a + b, 0) / hits;
  result.calibration[signal] = calibrationCurve(said, outcome, bins);
}

function shownQueries(data: RankingData, log: LogColumns): number[] {
  const seen = new Set<number>();
  for (let i = 0; i < log.rows; i++) seen.add(data.pairs[log.pair[i]].query);
  return [...seen].sort((a, b) => a - b);
}
