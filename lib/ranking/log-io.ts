import { parseLocale } from '../data';
import { Duck, literal } from '../data/duck';
import { inspectFile, type FileFacts } from '../data/inspect';
import { overScan, rejectedLines, scanFile } from '../data/scan';
import { rawRows, requireColumns, verified } from '../data/stage';
import { checkFile } from '../runtime/destination';
import { ensure, InputError, shown } from '../runtime/errors';
import { replaceAtomically } from '../runtime/files';
import { parseTimestamp } from './timestamp';
import type { Impression } from './types';

/** The columns of a log file, in their order. */
export const LOG_COLUMNS = [
  'query_id',
  'query',
  'locale',
  'product_id',
  'position',
  'click',
  'cart',
  'purchase',
  'session',
  'timestamp',
] as const;
const NEEDED = ['query', 'product_id', 'position', 'click'] as const;

const COMPRESSED = /\.(gz|zst)$/i;
const formatOf = (path: string): 'csv' | 'jsonl' | 'parquet' => {
  const found = /\.(csv|jsonl|parquet)$/i.exec(path.replace(COMPRESSED, ''))?.[1].toLowerCase();
  ensure(
    found && !(found === 'parquet' && COMPRESSED.test(path)),
    `a log must end in .jsonl, .csv (also .gz, .zst) or .parquet, got ${shown(path)}`,
  );
  return found as 'csv' | 'jsonl' | 'parquet';
};

/**
 * Writes a log as JSON lines, CSV or parquet, by the path's ending, row after row in bounded memory; returns the number of rows. Nothing stands at the path before
 * all is written. Throws an InputError for another ending and for an empty log.
 */
export async function writeLog(path: string, log: Iterable<Impression> | AsyncIterable<Impression>): Promise<number> {
  const format = formatOf(path);
  checkFile(path);
  const duck = await Duck.open();
  try {
    const types = LOG_COLUMNS.map(
      (name) => `${name} ${['query', 'locale', 'product_id', 'session'].includes(name) ? 'VARCHAR' : 'BIGINT'}`,
    );
    await duck.run(`CREATE TABLE log (${types.join(', ')})`);
    const appender = await duck.connection.createAppender('log');
    let rows = 0;
    for await (const row of log) {
      appender.appendBigInt(BigInt(row.queryId));
      for (const text of [row.query, row.locale, row.productId]) appender.appendVarchar(text);
      for (const number of [row.position, row.click, row.cart, row.purchase]) appender.appendBigInt(BigInt(number));
      appender.appendVarchar(row.session);
      appender.appendBigInt(BigInt(row.timestamp));
      appender.endRow();
      rows++;
    }
    appender.closeSync();
    ensure(rows > 0, `${path}: there are no impressions to write`);
    const compression = /\.gz$/i.test(path) ? ', COMPRESSION gzip' : /\.zst$/i.test(path) ? ', COMPRESSION zstd' : '';
    const how = { csv: `FORMAT csv, HEADER${compression}`, jsonl: `FORMAT json${compression}`, parquet: 'FORMAT parquet' }[
      format
    ];
    await replaceAtomically(path, (temporary) =>
      duck.run(`COPY (SELECT * FROM log ORDER BY rowid) TO ${literal(temporary)} (${how})`),
    );
    return rows;
  } finally {
    duck.close();
  }
}

/**
 * Reads a log a few thousand rows at a time, in the file's order (JSON lines, CSV, parquet; .gz and .zst). Needed are query, product_id, position and click; cart and purchase
 * default to 0, locale to us, session to the empty string, timestamp to 0, and query_id to a running number of (locale, query). Times may be milliseconds or ISO 8601.
 * A value that cannot be is an InputError that names file, row (the first below the header is 1), what was got and what was expected.
 */
export async function* streamLog(path: string): AsyncGenerator<Impression[]> {
  const facts = inspectFile(path);
  await verified(facts);
  const duck = await Duck.open();
  try {
    const scan = await scanFile(duck, facts, LOG_COLUMNS);
    requireColumns(scan, NEEDED, 'engagement logs');
    await overScan(scan, (from) => duck.run(`CREATE TABLE log AS SELECT * FROM ${from}`));
    const [lost] = await rejectedLines(duck);
    if (lost) throw new InputError(`${path}: line ${lost.line} cannot be read (${lost.reason}): ${shown(lost.got)}`);
    const total = await duck.number('SELECT count(*) FROM log');
    ensure(total > 0, `${path} has a header but no rows`);
    if (facts.format === 'json-lines') await refuseCutLine(duck, facts);
    const numbers = new Map<string, number>();
    for (let from = 0; from < total; from += 65_536) {
      const part: Impression[] = [];
      const range = `log WHERE rowid >= ${from} AND rowid < ${from + 65_536} ORDER BY rowid`;
      for await (const lines of rawRows(duck, [...LOG_COLUMNS, 'wrong'], range))
        for (const { raw, row } of lines) part.push(impressionOf(raw, `${path}, row ${row + 1}`, numbers));
      yield part;
    }
  } finally {
    duck.close();
  }
}

/** Throws an InputError for the first line that is no JSON. Such a line is a row without any value in the table `log`; only where there is one the file is read again. */
async function refuseCutLine(duck: Duck, { path, compression }: FileFacts): Promise<void> {
  const nothing = [...LOG_COLUMNS, 'wrong'].map((name) => `${name} IS NULL`).join(' AND ');
  if (!(await duck.number(`SELECT count(*) FROM log WHERE ${nothing}`))) return;
  const lines =
    `read_csv(${literal(path)}, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false, ` +
    `compression = '${compression}', parallel = false, max_line_size = ${16 << 20}, buffer_size = ${32 << 20})`;
  const [cut] = await duck.rows<{ number: number; got: string }>(
    `SELECT number, left(line, 60) AS got FROM (SELECT line, row_number() OVER () AS number FROM ${lines})
     WHERE trim(line) <> '' AND TRY_CAST(ltrim(line, '\ufeff') AS JSON) IS NULL ORDER BY number LIMIT 1`,
  );
  if (cut) throw new InputError(`${path}, line ${cut.number}: not whole JSON (${shown(cut.got)})`);
}

/** A whole log in memory (`streamLog`). */
export async function readLog(path: string): Promise<Impression[]> {
  const log: Impression[] = [];
  for await (const part of streamLog(path)) for (const row of part) log.push(row);
  return log;
}

type Raw = { [column: string]: string | null };

/** A row from its text, or an InputError. `numbers` holds the query ids given so far. */
function impressionOf(raw: Raw, where: string, numbers: Map<string, number>): Impression {
  ensure(!raw.wrong, `${where}: ${raw.wrong} must be text or a number, got a list or an object`);
  const query = raw.query?.trim() ?? '';
  ensure(query, `${where}: query must not be empty`);
  const productId = raw.product_id?.trim() ?? '';
  ensure(productId, `${where}: product_id must not be empty`);
  const locale = raw.locale?.trim() ? parseLocale(raw.locale) : 'us';
  ensure(locale, `${where}: locale must be us, es or jp, got ${shown(raw.locale)}`);
  const position = numberOf(raw.position);
  ensure(
    Number.isSafeInteger(position) && position >= 1 && position <= 65535,
    `${where}: position must be a whole number ≥ 1, got ${shown(raw.position)}`,
  );
  const [click, cart, purchase] = (['click', 'cart', 'purchase'] as const).map((name) => flagOf(name, raw[name], where));
  ensure(click || !cart, `${where}: cart is 1 but click is 0; a product is clicked before it is put in the cart`);
  ensure(cart || !purchase, `${where}: purchase is 1 but cart is 0; a product is put in the cart before it is bought`);
  const id = `${locale}\t${query}`;
  let queryId = numbers.get(id);
  if (queryId === undefined) numbers.set(id, (queryId = numbers.size));
  if (raw.query_id?.trim()) {
    queryId = numberOf(raw.query_id);
    ensure(Number.isSafeInteger(queryId), `${where}: query_id must be a whole number, got ${shown(raw.query_id)}`);
  }
  const timestamp = raw.timestamp?.trim() ? parseTimestamp(raw.timestamp.trim()) : 0;
  ensure(timestamp !== undefined, `${where}: timestamp must be milliseconds since 1970 or ISO 8601, got ${shown(raw.timestamp)}`);
  return { queryId, query, locale, productId, position, click, cart, purchase, session: raw.session ?? '', timestamp };
}

const numberOf = (text: string | null): number => (text?.trim() ? Number(text) : NaN);

function flagOf(name: string, text: string | null, where: string): 0 | 1 {
  const value = text?.trim().toLowerCase() ?? '';
  if (value === '' && name !== 'click') return 0;
  const flag = ['0', '0.0', 'false'].includes(value) ? 0 : ['1', '1.0', 'true'].includes(value) ? 1 : undefined;
  ensure(flag !== undefined, `${where}: ${name} must be 0 or 1, got ${shown(text ?? '')}`);
  return flag;
}
