import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBAppender, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { checkFolder, destinationOf, makeFolder } from '../runtime/destination';
import { ensure } from '../runtime/errors';
import { temporaryName } from '../runtime/files';
import { UPSTREAM_FILES } from './columns';
import { Duck, literal } from './duck';
import type { Dataset, Product, Row } from './types';

/** A piece of a data set: rows, and the products that no earlier piece held. */
export interface RowChunk {
  rows: readonly Row[];
  products: readonly Product[];
}

/** What was written. */
export interface Written {
  examples: string;
  products: string;
  sources?: string;
  trueLabels?: string;
  rows: number;
  productCount: number;
}

const orNull = (text: string): string | null => text || null;
const EXAMPLES: readonly [string, 'VARCHAR' | 'BIGINT', (row: Row) => DuckDBValue][] = [
  ['example_id', 'BIGINT', (row) => BigInt(row.exampleId)],
  ['query', 'VARCHAR', (row) => row.query],
  ['query_id', 'BIGINT', (row) => BigInt(row.queryId)],
  ['product_id', 'VARCHAR', (row) => row.productId],
  ['product_locale', 'VARCHAR', (row) => row.locale],
  ['esci_label', 'VARCHAR', (row) => row.label],
  ['small_version', 'BIGINT', (row) => (row.smallVersion ? 1n : 0n)],
  ['large_version', 'BIGINT', (row) => (row.largeVersion ? 1n : 0n)],
  ['split', 'VARCHAR', (row) => row.split],
  ['true_label', 'VARCHAR', (row) => row.trueLabel ?? null],
  ['source', 'VARCHAR', (row) => orNull(row.source ?? '')],
];
const PRODUCTS: readonly [string, 'VARCHAR', (product: Product) => DuckDBValue][] = [
  ['product_id', 'VARCHAR', (product) => product.productId],
  ['product_title', 'VARCHAR', (product) => orNull(product.title)],
  ['product_description', 'VARCHAR', (product) => orNull(product.description)],
  ['product_bullet_point', 'VARCHAR', (product) => orNull(product.bullets)],
  ['product_brand', 'VARCHAR', (product) => orNull(product.brand)],
  ['product_color', 'VARCHAR', (product) => orNull(product.color)],
  ['product_locale', 'VARCHAR', (product) => product.locale],
];

/**
 * Writes a data set as upstream's two parquet files (its file names, columns and types; an empty field is NULL), in bounded memory: from a Dataset or a stream of
 * chunks. True labels, which upstream does not have, go to a third file, and query sources to upstream's CSV. Nothing appears before all is written.
 * Throws InputError for augmented rows (a weight has no column upstream), a repeated example id or product, and a judged product that the catalogue lacks.
 */
export async function writeUpstreamParquet(
  dataset: Pick<Dataset, 'rows' | 'products'> | Iterable<RowChunk> | AsyncIterable<RowChunk>,
  folder: string,
): Promise<Written> {
  const chunks: Iterable<RowChunk> | AsyncIterable<RowChunk> = 'rows' in dataset ? [dataset] : dataset;
  checkFolder(folder);
  const duck = await Duck.open();
  const pending: [string, string][] = [];
  try {
    const examples = await Table.create(duck, 'examples', EXAMPLES);
    const products = await Table.create(duck, 'products', PRODUCTS);
    for await (const chunk of chunks) {
      ensure(
        chunk.rows.every((row) => row.weight === undefined || row.weight === 1),
        'augmented rows (with a weight) have no place in the upstream schema',
      );
      examples.append(chunk.rows);
      products.append(chunk.products);
    }
    examples.close();
    products.close();
    ensure(examples.count > 0, 'there are no rows to write');
    await checkKeys(duck);
    makeFolder(folder);
    const written: Written = { examples: '', products: '', rows: examples.count, productCount: products.count };
    const copy = async (role: keyof typeof UPSTREAM_FILES, sql: string, format: string): Promise<void> => {
      const path = join(folder, UPSTREAM_FILES[role]);
      const to = destinationOf(path);
      ensure('file' in to, `${path} is a pipe or a device; expected a file`);
      const temporary = temporaryName(to.file);
      pending.push([temporary, to.file]);
      await duck.run(`COPY (${sql}) TO ${literal(temporary)} (${format})`);
      written[role] = path;
    };
    await copy('examples', 'SELECT * EXCLUDE (true_label, source) FROM examples', 'FORMAT parquet');
    await copy('products', 'SELECT * FROM products', 'FORMAT parquet');
    if (await duck.number('SELECT count(true_label) FROM examples'))
      await copy('trueLabels', 'SELECT example_id, true_label FROM examples WHERE true_label IS NOT NULL', 'FORMAT parquet');
    if (await duck.number('SELECT count(source) FROM examples'))
      await copy(
        'sources',
        'SELECT query_id, min(source) AS source FROM examples WHERE source IS NOT NULL GROUP BY query_id ORDER BY query_id',
        'FORMAT csv, HEADER',
      );
    // Companions of what stood here before would be joined to the new rows.
    for (const role of ['trueLabels', 'sources'] as const)
      if (!written[role]) rmSync(join(folder, UPSTREAM_FILES[role]), { force: true });
    for (const [temporary, path] of pending) renameSync(temporary, path);
    return written;
  } catch (error) {
    for (const [temporary] of pending) rmSync(temporary, { force: true });
    throw error;
  } finally {
    duck.close();
  }
}

async function checkKeys(duck: Duck): Promise<void> {
  const first = async (sql: string): Promise<string | undefined> => {
    const [row] = await duck.rows<Record<string, string | number>>(`${sql} LIMIT 1`);
    return row && Object.values(row).map(String).join(' ');
  };
  const example = await first('SELECT example_id FROM examples GROUP BY example_id HAVING count(*) > 1');
  ensure(example === undefined, `example id ${example} stands at two rows`);
  const twice = await first('SELECT product_locale, product_id FROM products GROUP BY ALL HAVING count(*) > 1');
  ensure(twice === undefined, `product ${twice} stands twice in the catalogue`);
  const lacking = await first(
    'SELECT product_locale, product_id FROM examples ANTI JOIN products USING (product_id, product_locale)',
  );
  ensure(lacking === undefined, `product ${lacking} is judged but not in the catalogue`);
}

/** A DuckDB table filled in blocks, by column. */
class Table<T> {
  count = 0;

  private constructor(
    private readonly appender: DuckDBAppender,
    private readonly types: readonly DuckDBType[],
    private readonly fields: readonly ((item: T) => DuckDBValue)[],
    private readonly block: (types: readonly DuckDBType[], columns: DuckDBValue[][]) => void,
  ) {}

  static async create<T>(
    duck: Duck,
    name: string,
    columns: readonly (readonly [string, 'VARCHAR' | 'BIGINT', (item: T) => DuckDBValue])[],
  ): Promise<Table<T>> {
    const { BIGINT, VARCHAR, DuckDBDataChunk } = await import('@duckdb/node-api');
    await duck.run(`CREATE TABLE ${name} (${columns.map(([column, type]) => `${column} ${type}`).join(', ')})`);
    const appender = await duck.connection.createAppender(name);
    const types = columns.map(([, type]) => (type === 'BIGINT' ? BIGINT : VARCHAR));
    return new Table(
      appender,
      types,
      columns.map(([, , field]) => field),
      (kinds, values) => {
        const chunk = DuckDBDataChunk.create(kinds, values[0].length);
        chunk.setColumns(values);
        appender.appendDataChunk(chunk);
      },
    );
  }

  append(items: readonly T[]): void {
    for (let at = 0; at < items.length; at += 2048) {
      const part = items.slice(at, at + 2048);
      this.block(
        this.types,
        this.fields.map((field) => part.map(field)),
      );
    }
    this.count += items.length;
  }

  close(): void {
    this.appender.closeSync();
  }
}
