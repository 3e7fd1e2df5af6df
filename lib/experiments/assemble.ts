import { canonicalJson } from '../runtime/hash';
import type { DataSource, Scale } from './config';
import type { RowRuns, RunRecord } from './record';
import { rowConfig, tableIdsOf, tableNamed, type FinetuneTable } from './tables';
import { baseFor } from './plan';
import { scales } from './scales';

/** A table with the runs that belong to its rows: one scale, one data set. */
export interface AssembledTable {
  table: FinetuneTable;
  scale: Scale;
  /** The data set's name. */
  data: string;
  rows: RowRuns[];
}

/**
 * The tables that the records fill, by scale and data set: a record belongs to a row where its whole configuration is the row's. So a run made
 * with other settings cannot slip into a table, and one run may stand in several.
 */
export function assembleTables(
  records: readonly RunRecord[],
  wanted: { table?: string; scale?: string; data?: string } = {},
): AssembledTable[] {
  const found: AssembledTable[] = [];
  const finetuned = distinctData(records).filter(({ experiment: { kind } }) =>
    ['finetune', 'ensemble', 'graded', 'ranking'].includes(kind),
  );
  for (const scale of Object.values(scales)) {
    if (wanted.scale !== undefined && wanted.scale !== scale.name) continue;
    const own = finetuned.filter((r) => r.experiment.scale === scale.name);
    for (const data of [...new Set(own.map((r) => r.data.name))].sort()) {
      if (wanted.data !== undefined && wanted.data !== data && !data.startsWith(`${wanted.data}@`)) continue;
      const byConfig = group(own.filter((r) => r.data.name === data));
      for (const id of tableIdsOf(scale, wanted.table)) {
        const assembled = assemble(tableNamed(id, scale), scale, data, byConfig);
        if (assembled.rows.some((row) => row.runs.length)) found.push(assembled);
      }
    }
  }
  return found;
}

/**
 * The records with data told apart that share a name (two files of one name, or a file that changed): `name@` and the first digits of the SHA-256. Generated data
 * are drawn anew for each seed, so theirs differ under one name. The records themselves where no name is shared.
 */
export function distinctData(records: readonly RunRecord[]): readonly RunRecord[] {
  const hashes = new Map<string, Set<string>>();
  // Graded lists and engagement logs are made of parts of a folder, with hashes of their own.
  const place = ({ data, experiment: { scale, kind } }: RunRecord): string =>
    [scale, kind === 'graded' || kind === 'ranking' ? kind : '', data.name].join(' ');
  for (const record of records) hashes.set(place(record), (hashes.get(place(record)) ?? new Set()).add(record.data.sha256));
  const shared = (record: RunRecord): boolean => !record.data.name.startsWith('generated') && hashes.get(place(record))!.size > 1;
  if (!records.some(shared)) return records;
  return records.map((record) => {
    const { data } = record;
    return shared(record) ? { ...record, data: { ...data, name: `${data.name}@${data.sha256.slice(0, 8)}` } } : record;
  });
}

function group(records: readonly RunRecord[]): Map<string, RunRecord[]> {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    const { kind, config } = record.experiment;
    const key = canonicalJson({ kind, config });
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return groups;
}

function assemble(table: FinetuneTable, scale: Scale, data: string, byConfig: ReadonlyMap<string, RunRecord[]>): AssembledTable {
  const source: DataSource = data.startsWith('generated') ? scale.data : { path: data };
  const base = baseFor(table, scale, source);
  const rows = table.rows.map((row): RowRuns => {
    const runs = [...(byConfig.get(canonicalJson(rowConfig(table, row, base))) ?? [])].sort(
      (a, b) => a.experiment.seed - b.experiment.seed || a.experiment.fold - b.experiment.fold,
    );
    return { row, runs };
  });
  return { table, scale, data, rows };
}
