import { LABELS } from '../data/types';
import type { Predictions } from '../experiments/record';
import { ESCI_GAINS } from '../metrics/conventions';

/** Letters of labels (`EESCI…`) as class ids, an index into LABELS each. */
export function decodeLabels(letters: string): Uint8Array {
  return Uint8Array.from(letters, (letter) => LABELS.indexOf(letter as (typeof LABELS)[number]));
}

/** A record's probabilities as numbers in [0, 1], row by row: [rows · classes]. p = value / 65535. */
export function decodeProbabilities(predictions: Predictions): Float64Array {
  const bytes = Buffer.from(predictions.probabilities, 'base64');
  const values = new Float64Array(bytes.length >> 1);
  for (let i = 0; i < values.length; i++) values[i] = bytes.readUInt16LE(2 * i) / 65535;
  return values;
}

/**
 * A score for each row to rank by: the expected gain Σ p_c·gain_c of a classifier over E, S, C, I; the first class's probability where there
 * are fewer classes (a regressor's sigmoid).
 */
export function expectedGains(predictions: Predictions): Float64Array {
  const { classes } = predictions;
  const p = decodeProbabilities(predictions);
  const gains = LABELS.map((label) => ESCI_GAINS[label]);
  return Float64Array.from({ length: p.length / classes }, (_, i) =>
    classes < LABELS.length ? p[i * classes] : gains.reduce((sum, gain, c) => sum + gain * p[i * classes + c], 0),
  );
}
