import {
  estimateLatent,
  FILTER_BY,
  findLabelIssues,
  firstFraction,
  healthSummary,
  inspectLabels,
  precisionRecall,
  qualityScores,
} from '../confident';
import { LABELS } from '../data/types';
import type { OutOfFoldRows } from '../experiments/out-of-fold-rows';
import { ensure } from '../runtime/errors';
import type { Figure } from './figures/figure';
import { linesFigure, type Line } from './figures/lines';
import type { Markup } from './markup';
import { tableView } from './table-view';

const K = LABELS.length;
const percent = (x: number): string => (Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : '–');

function flippedOf({ labels, truth }: OutOfFoldRows): Uint8Array {
  ensure(truth, 'precision and recall need rows whose true labels are known: generated data only');
  return Uint8Array.from(labels, (label, i) => Number(label !== truth[i]));
}

/** Precision against recall of flipped labels for each of the seven filters, its issues ranked by normalised margin and taken from the worst on. */
export function filterFigure(found: OutOfFoldRows): Figure | undefined {
  const flipped = flippedOf(found);
  const noise = flipped.reduce((sum, f) => sum + f, 0) / flipped.length;
  const said: string[] = [];
  const lines = FILTER_BY.map((filterBy): Line => {
    const issues = findLabelIssues(found.labels, found.probs, K, { filterBy, returnIndicesRankedBy: 'normalized_margin' });
    const steps = Array.from({ length: 40 }, (_, i) => Math.round(((i + 1) * issues.length) / 40)).filter((n) => n >= 5);
    const points = [...new Set(steps)].map((n): [number, number] => {
      const { precision, recall } = precisionRecall(issues.subarray(0, n), flipped);
      return [recall, precision];
    });
    const last = points.at(-1);
    if (last) said.push(`${filterBy} ends at precision ${last[1].toFixed(2)}, recall ${last[0].toFixed(2)}`);
    return { name: filterBy, points };
  });
  return linesFigure([...lines, { name: 'random', points: [[0, noise], [1, noise]], colour: 7 }], {
    title: 'Finding flipped labels: the seven filters',
    alt: `Precision against recall of flipped labels. ${said.join('; ')}.`,
    x: 'recall',
    y: 'precision',
    xRange: [0, 1],
    yRange: [0, 1],
  }); // prettier-ignore
}

/** Precision and recall of the paper's cut against the share of rows removed, 0 to 12 %. */
export function removalFigure(found: OutOfFoldRows, most = 0.12): Figure | undefined {
  const flipped = flippedOf(found);
  const issues = findLabelIssues(found.labels, found.probs, K, { returnIndicesRankedBy: 'normalized_margin' });
  const at = Array.from({ length: 24 }, (_, i) => ((i + 1) * most) / 24).map((fraction) => ({
    fraction,
    ...precisionRecall(firstFraction(issues, flipped.length, fraction), flipped),
  }));
  const line = (name: string, of: (p: (typeof at)[number]) => number): Line => ({
    name,
    points: at.filter((p) => p.removed > 0).map((p): [number, number] => [100 * p.fraction, of(p)]),
  });
  const paper = precisionRecall(firstFraction(issues, flipped.length, 0.04), flipped);
  return linesFigure(
    [line('precision', (p) => p.precision), line('recall', (p) => p.recall), line('share flipped', (p) => p.chancePrecision)],
    {
      title: 'How many rows to remove',
      alt: `Precision and recall of removed rows against the share removed; at 4 % precision ${paper.precision.toFixed(2)} and recall ${paper.recall.toFixed(2)}.`,
      x: 'rows removed, %',
      y: 'precision, recall',
      yRange: [0, 1],
    },
  );
}

/** The noise matrix P(given | true) that confident learning finds, beside the true one where it is known: a row for each true label. */
export function noiseMatrixView(found: OutOfFoldRows): { html: Markup; text: string } {
  const { confidentJoint, labelCounts } = inspectLabels(found.labels, found.probs, K);
  const { noiseMatrix, py } = estimateLatent(confidentJoint, labelCounts);
  const { truth, labels } = found;
  const rows = LABELS.map((label, t) => {
    const own = truth && Array.from(truth.keys()).filter((i) => truth[i] === t);
    const known = LABELS.map((_, g) => (own ? percent(own.filter((i) => labels[i] === g).length / own.length) : '–'));
    const share = own ? percent(own.length / labels.length) : '–';
    return [label, ...LABELS.map((_, g) => percent(noiseMatrix[g * K + t])), percent(py[t]), ...known, share];
  });
  return tableView(
    ['true label', ...LABELS.map((l) => `found: given ${l}`), 'prior', ...LABELS.map((l) => `truly given ${l}`), 'true share'],
    rows,
  );
}

/** Label health per class: how many given labels look wrong. */
export function healthView(found: OutOfFoldRows): { html: Markup; text: string } {
  const health = healthSummary(found.labels, found.probs, K, { classNames: [...LABELS] });
  return tableView(
    ['given label', 'look wrong', 'share', 'of true rows mislabelled'],
    health.classesByLabelQuality.map((c) => [
      c.className!,
      String(c.labelIssues),
      percent(c.labelNoise),
      percent(c.inverseLabelNoise),
    ]),
  );
}

/** The first rows that the paper's cut would remove, worst first, to read with one's own eyes: query, title, given label, the model's, the true one. */
export function doubtfulRowsView(found: OutOfFoldRows, k = 12): { html: Markup; text: string } {
  const { labels, probs, rows, truth } = found;
  const issues = findLabelIssues(labels, probs, K, { returnIndicesRankedBy: 'normalized_margin' });
  const quality = qualityScores(labels, probs, K, { method: 'normalized_margin' });
  return tableView(
    ['query', 'product', 'given', 'model', 'truth', 'quality'],
    [...issues.subarray(0, k)].map((i) => {
      const p = [...probs.subarray(i * K, (i + 1) * K)];
      const { query, title } = rows[i];
      const best = LABELS[p.indexOf(Math.max(...p))];
      return [query, title.slice(0, 80), LABELS[labels[i]], best, truth ? LABELS[truth[i]] : '?', quality[i].toFixed(3)];
    }),
  );
}
