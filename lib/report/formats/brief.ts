import { escapeMarkdown } from '../escape';
import { majorityLabel } from '../majority';
import { unevenNote } from '../notes';
import { count, figure, signed, spread } from '../numbers';
import { EXACT_AUC, type RenderedTable } from '../rendered';
import {
  aucColumns,
  besideUnit,
  changeCell,
  changeHeading,
  left,
  metricHeading,
  right,
  rowLabel,
  runsCell,
  tableTitle,
  type Grid,
} from './grid';
import { gridMarkdown } from './markdown';
import { noteMarkdown } from './notes';

/**
 * The few columns that a reader of a first page needs: the row, the leading metric (AUC of exact before it, where its changes were measured), changes with intervals,
 * runs. Rows without runs are left out; baselines stand below.
 */
export function briefGrid(table: RenderedTable): Grid {
  const { unit, baselines = [] } = table;
  const auc = aucColumns(table);
  const lead = auc.columns.length > 0;
  const aucUnit = besideUnit(EXACT_AUC, table);
  const shown = table.rows.filter((row) => row.runs > 0);
  const rows: Grid['rows'] = shown.map((row) => ({
    row,
    cells: [
      rowLabel({ ...table, rows: shown }, row),
      ...auc.cells(row),
      spread(row.value, unit),
      changeCell(row.change, unit),
      signed(row.paper?.change, unit),
      runsCell(table, row),
    ],
  }));
  for (const { label, value, beside, runs } of baselines)
    rows.push({
      cells: [
        `${label} (nothing fine-tuned)`,
        ...(lead ? [spread(beside[EXACT_AUC], aucUnit), '–'] : []),
        spread(value, unit),
        '–',
        '–',
        count(runs),
      ],
    });
  if (table.majority && !baselines.length) {
    const { value } = table.majority;
    rows.push({
      cells: [majorityLabel(table.majority), ...(lead ? [figure(0.5, aucUnit), '–'] : []), figure(value, unit), '–', '–', '–'],
    });
  }
  return {
    columns: [
      left('Row'),
      ...auc.columns,
      right(metricHeading(table)),
      right(changeHeading(table)),
      right("Paper's change of it"),
      right('Runs'),
    ],
    rows,
  };
}

/** A table for a first page, as Markdown: title, the few columns, what was run on what, and what a star means. */
export function briefMarkdown(table: RenderedTable): string {
  const [what] = table.notes;
  const title = `**${escapeMarkdown(tableTitle(table))}**`;
  const below = [what, ...unevenNote(table)].map(noteMarkdown).join(' ');
  return [title, '', ...gridMarkdown(briefGrid(table)), below, ''].join('\n');
}
