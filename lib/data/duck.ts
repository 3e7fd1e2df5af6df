import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBMaterializedResult } from '@duckdb/node-api';

/** What a cell of a result can be in JavaScript: 64-bit integers come as numbers where a number holds them exactly. */
export type Cell = string | number | bigint | boolean | null | Cell[] | { [key: string]: Cell };
export type Parameter = string | number | bigint | boolean | null;

export interface DuckOptions {
  /** DuckDB's own limit, as it writes it. Beyond it, it spills to the temporary folder. */
  memoryLimit?: string;
  threads?: number;
}

/**
 * A private DuckDB with a temporary database file, removed by `close()`. Extensions are never downloaded: what is used (parquet, json) is built in.
 * Results are always materialised: a streamed result of DuckDB 1.5 that runs out of memory ends early without an error, so long tables are read in ranges.
 */
export class Duck {
  private constructor(
    private readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
    /** The temporary folder: put what must live as long as this here. */
    readonly folder: string,
  ) {}

  static async open({ memoryLimit = '1400MB', threads = 2 }: DuckOptions = {}): Promise<Duck> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const folder = mkdtempSync(join(tmpdir(), 'esci-duck-'));
    try {
      const instance = await asTheSystems(
        DuckDBInstance.create(join(folder, 'stage.duckdb'), {
          threads: String(threads),
          memory_limit: memoryLimit,
          temp_directory: join(folder, 'spill'),
          autoinstall_known_extensions: 'false',
          autoload_known_extensions: 'false',
        }),
      );
      return new Duck(instance, await instance.connect(), folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs one statement; parameters are `$1`, `$2`, … */
  async run(sql: string, parameters: readonly Parameter[] = []): Promise<DuckDBMaterializedResult> {
    return asTheSystems(this.connection.run(sql, [...parameters]));
  }

  /** The rows of a query as objects. */
  async rows<T = Record<string, Cell>>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    const reader = await asTheSystems(this.connection.runAndReadAll(sql, [...parameters]));
    return reader.getRowObjectsJS().map((row) => tidy(row)) as T[];
  }

  /** A query's first cell as a number. */
  async number(sql: string, parameters: readonly Parameter[] = []): Promise<number> {
    const [row] = await this.rows(sql, parameters);
    return Number(Object.values(row)[0]);
  }

  /**
   * A query's result by column, a few thousand rows at a time: the fastest way into JavaScript. DuckDB holds the whole result, JavaScript one piece.
   * 64-bit integers stay bigint here; cast them to DOUBLE in the query.
   */
  async *pieces(sql: string, parameters: readonly Parameter[] = []): AsyncGenerator<{ count: number; columns: unknown[][] }> {
    const result = await this.run(sql, parameters);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount; chunk = await result.fetchChunk())
      yield { count: chunk.rowCount, columns: chunk.getColumns() };
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Text as an SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as a quoted SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Runs one query in a DuckDB of its own and closes it: `await query<{n: number}>("SELECT count(*) AS n FROM read_parquet($1)", [path])`. */
export async function query<T = Record<string, Cell>>(
  sql: string,
  parameters: readonly Parameter[] = [],
  options?: DuckOptions,
): Promise<T[]> {
  const duck = await Duck.open(options);
  try {
    return await duck.rows<T>(sql, parameters);
  } finally {
    duck.close();
  }
}

/** DuckDB's complaint about a full disk as the system's own error (ENOSPC and the file), which the command line tells in one line. */
async function asTheSystems<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const full = /"([^"]+)": No space left on device/.exec((error as Error).message);
    throw full ? Object.assign(error as Error, { code: 'ENOSPC', path: full[1] }) : error;
  }
}

function tidy(value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  if (Array.isArray(value)) return value.map(tidy);
  if (value && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, tidy(v)]));
  return value;
}
