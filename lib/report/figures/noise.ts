import type { Predictions, RowRuns } from '../../experiments/record';
import { decodePredictions } from '../../metrics/predictions';
import type { Figure } from './figure';
import { linesFigure, type Line } from './lines';

/** Precision and recall of finding flipped labels by looking at the first n rows of an order. */
export interface NoiseCurve {
  /** [recall, precision] for n = 1 … rows, at most 200 of them. */
  points: [number, number][];
  /** Share of rows whose label was flipped: the precision of a random order. */
  noise: number;
  /** Precision and recall when the first 4 % are taken, as the paper does. */
  atPaper: { precision: number; recall: number };
}

/**
 * How well an order of the rows by their probabilities finds the labels that were flipped, over predictions that know the truth.
 * `margin` orders by p(given) − max of the others (normalised margin), `confidence` by p(given), smallest first
 * (Northcutt, Jiang, Chuang 2021; names of cleanlab).
 */
export function noiseCurve(parts: readonly Predictions[], order: 'margin' | 'confidence'): NoiseCurve | undefined {
  const scored = parts.flatMap((predictions) => {
    if (!predictions.truth || predictions.classes < 2) return [];
    const { given, probabilities: p, classes } = decodePredictions(predictions);
    const truth = decodePredictions(predictions, 'truth').given;
    return Array.from(given, (own, i) => {
      let other = 0;
      for (let c = 0; c < classes; c++) if (c !== own) other = Math.max(other, p[i * classes + c]);
      return { score: p[i * classes + own] - (order === 'margin' ? other : 0), wrong: own !== truth[i] };
    });
  });
  const all = scored.filter((s) => s.wrong).length;
  if (!all) return undefined;
  scored.sort((a, b) => a.score - b.score);
  const every = Math.max(1, Math.floor(scored.length / 200));
  const points: [number, number][] = [];
  const paper = Math.max(1, Math.round(0.04 * scored.length));
  const atPaper = { precision: 0, recall: 0 };
  let found = 0;
  scored.forEach(({ wrong }, i) => {
    found += Number(wrong);
    if (i + 1 === paper) Object.assign(atPaper, { precision: found / paper, recall: found / all });
    if ((i + 1) % every === 0) points.push([found / all, found / (i + 1)]);
  });
  return { points, noise: all / scored.length, atPaper };
}

/** Precision against recall of flipped labels found by held-out probabilities, where records know the truth: one line per order, first row with such runs. */
export function noiseFigure(rows: readonly RowRuns[], title: string): Figure | undefined {
  const row = rows.find((r) => r.runs.some((run) => run.predictions?.truth && run.predictions.truth !== run.predictions.given));
  if (!row) return undefined;
  const parts = row.runs.flatMap((r) => (r.predictions ? [r.predictions] : []));
  const lines: Line[] = [];
  const said: string[] = [];
  for (const [order, name] of [
    ['margin', 'normalised margin'],
    ['confidence', 'self-confidence'],
  ] as const) {
    const curve = noiseCurve(parts, order);
    if (!curve) continue;
    lines.push({ name, points: curve.points });
    const { precision, recall } = curve.atPaper;
    said.push(`${name}: first 4 % of rows have precision ${precision.toFixed(2)} and recall ${recall.toFixed(2)}`);
    if (order === 'margin') lines.push({ name: 'random order', points: [[0, curve.noise], [1, curve.noise]], colour: 5 }); // prettier-ignore
  }
  return linesFigure(lines, {
    title: `${title}: finding flipped labels (${row.row.label})`,
    alt: `Precision against recall of flipped labels, held-out rows ordered by ${said.join('; ')}.`,
    x: 'recall',
    y: 'precision',
    xRange: [0, 1],
    yRange: [0, 1],
  });
}
