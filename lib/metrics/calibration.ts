import { ensure } from '../runtime/errors';

/**
 * Mean negative log probability of the given class, probabilities [N, K] clipped to [clip, 1]: −(1/N) Σ ln p_given, in nats.
 * Reference: scikit-learn `log_loss` (clip = float64's epsilon), for rows that sum to 1.
 */
export function logLoss(
  probabilities: ArrayLike<number>,
  classes: number,
  given: ArrayLike<number>,
  clip = Number.EPSILON,
): number {
  const losses = logLosses(probabilities, classes, given, clip);
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** The log loss of each row: what a paired interval resamples. */
export function logLosses(
  probabilities: ArrayLike<number>,
  classes: number,
  given: ArrayLike<number>,
  clip = Number.EPSILON,
): Float64Array {
  const rows = given.length;
  ensure(rows > 0, 'log loss needs at least one row, got none');
  ensure(
    probabilities.length === rows * classes,
    `probabilities must be [${rows}, ${classes}], got ${probabilities.length} numbers`,
  );
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    ensure(given[i] >= 0 && given[i] < classes, `class of row ${i} must be within 0 … ${classes - 1}, got ${given[i]}`);
    out[i] = -Math.log(Math.min(1, Math.max(clip, probabilities[i * classes + given[i]])));
  }
  return out;
}

export interface CalibrationBin {
  low: number;
  high: number;
  count: number;
  /** Mean confidence and share of rows that were right within the bin; NaN in an empty bin. */
  confidence: number;
  accuracy: number;
}

/**
 * The calibration curve of confidences against outcomes (1 right, 0 wrong) in equal-width bins (low, high].
 * For a classifier: confidence = largest probability, outcome = predicted equals given; for one class: P(class) and whether it is that class.
 */
export function calibrationCurve(
  confidence: ArrayLike<number>,
  outcome: ArrayLike<number | boolean>,
  bins = 15,
): CalibrationBin[] {
  const count = new Float64Array(bins);
  const sum = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let i = 0; i < confidence.length; i++) {
    const p = confidence[i];
    ensure(p >= 0 && p <= 1, `confidence of row ${i} must be between 0 and 1, got ${p}`);
    const bin = Math.max(0, Math.ceil(p * bins) - 1);
    count[bin]++;
    sum[bin] += p;
    if (outcome[i]) right[bin]++;
  }
  return Array.from(count, (n, b) => ({
    low: b / bins,
    high: (b + 1) / bins,
    count: n,
    confidence: sum[b] / n,
    accuracy: right[b] / n,
  }));
}

/** Expected calibration error Σ_b (n_b / N) |accuracy_b − confidence_b| (Guo et al. 2017, eq. 3; 15 bins there). */
export function expectedCalibrationError(confidence: ArrayLike<number>, outcome: ArrayLike<number | boolean>, bins = 15): number {
  ensure(confidence.length > 0, 'calibration error needs at least one row, got none');
  let error = 0;
  for (const bin of calibrationCurve(confidence, outcome, bins)) {
    if (bin.count > 0) error += (bin.count / confidence.length) * Math.abs(bin.accuracy - bin.confidence);
  }
  return error;
}
