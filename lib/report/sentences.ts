import type { RenderedTable } from './rendered';
import { VERDICTS, type VerdictKind } from './verdict';

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

/** The same over all tables: the report's first sentence. */
export function verdictSentence(tables: readonly RenderedTable[]): string {
  const rows = tables.flatMap((t) => t.rows.filter((r) => r.against !== undefined && r.paper?.change !== undefined));
  if (!rows.length) return 'No change that the paper reports was run.';
  return `Of ${rows.length} changes that the paper reports: ${tally(rows)}. A verdict is about a change's direction at this scale, never about its size.`;
}

function tally(rows: RenderedTable['rows']): string {
  return ORDER.flatMap((kind) => {
    const n = rows.filter((r) => r.verdict.kind === kind).length;
    return n ? [`${n} ${VERDICTS[kind]}`] : [];
  }).join(', ');
}
