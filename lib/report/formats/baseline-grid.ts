import { range, signed, spread } from '../numbers';
import type { RenderedTable } from '../rendered';
import { besideUnit, metricHeading, metricTitle, type Column, type Grid } from './grid';

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title, align: 'left' });
const heading = (name: string, table: RenderedTable): string =>
  metricTitle(name) + (besideUnit(name, table) === 'percent' ? ' ×100' : '');

/** The baselines of a table, and what each row adds to the one that all are held against; none where no baseline was run. */
export function baselineGrids(table: RenderedTable): Grid[] {
  const { baselines = [], overBaseline: over } = table;
  if (!baselines.length) return [];
  const beside = table.beside.filter((name) => !name.startsWith('recall') && baselines.some((b) => b.beside[name]));
  const figures: Grid = {
    columns: [
      left('Baseline, nothing fine-tuned'),
      right(metricHeading(table)),
      ...beside.map((name) => right(heading(name, table))),
      right('Folds'),
    ],
    rows: baselines.map(({ label, value, beside: own, runs }) => ({
      cells: [
        label,
        spread(value, table.unit),
        ...beside.map((name) => spread(own[name], besideUnit(name, table))),
        String(runs),
      ],
    })),
  };
  if (!over) return [figures];
  const unit = besideUnit(over.metric, table);
  return [
    figures,
    {
      columns: [left(`Over ${over.label}`), right(`${heading(over.metric, table)}, change`), right('95 %')],
      rows: Object.entries(over.changes).map(([label, { value, interval }]) => ({
        cells: [label, signed(value, unit), range(interval, unit)],
      })),
    },
  ];
}
