import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { foldOf, judgedProduct, readCatalogue, readJudgements } from '../../data';
import { productKey } from '../../data/parse-row';
import { LABELS, type Dataset, type Product, type Row } from '../../data/types';
import { ensure } from '../../runtime/errors';
import { sha256, sha256File } from '../../runtime/hash';
import type { GradedPair } from '../../train/zero-shot';
import { LOOKED_FOR, placeOf, openDataset } from '../dataset';
import { catalogueFile } from '../catalogue';
import { queryNumbers } from '../predictions';
import type { JudgedSource } from './config';

/** Products that people graded for queries: `grades[i]`, 0 … 3, of `rows[i]`. */
export interface GradedData {
  name: string;
  /** SHA-256 over those of the catalogue's and the judgements' file. */
  sha256: string;
  /** The graded pairs as rows; their label only says which class the grade is (`classOfGrade`), it is no ESCI label. */
  rows: Row[];
  grades: Uint8Array;
  /** [N] the running number of each row's query; the same words in two locales are two queries. */
  query: Int32Array;
  queries: number;
  /** The catalogue, also products that nobody graded, and its file's SHA-256. */
  products: Product[];
  catalogueSha256: string;
}

/** The highest grade. */
export const TOP_GRADE = 3;

/** The class id of a grade: 3 → 0 … 0 → 3, so that four classes run from the best to the worst as E, S, C, I do. */
export const classOfGrade = (grade: number): number => TOP_GRADE - grade;

const loaded = new Map<string, Promise<GradedData>>();

/** A folder with `products.*` and `judgments.*` (or `judgements.*`), by name or path; read once in this process. */
export function openGraded(path: string): Promise<GradedData> {
  const folder = placeOf(path);
  ensure(
    folder,
    `--data ${path}: no such file or folder; expected ${LOOKED_FOR}, a folder with products.* (product_id, product_locale, product_title) and judgments.* (query, product_id, grade 0 to 3); see data/README.md`,
  );
  if (!loaded.has(folder)) loaded.set(folder, open(folder));
  return loaded.get(folder)!;
}

async function open(folder: string): Promise<GradedData> {
  ensure(statSync(folder).isDirectory(), `--data ${folder} must be a folder with products and judgments, got a file`);
  const catalogue = catalogueFile(folder);
  const judgements = readdirSync(folder).sort().find((name) => /^judge?ments\.(jsonl|csv|parquet)(\.gz|\.zst)?$/.test(name)); // prettier-ignore
  ensure(
    catalogue && existsSync(catalogue) && judgements,
    `--data ${folder} must hold products.* and judgments.* (grades), got ${readdirSync(folder).join(', ')}`,
  );
  const file = join(folder, judgements);
  const hashes = await Promise.all([sha256File(catalogue), sha256File(file)]);
  const products = await readCatalogue(catalogue);
  const productFor = judgedProduct(products);
  const judged = await readJudgements(file);
  const rows = judged.map(({ query, productId, locale, grade }, i): Omit<Row, 'queryId'> => {
    const product = productFor({ productId, locale });
    ensure(product, `${file}: product ${productId}${locale ? ` (${locale})` : ''} is not in ${basename(catalogue)}`);
    ensure(Number.isInteger(grade) && grade <= TOP_GRADE, `${file}: grades must be 0, 1, 2 or 3, got ${grade}`);
    return {
      ...product,
      exampleId: i,
      query,
      label: LABELS[classOfGrade(grade)],
      smallVersion: true,
      largeVersion: true,
      split: 'train',
    };
  });
  const query = Int32Array.from(queryNumbers(rows));
  return {
    name: basename(folder),
    sha256: sha256(hashes.join('\n')),
    rows: rows.map((row, i) => ({ ...row, queryId: query[i] })),
    grades: Uint8Array.from(judged, (j) => j.grade),
    query,
    queries: new Set(query).size,
    products,
    catalogueSha256: hashes[0],
  };
}

/** Graded rows as pairs to score; a product is named by `productKey`, as in `productsByKey`. */
export const pairsOf = ({ rows, query, grades }: GradedData, chosen: ArrayLike<number> = [...rows.keys()]): GradedPair[] =>
  Array.from(chosen, (i) => ({
    queryId: String(query[i]),
    query: rows[i].query,
    productId: productKey(rows[i].locale, rows[i].productId),
    grade: grades[i],
  }));

/** [N] the fold of each row: a hash of its query, as everywhere. Throws where a fold has no query. */
export function foldsOf({ rows }: Pick<GradedData, 'rows'>, folds: number): Int32Array {
  const of = Int32Array.from(rows, ({ locale, query }) => foldOf(locale, query, folds));
  for (let fold = 0; fold < folds; fold++) ensure(of.includes(fold), `fold ${fold} of ${folds} has no query`);
  return of;
}

/** The rows of all folds but `fold`, and those of it: a query's rows are on one side. `but` leaves out another fold too. */
export function partsOf(folds: Int32Array, fold: number, but = fold): { train: Int32Array; test: Int32Array } {
  const all = Int32Array.from(folds.keys());
  return { train: all.filter((i) => folds[i] !== fold && folds[i] !== but), test: all.filter((i) => folds[i] === fold) };
}

/** The judged (ESCI) data set of a configuration, checked against its SHA-256. */
export async function openJudged({ name, sha256: expected }: JudgedSource): Promise<Dataset> {
  const dataset = await openDataset({ path: name }, 0);
  ensure(dataset.sha256 === expected, `data ${name} has SHA-256 ${dataset.sha256}, expected ${expected}`);
  return dataset;
}
