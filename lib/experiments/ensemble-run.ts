import { CONVENTIONS, gainsOf } from '../metrics/conventions';
import { expectedGain, gainEnsemble, meanScores, rankMean } from '../metrics/ensemble';
import { crossFit } from '../metrics/ensemble-weights';
import { ndcg } from '../metrics/ndcg';
import { decodePredictions } from '../metrics/predictions';
import { now } from '../runtime/clock';
import { ensure, oneOf } from '../runtime/errors';
import { configHash } from '../runtime/hash';
import { Key } from '../runtime/key';
import { codeVersion, environment } from '../runtime/provenance';
import type { FinetuneConfig } from './config';
import { experimentOf, type EnsembleExperiment } from './experiment';
import { rankingMetrics } from './metrics';
import { packProbabilities, predictedLetters } from './predictions';
import type { Predictions, RunRecord } from './record';

export const COMBINE = ['gain', 'mean', 'rank', 'cross-validated'] as const;
/**
 * `gain`: E[gain] of the mean classifier + mean regressor (paper §7); `mean`: mean of every member's score; `rank`: mean of ranks within the query;
 * `cross-validated`: weighted mean of scores, each query's weights learnt on the other queries' folds (`crossFit`), so none sees its own judgements.
 */
export type Combine = (typeof COMBINE)[number];

/** An ensemble for task 1: how the scores are combined, and the members' whole configurations. */
export interface EnsembleConfig {
  combine: Combine;
  members: readonly FinetuneConfig[];
}

/**
 * Combines the stored predictions of an ensemble's members (in their order) into a record of its own, measured on the same rows. Scores lie in [0, 1].
 * Metrics: nDCG, nDCG of random order, nDCG of the best and of the mean member, and the mean correlation of two members' ranks within queries.
 * Throws where members predicted different rows.
 */
export function runEnsemble(experiment: EnsembleExperiment, members: readonly RunRecord[]): RunRecord {
  const started = now();
  const { combine } = experiment.config;
  ensure(members.length > 0, 'an ensemble needs at least one member, got none');
  const [first] = members;
  const stored = members.map((member) => {
    ensure(member.predictions, `member ${member.id} of the ensemble holds no predictions`);
    ensure(
      member.predictions.rows === first.predictions!.rows,
      `members of an ensemble must predict the same rows: ${first.id} and ${member.id} do not`,
    );
    return member.predictions;
  });
  const scores = combineScores(stored, combine);
  const { given, truth, query, locale, rows } = stored[0];
  const identity = experimentOf(experiment, first.data);
  const each = members.map((member) => member.metrics.ndcg);
  return {
    schema: 1,
    id: configHash(identity),
    experiment: identity,
    data: first.data,
    code: codeVersion(),
    environment: environment('f32'),
    cost: {
      wallSeconds: Math.round(now() - started) / 1000,
      steps: 0,
      stepMilliseconds: 0,
      tokensPerSecond: 0,
      paddingShare: 0,
      peakMemoryBytes: 0,
    },
    curves: {},
    metrics: {
      ...rankingMetrics(scores, decodePredictions(stored[0]).label, query),
      ndcgBestMember: Math.max(...each),
      ndcgMeanMember: each.reduce((a, b) => a + b, 0) / each.length,
      memberCorrelation: rankCorrelation(stored),
    },
    checks: [
      {
        name: 'ensemble: the members differ',
        ok: new Set(stored.map((p) => p.probabilities)).size === stored.length,
        detail: `${stored.length} members`,
      },
    ],
    predictions: {
      rows,
      given,
      ...(truth === undefined ? {} : { truth }),
      predicted: predictedLetters(1, scores, 1),
      query: [...query],
      locale,
      probabilities: packProbabilities(scores),
      classes: 1,
    },
  };
}

/** What each member ranks by, and the combination: flat scores in [0, 1]. // members [N, 4] or [N, 1] → [N] */
export function combineScores(members: readonly Predictions[], combine: Combine): Float64Array {
  oneOf('combine', combine, COMBINE);
  const columns = members.map((member) => decodePredictions(member));
  for (const { classes } of columns)
    ensure(classes === 4 || classes === 1, `an ensemble takes classifiers of 4 classes and regressors, got ${classes} classes`);
  const of = (classes: number): Float64Array[] => columns.filter((c) => c.classes === classes).map((c) => c.probabilities);
  if (combine === 'gain') return gainEnsemble(of(4), of(1));
  const scores = columns.map(({ classes, probabilities }) => (classes === 1 ? probabilities : expectedGain(probabilities)));
  if (combine === 'cross-validated') return crossValidated(scores, columns[0]);
  return combine === 'mean' ? meanScores(scores) : rankMean(scores, columns[0].query);
}

/** Scores with weights that maximise nDCG (ties averaged) on the queries of the other folds, of five. // members [N] → [N] */
function crossValidated(
  members: readonly Float64Array[],
  { label, query }: { label: Uint8Array; query: Int32Array },
): Float64Array {
  const gains = Float64Array.from(gainsOf(label));
  const rule = { ...CONVENTIONS.spec, ties: 'average' } as const;
  const names = [...new Set(query)];
  const parts = {
    members,
    width: 1,
    query,
    queryIds: names.map(String),
    judged: Int32Array.from(query.keys()),
  };
  const evaluate = (scores: Float64Array, rows: Int32Array): number =>
    ndcg({ gains: Float64Array.from(rows, (row) => gains[row]), scores, query: Int32Array.from(rows, (row) => query[row]) }, rule)
      .value;
  return crossFit(parts, evaluate, { key: Key.from('ensemble') }).combined;
}

/** Mean Pearson correlation, over pairs of members, of the rows' ranks within their queries; NaN-free: 1 for a single member. */
function rankCorrelation(members: readonly Predictions[]): number {
  const ranks = members.map((member) => {
    const { classes, probabilities, query } = decodePredictions(member);
    return rankMean([classes === 1 ? probabilities : expectedGain(probabilities)], query);
  });
  const pairs = ranks.flatMap((a, i) => ranks.slice(i + 1).map((b) => correlation(a, b)));
  return pairs.length ? pairs.reduce((a, b) => a + b, 0) / pairs.length : 1;
}

/** Pearson's correlation of two equally long columns; 0 where one is constant. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((s, v) => s + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa * bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
