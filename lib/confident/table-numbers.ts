import type { DuckDBConnection, DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import { identifier, literal } from '../data/duck';
import { inspectFile } from '../data/inspect';
import { checkedTable, refuseMisread, unreadable } from '../data/table-faults';
import { InputError, ensure } from '../runtime/errors';
import type { NumberChunk } from './json-numbers';

/**
 * A table file that DuckDB reads: parquet, CSV/TSV (also compressed), JSON or JSON lines of records. With `columns` their types are as given, where text formats
 * would have DuckDB guess them from the first rows.
 */
export function tableSql(path: string, columns?: readonly Column[]): string {
  const quoted = literal(path);
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '');
  const given = (option: string): string =>
    columns ? `, ${option} = {${columns.map((c) => `${literal(c.name)}: ${literal(c.type)}`).join(', ')}}` : '';
  if (name.endsWith('.parquet')) return `read_parquet(${quoted})`;
  if (/\.(csv|tsv|txt)$/.test(name)) return `read_csv(${quoted}${given('types')})`;
  if (/\.(json|jsonl|ndjson)$/.test(name)) return `read_json(${quoted}, maximum_object_size = 67108864${given('columns')})`;
  throw new InputError(`${path}: expected a file that ends in .json, .jsonl, .csv, .tsv or .parquet`);
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

/** The columns of a table file. Throws an InputError for a file that is missing, empty, cut or no table. */
export async function columnsOf(connection: DuckDBConnection, path: string): Promise<Column[]> {
  const facts = await checkedTable(path);
  const rows = await (await connection.run(`DESCRIBE SELECT * FROM ${tableSql(path)}`)).getRows();
  const columns = rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  await refuseMisread(facts, columns.map(nameOf));
  return columns;
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
    const found = await chosenColumns(path, await columnsOf(connection, path), choose);
    // Whole numbers in the first rows do not make the later ones whole: DuckDB would round them.
    const chosen = found.map(({ name, type }) => ({
      name,
      type: type.replace(/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\b/, 'DOUBLE'),
    }));
    const select = chosen.map(({ name, type }) =>
      type.startsWith('VARCHAR') || type.includes('[') ? identifier(name) : `CAST(${identifier(name)} AS DOUBLE)`,
    );
    const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${tableSql(path, chosen)}`);
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

const toNumber = (value: DuckDBValue, nameToId?: (name: string) => number): number =>
  value === null ? NaN : typeof value === 'string' ? (nameToId ? nameToId(value) : Number(value.trim() || NaN)) : Number(value);
