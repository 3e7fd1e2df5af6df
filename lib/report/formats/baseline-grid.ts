import { spread } from '../numbers';
import type { RenderedTable } from '../rendered';
import { besideHeading, besideUnit, changeCell, left, metricHeading, right, sureCells, type Grid } from './grid';

/** The baselines of a table, and what each row of task 2 adds to the best of them; none where no baseline was run. */
export function baselineGrids(table: RenderedTable): Grid[] {
  const { baselines = [], overBaseline: over } = table;
  if (!baselines.length) return [];
  const beside = table.beside.filter((name) => !name.startsWith('recall') && baselines.some((b) => b.beside[name]));
  const figures: Grid = {
    columns: [
      left('Baseline, nothing fine-tuned'),
      right(metricHeading({ ...table, metric: 'microF1' })),
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
  return [
    figures,
    {
      columns: [
        left(`Change over ${over.label} (the best by AUC) [95 %]`),
        ...over.metrics.map((name) => right(besideHeading(name, table))),
      ],
      rows: Object.entries(over.changes).map(([label, changes]) => ({
        cells: [label, ...over.metrics.map((name) => changeCell(changes[name], besideUnit(name, table)))],
        sure: sureCells(table, over.metrics, changes),
      })),
    },
  ];
}
