import { range, signed, spread } from '../numbers';
import type { RenderedTable } from '../rendered';
import { besideHeading, besideUnit, left, metricHeading, right, type Grid } from './grid';

/** The baselines of a table, and what each row adds to the one that all are held against; none where no baseline was run. */
export function baselineGrids(table: RenderedTable): Grid[] {
  const { baselines = [], overBaseline: over } = table;
  if (!baselines.length) return [];
  const beside = table.beside.filter((name) => !name.startsWith('recall') && baselines.some((b) => b.beside[name]));
  const figures: Grid = {
    columns: [
      left('Baseline, nothing fine-tuned'),
      right(metricHeading(table)),
      ...beside.map((name) => right(besideHeading(name, table))),
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
      columns: [left(`Over ${over.label}`), right(`${besideHeading(over.metric, table)}, change`), right('95 %')],
      rows: Object.entries(over.changes).map(([label, { value, interval }]) => ({
        cells: [label, signed(value, unit), range(interval, unit)],
      })),
    },
  ];
}
