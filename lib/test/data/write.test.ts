import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeData, Duck, query, readDataset, streamRows, writeUpstreamParquet, type Row } from '../../data';
import { generate, generateChunks } from '../../data/generate';
import { readable } from '../../data/scan';
import { Key } from '../../runtime/key';
import { sharedData, temporaryFolder, tinyDataset } from './fixtures';

const folder = temporaryFolder();

test('what is written in the upstream schema reads back identical: by hand, generated, in chunks, streamed', async () => {
  // Oracle: the rows and products before writing.
  const tiny = tinyDataset();
  const written = await writeUpstreamParquet(tiny, join(folder, 'tiny'));
  assert.deepEqual([written.rows, written.productCount, written.trueLabels], [7, 5, undefined]);
  const back = await readDataset(join(folder, 'tiny'));
  assert.deepEqual(back.rows, tiny.rows);
  assert.deepEqual(back.products, tiny.products);
  assert.deepEqual(back.skipped, {});
  assert.deepEqual(readdirSync(join(folder, 'tiny')).sort(), [
    'shopping_queries_dataset_examples.parquet',
    'shopping_queries_dataset_products.parquet',
  ]);

  const options = { world: 'smoke', queries: 43 } as const;
  const generated = generate(options, Key.from(3));
  await writeUpstreamParquet(generateChunks(options, Key.from(3)), join(folder, 'generated'));
  const read = await readDataset(join(folder, 'generated'));
  assert.deepEqual(read.rows, generated.rows);
  assert.deepEqual(read.products, generated.products);
  const streamed: Row[] = [];
  for await (const rows of streamRows(join(folder, 'generated'), {}, 101)) streamed.push(...rows);
  assert.deepEqual(streamed, generated.rows);
  const description = await describeData(join(folder, 'generated'));
  assert.ok(description.kind === 'judgements');
  assert.deepEqual(description.trueLabels, {
    rows: read.rows.length,
    flipped: read.rows.filter((row) => row.label !== row.trueLabel).length,
  });
});

test('columns have the names and types of the upstream files', async () => {
  // Oracle: upstream's own schema, as the real 16-row file has it.
  await writeUpstreamParquet(tinyDataset(), join(folder, 'schema'));
  const schema = async (path: string): Promise<string[]> =>
    (await query<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM '${path}'`)).map(
      (c) => `${c.column_name} ${c.column_type}`,
    );
  const examples = await schema(join(folder, 'schema', 'shopping_queries_dataset_examples.parquet'));
  const real = sharedData('fixtures', 'esci_examples_16.parquet');
  if (real)
    assert.deepEqual(
      examples,
      (await schema(real)).filter((column) => !column.startsWith('__index')),
    );
  assert.deepEqual(
    examples.map((column) => column.split(' ')[1]),
    ['BIGINT', 'VARCHAR', 'BIGINT', 'VARCHAR', 'VARCHAR', 'VARCHAR', 'BIGINT', 'BIGINT', 'VARCHAR'],
  );
  const nulls = await query<{ n: number }>(
    `SELECT count(*) FILTER (product_color IS NULL) AS n FROM '${join(folder, 'schema', 'shopping_queries_dataset_products.parquet')}'`,
  );
  assert.equal(nulls[0].n, 1);
});

test('what cannot be written leaves the folder as it was', async () => {
  // Oracle: the files before.
  const { rows, products } = tinyDataset();
  const target = join(folder, 'kept');
  mkdirSync(target);
  writeFileSync(join(target, 'shopping_queries_dataset_examples.parquet'), 'old');
  const cases: [{ rows: Row[]; products: typeof products }, RegExp][] = [
    [{ rows: [...rows, rows[0]], products }, /example id 2 stands at two rows/],
    [{ rows, products: [...products, products[1]] }, /product es B001 stands twice/],
    [{ rows, products: products.slice(1) }, /product us B000 is judged but not in the catalogue/],
    [{ rows: [{ ...rows[0], weight: 0.3 }], products }, /augmented rows/],
    [{ rows: [], products }, /no rows to write/],
  ];
  for (const [dataset, message] of cases)
    await assert.rejects(writeUpstreamParquet(dataset, target), { name: 'InputError', message });
  assert.deepEqual(readdirSync(target), ['shopping_queries_dataset_examples.parquet']);
  const failing = (function* (): Generator<{ rows: Row[]; products: typeof products }> {
    yield { rows, products };
    throw new Error('the source broke');
  })();
  await assert.rejects(writeUpstreamParquet(failing, join(folder, 'none')), /the source broke/);
  assert.ok(!existsSync(join(folder, 'none')));
});

test('a description counts what is there', async () => {
  // Oracle: counted by hand on seven rows: products 0 3 1 4 2 0 3 in order.
  await writeUpstreamParquet(tinyDataset(), join(folder, 'described'));
  const description = await describeData(join(folder, 'described'));
  assert.ok(description.kind === 'judgements');
  const {
    rows,
    queries,
    products,
    locales,
    labels,
    splits,
    versions,
    missing,
    html,
    duplicates,
    inBothSplits,
    productsPerQuery,
    lengths,
  } = description;
  assert.deepEqual([rows, queries, products], [7, 4, 5]);
  assert.deepEqual(locales, { us: 4, es: 2, jp: 1 });
  assert.deepEqual(labels, { E: 2, S: 2, C: 2, I: 1 });
  assert.deepEqual(splits, { train: 5, test: 2 });
  assert.deepEqual(versions, { small: 4, large: 6 });
  assert.deepEqual(missing, { title: 0, description: 3, bullets: 2, brand: 1, color: 1 });
  assert.equal(html, 4);
  assert.deepEqual(duplicates, { pairs: 0, disagreeing: 0 });
  // P0 and P3 are judged in both splits; query "zapato 2" is us/jp product 4 or 2 in training and product 0 in test.
  assert.deepEqual(inBothSplits, { queries: 0, products: 2 });
  assert.deepEqual([productsPerQuery.min, productsPerQuery.p50, productsPerQuery.max], [1, 2, 2]);
  assert.deepEqual([lengths.query.min, lengths.query.max, lengths.query.count], [8, 8, 7]);
});

test('pairs judged twice, with one label or two, and queries in both splits are counted', async () => {
  // Oracle: planted: one pair twice with one label, one pair twice with two; both queries stand in both splits, product 2 in one.
  const { products } = tinyDataset();
  const base = { queryId: 1, smallVersion: true, largeVersion: true };
  const rows: Row[] = [
    { ...base, ...products[0], exampleId: 1, query: 'a', label: 'E', split: 'train' },
    { ...base, ...products[0], exampleId: 2, query: ' A', label: 'E', split: 'test' },
    { ...base, ...products[3], exampleId: 3, query: 'b', label: 'S', split: 'train' },
    { ...base, ...products[3], exampleId: 5, query: 'b', label: 'I', split: 'test' },
    { ...base, ...products[2], exampleId: 8, query: 'b', label: 'I', split: 'test' },
  ];
  await writeUpstreamParquet({ rows, products }, join(folder, 'twice'));
  const description = await describeData(join(folder, 'twice'));
  assert.ok(description.kind === 'judgements');
  assert.deepEqual(description.duplicates, { pairs: 2, disagreeing: 1 });
  assert.deepEqual(description.inBothSplits, { queries: 2, products: 2 });
  // Query "b" of jp and "b" of us are two.
  assert.deepEqual([description.queryTexts, description.products], [3, 3]);
});

test('a link in the place of a file stays one and leads to what is written; a place that cannot be written to is found before any row is made', async () => {
  // Oracle: the file that the link leads to, read back; a source of rows that may not be asked.
  const target = join(folder, 'linked');
  mkdirSync(target);
  const name = 'shopping_queries_dataset_examples.parquet';
  writeFileSync(join(folder, 'kept-elsewhere.parquet'), 'old');
  symlinkSync(join(folder, 'kept-elsewhere.parquet'), join(target, name));
  await writeUpstreamParquet(tinyDataset(), target);
  assert.ok(lstatSync(join(target, name)).isSymbolicLink());
  assert.equal(readFileSync(join(folder, 'kept-elsewhere.parquet')).subarray(0, 4).toString(), 'PAR1');
  assert.deepEqual((await readDataset(target)).rows, tinyDataset().rows);
  const never = function* (): Generator<never> {
    yield assert.fail('asked for rows');
  };
  await assert.rejects(writeUpstreamParquet(never(), join(folder, 'kept-elsewhere.parquet')), {
    name: 'InputError',
    message: /kept-elsewhere\.parquet is a file; expected a folder$/,
  });
});

test(
  'a full disk under DuckDB is the system\u2019s error, with the file that it could not write',
  { skip: !existsSync('/dev/full') && 'no /dev/full here' },
  async () => {
    const duck = await Duck.open();
    try {
      for (const format of ['csv', 'json', 'parquet'])
        await assert.rejects(duck.run(`COPY (SELECT 1 AS a) TO '/dev/full' (FORMAT ${format})`), {
          code: 'ENOSPC',
          path: '/dev/full',
        });
      await assert.rejects(
        readable('rows.csv', () => duck.run("COPY (SELECT 1 AS a) TO '/dev/full' (FORMAT csv)")),
        { code: 'ENOSPC' },
      );
    } finally {
      duck.close();
    }
  },
);
