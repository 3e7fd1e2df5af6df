import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assembleTables } from '../../experiments/assemble';
import type { RunRecord } from '../../experiments/record';
import { committedRuns, loadRecord, loadRecords } from '../../experiments/store';
import { withBaselines } from '../../report/baselines';
import type { FilledTable } from '../../report/collect';
import { summarise } from '../../report/summarise';

/** Every table that the committed records fill, with few bootstrap draws: its shape, labels and columns are the report's, its intervals roughly. */
export function committedTables(): FilledTable[] {
  const records = loadRecords([committedRuns()]);
  return assembleTables(records, {})
    .filter(({ data }) => !data.includes('noiseRate'))
    .map(({ table, rows, scale, data }) => ({
      table: withBaselines(summarise(table, rows, { draws: 40 }), rows, records),
      rows,
      scale: scale.name,
      data,
    }))
    .filter(({ table }) => table.rows.some((row) => row.change));
}

/** The first committed records by name: any will do, and reading all takes seconds. */
export function someRecords(count: number): RunRecord[] {
  const names = readdirSync(committedRuns()).filter((name) => name.endsWith('.json'));
  return names
    .sort()
    .slice(0, count)
    .map((name) => loadRecord(join(committedRuns(), name)));
}
