import { LOWER_IS_BETTER } from '../metrics/named';
import { besideUnit } from './formats/grid';
import { resolution, signed } from './numbers';
import type { RenderedTable } from './rendered';
import { judge } from './verdict';

/**
 * A table as a metric beside its own shows it: the same rows with that metric's values and changes, judged by them. The paper's figures are left out, for they
 * are of the table's own metric. Undefined where no row has a change of that metric.
 */
export function besideView(table: RenderedTable, metric: string): RenderedTable | undefined {
  if (!table.rows.some((row) => row.besideChanges?.[metric])) return undefined;
  const unit = besideUnit(metric, table);
  const higherIsBetter = !LOWER_IS_BETTER.includes(metric);
  const print = (value: number): string => signed(value, unit);
  const rows = table.rows.map(({ paper: _, metric: _own, besideChanges, ...row }) => {
    const change = besideChanges?.[metric];
    const judged = {
      run: row.runs > 0,
      compared: row.against !== undefined,
      higherIsBetter,
      resolution: resolution(unit),
      print,
    };
    return { ...row, value: row.beside[metric], change, verdict: judge({ ...judged, change }) };
  });
  return { ...table, metric, unit, higherIsBetter, majority: undefined, rows };
}
