import { LABELS } from '../../data/types';
import { rankMean, meanScores } from '../../metrics/ensemble';
import { groupRows } from '../../metrics/groups';
import { selectWeights } from '../../metrics/ensemble-weights';
import { fitLogistic, predictLogistic } from '../../metrics/logistic';
import { gradedNdcg10 } from '../../metrics/named';
import { baselineFeatures } from '../baselines';
import { classOfGrade, partsOf, TOP_GRADE, type GradedData } from './data';

/** Scores as z-scores within the query: (s − mean)/sd over the query's rows; 0 where all are equal. [N] → [N]. */
export function zScores(scores: ArrayLike<number>, query: ArrayLike<number>): Float64Array {
  const groups = groupRows(query);
  const out = new Float64Array(scores.length);
  for (let q = 0; q < groups.count; q++) {
    const rows = groups.order.subarray(groups.offsets[q], groups.offsets[q + 1]);
    const mean = rows.reduce((sum, i) => sum + scores[i], 0) / rows.length;
    const sd = Math.sqrt(rows.reduce((sum, i) => sum + (scores[i] - mean) ** 2, 0) / rows.length);
    for (const i of rows) out[i] = sd > 0 ? (scores[i] - mean) / sd : 0;
  }
  return out;
}

/** A number line laid into (0, 1), order kept: the logistic function. */
const squash = (scores: Float64Array): Float64Array => scores.map((z) => 1 / (1 + Math.exp(-z)));

/** Members' ranks or z-scores within the query, averaged with equal weights. members [M][N] → [N] in [0, 1]. */
export function meanOfMembers(members: readonly Float64Array[], of: 'ranks' | 'z-scores', query: Int32Array): Float64Array {
  return of === 'ranks' ? rankMean(members, query) : squash(meanScores(members.map((scores) => zScores(scores, query))));
}

/** nDCG@10 over some rows, of scores for those rows; their queries must be whole. */
function over(data: Pick<GradedData, 'grades' | 'query'>): (scores: Float64Array, rows: Int32Array) => number {
  return (scores, rows) =>
    gradedNdcg10({ gains: Array.from(rows, (i) => data.grades[i]), scores, query: Array.from(rows, (i) => data.query[i]) }).value;
}

/**
 * Members' z-scores with weights ≥ 0 that sum to 1, chosen for each fold on the other folds' queries alone (greedy selection by nDCG@10). The members must not have
 * been fitted to any grade. Returns the scores and each fold's weights.
 */
export function weightedMembers(
  data: Pick<GradedData, 'grades' | 'query' | 'queries'>,
  members: readonly Float64Array[],
  folds: Int32Array,
  rounds: number,
): { scores: Float64Array; weights: number[][] } {
  const standard = members.map((scores) => zScores(scores, data.query));
  const queryIds = Array.from({ length: data.queries }, (_, q) => String(q));
  const scores = new Float64Array(folds.length);
  const weights = eachFold(folds, ({ train, test }) => {
    const parts = { members: standard, width: 1, query: data.query, queryIds, judged: train };
    const own = selectWeights(parts, train, over(data), rounds);
    const combined = meanScores(standard, own);
    for (const i of test) scores[i] = combined[i];
    return own;
  });
  return { scores: squash(scores), weights };
}

/**
 * A head over what the members say: for each fold a logistic regression of the four grades on members' scores and z-scores and the lexical features, fitted on the
 * other folds' rows; the score is the expected grade / 3. The members must not have been fitted to any grade.
 */
export function headOverMembers(data: GradedData, members: readonly Float64Array[], folds: Int32Array, c: number): Float64Array {
  const standard = members.map((scores) => zScores(scores, data.query));
  const lexical = baselineFeatures(data.rows, ['overlap', 'jaccard', 'brand', 'length']);
  const width = lexical.length / data.rows.length;
  const features = (rows: Int32Array): Float64Array =>
    Float64Array.from(
      Array.from(rows).flatMap((i) => [
        ...[...members, ...standard].map((column) => column[i]),
        ...lexical.subarray(i * width, (i + 1) * width),
      ]),
    );
  const scores = new Float64Array(folds.length);
  eachFold(folds, ({ train, test }) => {
    const model = fitLogistic(features(train), Int32Array.from(train, (i) => classOfGrade(data.grades[i])), LABELS.length, { c }); // prettier-ignore
    const gains = expectedGrade(predictLogistic(model, features(test)));
    test.forEach((i, k) => (scores[i] = gains[k]));
  });
  return scores;
}

/** Σ_c p_c · grade_c / 3 of class probabilities [N, 4], classes from grade 3 down to 0. */
export function expectedGrade(probabilities: ArrayLike<number>): Float64Array {
  const K = LABELS.length;
  return Float64Array.from({ length: probabilities.length / K }, (_, i) =>
    LABELS.reduce((sum, _label, k) => sum + (probabilities[i * K + k] * classOfGrade(k)) / TOP_GRADE, 0),
  );
}

/** Calls `body` for every fold with its training and test rows. */
export function eachFold<T>(folds: Int32Array, body: (parts: { train: Int32Array; test: Int32Array }, fold: number) => T): T[] {
  const count = folds.reduce((most, fold) => Math.max(most, fold), 0) + 1;
  return Array.from({ length: count }, (_, fold) => body(partsOf(folds, fold), fold));
}
