import { assembleTables, distinctData } from '../experiments/assemble';
import type { RowRuns, RunRecord } from '../experiments/record';
import type { RenderedTable } from './rendered';
import { SCALES } from '../experiments/config';
import { withBaselines } from './baselines';
import { summarise } from './summarise';

/** Which tables are wanted; all that have runs where nothing is named. */
export interface Wanted {
  table?: string;
  scale?: string;
  data?: string;
}

/** A table filled from records, with the runs behind it and what it is called for: its scale and data set. */
export interface FilledTable {
  table: RenderedTable;
  rows: readonly RowRuns[];
  scale: string;
  data: string;
}

/** Generated data as `--noise` names them. */
const OTHER_NOISE = /^generated-.*-noiseRate-/;

/** Whether a table is one whose rows are not measured against one another, as Table 2's tasks. */
const compareNothing = ({ rows }: RenderedTable): boolean => rows.every((row) => row.against === undefined);

const severalRan = ({ rows }: RenderedTable): boolean => rows.filter((row) => row.runs > 0).length > 1;

/**
 * Every table that the records fill: the largest scale first, then by data set and table. Data generated with another share of flipped labels, which the
 * removal sweep shows, are left out unless asked for by name. A table of which no two rows can be compared (one run that it
 * shares with another table, say) is left out unless it is asked for by its number.
 */
export function fillTables(given: readonly RunRecord[], wanted: Wanted = {}): FilledTable[] {
  const records = distinctData(given);
  return assembleTables(records, wanted)
    .filter(({ data }) => wanted.data !== undefined || !OTHER_NOISE.test(data))
    .map(({ table, rows, scale, data }) => ({
      table: withBaselines(summarise(table, rows), rows, records),
      rows,
      scale: scale.name,
      data,
    }))
    .filter(
      ({ table }) =>
        wanted.table !== undefined || table.rows.some((r) => r.change) || (compareNothing(table) && severalRan(table)),
    )
    .sort((a, b) => SCALES.indexOf(b.scale) - SCALES.indexOf(a.scale));
}
