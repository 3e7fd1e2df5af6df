import { ensure, oneOf } from '../runtime/errors';
import { CONVENTIONS, ESCI_GAINS, GRADED, gainsOf } from './conventions';
import { expectedCalibrationError, logLosses } from './calibration';
import { expectedGain } from './ensemble';
import { mrr } from './mrr';
import { ndcg, type JudgedLists, type NdcgResult } from './ndcg';
import { PROBABILITY_STEPS, decodePredictions, type PredictionColumns, type PredictionRows } from './predictions';
import { aucOf, averagePrecisionOf, macroF1Of, meanOf, type WeightedStatistic } from './statistics';

export const METRIC_NAMES = [
  'microF1',
  'macroF1',
  'exactAccuracy',
  'auc',
  'averagePrecision',
  'logLoss',
  'ndcg',
  'mrr',
  'ndcg10',
] as const;
/** Metrics computed from stored predictions. AUC and average precision are of "E or not" (4 classes, 1 score) or "S or not" (2 classes). `ndcg10` is of graded rows. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** The task's own nDCG, with ties averaged: stored rows have no product ids, and row order could give the labels away. */
const TIES_AVERAGED = { ...CONVENTIONS.spec, ties: 'average' } as const;

/**
 * nDCG@10 of human grades as linear gains, equal scores averaged, over the queries that can tell rankers apart: two or more rows and a positive grade. The others
 * are NaN in `perQuery`.
 */
export function gradedNdcg10(lists: JudgedLists, ties: 'average' | 'first' = 'average'): NdcgResult {
  return ndcg(lists, { ...GRADED, ties }, 10);
}

/** Metrics where a smaller value is better. */
export const LOWER_IS_BETTER: readonly string[] = ['logLoss', 'ece', 'loss', 'mlmLoss'];

/** A row's score for ranking: expected gain (4 classes), the score itself (1). "Substitute or not" has no order: what is no substitute may be exact or irrelevant. */
function rankingScore({ probabilities, classes }: PredictionColumns): Float64Array {
  ensure(classes !== 2, 'metrics of an order need a score or the four classes E, S, C, I, got 2 classes');
  return classes === 1 ? probabilities : expectedGain(probabilities, classes, ESCI_GAINS);
}

/** Metrics that are means over queries. */
const RANKING = ['ndcg', 'mrr', 'ndcg10'] as const satisfies readonly MetricName[];
type RankingMetric = (typeof RANKING)[number];

/** A ranking metric of each query, NaN where a query says nothing of it. */
function perQueryOf(name: RankingMetric, columns: PredictionColumns): Float64Array {
  const { label, grades, query, queries } = columns;
  const lists = { scores: rankingScore(columns), gains: gainsOf(label), query, queries };
  if (name === 'ndcg') return ndcg(lists, TIES_AVERAGED).perQuery;
  if (name === 'mrr') return mrr(lists).perQuery;
  ensure(grades, 'metric ndcg10 needs graded rows, got labels');
  return gradedNdcg10({ ...lists, gains: grades }).perQuery;
}

/** How many queries say something of a metric: of one that is a mean over queries those that have a value, of the others all. */
export function queriesThatCount(name: MetricName, columns: PredictionColumns): number {
  const ranking = RANKING.find((known) => known === name);
  return ranking ? perQueryOf(ranking, columns).reduce((n, value) => n + Number(!Number.isNaN(value)), 0) : columns.queries;
}

/** Prepares a named metric over the queries of decoded predictions; throws an InputError where the metric does not apply to the classes. */
export function prepareMetric(name: MetricName, columns: PredictionColumns): WeightedStatistic {
  const { given, predicted, probabilities, classes, query, queries } = columns;
  const positiveClass = classes === 2 ? 1 : 0;
  const positiveScore = (): Float64Array => probabilities.filter((_, i) => i % classes === positiveClass);
  const positive = (): Uint8Array => given.map((g) => Number(g === positiveClass));
  const perRow = (value: (i: number) => number): WeightedStatistic =>
    meanOf(
      Float64Array.from(given, (_, i) => value(i)),
      query,
      queries,
    );
  const needs = (ok: boolean, what: string): void => ensure(ok, `metric ${name} needs ${what}, got ${classes} classes`);
  const metric = oneOf('metric', name, METRIC_NAMES);
  switch (metric) {
    case 'microF1':
      return perRow((i) => Number(given[i] === predicted[i]));
    case 'macroF1':
      return macroF1Of(given, Math.max(2, classes === 1 ? 4 : classes))(predicted, query, queries);
    case 'exactAccuracy':
      needs(classes === 4, 'P(E) of 4 classes');
      return perRow((i) => Number(probabilities[i * 4] > 0.5 === (given[i] === 0)));
    case 'auc':
      return aucOf(positive())(positiveScore(), query, queries);
    case 'averagePrecision':
      return averagePrecisionOf(positive())(positiveScore(), query, queries);
    case 'logLoss':
      needs(classes > 1, 'class probabilities');
      return meanOf(logLosses(probabilities, classes, given, 0.5 / PROBABILITY_STEPS), query, queries);
    case 'ndcg':
    case 'mrr':
    case 'ndcg10':
      return meanOf(
        perQueryOf(metric, columns),
        Int32Array.from({ length: queries }, (_, q) => q),
        queries,
      );
  }
}

/**
 * Every metric that applies to stored predictions, from the same code that the intervals use: the metrics of `METRIC_NAMES`, and `ece` (15 bins, of
 * the predicted class). Probabilities are stored in 65,535ths, so figures agree with those of the unrounded ones to
 * about 1e-5 where rounding makes no scores equal and no probability is below a step (else nDCG and log loss differ by up to some 1e-3).
 * Graded rows have `ndcg10` alone: a grade is not a label.
 */
export function metricsOf(rows: PredictionRows, labels: 'given' | 'truth' = 'given'): Record<string, number> {
  const columns = decodePredictions(rows, labels);
  const ones = new Float64Array(columns.queries).fill(1);
  const out: Record<string, number> = {};
  if (columns.grades) return { ndcg10: prepareMetric('ndcg10', columns)(ones) };
  for (const name of METRIC_NAMES) {
    if (name === 'ndcg10') continue;
    const applies =
      columns.classes === 4 ||
      (columns.classes === 2
        ? !['exactAccuracy', 'ndcg', 'mrr'].includes(name)
        : ['auc', 'averagePrecision', 'ndcg', 'mrr'].includes(name));
    if (!applies) continue;
    const value = prepareMetric(name, columns)(ones);
    if (!Number.isNaN(value)) out[name] = value;
  }
  if (columns.classes > 1) {
    const { predicted, probabilities, classes, given } = columns;
    const confidence = Float64Array.from(predicted, (p, i) => probabilities[i * classes + p]);
    out.ece = expectedCalibrationError(
      confidence,
      predicted.map((p, i) => Number(p === given[i])),
    );
  }
  return out;
}
