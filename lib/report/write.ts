import { join, relative, sep } from 'node:path';
import { storedRecords } from '../experiments/store';
import { projectRoot, writeFileAtomic } from '../runtime/files';
import { fillTables, type Wanted } from './collect';
import { tableFigures } from './figures';
import { reportPage } from './page/page';

/** What `writeReport` wrote. */
export interface WrittenReport {
  path: string;
  tables: number;
  figures: number;
  runs: number;
}

/**
 * Writes the report of all records in these folders: `OUT/index.html`, and each figure as `OUT/figures/NAME.svg`. Undefined (and
 * nothing written) where the records fill no table. OUT is `reports` in the project unless given.
 */
export function writeReport(folders: readonly string[], options: Wanted & { out?: string } = {}): WrittenReport | undefined {
  const out = options.out ?? join(projectRoot(), 'reports');
  const stored = storedRecords(folders);
  const paths = new Map(stored.map((s) => [s.record.id, s.path]));
  const tables = fillTables(
    stored.map((s) => s.record),
    options,
  );
  if (!tables.length) return undefined;
  const recordHref = (id: string): string =>
    relative(out, paths.get(id) ?? '')
      .split(sep)
      .map(encodeURIComponent)
      .join('/');
  const path = join(out, 'index.html');
  writeFileAtomic(path, reportPage(tables, { recordHref }));
  let figures = 0;
  for (const { table, rows, scale, data } of tables) {
    for (const figure of tableFigures(table, rows)) {
      const name = `${table.id} ${scale} ${data} ${figure.title.split(':').pop()}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
      writeFileAtomic(join(out, 'figures', `table-${name.replace(/-$/, '')}.svg`), figure.svg);
      figures++;
    }
  }
  return {
    path,
    tables: tables.length,
    figures,
    runs: new Set(tables.flatMap((t) => t.table.rows.flatMap((r) => r.records))).size,
  };
}
