import type { Predictions, RowRuns } from '../../experiments/record';
import { calibrationCurve, expectedCalibrationError } from '../../metrics/calibration';
import { decodePredictions } from '../../metrics/predictions';
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
  const { given, predicted, probabilities, classes } = decodePredictions(predictions);
  return {
    confidence: Array.from(predicted, (p, i) => probabilities[i * classes + p]),
    right: Array.from(predicted, (p, i) => p === given[i]),
  };
}
