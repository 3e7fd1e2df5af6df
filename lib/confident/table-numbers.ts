import type { DuckDBConnection, DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import { identifier, literal } from '../data/duck';
import { inspectFile, type FileFacts } from '../data/inspect';
import { zstdHead } from '../data/scan';
import { checkedTable, csvHeader, csvOptions, refuseMisread, unreadable } from '../data/table-faults';
import { InputError, ensure } from '../runtime/errors';
import type { NumberChunk } from './json-numbers';

/** A table file that DuckDB reads. */
export interface Table {
  columns: readonly Column[];
  /** The table for FROM. With `columns` their types are as given, where text formats would have DuckDB guess them from the first rows. */
  sql(columns?: readonly Column[]): string;
}

/** The reader for a table file by its ending: parquet, CSV/TSV (also compressed), JSON or JSON lines of records. `head` holds a CSV file's first lines. */
function tableSql(facts: FileFacts, head: string, columns?: readonly Column[]): string {
  const { path } = facts;
  const quoted = literal(path);
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '');
  const given = (option: string): string =>
    columns ? `, ${option} = {${columns.map((c) => `${literal(c.name)}: ${literal(c.type)}`).join(', ')}}` : '';
  if (name.endsWith('.parquet')) return `read_parquet(${quoted})`;
  if (/\.(csv|tsv|txt)$/.test(name))
    return `read_csv(${quoted}, ${csvOptions(facts, head)}${numberedHeader(path, head) ? ', header = true' : ''}${given('types')})`;
  if (/\.(json|jsonl|ndjson)$/.test(name)) return `read_json(${quoted}, maximum_object_size = 67108864${given('columns')})`;
  throw new InputError(`${path}: expected a file that ends in .json, .jsonl, .csv, .tsv or .parquet`);
}

/**
 * Whether the first line of a CSV file holds the numbers of its columns, as pandas writes a frame without names: DuckDB takes it for a row. The line 0,1 can be a row
 * of probabilities as well. It is none where the others have no bare 0 or 1, which pandas writes as 0.0 and 1.0; else an InputError asks for names.
 */
function numberedHeader(path: string, head: string): boolean {
  const { names, body } = csvHeader(head);
  const indexed = names.length > 2 && names[0] === '';
  const numbers = names.slice(Number(indexed)).map((name) => (/^\d+$/.test(name) ? Number(name) : NaN));
  if (numbers.length < 2 || !numbers.every((x, i) => x === numbers[0] + i)) return false;
  ensure(
    indexed || numbers.join() !== '0,1' || !/(^|[\s,;|"])[01]([\s,;|"]|$)/.test(body),
    `${path}: its first line 0,1 can be a header or a row: expected a header of names, such as p_0,p_1`,
  );
  return true;
}

interface Session {
  connection: DuckDBConnection;
  close(): void;
}

/** A fresh database in memory that never reaches for the network. DuckDB is loaded here, so that arrays need no database. */
async function openDuck(): Promise<Session> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Runs `use` on a fresh database; DuckDB's own complaint becomes an InputError naming the file. */
export async function withDuck<T>(path: string, use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const duck = await openDuck();
  const { connection } = duck;
  try {
    return await use(connection);
  } catch (error) {
    throw await unreadable(path, error);
  } finally {
    duck.close();
  }
}

export interface Column {
  name: string;
  type: string;
}

const nameOf = ({ name }: Column): string => name;

/** Opens a table file. Throws an InputError for a file that is missing, empty, cut or no table. */
export async function openTable(connection: DuckDBConnection, path: string): Promise<Table> {
  const facts = await checkedTable(path);
  const head = facts.format === 'csv' && facts.compression === 'zstd' ? await zstdHead(connection, path) : facts.head;
  const sql = (columns?: readonly Column[]): string => tableSql(facts, head, columns);
  const rows = await (await connection.run(`DESCRIBE SELECT * FROM ${sql()}`)).getRows();
  const columns = rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  await refuseMisread(facts, columns.map(nameOf));
  return { columns, sql };
}

/** What `choose` picks; where it finds too little in a CSV file, the line that DuckDB stumbled over is named instead, if there is one. */
async function chosenColumns(
  path: string,
  columns: readonly Column[],
  choose: (columns: readonly Column[]) => readonly Column[],
): Promise<readonly Column[]> {
  try {
    return choose(columns);
  } catch (error) {
    await refuseMisread(inspectFile(path), columns.map(nameOf), true);
    throw error;
  }
}

/** Streams columns of a table file as numbers, in the file's order. `choose` picks the columns; NULL becomes NaN, a list column gives its items. */
export async function* readTableNumbers(
  path: string,
  choose: (columns: readonly Column[]) => readonly Column[],
  nameToId?: (name: string) => number,
): AsyncGenerator<NumberChunk> {
  const duck = await openDuck();
  const { connection } = duck;
  try {
    const table = await openTable(connection, path);
    const found = await chosenColumns(path, table.columns, choose);
    const chosen = found.map(({ name, type }) => ({ name, type: readAs(type) }));
    const select = chosen.map(({ name, type }) =>
      type.includes('[') ? identifier(name) : `CAST(${identifier(name)} AS ${type})`,
    );
    const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${table.sql(chosen)}`);
    for (let width = 0; ;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const lists = chosen.length === 1 && chosen[0].type.includes('[');
      const columns = chosen.map((_, c) => chunk.getColumnValues(c));
      if (lists) {
        const rows = columns[0].map((value) =>
          ((value as DuckDBListValue | null)?.items ?? []).map((x) => toNumber(x, nameToId)),
        );
        width ||= rows[0].length;
        for (const row of rows)
          ensure(row.length === width, `${path}: every list must be as long as the first, ${width}; got one of ${row.length}`);
        yield { values: Float64Array.from(rows.flat()), width };
      } else {
        width = chosen.length;
        const values = new Float64Array(chunk.rowCount * width);
        columns.forEach((column, c) => column.forEach((x, i) => (values[i * width + c] = toNumber(x, nameToId))));
        yield { values, width };
      }
    }
  } catch (error) {
    throw await unreadable(path, error);
  } finally {
    duck.close();
  }
}

/**
 * The type by which a column is read. Whole numbers in the first rows do not make the later ones whole: DuckDB would round them. What is no number is text: yes and
 * no or times of day may be names of classes, whose numbers their order says and not DuckDB.
 */
const readAs = (type: string): string =>
  type.includes('[')
    ? type.replace(WHOLE, 'DOUBLE')
    : /^(FLOAT|DOUBLE|DECIMAL)/.test(type) || WHOLE.test(type)
      ? 'DOUBLE'
      : 'VARCHAR';
const WHOLE = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\b/;

const toNumber = (value: DuckDBValue, nameToId?: (name: string) => number): number =>
  value === null ? NaN : typeof value === 'string' ? (nameToId ? nameToId(value) : Number(value.trim() || NaN)) : Number(value);
