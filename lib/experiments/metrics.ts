import { LABELS } from '../data/types';
import { auc } from '../metrics/auc';
import { expectedCalibrationError, logLoss } from '../metrics/calibration';
import { CONVENTIONS, gainsOf } from '../metrics/conventions';
import { argmaxRows, exactAccuracy, f1Scores } from '../metrics/f1';
import { ndcg, randomNdcg } from '../metrics/ndcg';

/** Rows as a scorer needs them: class ids in the task, label ids (E, S, C, I), running query numbers. */
export interface Judged {
  classes: ArrayLike<number>;
  labels: ArrayLike<number>;
  /** Label ids before noise; only generated data has them. */
  truth?: ArrayLike<number>;
  query: ArrayLike<number>;
}

/**
 * The metrics of a run by name. Task 1: `ndcg`, `ndcgRandom`; tasks 2 and 3: `microF1`, `macroF1`, `logLoss`, `calibrationError`; task 2 also `exactAuc` and `exactAccuracy`
 * ("E or not"; the AUC where there are rows of both kinds) and recall by class; generated data also `trueMicroF1`, against the labels before noise. `majorityShare` is what always answering the most
 * common class would score.
 */
export function runMetrics(
  task: 1 | 2 | 3,
  probabilities: Float32Array,
  outputs: number,
  { classes, labels, truth, query }: Judged,
): Record<string, number> {
  const rows = labels.length;
  if (task === 1) return rankingMetrics(rankingScores(probabilities, outputs), labels, query);
  const predicted = argmaxRows(probabilities, outputs);
  const f1 = f1Scores(classes, predicted, outputs);
  const counts = new Float64Array(outputs);
  for (let i = 0; i < rows; i++) counts[classes[i]]++;
  const top = Float32Array.from(predicted, (c, i) => probabilities[i * outputs + c]);
  const metrics: Record<string, number> = {
    microF1: f1.micro,
    macroF1: f1.macro,
    logLoss: logLoss(probabilities, outputs, classes),
    calibrationError: expectedCalibrationError(
      top,
      Array.from(predicted, (c, i) => c === classes[i]),
    ),
    majorityShare: Math.max(...counts) / rows,
  };
  if (truth) {
    let right = 0;
    for (let i = 0; i < rows; i++) right += Number(predicted[i] === (task === 3 ? Number(truth[i] === 1) : truth[i]));
    metrics.trueMicroF1 = right / rows;
  }
  if (task === 3) return metrics;
  const exact = Float32Array.from({ length: rows }, (_, i) => probabilities[i * outputs]);
  const isExact = Array.from({ length: rows }, (_, i) => labels[i] === 0);
  // Rows that are all exact, or of which none is, have no order to measure: a record says nothing of it then.
  if (isExact.includes(true) && isExact.includes(false)) metrics.exactAuc = auc(exact, isExact);
  metrics.exactAccuracy = exactAccuracy(exact, labels);
  LABELS.forEach((label, c) => (metrics[`recall${label}`] = f1.perClass[c].recall));
  return metrics;
}

/**
 * Task 1's nDCG with equal scores averaged (rows carry no product ids here, and a file's order may give the labels away), and that of random order on the
 * same lists: with five to twenty products a query it is far above 0.
 */
export function rankingMetrics(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  query: ArrayLike<number>,
): Record<'ndcg' | 'ndcgRandom', number> {
  const lists = { gains: gainsOf(labels), scores, query };
  const rule = { ...CONVENTIONS.spec, ties: 'average' } as const;
  return { ndcg: ndcg(lists, rule).value, ndcgRandom: randomNdcg(lists, rule).value };
}

/** What task 1 ranks by: the expected gain Σ p_c·gain_c of a classifier, a regressor's output as it is. */
export function rankingScores(probabilities: Float32Array, outputs: number): Float64Array {
  const rows = probabilities.length / outputs;
  if (outputs === 1) return Float64Array.from(probabilities);
  const gains = gainsOf([0, 1, 2, 3]);
  return Float64Array.from({ length: rows }, (_, i) =>
    gains.reduce((sum, gain, c) => sum + gain * probabilities[i * outputs + c], 0),
  );
}
