import { Duck, identifier as quoted, literal } from '../data/duck';
import type { FileFacts } from '../data/inspect';
import { checkedTable, csvHeader, csvOptions, refuseMisread, unreadable } from '../data/table-faults';
import { InputError, ensure, shown } from '../runtime/errors';

/** What a column holds: a finite number, an ESCI label (letter or word), substitute or no_substitute, or text. */
export type ColumnKind = 'number' | 'label' | 'substitute' | 'text';

/** Columns of a judgement or prediction file to be read; at least one name of each `required` list must be there. */
export interface ColumnPlan {
  kinds: Readonly<Record<string, ColumnKind>>;
  required: readonly (readonly string[])[];
}

/** Aligned rows, sorted by query (numerically where query ids are numbers) and then by product id in byte order. */
export interface AlignedRows {
  rows: number;
  /** Running number of each row's query, and the queries' ids. */
  query: Int32Array;
  queryIds: string[];
  /** Product ids, only where asked for. */
  productIds?: string[];
  /** Columns by `file.column`: numbers as they are, labels as class ids, substitute as 1 and 0. */
  numbers: Record<string, Float64Array>;
  texts: Record<string, string[]>;
  /** Rows of each further file that the first file does not have; they are left out. */
  extra: Record<string, number>;
}

const LABEL_CASES = ['exact', 'substitute', 'complement', 'irrelevant']
  .map((word, id) => `WHEN '${word}' THEN ${id} WHEN '${word[0]}' THEN ${id}`)
  .join(' ');

const EXPECTED: Record<ColumnKind, string> = {
  number: 'a finite number',
  label: 'one of E, S, C, I',
  substitute: 'substitute or no_substitute',
  text: 'text',
};

/** Files of (query_id, product_id) pairs with more columns, as CSV, JSON lines or parquet, checked and joined by DuckDB. */
export class PairFiles {
  private readonly loaded = new Map<
    string,
    { path: string; columns: string[]; kinds: Record<string, ColumnKind>; rows: number }
  >();

  private constructor(private readonly duck: Duck) {}

  static async open(): Promise<PairFiles> {
    return new PairFiles(await Duck.open({ memoryLimit: '3GB' }));
  }

  close(): void {
    this.duck.close();
  }

  /**
   * Reads a file under a short name. Throws an InputError that names the file and the first offending line or pair on a missing, empty, cut or broken
   * file, a missing column, a duplicate pair, an unknown label, or a number that is empty, NaN or no number. Returns the columns found.
   */
  async load(name: string, path: string, plan: ColumnPlan, where?: { column: string; equals: string }): Promise<string[]> {
    const facts = await checkedTable(path);
    const found = await this.ask(path, `SELECT column_name FROM (DESCRIBE SELECT * FROM ${sourceOf(facts)})`);
    const header = found.map(([column]) => String(column));
    const needed = [['query_id'], ['product_id'], ...(where ? [[where.column]] : []), ...plan.required];
    const missing = needed.find((choices) => !choices.some((column) => header.includes(column)));
    if (missing) {
      await refuseMisread(facts, header, true);
      throw new InputError(`${path}: missing column ${missing.join(' or ')}, got ${header.join(', ')}`);
    }
    const columns = Object.keys(plan.kinds).filter((column) => header.includes(column));
    const read = [...new Set(['query_id', 'product_id', ...(where ? [where.column] : []), ...columns])];
    const names = facts.format === 'csv' ? csvHeader(facts.head).names : header;
    const repeated = read.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
    ensure(repeated === undefined, `${path}: column ${repeated} stands twice in the header`);
    const source = sourceOf(facts, read);
    const typed = columns.map((column) => `${typedSql(column, plan.kinds[column])} AS ${quoted(column)}`);
    const filter = where ? ` WHERE CAST(${quoted(where.column)} AS VARCHAR) = ${literal(where.equals)}` : '';
    const keys = ['CAST(query_id AS VARCHAR) AS query_id', 'CAST(product_id AS VARCHAR) AS product_id'];
    await this.ask(path, `CREATE TABLE ${quoted(name)} AS SELECT ${[...keys, ...typed].join(', ')} FROM ${source}${filter}`);
    const [[rows]] = await this.ask(path, `SELECT count(*)::DOUBLE FROM ${quoted(name)}`);
    ensure(Number(rows) > 0, `${path}: no rows${where ? ` with ${where.column} = ${where.equals}` : ''}, expected at least one`);
    const checked = ['query_id', 'product_id', ...columns.filter((c) => plan.kinds[c] !== 'text')];
    for (const column of checked) await this.refuseEmpty(name, path, source + filter, column, plan.kinds[column] ?? 'text');
    const [twice] = await this.ask(
      path,
      `SELECT query_id, product_id, count(*)::DOUBLE FROM ${quoted(name)} GROUP BY query_id, product_id HAVING count(*) > 1
       ORDER BY query_id, product_id LIMIT 1`,
    );
    ensure(!twice, `${path}: duplicate pair query_id ${twice?.[0]}, product_id ${twice?.[1]}: ${twice?.[2]} rows, expected one`);
    this.loaded.set(name, { path, columns, kinds: { ...plan.kinds }, rows: Number(rows) });
    return columns;
  }

  /**
   * Joins further files to the first by pair. Throws an InputError where one lacks a query or a pair of the first, unless it is named `partial`:
   * then its numbers are NaN and its texts empty there.
   */
  async align(
    first: string,
    others: readonly string[],
    { productIds = false, partial = [] }: { productIds?: boolean; partial?: readonly string[] } = {},
  ): Promise<AlignedRows> {
    const base = this.file(first);
    const files = [first, ...others];
    await this.ask(
      base.path,
      `CREATE OR REPLACE TABLE "all queries" AS SELECT query_id, (row_number() OVER (ORDER BY TRY_CAST(query_id AS BIGINT) NULLS LAST, query_id) - 1)::INTEGER AS number
       FROM (SELECT DISTINCT query_id FROM ${quoted(first)})`,
    );
    const names = await this.ask(base.path, 'SELECT query_id FROM "all queries" ORDER BY number');
    const wanted = files.flatMap((file) =>
      this.file(file).columns.map((column) => ({ file, column, text: this.file(file).kinds[column] === 'text' })),
    );
    const select = wanted.map(({ file, column }) => `${quoted(file)}.${quoted(column)}`);
    const flags = others.map((file) => `(${quoted(file)}.product_id IS NULL)::DOUBLE`);
    const joins = others.map((file) => `LEFT JOIN ${quoted(file)} USING (query_id, product_id)`);
    const from = `FROM ${quoted(first)} JOIN "all queries" USING (query_id) ${joins.join(' ')}`;
    const sql = `SELECT ${['number', ...flags, ...select, ...(productIds ? [`${quoted(first)}.product_id`] : [])].join(', ')} ${from} ORDER BY number, ${quoted(first)}.product_id`;
    const out: AlignedRows = {
      rows: base.rows,
      query: new Int32Array(base.rows),
      queryIds: names.map(([id]) => String(id)),
      numbers: {},
      texts: {},
      extra: {},
    };
    const sinks = wanted.map(({ file, column, text }) => {
      const key = `${file}.${column}`;
      return text ? (out.texts[key] = new Array<string>(base.rows)) : (out.numbers[key] = new Float64Array(base.rows));
    });
    if (productIds) sinks.push((out.productIds = new Array<string>(base.rows)));
    const missing = others.map(() => 0);
    const result = await this.duck.run(sql);
    let at = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const own = chunk;
      const n = own.rowCount;
      const number = own.getColumnVector(0);
      for (let i = 0; i < n; i++) out.query[at + i] = number.getItem(i) as number;
      others.forEach((_, o) => {
        const flag = own.getColumnVector(1 + o);
        for (let i = 0; i < n; i++) missing[o] += flag.getItem(i) as number;
      });
      sinks.forEach((sink, s) => {
        const vector = own.getColumnVector(1 + others.length + s);
        for (let i = 0; i < n; i++) sink[at + i] = (vector.getItem(i) ?? (sink instanceof Float64Array ? NaN : '')) as never;
      });
      at += n;
    }
    ensure(at === base.rows, `${base.path}: joining gave ${at} rows, expected ${base.rows}`);
    for (const [o, file] of others.entries()) {
      if (missing[o] > 0 && !partial.includes(file)) await this.refuseMissing(first, file, missing[o]);
      out.extra[file] = this.file(file).rows - (base.rows - missing[o]);
    }
    return out;
  }

  private file(name: string): { path: string; columns: string[]; kinds: Record<string, ColumnKind>; rows: number } {
    const file = this.loaded.get(name);
    ensure(file, `file ${name} must be loaded first`);
    return file;
  }

  private async refuseEmpty(name: string, path: string, source: string, column: string, kind: ColumnKind): Promise<void> {
    const bad = kind === 'number' ? `${quoted(column)} IS NULL OR NOT isfinite(${quoted(column)})` : `${quoted(column)} IS NULL`;
    const [count] = await this.ask(path, `SELECT count(*)::DOUBLE FROM ${quoted(name)} WHERE ${bad}`);
    if (Number(count[0]) === 0) return;
    const typed = `(SELECT *, ${kind === 'text' ? quoted(column) : typedSql(column, kind)} AS "typed value" FROM ${source})`;
    const again = kind === 'number' ? '"typed value" IS NULL OR NOT isfinite("typed value")' : '"typed value" IS NULL';
    const [row] = await this.ask(
      path,
      `SELECT CAST(query_id AS VARCHAR), CAST(product_id AS VARCHAR), CAST(${quoted(column)} AS VARCHAR) FROM ${typed} WHERE ${again} LIMIT 1`,
    );
    const [query, product, value] = row;
    const got = value === null ? 'nothing' : shown(value);
    throw new InputError(
      `${path}: ${column} of query_id ${query ?? '(empty)'}, product_id ${product ?? '(empty)'} must be ${EXPECTED[kind]}, got ${got} (${count[0]} such rows)`,
    );
  }

  private async refuseMissing(first: string, file: string, count: number): Promise<never> {
    const { path } = this.file(file);
    const [query] = await this.ask(
      path,
      `SELECT any_value(query_id ORDER BY TRY_CAST(query_id AS BIGINT) NULLS LAST, query_id), count(*)::DOUBLE FROM (SELECT DISTINCT query_id FROM ${quoted(first)} ANTI JOIN (SELECT DISTINCT query_id FROM ${quoted(file)}) USING (query_id))`,
    );
    const judged = this.file(first).path;
    if (Number(query[1]) > 0)
      throw new InputError(
        `${path}: missing query ${query[0]} of ${judged} (${query[1]} queries and ${count} pairs in all are missing)`,
      );
    const [pair] = await this.ask(
      path,
      `SELECT query_id, product_id FROM ${quoted(first)} ANTI JOIN ${quoted(file)} USING (query_id, product_id) ORDER BY ALL LIMIT 1`,
    );
    throw new InputError(
      `${path}: missing pair query_id ${pair[0]}, product_id ${pair[1]} of ${judged} (${count} pairs in all are missing)`,
    );
  }

  private async ask(path: string, sql: string): Promise<(string | number | null)[][]> {
    try {
      return (await this.duck.connection.runAndReadAll(sql)).getRows() as (string | number | null)[][];
    } catch (error) {
      throw await unreadable(path, error);
    }
  }
}

function typedSql(column: string, kind: ColumnKind): string {
  const text = `trim(lower(CAST(${quoted(column)} AS VARCHAR)))`;
  if (kind === 'number') return `TRY_CAST(${quoted(column)} AS DOUBLE)`;
  if (kind === 'label') return `CAST(CASE ${text} ${LABEL_CASES} END AS DOUBLE)`;
  if (kind === 'substitute') return `CAST(CASE ${text} WHEN 'substitute' THEN 1 WHEN 'no_substitute' THEN 0 END AS DOUBLE)`;
  return `CAST(${quoted(column)} AS VARCHAR)`;
}

/**
 * DuckDB's reader for a file by its ending. CSV gives text, and so do `columns` of JSON lines: DuckDB would guess their types from the first lines, round later
 * fractions of a column that began with whole numbers, and write ids that look like a UUID or a time its own way.
 */
function sourceOf(facts: FileFacts, columns?: readonly string[]): string {
  const { path } = facts;
  if (/\.(csv|tsv)(\.gz)?$/i.test(path))
    return `read_csv(${literal(path)}, header = true, all_varchar = true, sample_size = 2048, ${csvOptions(facts, facts.head)})`;
  if (/\.(jsonl|ndjson|json)(\.gz)?$/i.test(path)) {
    const form = facts.format === 'json-array' ? 'array' : 'newline_delimited';
    const reader = `read_json(${literal(path)}, format = '${form}', sample_size = 2048`;
    if (!columns) return `${reader})`;
    const types = columns.map((name) => `${literal(name)}: 'JSON'`);
    const texts = columns.map((name) => `${quoted(name)}->>'$' AS ${quoted(name)}`);
    return `(SELECT ${texts.join(', ')} FROM ${reader}, columns = {${types.join(', ')}}))`;
  }
  ensure(
    /\.parquet$/i.test(path),
    `${path}: must end in .csv, .tsv, .jsonl, .ndjson, .json or .parquet (the first two kinds also .gz)`,
  );
  return `read_parquet(${literal(path)})`;
}
