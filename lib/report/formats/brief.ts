import { escapeMarkdown } from '../escape';
import type { Change } from '../change';
import { count, figure, range, signed, spread } from '../numbers';
import type { RenderedTable } from '../rendered';
import { besideUnit, metricHeading, metricTitle, rowLabel, tableTitle, type Column, type Grid } from './grid';
import { gridMarkdown } from './markdown';
import { noteMarkdown } from './notes';

const right = (title: string): Column => ({ title, align: 'right' });

/** A metric that leads where the leading one cannot tell models from the majority. */
const LEADS = 'exactAuc';

/**
 * The few columns that a reader of a first page needs: the row, the leading metric (AUC of exact before it, where its changes were measured), changes with intervals,
 * runs. Rows without runs are left out; baselines stand below.
 */
export function briefGrid(table: RenderedTable): Grid {
  const { unit, baselines = [] } = table;
  const auc = table.rows.some((row) => row.besideChanges?.[LEADS]);
  const aucUnit = besideUnit(LEADS, table);
  const aucHeading = metricTitle(LEADS) + (aucUnit === 'percent' ? ' ×100' : '');
  const moved = (change: Change | undefined, of: RenderedTable['unit']): string =>
    change ? `${signed(change.value, of)}${change.interval ? ` ${range(change.interval, of)}` : ''}` : '–';
  const shown = table.rows.filter((row) => row.runs > 0);
  const rows: Grid['rows'] = shown.map((row) => ({
    row,
    cells: [
      rowLabel({ ...table, rows: shown }, row),
      ...(auc ? [spread(row.beside[LEADS], aucUnit), moved(row.besideChanges?.[LEADS], aucUnit)] : []),
      spread(row.value, unit),
      moved(row.change, unit),
      signed(row.paper?.change, unit),
      count(row.runs),
    ],
  }));
  for (const { label, value, beside, runs } of baselines)
    rows.push({
      cells: [
        `${label} (nothing fine-tuned)`,
        ...(auc ? [spread(beside[LEADS], aucUnit), '–'] : []),
        spread(value, unit),
        '–',
        '–',
        count(runs),
      ],
    });
  if (table.majority && !baselines.length) {
    const { label, value } = table.majority;
    rows.push({ cells: [`Always ${label}`, ...(auc ? [figure(0.5, aucUnit), '–'] : []), figure(value, unit), '–', '–', '–'] });
  }
  return {
    columns: [
      { title: 'Row', align: 'left' },
      ...(auc ? [right(aucHeading), right('Its change [95 %]')] : []),
      right(metricHeading(table)),
      right('Its change [95 %]'),
      right("Paper's change of it"),
      right('Runs'),
    ],
    rows,
  };
}

/** A table for a first page, as Markdown: title, the few columns, and what was run on what. */
export function briefMarkdown(table: RenderedTable): string {
  const [what] = table.notes;
  const title = `**${escapeMarkdown(tableTitle(table))}**`;
  return [title, '', ...gridMarkdown(briefGrid(table)), noteMarkdown(what), ''].join('\n');
}
