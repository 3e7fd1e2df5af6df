import { normalizeQuery, portableHash } from '../data';
import type { Row } from '../data/types';
import { decodePredictions } from '../metrics/predictions';
import { ensure } from '../runtime/errors';
import type { OutOfFold } from './clean';
import { rowsHash } from './predictions';
import type { RunRecord } from './record';

/**
 * The part of a fold's training rows that a query belongs to: ⌊h / outer⌋ mod parts, h the query's portable hash. The fold itself is h mod `outer`, so this is
 * the next digit of h: the same hash modulo the same number would leave a part empty.
 */
export function partOf(row: Pick<Row, 'locale' | 'query'>, outer: number, parts: number): number {
  return Number((portableHash(row.locale, normalizeQuery(row.query)) / BigInt(outer)) % BigInt(parts));
}

/** Training and held-out rows of one part within a fold's training rows; no query is in both. */
export function splitPart(
  rows: readonly Row[],
  outer: number,
  part: { fold: number; folds: number },
): { train: Row[]; evaluation: Row[] } {
  const split = { train: [] as Row[], evaluation: [] as Row[] };
  for (const row of rows) split[partOf(row, outer, part.folds) === part.fold ? 'evaluation' : 'train'].push(row);
  ensure(
    split.train.length > 0 && split.evaluation.length > 0,
    `part ${part.fold} of ${part.folds} leaves a part empty: too few queries`,
  );
  return split;
}

/** Looks out-of-fold probabilities up by row, from the records of all parts; throws where a record is of other rows. */
export function outOfFoldLookup(rows: readonly Row[], outer: number, records: readonly RunRecord[]): OutOfFold {
  const found = new Map<Row, Float64Array>();
  records.forEach((record, fold) => {
    const { evaluation } = splitPart(rows, outer, { fold, folds: records.length });
    const { predictions } = record;
    ensure(
      predictions?.rows === rowsHash(evaluation),
      `out-of-fold run ${record.id}: expected predictions of part ${fold} of ${records.length}, got those of other rows`,
    );
    const { probabilities, classes } = decodePredictions(predictions);
    ensure(classes === 4, `out-of-fold run ${record.id}: expected 4 classes, got ${classes}`);
    evaluation.forEach((row, i) => found.set(row, normalised(probabilities.subarray(i * classes, (i + 1) * classes))));
  });
  return (row) => found.get(row);
}

/** Stored probabilities are rounded: makes them add up to 1 again. */
function normalised(p: Float64Array): Float64Array {
  const sum = p.reduce((a, b) => a + b, 0);
  return p.map((x) => x / sum);
}
