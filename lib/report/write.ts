import { join, relative, sep } from 'node:path';
import { storedRecords } from '../experiments/store';
import { projectRoot, writeFileAtomic } from '../runtime/files';
import { fillTables, type FilledTable, type Wanted } from './collect';
import { tableFigures } from './figures';
import type { Figure } from './figures/figure';
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
  for (const [name, figure] of namedFigures(tables)) {
    writeFileAtomic(join(out, 'figures', name), figure.svg);
    figures++;
  }
  return {
    path,
    tables: tables.length,
    figures,
    runs: new Set(tables.flatMap((t) => t.table.rows.flatMap((r) => r.records))).size,
  };
}

/** Every figure of these tables by its file name: `table-5-small-generated-small-calibration.svg`. */
export function namedFigures(tables: readonly FilledTable[]): Map<string, Figure> {
  return new Map(
    tables.flatMap(({ table, rows, scale, data }) =>
      tableFigures(table, rows).map((figure): [string, Figure] => {
        const what = figure.title.split(': ').pop() ?? '';
        const name = `table ${table.id} ${scale} ${data} ${what.replace(/ \(.*| ×.*/g, '')}`;
        return [`${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`, figure];
      }),
    ),
  );
}
