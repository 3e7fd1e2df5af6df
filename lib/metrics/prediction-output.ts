import { writeFileAtomic } from '../runtime/files';
import { csvCell } from '../data/quotes';
import { LABELS } from '../data/types';
import { argmaxRows } from './f1';
import type { AlignedRows } from './pair-files';

/** Names of the columns that hold the probabilities of E, S, C and I in a prediction file. */
export const PROBABILITY_COLUMNS = LABELS.map((label) => `p_${label}`);

/** The columns of a task's prediction file after the ids: numbers but `label`. */
export const predictionColumns = (task: 1 | 2 | 3): string[] =>
  task === 1 ? ['score'] : ['label', ...(task === 2 ? PROBABILITY_COLUMNS : ['p_substitute'])];

/**
 * Writes predictions as CSV or JSON lines by the ending of `out`: query_id, product_id and score (task 1), or label and probabilities (tasks 2 and 3).
 * `values` is [N] scores, or [N, 4] / [N, 2] probabilities; `rows` must have been aligned with product ids.
 */
export function writePredictions(task: 1 | 2 | 3, out: string, rows: AlignedRows, combined: Float64Array): void {
  const classes = task === 2 ? LABELS.length : 2;
  const winner = task === 1 ? undefined : argmaxRows(combined, classes);
  const names = predictionColumns(task);
  const values = (i: number): (string | number)[] => {
    if (!winner) return [combined[i]];
    const label = task === 2 ? LABELS[winner[i]] : ['no_substitute', 'substitute'][winner[i]];
    const p = combined.subarray(i * classes, (i + 1) * classes);
    return [label, ...(task === 2 ? p : [p[1]])];
  };
  const csv = out.endsWith('.csv');
  const parts: Buffer[] = csv ? [Buffer.from(`${['query_id', 'product_id', ...names].join(',')}\n`)] : [];
  const ids = rows.productIds as string[];
  for (let from = 0; from < rows.rows; from += 10000) {
    let text = '';
    for (let i = from; i < Math.min(rows.rows, from + 10000); i++) {
      const [q, p] = [rows.queryIds[rows.query[i]], ids[i]];
      const own = values(i);
      text += csv
        ? `${csvCell(q)},${csvCell(p)},${own.join(',')}\n`
        : `${JSON.stringify({ query_id: q, product_id: p, ...Object.fromEntries(names.map((n, c) => [n, own[c]])) })}\n`;
    }
    parts.push(Buffer.from(text));
  }
  writeFileAtomic(out, Buffer.concat(parts));
}
