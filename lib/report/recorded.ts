import { assembleTables, type AssembledTable } from '../experiments/assemble';
import { loadRecords } from '../experiments/store';
import { ensure } from '../runtime/errors';
import { fillTables, type FilledTable } from './collect';
import { computedOn } from './computed-on';
import { showFigure, showHtml, showTable } from './display';
import { leadingForest } from './figures';
import { markup } from './markup';
import type { NotebookStart } from './notebook';

/**
 * The table as the records fill it at every scale and on every data set but the notebook's own, the largest scale first. Left out: smoke, which shows nothing but
 * that it runs, and a table that only shares a run with another.
 */
export function recordedElsewhere(table: string, { scale, data }: Pick<NotebookStart, 'scale' | 'data'>): FilledTable[] {
  const own = (filled: FilledTable): boolean =>
    filled.scale === scale.name && filled.data.startsWith('generated') === (data === undefined);
  const compares = ({ table: { rows } }: FilledTable): boolean => rows.some((row) => row.change);
  return fillTables(loadRecords(), { table }).filter((filled) => filled.scale !== 'smoke' && !own(filled) && compares(filled));
}

/** The rows of a table with the runs that have been recorded of them at a scale, on its own generated data or the data named. Throws where there is none. */
export function recordedRows(table: string, scale: string, data = `generated-${scale}`): AssembledTable {
  const [found] = assembleTables(loadRecords(), { table, scale, data });
  ensure(found, `Table ${table}, scale ${scale}, ${data}: expected records, found none`);
  return found;
}

/**
 * Shows in a notebook what has been recorded of a table at other scales, on other data and other devices: runs on a GPU stand beside those on a CPU here. Says
 * so where there is none.
 */
export function showRecorded(table: string, setup: Pick<NotebookStart, 'scale' | 'data'>): void {
  const found = recordedElsewhere(table, setup);
  if (!found.length) {
    const words = `No records of Table ${table} at another scale or on other data.`;
    showHtml(markup`<p>${words}</p>`, words);
  }
  for (const filled of found) {
    const runs = filled.rows.flatMap((row) => row.runs);
    const heading = `Scale ${filled.scale}, on ${filled.data}, computed on ${computedOn(runs)}`;
    showHtml(markup`<h3>${heading}</h3>`, heading);
    showTable(filled.table, { latex: false });
    const figure = leadingForest(filled.table);
    if (figure) showFigure(figure);
  }
}
