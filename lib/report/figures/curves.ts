import type { RowRuns } from '../../experiments/record';
import { mean } from '../change';
import { metricTitle } from '../formats/grid';
import type { Figure } from './figure';
import { linesFigure } from './lines';

/** Names of the curves that these rows recorded, losses first. */
export function curveNames(rows: readonly RowRuns[]): string[] {
  const names = new Set(
    rows.flatMap((r) => r.runs.flatMap((run) => Object.keys(run.curves).filter((n) => run.curves[n].length > 1))),
  );
  const rank = (name: string): number => (name === 'loss' ? 0 : /loss/i.test(name) ? 1 : 2);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/**
 * One recorded curve, a line per row: the mean over the row's runs at the steps that all of them recorded, in `windows` steps at most. Rows whose lines are the same
 * (of pre-training, where they start from one encoder) are drawn as one.
 */
export function curveFigure(rows: readonly RowRuns[], name: string, title: string, windows = 120): Figure | undefined {
  const lines = merged(
    rows.flatMap(({ row, runs }) => {
      const curves = runs.map((r) => r.curves[name]).filter((c) => c && c.length > 1);
      return curves.length ? [{ name: row.label, points: thinned(averaged(curves), windows) }] : [];
    }),
  );
  const ends = lines.map((l) => `${l.name} ends at ${l.points[l.points.length - 1][1].toPrecision(4)}`);
  // Curves of the encoder's own pre-training are recorded as `pretrain.NAME`.
  const [, before, own] = /^(pretrain\.)?(.*)$/.exec(name)!;
  const y = metricTitle(own);
  const when = before ? 'pre-training' : 'training';
  return linesFigure(lines, {
    title: `${title}: ${y} during ${when}`,
    alt: `${y} against ${when} steps, mean over runs. ${ends.join('; ')}.`,
    x: 'step',
    y,
  });
}

interface Curve {
  name: string;
  points: [number, number][];
}

/** Lines that lie on one another as one, which names all of them where others are drawn beside it. */
function merged(lines: readonly Curve[]): Curve[] {
  const groups = new Map<string, Curve[]>();
  for (const curve of lines) {
    const key = JSON.stringify(curve.points);
    groups.set(key, [...(groups.get(key) ?? []), curve]);
  }
  return [...groups.values()].map((own) => {
    const name =
      groups.size === 1 && own.length > 1 ? `the same for all ${own.length} rows` : own.map((one) => one.name).join(' = ');
    return { ...own[0], name };
  });
}

function averaged(curves: readonly (readonly [number, number][])[]): [number, number][] {
  const values = new Map<number, number[]>();
  for (const curve of curves) for (const [step, value] of curve) values.set(step, [...(values.get(step) ?? []), value]);
  return [...values]
    .filter(([, v]) => v.length === curves.length)
    .sort((a, b) => a[0] - b[0])
    .map(([step, v]) => [step, mean(v)]);
}

/** At most `windows` points: each the mean of equally many neighbours. */
function thinned(points: readonly [number, number][], windows: number): [number, number][] {
  if (points.length <= windows) return [...points];
  return Array.from({ length: windows }, (_, w) => {
    const part = points.slice(Math.floor((w * points.length) / windows), Math.floor(((w + 1) * points.length) / windows));
    return [mean(part.map((p) => p[0])), mean(part.map((p) => p[1]))];
  });
}
