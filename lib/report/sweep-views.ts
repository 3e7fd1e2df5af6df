import type { FinetuneConfig } from '../experiments/config';
import type { RunRecord } from '../experiments/record';
import { configHash } from '../runtime/hash';
import { mean, pairedChange, type Change } from './change';
import type { Figure } from './figures/figure';
import { changeCell, type Grid } from './formats/grid';
import { linesFigure, type Line } from './figures/lines';
import type { Markup } from './markup';
import { plain } from './numbers';
import { tableView } from './table-view';

/** One place of the sweep: so much noise, such a part of the rows removed, models trained on the rest. */
export interface SweepPoint {
  scale: string;
  /** Share of training labels that are flipped, as counted. */
  noise: number;
  /** Share of training rows removed. */
  removed: number;
  /** `prune`: the paper's cut; `oracle`: exactly the flipped rows. */
  method: 'prune' | 'oracle';
  /** Of the removed rows, the share that is flipped; of the flipped rows, the share that is removed. */
  precision: number;
  recall: number;
  /** Change of micro-F1 against all rows, on the labels as given and on the true ones. */
  given?: Change;
  truth?: Change;
  runs: number;
}

/**
 * Everything the records hold of removal by confident learning in task 2 on data whose noise is known, by scale, noise and share removed: each with the
 * change against the same configuration trained on all rows. Noise that came by `--noise` and fractions that came by `--set` or as rows are all found.
 */
export function sweepPoints(records: readonly RunRecord[]): SweepPoint[] {
  const plain = new Map<string, RunRecord[]>();
  const cleaned = new Map<string, { runs: RunRecord[]; base: string; method: 'prune' | 'oracle' }>();
  for (const run of records) {
    const { kind, config, scale } = run.experiment;
    const { clean, ...rest } = config as unknown as FinetuneConfig;
    if (kind !== 'finetune' || rest.task !== 2) continue;
    const base = configHash({ rest, scale, data: run.data.name });
    if (!clean) plain.set(base, [...(plain.get(base) ?? []), run]);
    else if ((clean.method === 'prune' || clean.method === 'oracle') && run.metrics.flippedShare !== undefined) {
      const name = configHash({ base, clean });
      const found = cleaned.get(name) ?? { runs: [], base, method: clean.method };
      cleaned.set(name, { ...found, runs: [...found.runs, run] });
    }
  }
  const points = [...cleaned.values()].map(({ runs, base, method }): SweepPoint => {
    const against = plain.get(base) ?? [];
    const over = (name: string): number => mean(runs.map((run) => run.metrics[name] ?? NaN));
    return {
      scale: runs[0].experiment.scale,
      noise: over('flippedShare'),
      removed: over('removedShare'),
      method,
      precision: over('precisionOfRemoved'),
      recall: over('recallOfRemoved'),
      given: pairedChange('microF1', runs, against),
      truth: pairedChange('trueMicroF1', runs, against),
      runs: runs.length,
    };
  });
  const rate = (p: SweepPoint): number => Math.round(100 * p.noise);
  const last = (p: SweepPoint): number => Number(p.method === 'oracle');
  return points.sort((a, b) => a.scale.localeCompare(b.scale) || rate(a) - rate(b) || last(a) - last(b) || a.removed - b.removed);
}

const percent = (x: number): string => (Number.isFinite(x) ? `${plain(100 * x, 1)} %` : '–');
/** Noise rates that differ by the draw of a few rows stand on one line. */
const noiseOf = ({ noise }: SweepPoint): string => `${Math.round(100 * noise)} % noise`;

/** The sweep as cells: where removal starts to help, and where it hurts. */
export function sweepGrid(points: readonly SweepPoint[]): Grid {
  const right = [
    'labels flipped',
    'rows removed',
    'precision',
    'recall',
    'micro-F1 ×100, change [95 %]',
    'on true labels',
    'runs',
  ];
  const titles = ['scale', 'labels flipped', 'rows removed', 'by', ...right.slice(2)];
  return {
    columns: titles.map((title) => ({ title, align: right.includes(title) ? 'right' : 'left' })),
    rows: points.map((p) => ({
      cells: [
        p.scale,
        percent(p.noise),
        percent(p.removed),
        p.method === 'oracle' ? 'the truth' : 'confident learning',
        percent(p.precision),
        percent(p.recall),
        changeCell(p.given, 'percent'),
        changeCell(p.truth, 'percent'),
        String(p.runs),
      ],
    })),
  };
}

/** The sweep as a table for a notebook. */
export function sweepView(points: readonly SweepPoint[]): { html: Markup; text: string } {
  const { columns, rows } = sweepGrid(points);
  return tableView(
    columns.map(({ title }) => title),
    rows.map(({ cells }) => cells),
  );
}

/** How far the points of one noise rate stand beside those of the next where both have intervals, in % of rows removed: else the bars would hide one another. */
const BESIDE = 0.15;

/** Precision and recall of the removed rows against the share removed, and the change of micro-F1 with its interval: a line for each noise rate; what has no records is not drawn. The title names the scale. */
export function sweepFigures(points: readonly SweepPoint[]): Figure[] {
  const cuts = points.filter((p) => p.method === 'prune');
  const rates = [...new Set(cuts.map(noiseOf))];
  const where = `Removal sweep, scale ${[...new Set(points.map((p) => p.scale))].join(', ')}`;
  const at = (rate: string): SweepPoint[] => cuts.filter((p) => noiseOf(p) === rate);
  const shares = (value: (p: SweepPoint) => number): Line[] =>
    rates.map((rate) => ({
      name: rate,
      markers: true,
      points: at(rate).flatMap((p): [number, number][] => (Number.isFinite(value(p)) ? [[100 * p.removed, value(p)]] : [])),
    }));
  const changes = (change: (p: SweepPoint) => Change | undefined): Line[] =>
    rates.map((rate, i) => {
      const found = at(rate).flatMap((p) => (change(p) ? [{ removed: p.removed, change: change(p)! }] : []));
      const aside = BESIDE * (i - (rates.length - 1) / 2);
      return {
        name: rate,
        markers: true,
        points: found.map((one) => [100 * one.removed + aside, 100 * one.change.value]),
        intervals: found.map(({ change: { interval } }) => interval && { low: 100 * interval.low, high: 100 * interval.high }),
      };
    });
  const draw = (title: string, y: string, drawn: Line[], yRange?: readonly [number, number]): Figure | undefined => {
    const said = drawn.map(
      ({ name, points: own }) => `${name}: ${own.map(([x, v]) => `${x.toFixed(0)} % ${v.toFixed(2)}`).join(', ')}`,
    );
    return linesFigure(drawn, {
      title: `${where}: ${title}`,
      alt: `${said.join('; ')}.`,
      x: 'rows removed, %',
      y,
      ...(yRange ? { yRange } : {}),
    });
  };
  const y = 'micro-F1 ×100, change with 95 % interval';
  return [
    draw('precision of the removed rows', 'precision', shares((p) => p.precision), [0, 1]), // prettier-ignore
    draw('recall of the flipped rows', 'recall', shares((p) => p.recall), [0, 1]), // prettier-ignore
    draw('change of micro-F1', y, changes((p) => p.given)), // prettier-ignore
    draw('change on true labels', y, changes((p) => p.truth)), // prettier-ignore
  ].filter((figure) => figure !== undefined);
}
