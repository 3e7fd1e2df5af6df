import { besideView } from './beside-view';
import { metricHeading, metricTitle } from './formats/grid';
import { bothStuck } from './majority';
import { plural, signed } from './numbers';
import { EXACT_AUC, type RenderedTable } from './rendered';
import { SURE, VERDICTS, type VerdictKind } from './verdict';

const ORDER: readonly VerdictKind[] = [
  'reproduced',
  'leaning',
  'unclear',
  'differs',
  'held',
  'contradicted',
  'better',
  'worse',
  'betterOnce',
  'worseOnce',
  'missing',
];

/** How many rows of a table have which verdict, of those the paper has a change for and of the others: one sentence each. */
export function verdictCounts(table: RenderedTable): string {
  const compared = table.rows.filter((r) => r.against !== undefined);
  const claims = compared.filter((r) => r.paper?.claim !== undefined);
  const paper = compared.filter((r) => r.paper?.change !== undefined);
  const ours = compared.filter((r) => !claims.includes(r) && !paper.includes(r));
  const parts: string[] = [];
  if (claims.length)
    parts.push(`Of ${claims.length} ${claims.length === 1 ? 'claim' : 'claims'} of the paper: ${tally(claims)}.`);
  if (paper.length)
    parts.push(`Of ${paper.length} ${paper.length === 1 ? 'change' : 'changes'} that the paper reports: ${tally(paper)}.`);
  if (ours.length) parts.push(`Of ${ours.length} more ${ours.length === 1 ? 'row' : 'rows'}: ${tally(ours)}.`);
  return parts.join(' ') || (table.rows.some((r) => r.runs) ? 'No row of this table is compared with another.' : 'Not run yet.');
}

/** A table's verdicts by AUC, which needs no threshold and tells models from the majority class where micro-F1 cannot; empty where no row has a change of it. */
export function aucCounts(table: RenderedTable): string {
  const rows = besideView(table, EXACT_AUC)?.rows.filter((row) => row.change);
  return rows?.length ? `By ${metricTitle(EXACT_AUC)}, which needs no threshold: ${tally(rows)}. ` : '';
}

/** Changes that a table's line names; it counts the rest. */
const NAMED = 6;

/**
 * What a table shows at a glance, a sentence for AUC of exact, where it was measured, and one for the table's own metric: how many changes have an interval over two
 * seeds or more that excludes 0, of how many, and which. Empty where no row has a change.
 */
export function glance(table: RenderedTable): string[] {
  return [besideView(table, EXACT_AUC), table].flatMap((view) => {
    const compared = view?.rows.filter((row) => row.change) ?? [];
    if (!view || !compared.length) return [];
    const sure = compared.filter((row) => SURE.includes(row.verdict.kind));
    const stuck = (row: RenderedTable['rows'][number]): string => (bothStuck(view, row) ? ` (between rows no better than always ${view.majority!.label})` : ''); // prettier-ignore
    const named = sure.slice(0, NAMED).map((row) => `${row.label} ${signed(row.change!.value, view.unit)}${stuck(row)}`);
    if (sure.length > NAMED) named.push(`${sure.length - NAMED} more`);
    const which = named.length ? `: ${named.join('; ')}` : '';
    const clear = compared.length === 1 && !sure.length ? 'its one change is not clear' : `${sure.length || 'none'} of ${plural(compared.length, 'change')} clear`; // prettier-ignore
    return [`${metricHeading(view)}: ${clear}${which}.`];
  });
}

/** Whether the table was measured on rows that people judged. */
export const real = (table: RenderedTable): boolean => table.data.some(({ name }) => !name.startsWith('generated'));

/**
 * The report's first sentences: what AUC shows on real data, then each change that the paper reports, counted once, where it is supported best: on real data if it was
 * run there, and there at the scale with the most paired runs. A direction that is reproduced while the paper's size lies outside our interval is called so.
 */
export function verdictSentence(tables: readonly RenderedTable[]): string {
  const supported = best(tables.flatMap((table) => table.rows.map((row) => ({ table, row }))));
  const claims = supported.filter(({ row }) => row.paper?.change !== undefined);
  const auc = best(
    tables.filter(real).flatMap((own) => {
      const table = besideView(own, EXACT_AUC);
      return table ? table.rows.filter((row) => row.change).map((row) => ({ table, row })) : [];
    }),
  );
  const parts: string[] = [];
  if (auc.length)
    parts.push(
      `By ${metricTitle(EXACT_AUC)}, which needs no threshold, of ${plural(auc.length, 'change')} on real data (${places(auc)}): ${tally(auc.map(({ row }) => row))}.`,
    );
  if (!claims.length) return [...parts, 'No change that the paper reports was run.'].join(' ');
  parts.push(
    `Of ${plural(claims.length, 'change')} that the paper reports, by its own metrics, each counted once, on real data where it was run there (${places(claims)}): ${tally(claims.map(({ row }) => row))}.`,
    "A verdict is about a change's direction at this scale, never about its size.",
  );
  return parts.join(' ');
}

interface Placed {
  table: RenderedTable;
  row: RenderedTable['rows'][number];
}

/** Rows that are compared, each row of each table once: on real data before generated, then where most runs were paired, then as given. */
function best(rows: readonly Placed[]): Placed[] {
  const found = new Map<string, Placed>();
  const support = ({ table, row }: Placed): number => (real(table) ? 1e6 : 0) + (row.change?.pairs ?? -1e9);
  for (const one of rows.filter(({ row }) => row.against !== undefined)) {
    const key = `${one.table.id} ${one.row.id}`;
    const other = found.get(key);
    if (!other || support(one) > support(other)) found.set(key, one);
  }
  return [...found.values()];
}

/** How many of the rows stand at which scale and data. */
function places(rows: readonly Placed[]): string {
  const names = rows.map(
    ({ table }) =>
      `at scale ${table.scales.join(', ') || 'none'} on ${table.data.map(({ name }) => name).join(', ') || 'no data'}`,
  );
  return [...new Set(names)].map((name) => `${names.filter((other) => other === name).length} ${name}`).join(', ');
}

function tally(rows: RenderedTable['rows']): string {
  return ORDER.flatMap((kind) => {
    const own = rows.filter((r) => r.verdict.kind === kind);
    const sized = own.filter(inside).length;
    if (kind === 'reproduced')
      return [
        ...(sized ? [`${sized} ${VERDICTS[kind]}`] : []),
        ...(own.length > sized ? [`${own.length - sized} direction reproduced`] : []),
      ];
    return own.length ? [`${own.length} ${VERDICTS[kind]}`] : [];
  }).join(', ');
}

/** Whether the paper's size lies in our interval. */
function inside({ change, paper }: RenderedTable['rows'][number]): boolean {
  const size = paper?.change;
  return size !== undefined && change?.interval !== undefined && size >= change.interval.low && size <= change.interval.high;
}
