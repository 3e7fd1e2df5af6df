import { LABELS, type Label, type Row } from '../data/types';
import { sha256 } from '../runtime/hash';
import type { Predictions } from './record';

/** What the classes of each task are called in a record, one letter each. Task 3 keeps S for a substitute and E for anything else. */
export const classLetters: Record<1 | 2 | 3, readonly Label[]> = { 1: LABELS, 2: LABELS, 3: ['E', 'S'] };

/** A row's class id in a task: tasks 1 and 2 have E, S, C, I = 0…3; task 3 has 1 for a substitute, 0 otherwise. */
export function classOf(task: 1 | 2 | 3, label: Label): number {
  return task === 3 ? Number(label === 'S') : LABELS.indexOf(label);
}

/** Probabilities [rows, classes] as a record keeps them. A regressor's single column predicts the label whose gain is nearest. */
export function toPredictions(task: 1 | 2 | 3, rows: readonly Row[], probabilities: Float32Array, classes: number): Predictions {
  const letters = classLetters[task];
  const letter = (label: Label): string => letters[classOf(task, label)];
  return {
    rows: rowsHash(rows),
    given: rows.map((r) => letter(r.label)).join(''),
    ...(rows.every((r) => r.trueLabel) ? { truth: rows.map((r) => letter(r.trueLabel!)).join('') } : {}),
    predicted: predictedLetters(task, probabilities, classes),
    query: queryNumbers(rows),
    locale: rows.map((r) => r.locale[0]).join(''),
    probabilities: packProbabilities(probabilities),
    classes,
  };
}

/** The query of each row as a running number; a query is a locale and a text. */
export function queryNumbers(rows: readonly Pick<Row, 'locale' | 'query'>[]): number[] {
  const queries = new Map<string, number>();
  return rows.map(({ locale, query }) => {
    const name = `${locale}\t${query}`;
    if (!queries.has(name)) queries.set(name, queries.size);
    return queries.get(name)!;
  });
}

/** SHA-256 over the ids of some rows in order: what says whether two runs predicted the same rows. */
export function rowsHash(rows: readonly Row[]): string {
  return sha256(rows.map((r) => `${r.locale}\t${r.query}\t${r.productId}\t${r.exampleId}`).join('\n'));
}

/** Numbers in [0, 1] as base64 of little-endian uint16, p = value / 65535. */
export function packProbabilities(probabilities: ArrayLike<number>): string {
  const packed = Buffer.alloc(probabilities.length * 2);
  for (let i = 0; i < probabilities.length; i++)
    packed.writeUInt16LE(Math.round(Math.min(1, Math.max(0, probabilities[i])) * 65535), 2 * i);
  return packed.toString('base64');
}

/** The predicted class of each row, one letter each. */
export function predictedLetters(task: 1 | 2 | 3, probabilities: ArrayLike<number>, classes: number): string {
  const rows = probabilities.length / classes;
  return Array.from({ length: rows }, (_, i) => classLetters[task][predictedClass(probabilities, i, classes)]).join('');
}

/** The most probable class of row `i`; for one column (an expected gain) the class whose gain is nearest on a log scale. */
function predictedClass(probabilities: ArrayLike<number>, i: number, classes: number): number {
  if (classes === 1) {
    const gain = probabilities[i];
    return gain > 0.3 ? 0 : gain > 0.03 ? 1 : gain > 0.003 ? 2 : 3;
  }
  let best = 0;
  for (let c = 1; c < classes; c++) if (probabilities[i * classes + c] > probabilities[i * classes + best]) best = c;
  return best;
}
