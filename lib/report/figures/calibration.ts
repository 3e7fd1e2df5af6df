import { LABELS } from '../../data/types';
import type { Predictions, RowRuns } from '../../experiments/record';
import { calibrationCurve, expectedCalibrationError } from '../../metrics/calibration';
import { decodeLabels, decodeProbabilities } from '../decode';
import type { Figure } from './figure';
import { linesFigure } from './lines';

/**
 * Reliability: how often the most probable class was right, against how probable it was said to be, over all runs of each row; bins of
 * equal width with 20 rows at least. The legend holds the expected calibration error.
 */
export function calibrationFigure(rows: readonly RowRuns[], title: string, bins = 15): Figure | undefined {
  const lines = rows.flatMap(({ row, runs }) => {
    const parts = runs.flatMap((r) => (r.predictions && r.predictions.classes > 1 ? [confidences(r.predictions)] : []));
    if (!parts.length) return [];
    const confidence = parts.flatMap((p) => p.confidence);
    const right = parts.flatMap((p) => p.right);
    const points = calibrationCurve(confidence, right, bins)
      .filter((b) => b.count >= 20)
      .map((b): [number, number] => [b.confidence, b.accuracy]);
    const error = expectedCalibrationError(confidence, right, bins);
    return [{ name: `${row.label} (ECE ${error.toFixed(3)})`, points, markers: true }];
  });
  return linesFigure(lines, {
    title: `${title}: calibration`,
    alt: `Share of right answers against the probability given to them; the diagonal is perfect. ${lines.map((l) => l.name).join('; ')}.`,
    x: 'probability of the predicted class',
    y: 'share right',
    xRange: [0, 1],
    yRange: [0, 1],
    diagonal: true,
  });
}

function confidences(predictions: Predictions): { confidence: number[]; right: boolean[] } {
  const p = decodeProbabilities(predictions);
  const { classes } = predictions;
  const given = decodeLabels(predictions.given);
  const predicted = decodeLabels(predictions.predicted);
  const confidence: number[] = [];
  const right: boolean[] = [];
  for (let i = 0; i < given.length; i++) {
    confidence.push(Math.max(...p.subarray(i * classes, (i + 1) * classes)));
    right.push(given[i] === predicted[i]);
  }
  return { confidence, right };
}

/** The class names that a record's probabilities stand for, by column. */
export function classColumns(classes: number): readonly string[] {
  return classes === LABELS.length ? LABELS : ['E', 'S'].slice(0, classes);
}
