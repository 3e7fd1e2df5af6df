import { createHash } from 'node:crypto';
import { sha256 } from '../runtime/hash';
import { ensure, shown } from '../runtime/errors';
import { normalizeQuery } from './normalize';
import type { Row } from './types';

/** The first 8 bytes, big-endian, of SHA-256 over UTF-8 `parts` joined by tabs, as an unsigned 64-bit number. */
export function portableHash(...parts: string[]): bigint {
  return createHash('sha256').update(parts.join('\t'), 'utf8').digest().readBigUInt64BE(0);
}

/**
 * The fold of a query, the same in every language and on every platform: uint64(SHA-256(locale + '\t' + query)[0..8], big-endian) mod folds,
 * over the query as `normalizeQuery` gives it (NFKC, lower case, single blanks), so that no query crosses folds. (The release uses a language's own string hash.)
 */
export function foldOf(locale: string, query: string, folds: number): number {
  ensure(Number.isSafeInteger(folds) && folds >= 1, `folds must be a whole number ≥ 1, got ${shown(folds)}`);
  return Number(portableHash(locale, normalizeQuery(query)) % BigInt(folds));
}

/** One fold: indices into the rows that were split. */
export interface Fold {
  fold: number;
  train: Int32Array;
  evaluation: Int32Array;
}

/** K folds by query: every row is in exactly one evaluation part, and all rows of a (locale, query) in the same. Throws where a fold would be empty. */
export function splitFolds(rows: readonly Pick<Row, 'locale' | 'query'>[], folds: number): Fold[] {
  const cache = new Map<string, number>();
  const of = rows.map(({ locale, query }) => {
    const key = `${locale}\t${query}`;
    let fold = cache.get(key);
    if (fold === undefined) cache.set(key, (fold = foldOf(locale, query, folds)));
    return fold;
  });
  return Array.from({ length: folds }, (_, fold) => {
    const evaluation: number[] = [];
    const train: number[] = [];
    of.forEach((f, i) => (f === fold ? evaluation : train).push(i));
    ensure(
      evaluation.length,
      `fold ${fold} of ${folds} would be empty: ${rows.length} rows have only ${cache.size} queries; use fewer folds`,
    );
    return { fold, train: Int32Array.from(train), evaluation: Int32Array.from(evaluation) };
  });
}

/** What was split and how, small enough to keep beside results: two manifests with one checksum are the same split. */
export interface SplitManifest {
  schema: 1;
  method: 'uint64be(sha256(locale + tab + normalized query)[0..8]) mod folds';
  folds: number;
  data: { name: string; sha256: string };
  rows: number;
  queries: number;
  /** Rows and queries per evaluation part. */
  parts: { fold: number; rows: number; queries: number }[];
  /** SHA-256 over `exampleId \t fold \n` of every row, in ascending order of example id. */
  checksum: string;
}

/** The manifest of `splitFolds(rows, folds)`. */
export function splitManifest(
  rows: readonly Pick<Row, 'locale' | 'query' | 'exampleId'>[],
  folds: number,
  data: { name: string; sha256: string },
): SplitManifest {
  const split = splitFolds(rows, folds);
  const distinct = (indices: Iterable<number>): number => {
    const seen = new Set<string>();
    for (const i of indices) seen.add(`${rows[i].locale}\t${normalizeQuery(rows[i].query)}`);
    return seen.size;
  };
  const lines = split.flatMap(({ fold, evaluation }) => Array.from(evaluation, (i) => [rows[i].exampleId, fold] as const));
  lines.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return {
    schema: 1,
    method: 'uint64be(sha256(locale + tab + normalized query)[0..8]) mod folds',
    folds,
    data: { name: data.name, sha256: data.sha256 },
    rows: rows.length,
    queries: distinct(rows.keys()),
    parts: split.map(({ fold, evaluation }) => ({ fold, rows: evaluation.length, queries: distinct(evaluation) })),
    checksum: sha256(lines.map(([id, fold]) => `${id}\t${fold}\n`).join('')),
  };
}
