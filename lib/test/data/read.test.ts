import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { query, readCatalogue, readDataset, readJudgements, ReadReport, streamRows, type Row } from '../../data';
import { InputError } from '../../runtime/errors';
import { csv, line, lines, sharedData, temporaryFolder, tinyDataset, write } from './fixtures';

const folder = temporaryFolder();
const some = Array.from({ length: 13 }, (_, i) => line(i));
const count = (rows: readonly Row[], of: (row: Row) => string): Record<string, number> =>
  rows.reduce<Record<string, number>>((all, row) => ({ ...all, [of(row)]: (all[of(row)] ?? 0) + 1 }), {});

test('one data set reads alike from JSON lines, a JSON array, CSV (comma, tab, CRLF) and parquet, plain and packed', async () => {
  // Oracle: the same rows through every format.
  const jsonl = write(folder, 'a.jsonl', lines(some));
  const parquet = join(folder, 'a.parquet');
  const zst = join(folder, 'z.jsonl.zst');
  await query(`COPY (SELECT * FROM read_json('${jsonl}')) TO '${parquet}' (FORMAT parquet)`);
  await query(`COPY (SELECT * FROM read_json('${jsonl}')) TO '${zst}' (FORMAT json, COMPRESSION zstd)`);
  const first = await readDataset(jsonl);
  assert.equal(first.rows.length, 13);
  assert.deepEqual(first.rows[1], {
    productId: 'P1',
    locale: 'es',
    exampleId: 1,
    queryId: 1,
    query: 'red shoe 1',
    label: 'S',
    smallVersion: true,
    largeVersion: true,
    split: 'train',
    title: 'Title 1',
    description: '<p>Text 1</p>',
    bullets: 'one\ntwo',
    brand: 'Brando',
    color: '',
  });
  assert.equal(first.sha256, createHash('sha256').update(readFileSync(jsonl)).digest('hex'));
  const others = [
    write(folder, 'b.jsonl.gz', lines(some)),
    write(folder, 'c.json', JSON.stringify(some, null, 1)),
    write(folder, 'd.csv', csv(some)),
    write(folder, 'e.csv.gz', csv(some, '\r\n')),
    write(folder, 'f.tsv', csv(some, '\n', '\t')),
    write(
      folder,
      'g.csv',
      csv(some)
        .replace(/^[^\n]*/, '"notes, of; all;;;;;;;;;;;;;;;;",$&')
        .replace(/\n(?="\d+",)/g, '\nx,'),
    ),
    parquet,
    zst,
  ];
  for (const path of others) {
    const { rows, products, skipped } = await readDataset(path);
    assert.deepEqual(rows, first.rows, path);
    assert.deepEqual(products, first.products, path);
    assert.deepEqual(skipped, {}, path);
  }
});

test('filters choose what a filter in JavaScript chooses; a sample takes whole queries and is the same whatever the order of the file', async () => {
  // Oracle: the same choice made on the unfiltered rows.
  const path = write(folder, 'filters.jsonl', lines(some));
  const { rows } = await readDataset(path);
  assert.deepEqual(
    (await readDataset(path, { locales: ['es', 'jp'] })).rows,
    rows.filter((row) => row.locale !== 'us'),
  );
  assert.deepEqual(
    (await readDataset(path, { split: 'test' })).rows,
    rows.filter((row) => row.split === 'test'),
  );
  assert.deepEqual(
    (await readDataset(path, { version: 'small' })).rows,
    rows.filter((row) => row.smallVersion),
  );
  const reversed = write(folder, 'reversed.jsonl', lines([...some].reverse()));
  const sample = await readDataset(path, { sampleQueries: { n: 2, key: 5 } });
  const queries = new Set(sample.rows.map((row) => row.query));
  assert.equal(queries.size, 2);
  assert.deepEqual(
    sample.rows,
    rows.filter((row) => queries.has(row.query)),
  );
  assert.equal(sample.products.length, sample.rows.length);
  const other = await readDataset(reversed, { sampleQueries: { n: 2, key: 5 } });
  assert.deepEqual([...other.rows].reverse(), sample.rows);
  const keys = [1, 2, 3, 4, 5, 6, 7].map(
    async (key) => (await readDataset(path, { sampleQueries: { n: 1, key } })).rows[0].query,
  );
  assert.ok(new Set(await Promise.all(keys)).size > 1);
  await assert.rejects(readDataset(path, { locales: ['us'], split: 'test' }), {
    name: 'InputError',
    message: /no row fits the filters locales, split/,
  });
});

test('a pair of files is joined on product and locale; streaming gives the same rows, in order, in chunks of the asked size', async () => {
  // Oracle: the rows whose product the catalogue has, joined by hand; two routes (memory, stream).
  const { rows, products } = tinyDataset();
  const examples = rows.map((row) => ({
    example_id: row.exampleId,
    query: `  ${row.query} `,
    query_id: row.queryId,
    product_id: row.productId,
    product_locale: row.locale.toUpperCase(),
    esci_label: { E: 'exact', S: 'Substitute', C: 'COMPLEMENT', I: 'irrelevant' }[row.label],
    small_version: row.smallVersion,
    large_version: row.largeVersion,
    split: row.split,
  }));
  const text = (product: (typeof products)[number]): Record<string, string> => ({
    product_id: product.productId,
    product_title: product.title,
    product_description: product.description,
    product_bullet_point: product.bullets,
    product_brand: product.brand,
    product_color: product.color,
    product_locale: product.locale,
  });
  const lost = products.filter((product) => product.productId !== 'B003');
  // B000 in Spanish is another product than B000 in English; the second B001 must not double rows.
  const catalogue = [...lost, { ...products[0], locale: 'es' as const, title: 'wrong' }, { ...products[1], title: 'second' }];
  const pair = {
    examples: write(folder, 'examples.jsonl', lines(examples)),
    products: write(folder, 'products.csv', csv(catalogue.map(text))),
  };
  const expected = rows.filter((row) => row.productId !== 'B003');
  const read = await readDataset(pair);
  assert.deepEqual(read.rows, expected);
  assert.deepEqual(read.skipped, {
    'product listed twice (first kept)': 1,
    'product not in the products file': rows.length - expected.length,
  });
  assert.equal(read.products.length, 5);
  assert.equal((await readDataset(pair, { text: 'optional' })).rows.length, rows.length);
  const report = new ReadReport();
  const chunks: Row[][] = [];
  for await (const chunk of streamRows(pair, {}, 2, report)) chunks.push(chunk);
  assert.deepEqual(chunks.flat(), expected);
  assert.deepEqual(
    chunks.slice(0, -1).map((chunk) => chunk.length),
    chunks.slice(0, -1).map(() => 2),
  );
  assert.deepEqual(report.skipped, read.skipped);
});

test('missing columns have defaults: number, query hash, both versions, train', async () => {
  // Oracle: the documented defaults.
  const bare = ['a', 'b', ' A '].map((text, i) => ({
    query: text,
    product_id: `P${i}`,
    product_locale: 'us',
    esci_label: 'E',
    product_title: 't',
  }));
  const { rows } = await readDataset(write(folder, 'bare.csv', csv(bare)));
  assert.deepEqual(
    rows.map((row) => row.exampleId),
    [0, 1, 2],
  );
  assert.equal(rows[0].queryId, rows[2].queryId);
  assert.notEqual(rows[0].queryId, rows[1].queryId);
  assert.ok(rows.every((row) => row.smallVersion && row.largeVersion && row.split === 'train'));
});

test(
  'the real sample has the counts of its documentation',
  { skip: sharedData('esci-sample') ? false : 'no shared data here' },
  async () => {
    // Oracle: counts published beside the file.
    const { rows, skipped, name } = await readDataset(sharedData('esci-sample')!);
    assert.equal(name, 'esci-sample');
    assert.equal(rows.length, 2734);
    assert.equal(new Set(rows.map((row) => row.queryId)).size, 2575);
    assert.deepEqual(
      count(rows, (row) => row.locale),
      { us: 1756, jp: 511, es: 467 },
    );
    assert.deepEqual(
      count(rows, (row) => row.label),
      { E: 1620, S: 682, I: 334, C: 98 },
    );
    assert.deepEqual(
      count(rows, (row) => row.split),
      { train: 2093, test: 641 },
    );
    assert.deepEqual(skipped, {});
  },
);

test(
  'the upstream parquet, a real catalogue and real grades read',
  { skip: sharedData('fixtures') ? false : 'no shared data here' },
  async () => {
    // Oracle: row counts published beside the files; the first rows as DuckDB itself prints them.
    const fixture = sharedData('fixtures', 'esci_examples_16.parquet')!;
    const { rows } = await readDataset(fixture, { text: 'optional' });
    assert.equal(rows.length, 16);
    assert.deepEqual([rows[0].exampleId, rows[0].productId, rows[0].label, rows[0].split], [15240, 'B08VSJGP1N', 'S', 'test']);
    await assert.rejects(readDataset(fixture), InputError);
    assert.equal((await readCatalogue(sharedData('chorus-electronics', 'products.jsonl.gz')!)).length, 19406);
    const grades = await readJudgements(sharedData('chorus-electronics', 'judgments.csv')!);
    assert.equal(grades.length, 2748);
    assert.equal(new Set(grades.map((grade) => grade.query)).size, 100);
    assert.ok(grades.every(({ grade }) => [0, 1, 2, 3].includes(grade)));
  },
);
