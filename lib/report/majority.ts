import { figure, plain } from './numbers';
import { EXACT_AUC, type RenderedRow, type RenderedTable } from './rendered';

/** A row this little above the most frequent class is called no better: 0.2 points. */
const TOLERANCE = 0.002;

/** `Always E`, with its task where the table has several. */
export function majorityLabel({ label, task }: NonNullable<RenderedTable['majority']>): string {
  return task === undefined ? `Always ${label}` : `Task ${task} (micro-F1), always ${label}`;
}

/** The rows whose micro-F1 lies below the most frequent class's share, or no more than 0.2 points above it. */
export function noBetterThanMajority({ majority, rows }: Pick<RenderedTable, 'majority' | 'rows'>): RenderedRow[] {
  return rows.filter(
    (row) => majority?.rows.includes(row.id) && row.value !== undefined && row.value.mean < majority.value + TOLERANCE,
  );
}

/** Whether a row and the one it is measured against are both no better than the largest class: its change of micro-F1 then says nothing. */
export function bothStuck(table: Pick<RenderedTable, 'majority' | 'rows'>, { label, against }: RenderedRow): boolean {
  const labels = noBetterThanMajority(table).map((row) => row.label);
  return against !== undefined && labels.includes(label) && labels.includes(against);
}

/** What that means for a reader: which rows those are, what their changes say, and where to look instead. Empty where every row is better. */
export function majorityWords(table: Pick<RenderedTable, 'majority' | 'rows' | 'unit'>): string[] {
  const { majority, unit } = table;
  const rows = noBetterThanMajority(table);
  if (!majority || !rows.length) return [];
  const margin = unit === 'percent' ? `${plain(100 * TOLERANCE, 1)} points` : plain(TOLERANCE, 3);
  const all = rows.length > 1 && majority.rows.every((id) => rows.some((row) => row.id === id));
  const whose = majority.task === undefined ? '' : ` of task ${majority.task}`;
  const than = `more than ${margin} above always answering ${majority.label} (${figure(majority.value, unit)})`;
  const found = all
    ? `By micro-F1 no row${whose} is ${than}.`
    : `By micro-F1 not ${than}: ${rows.map((row) => row.label).join('; ')}.`;
  if (rows.length < 2) return [found];
  const auc = rows.some((row) => row.besideChanges?.[EXACT_AUC]) ? '; read AUC of exact' : '';
  return [`${found} Changes of micro-F1 between such rows say nothing${auc}.`];
}
