import type { DuckDBConnection } from '@duckdb/node-api';
import { ensure, InputError } from '../runtime/errors';
import { identifier, literal, type Duck } from './duck';
import type { FileFacts } from './inspect';
import { delimiterOf, namesIn } from './quotes';

/** A file as a table expression of SQL: the asked columns as text under their own names, `row` (from 0) and `wrong` (the column whose value is no text). */
export interface Scan {
  path: string;
  from: string;
  /** A slower expression for a file in which `from` meets a line that it cannot parse. */
  careful?: string;
  has: ReadonlySet<string>;
  columns: readonly string[];
}

const LINE = 16 << 20;
const SCALAR =
  /^(VARCHAR|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|UUID|JSON|ENUM\(.*\)|DATE|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?)$/;

/**
 * The SQL to read `wanted` columns of a file; those it lacks are NULL. Lines that cannot be parsed come as rows without any value (JSON lines)
 * or are listed by `rejected` (CSV). Throws InputError where a column holds lists or structures, and for a file that DuckDB cannot open.
 */
export async function scanFile(duck: Duck, file: FileFacts, wanted: readonly string[]): Promise<Scan> {
  if (file.format === 'parquet') return parquet(duck, file, wanted);
  const head = file.compression === 'zstd' ? await zstdHead(duck.connection, file.path) : file.head;
  return file.format === 'csv' ? csv(file, wanted, head) : json(file, wanted, head);
}

async function parquet(duck: Duck, { path }: FileFacts, wanted: readonly string[]): Promise<Scan> {
  const table = `read_parquet(${literal(path)}, file_row_number = true, binary_as_string = true)`;
  const described = await readable(path, () =>
    duck.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${table}`),
  );
  const types = new Map(described.map((row) => [row.column_name, row.column_type]));
  types.delete('file_row_number');
  for (const name of wanted)
    ensure(
      SCALAR.test(types.get(name) ?? 'VARCHAR'),
      `${path}: column ${name} must hold text or numbers, got ${types.get(name)}`,
    );
  const picked = wanted.map((name) =>
    types.has(name) ? `CAST(${identifier(name)} AS VARCHAR) AS ${name}` : `NULL::VARCHAR AS ${name}`,
  );
  const from = `(SELECT ${picked.join(', ')}, NULL::VARCHAR AS wrong, file_row_number AS row FROM ${table})`;
  return { path, from, has: new Set(types.keys()), columns: [...types.keys()] };
}

function csv({ path, compression }: FileFacts, wanted: readonly string[], head: string): Scan {
  const line = head.split(/\r\n|\r|\n/, 1)[0];
  ensure(!/[\0-\x08\ufffd]/.test(line), `${path} is not text in UTF-8`);
  const delimiter = delimiterOf(head);
  const columns = namesIn(line, delimiter).map((name, i) => name || `column${i}`);
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  ensure(twice === undefined, `${path}: column ${twice} stands twice in the header`);
  const struct = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  const table =
    `read_csv(${literal(path)}, header = true, auto_detect = false, columns = {${struct}}, delim = ${literal(delimiter)}, quote = '"', escape = '"', ` +
    `nullstr = '', compression = '${compression}', strict_mode = true, ignore_errors = true, store_rejects = true, rejects_limit = 0, ` +
    `parallel = false, max_line_size = ${LINE}, buffer_size = ${2 * LINE})`;
  const picked = wanted.map((name) => (columns.includes(name) ? `${identifier(name)} AS ${name}` : `NULL::VARCHAR AS ${name}`));
  const from = `(SELECT ${picked.join(', ')}, NULL::VARCHAR AS wrong, row_number() OVER () - 1 AS row FROM ${table})`;
  return { path, from, has: new Set(columns), columns };
}

function json({ path, compression, format, bom }: FileFacts, wanted: readonly string[], head: string): Scan {
  const columns = jsonColumns(head, format === 'json-array');
  const struct = wanted.map((name) => `${name}: 'JSON'`).join(', ');
  const table =
    `read_json(${literal(path)}, format = '${format === 'json-array' ? 'array' : 'newline_delimited'}', columns = {${struct}}, ` +
    `compression = '${compression === 'none' ? 'uncompressed' : compression}', maximum_object_size = ${LINE})`;
  const picked = wanted.map((name) => `(${name}->>'$') AS ${name}`);
  const cases = wanted.map((name) => `WHEN json_type(${name}) IN ('OBJECT', 'ARRAY') THEN '${name}'`).join(' ');
  const wrong = cases ? `CASE ${cases} END` : 'NULL';
  const from = (rows: string): string =>
    `(SELECT ${[...picked, `${wrong} AS wrong`].join(', ')}, row_number() OVER () - 1 AS row FROM ${rows})`;
  const facts = { path, has: new Set(columns), columns };
  if (format === 'json-array') return { ...facts, from: from(table) };
  const careful = from(parsedLines(path, compression, wanted));
  return bom ? { ...facts, from: careful } : { ...facts, from: from(table), careful };
}

/**
 * JSON lines, each parsed by itself. DuckDB's own reader is five times as fast, but with `ignore_errors` it also loses the good line after a broken one,
 * and it takes a byte order mark for a broken line.
 */
function parsedLines(path: string, compression: string, wanted: readonly string[]): string {
  const lines =
    `read_csv(${literal(path)}, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false, ` +
    `compression = '${compression}', ignore_errors = true, parallel = false, max_line_size = ${LINE}, buffer_size = ${2 * LINE})`;
  const shape = JSON.stringify(Object.fromEntries([...wanted, 'unused'].map((name) => [name, 'JSON'])));
  const object = `from_json(TRY_CAST(ltrim(line, '\ufeff') AS JSON), ${literal(shape)})`;
  return `(SELECT unnest(object) FROM (SELECT ${object} AS object FROM ${lines} WHERE trim(line) <> ''))`;
}

function jsonColumns(head: string, array: boolean): string[] {
  const names = new Set<string>();
  const pieces = array
    ? (head.match(/"((?:[^"\\]|\\.)*)"\s*:/g)?.map((key) => `{${key}0}`) ?? [])
    : head.split('\n').slice(0, 1000);
  for (const piece of pieces) {
    if (names.size && piece.length > 1 << 20) continue;
    try {
      const value: unknown = JSON.parse(piece);
      if (value && typeof value === 'object' && !Array.isArray(value)) for (const name of Object.keys(value)) names.add(name);
    } catch {
      // A broken or cut line says nothing about columns; it is counted when it is read.
    }
  }
  // A first line longer than the head: its keys as far as it goes.
  return names.size || array ? [...names] : jsonColumns(head, true);
}

/** The first thousand lines of a zstd file, which Node 20 cannot unpack. */
export async function zstdHead(connection: DuckDBConnection, path: string): Promise<string> {
  const sql =
    `SELECT line FROM read_csv(${literal(path)}, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, ` +
    `auto_detect = false, compression = 'zstd', ignore_errors = true, parallel = false, max_line_size = ${LINE}, buffer_size = ${2 * LINE}) LIMIT 1000`;
  const lines = await readable(path, async () => (await connection.runAndReadAll(sql)).getRows());
  return lines.map(([line]) => (line as string | null) ?? '').join('\n');
}

/** The lines of CSV files that could not be parsed, as DuckDB noted them since it was opened: line number (from 1, header counted) and message. */
export async function rejectedLines(duck: Duck): Promise<{ line: number; reason: string; got: string }[]> {
  const tables = await duck.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'");
  if (!tables.length) return [];
  return duck.rows(
    `SELECT line, min(lower(error_type::VARCHAR)) AS reason, min(left(csv_line, 60)) AS got FROM reject_errors GROUP BY line ORDER BY line`,
  );
}

/** Runs work over a scan, again over its careful form where that is needed, and says in one line what DuckDB found wrong with the file. */
export async function overScan<T>(scan: Scan, work: (from: string) => Promise<T>): Promise<T> {
  const { careful } = scan;
  if (!careful) return readable(scan.path, () => work(scan.from));
  try {
    return await work(scan.from);
  } catch {
    return readable(scan.path, () => work(careful));
  }
}

/** Runs a query over a file and says in one line what DuckDB found wrong with it. */
export async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    const message = (error as Error).message.split('\n')[0];
    throw new InputError(`${path} cannot be read: ${message}`);
  }
}
