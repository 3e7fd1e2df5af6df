import { basename } from 'node:path';
import { ensure, inRange, oneOf } from '../runtime/errors';
import { sha256 } from '../runtime/hash';
import { Key } from '../runtime/key';
import { EXTRA, JUDGEMENT, PRODUCT_KEY, PRODUCT_TEXT, REQUIRED_JUDGEMENT } from './columns';
import { Duck, identifier, literal } from './duck';
import { resolveFiles, type SourceFiles, type SourceInput } from './files';
import { portableHash } from './folds';
import { inspectFile, verifiedSha256, type FileFacts } from './inspect';
import { cleanText, normalizeQuery, parseLocale } from './normalize';
import type { RawRow } from './parse-row';
import { checkQuotes } from './quotes';
import { ReadReport } from './report';
import { overScan, rejectedLines, scanFile, type Scan } from './scan';
import { LOCALES, SPLITS, type Locale, type Split } from './types';

/** What to read. Filters are applied by DuckDB; a row whose value is unknown passes them, so that it is counted as unusable instead of vanishing. */
export interface ReadFilters {
  locales?: readonly Locale[];
  split?: Split;
  version?: 'small' | 'large';
  /** All rows of n queries: those with the smallest hash of key, locale and normalised query. Fewer where there are fewer. */
  sampleQueries?: { n: number; key: Key | string | number };
  /** `judged` leaves unjudged products out of `products`; the default is `all`, and `judged` with `sampleQueries`. */
  catalogue?: 'all' | 'judged';
  /** `optional` reads judgements whose product has no text (an examples file alone) with empty fields; default `required`. */
  text?: 'required' | 'optional';
  /** `optional` reads rows of files without a label column as if each were I: what predicts does not look at labels. Default `required`. */
  labels?: 'required' | 'optional';
}

/** An opened source: its judgements lie filtered in DuckDB's table `judged` (rowid = order of the file), its products in a view `catalogue`, if apart. */
export interface Stage {
  duck: Duck;
  files: SourceFiles;
  /** Of the file, or over the digests of the files in order. */
  sha256: string;
  columns: ReadonlySet<string>;
  count: number;
  /** The file and column names of the judgements' own text, where one file holds everything. */
  joined: boolean;
  report: ReadReport;
}

const TEXT = Object.keys(PRODUCT_TEXT);

/** Opens a source and stages its judgements. The caller closes `stage.duck`. Throws InputError for anything that is not a table of judgements. */
export async function openStage(input: SourceInput, filters: ReadFilters, report: ReadReport): Promise<Stage> {
  checkFilters(filters);
  const files = resolveFiles(input);
  const facts = inspectFile(files.examples);
  const digests = [await verified(facts)];
  const duck = await Duck.open();
  try {
    const scan = await scanFile(duck, facts, [...JUDGEMENT, ...EXTRA, ...TEXT]);
    const unlabelled = filters.labels === 'optional';
    requireColumns(
      scan,
      REQUIRED_JUDGEMENT.filter((name) => !unlabelled || name !== 'esci_label'),
      unlabelled ? 'rows to predict' : 'judgements',
    );
    const joined = !files.products;
    if (joined && filters.text !== 'optional')
      ensure(
        scan.has.has('product_title'),
        `${files.examples} has no column product_title: judgements alone need their products file beside them (a folder with both, or both paths)`,
      );
    const wanted = [...JUDGEMENT, ...EXTRA, ...(joined ? TEXT : []), 'wrong'];
    await overScan(scan, (from) =>
      duck.run(`CREATE TABLE judged AS SELECT row, ${wanted.join(', ')} FROM ${from} ${where(filters, scan.has)}`),
    );
    const lost = await rejectedLines(duck);
    for (const { line, reason, got } of lost)
      report.skip(basename(files.examples), line - 2, `CSV line cannot be read: ${reason}`, got);
    if (filters.sampleQueries) await sampleQueries(duck, filters.sampleQueries);
    for (const path of [files.products, files.sources, files.trueLabels])
      if (path) digests.push(await verified(inspectFile(path)));
    if (files.products) await stageCatalogue(duck, files.products, report);
    const columns = new Set(scan.has);
    if (files.sources) await joinExtra(duck, files.sources, 'query_id', 'source', columns);
    if (files.trueLabels) await joinExtra(duck, files.trueLabels, 'example_id', 'true_label', columns);
    const count = await duck.number('SELECT count(*) FROM judged');
    const nothing =
      !count && !lost.length && !Object.entries(filters).some(([name, value]) => value !== undefined && name !== 'labels');
    ensure(!nothing, `${files.examples} has a header but no rows`);
    return { duck, files, sha256: digests.length > 1 ? sha256(digests.join('')) : digests[0], columns, count, joined, report };
  } catch (error) {
    duck.close();
    throw error;
  }
}

/** SHA-256 of a file that was read to its end without finding it damaged. */
export async function verified(facts: FileFacts): Promise<string> {
  const digest = await verifiedSha256(facts);
  if (facts.format === 'csv') await checkQuotes(facts);
  return digest;
}

/** Raw lines of the judgements [from, to) in the file's order. */
export function rawJudgements(stage: Stage, from: number, to: number): AsyncGenerator<PlacedRow[]> {
  const names = [...JUDGEMENT, ...EXTRA, ...(stage.joined ? TEXT : []), 'wrong'];
  return rawRows(stage.duck, names, `judged WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`);
}

/** A raw line and its place in the file. */
export interface PlacedRow {
  raw: RawRow;
  row: number;
}

/** The named text columns and `row` of whatever follows FROM, a few thousand at a time. */
export async function* rawRows(duck: Duck, names: readonly string[], from: string): AsyncGenerator<PlacedRow[]> {
  for await (const { count, columns } of duck.pieces(`SELECT CAST(row AS DOUBLE) AS row, ${names.join(', ')} FROM ${from}`))
    yield Array.from({ length: count }, (_, i) => {
      const raw: { [column: string]: string | null } = {};
      for (let c = 0; c < names.length; c++) raw[names[c]] = columns[c + 1][i] as string | null;
      return { row: columns[0][i] as number, raw: raw as RawRow };
    });
}

/** Throws an InputError that names the missing columns and those that are there. */
export function requireColumns(scan: Scan, names: readonly string[], what: string): void {
  const missing = names.filter((name) => !scan.has.has(name));
  ensure(
    !missing.length,
    `${scan.path} lacks ${missing.join(', ')}, which ${what} need; its columns are ${scan.columns.slice(0, 12).join(', ') || 'none'}`,
  );
}

function checkFilters({ locales, split, version, sampleQueries: sample }: ReadFilters): void {
  if (locales) ensure(locales.length > 0, 'locales must name at least one of us, es, jp');
  locales?.forEach((locale) => oneOf('locale', locale, LOCALES));
  if (split !== undefined) oneOf('split', split, SPLITS);
  if (version !== undefined) oneOf('version', version, ['small', 'large']);
  if (sample)
    ensure(
      Number.isSafeInteger(inRange('sampleQueries.n', sample.n, 1, Infinity)),
      `sampleQueries.n must be a whole number, got ${sample.n}`,
    );
}

const one = (column: string): string => `coalesce(lower(trim(${column})), '')`;

function where({ locales, split, version }: ReadFilters, has: ReadonlySet<string>): string {
  const drop: string[] = [];
  const others = LOCALES.filter((locale) => locales && !locales.includes(locale));
  if (others.length) drop.push(`${one('product_locale')} IN (${others.map(literal).join(', ')})`);
  if (split)
    drop.push(has.has('split') ? `${one('split')} = '${split === 'train' ? 'test' : 'train'}'` : String(split === 'test'));
  if (version && has.has(`${version}_version`)) drop.push(`${one(`${version}_version`)} IN ('0', '0.0', 'false')`);
  return drop.length ? `WHERE NOT (${drop.join(' OR ')})` : '';
}

async function sampleQueries(duck: Duck, { n, key }: NonNullable<ReadFilters['sampleQueries']>): Promise<void> {
  const seed = key instanceof Key ? key.words().join(':') : String(key);
  const pairs = await duck.rows<{ query: string; product_locale: string }>(
    'SELECT DISTINCT query, product_locale FROM judged WHERE query IS NOT NULL AND product_locale IS NOT NULL',
  );
  const hashes = new Map<string, bigint>();
  const identity = ({ query, product_locale }: (typeof pairs)[number]): string | undefined => {
    const locale = parseLocale(product_locale);
    return locale && cleanText(query) ? `${locale}\t${normalizeQuery(query)}` : undefined;
  };
  for (const pair of pairs) {
    const id = identity(pair);
    if (id && !hashes.has(id)) hashes.set(id, portableHash(seed, id));
  }
  const order = [...hashes].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] < b[0] ? -1 : 1));
  const kept = new Set(order.slice(0, n).map(([id]) => id));
  await duck.run('CREATE TABLE left_out (query VARCHAR, product_locale VARCHAR)');
  const appender = await duck.connection.createAppender('left_out');
  for (const pair of pairs) {
    const id = identity(pair);
    if (!id || kept.has(id)) continue;
    appender.appendVarchar(pair.query);
    appender.appendVarchar(pair.product_locale);
    appender.endRow();
  }
  appender.closeSync();
  await duck.run('CREATE TABLE sampled AS SELECT * FROM judged ANTI JOIN left_out USING (query, product_locale) ORDER BY row');
  await duck.run('DROP TABLE judged');
  await duck.run('ALTER TABLE sampled RENAME TO judged');
}

/** A view `catalogue` over the products file; text formats are first copied to a table, because it is scanned once per pass. */
async function stageCatalogue(duck: Duck, path: string, report: ReadReport): Promise<void> {
  const file = inspectFile(path);
  const scan = await scanFile(duck, file, [...PRODUCT_KEY, ...TEXT]);
  requireColumns(scan, [...PRODUCT_KEY, 'product_title'], 'products');
  const before = (await rejectedLines(duck)).length;
  const kind = file.format === 'parquet' ? 'VIEW' : 'TABLE';
  await overScan(scan, (from) => duck.run(`CREATE ${kind} catalogue AS SELECT * FROM ${from}`));
  const rejected = await rejectedLines(duck);
  if (rejected.length > before) report.count('CSV line of the catalogue cannot be read', rejected.length - before);
}

async function joinExtra(duck: Duck, path: string, on: string, column: string, columns: Set<string>): Promise<void> {
  const scan = await scanFile(duck, inspectFile(path), [on, column]);
  requireColumns(scan, [on, column], column);
  if (!columns.has(on)) return;
  const rest = [...JUDGEMENT, ...EXTRA].filter((name) => name !== column).map((name) => `judged.${name}`);
  await overScan(scan, (from) =>
    duck.run(
      `CREATE TABLE joined AS SELECT judged.row, ${rest.join(', ')}, extra.value AS ${column}, judged.wrong FROM judged ` +
        `LEFT JOIN (SELECT ${on}, min(${identifier(column)}) AS value FROM ${from} GROUP BY ${on}) AS extra USING (${on}) ORDER BY judged.row`,
    ),
  );
  await duck.run('DROP TABLE judged');
  await duck.run('ALTER TABLE joined RENAME TO judged');
  columns.add(column);
}
