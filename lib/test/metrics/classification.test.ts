import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { auc, averagePrecision } from '../../metrics/auc';
import { calibrationCurve, expectedCalibrationError, logLoss } from '../../metrics/calibration';
import { argmaxRows, exactAccuracy, f1Scores } from '../../metrics/f1';
import { sharedFile } from './shared';
import reference from './reference.json';

const close = (got: number, want: number, message: string, tolerance = 1e-12): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${message}: got ${got}, expected ${want}`);

test('F1, worked: classes that occur count in the macro mean, an absent one does not', () => {
  // given E E E S, predicted E S E S: tp E 2 fn 1, S tp 1 fp 1; F1 E = 4/5, S = 2/3
  const got = f1Scores([0, 0, 0, 1], [0, 1, 0, 1], 4);
  close(got.micro, 3 / 4, 'micro');
  close(got.macro, (4 / 5 + 2 / 3) / 2, 'macro');
  close(got.weighted, (3 * (4 / 5) + 2 / 3) / 4, 'weighted');
  assert.deepEqual(got.confusion[0], [2, 1, 0, 0]);
  close(got.perClass[0].recall, 2 / 3, 'recall of E');
  close(got.perClass[1].precision, 1 / 2, 'precision of S');
});

test('scikit-learn: F1, confusion matrix and log loss with a class that never occurs', () => {
  const { given, probabilities, ...want } = reference.classes;
  const got = f1Scores(given, argmaxRows(probabilities, 4), 4);
  close(got.micro, want.micro, 'micro');
  close(got.macro, want.macro, 'macro');
  close(got.weighted, want.weighted, 'weighted');
  assert.deepEqual(got.confusion, want.confusion);
  close(logLoss(probabilities, 4, given), want.log_loss, 'log loss');
});

test('scikit-learn: AUC and average precision over 211 rows with many ties', () => {
  const { positive, scores, auc: area, ap } = reference.binary;
  close(auc(scores, positive), area, 'AUC');
  close(averagePrecision(scores, positive), ap, 'AP');
});

test('AUC, worked: slow loop over pairs; −0 ties with 0; one-sided labels have none', () => {
  const scores = [0.3, -0, 0, 0.3, 0.7];
  const positive = [1, 1, 0, 0, 1];
  let sum = 0;
  scores.forEach((s, i) =>
    scores.forEach((t, j) => (sum += positive[i] && !positive[j] ? Number(s > t) + 0.5 * Number(s === t) : 0)),
  );
  close(auc(scores, positive), sum / 6, 'pairs');
  assert.ok(Number.isNaN(auc([1, 2], [1, 1])));
});

test('calibration, worked: two bins, one right of three at .9 and both right at .4', () => {
  // |1/3 − .9| · 3/5 + |1 − .4| · 2/5 = .34 + .24
  const confidence = [0.9, 0.9, 0.9, 0.4, 0.4];
  const right = [1, 0, 0, 1, 1];
  close(expectedCalibrationError(confidence, right, 2), 0.58, 'ECE');
  assert.deepEqual(
    calibrationCurve(confidence, right, 2).map((b) => b.count),
    [2, 3],
  );
  assert.throws(() => calibrationCurve([1.2], [1]), /confidence of row 0 must be between 0 and 1/);
});

test('exact or not: P(E) > ½ against label E', () => close(exactAccuracy([0.6, 0.5, 0.9, 0.1], [0, 0, 2, 3]), 0.5, 'accuracy'));

test('errors: a class out of range, unequal lengths', () => {
  assert.throws(() => f1Scores([0, 4], [0, 0], 4), /classes of row 1 must be within 0 … 3, got given 4/);
  assert.throws(() => f1Scores([0], [0, 1], 4), /equally long/);
  assert.throws(() => auc([NaN], [1]), /score of row 0/);
});

test('golden classes: scikit-learn F1 on 400 rows', { skip: sharedFile('golden/seed7/metrics.json').skip }, () => {
  const golden = JSON.parse(readFileSync(sharedFile('golden/seed7/metrics.json').path, 'utf8')) as {
    classification: { y_true: number[]; y_pred: number[]; micro_f1: number; macro_f1: number; per_class: number[] };
  };
  const want = golden.classification;
  const got = f1Scores(want.y_true, want.y_pred, 4);
  close(got.micro, want.micro_f1, 'micro');
  close(got.macro, want.macro_f1, 'macro');
  want.per_class.forEach((f1, c) => close(got.perClass[c].f1, f1, `class ${c}`));
});
