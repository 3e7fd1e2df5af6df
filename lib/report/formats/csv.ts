import { escapeCsv } from '../escape';
import type { RenderedTable } from '../rendered';

const HEADER = [
  'table', 'scales', 'data', 'row', 'label', 'against', 'metric', 'mean', 'sd', 'runs', 'seeds', 'folds', 'change', 'low', 'high', 'level',
  'detectable', 'paper', 'paper_change', 'paper_source', 'verdict', 'reason', 'step_milliseconds', 'relative_step_time', 'records',
]; // prettier-ignore

/**
 * Tables for a spreadsheet or a data frame: one line per row and metric, numbers in the metric's own units (fractions, not ×100) with all
 * their digits. A field that a spreadsheet would take for a formula is defused (`escapeCsv`).
 */
export function tablesCsv(tables: readonly RenderedTable[]): string {
  const lines: (string | number | undefined)[][] = [HEADER];
  for (const table of tables) {
    const data = table.data.map((d) => d.name).join(' ');
    const scales = table.scales.join(' ');
    for (const row of table.rows) {
      const start = [table.id, scales, data, row.id, row.label, row.against];
      const runs = [row.runs, row.seeds, row.folds];
      const { change, paper, verdict, cost } = row;
      lines.push([
        ...start, row.metric ?? table.metric, row.value?.mean, row.value?.sd, ...runs, change?.value, change?.interval?.low, change?.interval?.high,
        change?.interval?.level, change?.detectable, paper?.value, paper?.change, paper?.source, verdict.words, verdict.reason,
        cost?.stepMilliseconds, cost?.relative, row.records.join(' '),
      ]); // prettier-ignore
      for (const [name, value] of Object.entries(row.beside)) {
        const own = row.besideChanges?.[name];
        const { low, high, level } = own?.interval ?? {};
        const rest = HEADER.slice(17).map(() => undefined);
        lines.push([
          ...start,
          name,
          value.mean,
          value.sd,
          value.n,
          row.seeds,
          row.folds,
          own?.value,
          low,
          high,
          level,
          own?.detectable,
          ...rest,
        ]);
      }
    }
  }
  return lines.map((cells) => cells.map(escapeCsv).join(',') + '\r\n').join('');
}
