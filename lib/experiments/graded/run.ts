import { LABELS } from '../../data/types';
import { gradedNdcg10, metricsOf } from '../../metrics/named';
import { now } from '../../runtime/clock';
import { configHash } from '../../runtime/hash';
import { codeVersion, environment, peakMemoryBytes } from '../../runtime/provenance';
import { experimentOf, type GradedExperiment, type RunHooks } from '../experiment';
import { packProbabilities, rowsHash } from '../predictions';
import type { Predictions, RunRecord } from '../record';
import type { EncoderStart } from '../config';
import { weightsOf } from '../start';
import type { Ranker } from './config';
import { classOfGrade, foldsOf, openGraded, TOP_GRADE, type GradedData } from './data';
import { scoreBy } from './rankers';

/**
 * Ranks a graded data set and measures nDCG@10 over all its queries: every row's score comes from what was fitted without its query's grades. The metrics are those
 * of the scores as the record stores them.
 */
export async function runGraded(
  experiment: GradedExperiment,
  members: readonly RunRecord[],
  hooks: RunHooks = {},
): Promise<RunRecord> {
  const started = now();
  const { config, seed, source } = experiment;
  const data = await openGraded(source.path);
  const folds = foldsOf(data, config.folds);
  hooks.onStage?.('start');
  const { scores, metrics, steps, stepMilliseconds } = await scoreBy(config, data, folds, seed, members, hooks);
  const predictions = gradedPredictions(data, scores);
  const identity = experimentOf(experiment, data);
  const lists = { gains: data.grades, scores: storedScores(predictions), query: data.query };
  const result = gradedNdcg10(lists);
  return {
    schema: 1,
    id: configHash(identity),
    experiment: identity,
    data: {
      name: data.name,
      sha256: data.sha256,
      rows: data.rows.length,
      queries: data.queries,
      labels: { E: 0, S: 0, C: 0, I: 0 },
      grades: Object.fromEntries(Array.from({ length: TOP_GRADE + 1 }, (_, g) => [g, data.grades.filter((x) => x === g).length])),
      train: data.rows.length,
      evaluation: data.rows.length,
    },
    ...(await weightsOf(startOf(config.ranker))),
    code: codeVersion(),
    environment: environment(config.ranker.by === 'cross-encoder' ? config.ranker.model.precision : 'f32'),
    cost: {
      wallSeconds: Math.round(now() - started) / 1000,
      steps,
      stepMilliseconds: Math.round(stepMilliseconds * 1000) / 1000,
      tokensPerSecond: 0,
      paddingShare: 0,
      peakMemoryBytes: peakMemoryBytes(),
    },
    curves: {},
    metrics: {
      ...metricsOf(predictions),
      ndcg10FileOrder: gradedNdcg10(lists, 'first').value,
      scoredQueries: result.scored,
      tiedQueries: result.tied,
      ...metrics,
    },
    checks: [],
    predictions,
  };
}

/** Where a ranker's encoder starts, if it has one of its own. */
function startOf(ranker: Ranker): EncoderStart | undefined {
  if (ranker.by === 'cosine') return ranker.encoder.start;
  return ranker.by === 'cross-encoder' ? ranker.model.start : undefined;
}

/** Scores in [0, 1] as a record keeps them: each row's grade, and one number a row. The letters only fill the record's form. */
export function gradedPredictions(data: Pick<GradedData, 'rows' | 'grades' | 'query'>, scores: Float64Array): Predictions {
  const letter = (grade: number): string => LABELS[classOfGrade(grade)];
  return {
    rows: rowsHash(data.rows),
    given: Array.from(data.grades, letter).join(''),
    predicted: Array.from(scores, (score) => letter(Math.round(TOP_GRADE * score))).join(''),
    query: [...data.query],
    locale: data.rows.map((row) => row.locale[0]).join(''),
    probabilities: packProbabilities(scores),
    classes: 1,
    grades: data.grades.join(''),
  };
}

const storedScores = ({ probabilities }: Predictions): Float64Array => {
  const bytes = Buffer.from(probabilities, 'base64');
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
};
