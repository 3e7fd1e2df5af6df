import { SCALES } from '../../experiments/config';
import { scales } from '../../experiments/scales';
import { real } from '../sentences';
import type { PageTable } from './page';

/** Tables of the same scales on data of the same kind: what was run on what. */
export interface Group {
  /** Its place on the page. */
  id: string;
  title: string;
  scales: readonly string[];
  tables: readonly PageTable[];
}

/**
 * The tables by scale, in the order given, and by whether people judged their rows: a scale's own kind of data first. In a group those of papers come before those that
 * are in none, those with a number before those without, and last those that compare no rows.
 */
export function groupsOf(tables: readonly PageTable[]): Group[] {
  const names = [...new Set(tables.map(({ table }) => table.scales.join()))];
  return names.flatMap((name) => {
    const own = tables.filter(({ table }) => table.scales.join() === name);
    return ownKinds(name).flatMap((kind) => {
      const found = own.filter(({ table }) => real(table) === (kind === 'real'));
      if (!found.length) return [];
      const id = `group-${name}-${kind}`.replace(/[^A-Za-z0-9-]/g, '-');
      return [{ id, title: titleOf(name, kind), scales: found[0].table.scales, tables: inOrder(found) }];
    });
  });
}

type Kind = 'real' | 'generated';

/** The kinds of data, first the one that runs of this scale have by default. */
function ownKinds(name: string): Kind[] {
  const scale = SCALES.find((known) => known === name);
  return scale && 'generated' in scales[scale].data ? ['generated', 'real'] : ['real', 'generated'];
}

function titleOf(name: string, kind: Kind): string {
  const scale = SCALES.find((known) => known === name);
  const encoder = scale ? scales[scale].encoder : `scale ${name || 'none'}`;
  return `${encoder}, on ${kind} data`.replace(/^a (?=\d)/, 'A ');
}

function inOrder(tables: readonly PageTable[]): PageTable[] {
  const published = ({ table }: PageTable): boolean => table.rows.some((row) => row.paper);
  const compares = ({ table }: PageTable): boolean => table.rows.some((row) => row.change);
  const numbered = ({ table }: PageTable): boolean => /^\d/.test(table.id);
  const place = (table: PageTable): number => (compares(table) ? 0 : 4) + (published(table) ? 0 : 2) + (numbered(table) ? 0 : 1);
  return [...tables].sort((a, b) => place(a) - place(b));
}
