import type { RowRuns } from '../experiments/record';
import { SIGNALS } from '../ranking/types';
import { mean } from './change';
import type { Figure } from './figures/figure';
import { linesFigure, type Line } from './figures/lines';
import type { Markup } from './markup';
import { plural, range, signed } from './numbers';
import type { RenderedTable } from './rendered';
import { tableView } from './table-view';

type Point = [number, number];

/** A recorded curve as the mean over the runs that have it, point by point; undefined where none has. Both coordinates are averaged. */
function meanCurve({ runs }: Pick<RowRuns, 'runs'>, name: string): Point[] | undefined {
  const curves = runs.flatMap((run) => (run.curves[name] ? [run.curves[name]] : []));
  if (!curves.length) return undefined;
  const points = Math.min(...curves.map((curve) => curve.length));
  return Array.from({ length: points }, (_, i): Point => [mean(curves.map((c) => c[i][0])), mean(curves.map((c) => c[i][1]))]);
}

const metric = ({ runs }: Pick<RowRuns, 'runs'>, name: string): number | undefined => {
  const values = runs.flatMap((run) => (run.metrics[name] === undefined ? [] : [run.metrics[name]]));
  return values.length ? mean(values) : undefined;
};

/** The rows whose runs have a curve of this name; a run that stands in two rows is drawn once. */
const having = (rows: readonly RowRuns[], name: string): RowRuns[] =>
  rows.filter(
    (r, i) =>
      r.runs.some((run) => run.curves[name]) &&
      rows.findIndex((other) => String(other.runs.map((run) => run.id)) === String(r.runs.map((run) => run.id))) === i,
  );

/**
 * Examination by position relative to the top: the simulator's truth, what position towers recovered (the rows named, or the first that has one), what expectation maximisation
 * on clicks recovers, and the click-through rate as it stands. The legend holds the root mean square error over positions.
 */
export function examinationFigure(
  rows: readonly RowRuns[],
  ids?: readonly string[],
  title = 'Product ranking',
): Figure | undefined {
  const towers = having(rows, 'examination.model').filter((r) => !ids || ids.includes(r.row.id));
  const shown = ids ? towers : towers.slice(0, 1);
  const [first] = shown;
  if (!first) return undefined;
  const error = (r: RowRuns, name: string): string => ` (error ${metric(r, name)?.toFixed(3) ?? '–'})`;
  const line = (r: RowRuns, curve: string, name: string): Line => ({ name, points: meanCurve(r, curve) ?? [], markers: true });
  const lines = [
    line(first, 'examination.true', 'true'),
    ...shown.map((r) => line(r, 'examination.model', `position tower of ${r.row.label}${error(r, 'examinationError')}`)),
    line(first, 'examination.em', `expectation maximisation${error(first, 'examinationErrorEm')}`),
    line(first, 'examination.naive', `click rate by position${error(first, 'examinationErrorNaive')}`),
  ];
  return linesFigure(lines, {
    title: `${title}: examination by position`,
    alt: `How often a position is looked at, relative to the top: ${lines.map((l) => l.name).join('; ')}.`,
    x: 'position',
    y: 'examination, relative to the top',
  });
}

/** The cosine between two tasks' gradients on what they share, during the training of one row: below 0 they pull against each other. */
export function conflictFigure(row: RowRuns, title = 'Product ranking'): Figure | undefined {
  const names = [
    ...new Set(row.runs.flatMap((run) => Object.keys(run.curves).filter((name) => name.startsWith('evaluation.conflict.')))),
  ];
  const lines = names.map((name): Line => ({
    name: name.replace('evaluation.conflict.', '').replace('-', ' and '),
    points: meanCurve(row, name) ?? [],
    markers: true,
  }));
  const ends = lines.map(({ name, points }) => `${name} ${points[0]?.[1].toFixed(2)} to ${points.at(-1)?.[1].toFixed(2)}`);
  return linesFigure(lines, {
    title: `${title}: gradient conflict of ${row.row.label}`,
    alt: `Cosine of two tasks' gradients on the shared weights by step: ${ends.join('; ')}.`,
    x: 'step',
    y: 'cosine of the gradients',
  });
}

/** Mean predicted probability of a signal against the share that happened, over tenths of the held-out impressions; the diagonal is perfect. Both logarithmic in base 10. */
export function signalCalibration(
  rows: readonly RowRuns[],
  signal: (typeof SIGNALS)[number],
  title = 'Product ranking',
): Figure | undefined {
  const log = ([p, share]: Point): Point[] => (p > 0 && share > 0 ? [[Math.log10(p), Math.log10(share)]] : []);
  const name = `ece${signal[0].toUpperCase()}${signal.slice(1)}`;
  const lines = having(rows, `calibration.${signal}`).map((r): Line => ({
    name: `${r.row.label} (ECE ${metric(r, name)?.toFixed(4) ?? '–'})`,
    points: (meanCurve(r, `calibration.${signal}`) ?? []).flatMap(log),
    markers: true,
  }));
  const all = lines.flatMap((l) => l.points.flat());
  if (!all.length) return undefined;
  const span: Point = [Math.min(...all) - 0.1, Math.max(...all) + 0.1];
  return linesFigure(lines, {
    title: `${title}: calibration of ${signal}s`,
    alt: `Share of ${signal}s that happened against the predicted probability, tenths of the impressions. ${lines.map((l) => l.name).join('; ')}.`,
    x: `predicted probability of a ${signal}, log₁₀`,
    y: 'share that happened, log₁₀',
    xRange: span,
    yRange: span,
    diagonal: true,
  });
}

/**
 * What each task's gate gives to each expert, mean over held-out pairs: a row of the table and a task a line, of its first seed, since expert 1 of one seed has nothing to
 * do with expert 1 of another. The last column can be compared over seeds: the largest weight, mean over the runs. Experts of the task itself stand first (PLE).
 */
export function gateView(rows: readonly RowRuns[]): { html: Markup; text: string } {
  const lines = having(rows, 'gate.click').flatMap(({ row, runs }) =>
    SIGNALS.flatMap((signal) => {
      const gates = runs.flatMap((run) => (run.curves[`gate.${signal}`] ? [{ seed: run.experiment.seed, gate: run.curves[`gate.${signal}`] }] : [])); // prettier-ignore
      if (!gates.length) return [];
      const [{ gate }] = [...gates].sort((a, b) => a.seed - b.seed);
      const largest = mean(gates.map((own) => Math.max(...own.gate.map(([, weight]) => weight))));
      const label = `${row.label}: ${signal}`;
      return [{ label, weights: gate.map(([, weight]) => weight.toFixed(2)), largest: `${largest.toFixed(2)} (${plural(gates.length, 'run')})` }]; // prettier-ignore
    }),
  );
  const experts = Math.max(1, ...lines.map(({ weights }) => weights.length));
  return tableView(
    ['gate', ...Array.from({ length: experts }, (_, e) => `expert ${e + 1}`), 'largest weight, mean'],
    lines.map(({ label, weights, largest }) => [label, ...weights, ...Array<string>(experts - weights.length).fill(''), largest]),
  );
}

/** The paper's claims, each with our change, its interval and the verdict computed from it. */
export function claimsView(table: RenderedTable): { html: Markup; text: string } {
  const rows = table.rows.filter((row) => row.paper?.claim !== undefined);
  return tableView(
    ['claim of the paper', 'tested as', 'change', 'interval', 'verdict'],
    rows.map((row) => [
      row.paper!.claim!,
      `${row.label.replace(/^Claim: /, '')} (against ${row.against ?? '–'})`,
      row.change ? signed(row.change.value, table.unit) : '–',
      row.change?.interval ? range(row.change.interval, table.unit) : '–',
      row.verdict.words,
    ]),
  );
}

/** The figures of the ranking table: losses of the tasks, examination, conflict and calibration of the rows that are its ladder. */
export function rankingFigures(rows: readonly RowRuns[]): (Figure | undefined)[] {
  const ladder = rows.filter(({ row }) => ['single', 'mmoe', 'esmm', 'aitm', 'uncertainty'].includes(row.id));
  const esmm = rows.find(({ row }) => row.id === 'esmm');
  return [
    examinationFigure(rows, ['esmm', 'pal']),
    esmm && conflictFigure(esmm),
    ...SIGNALS.map((signal) => signalCalibration(ladder, signal)),
  ];
}
