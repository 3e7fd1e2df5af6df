import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate, generateChunks, resolveOptions, transition, type GeneratorOptions } from '../../data/generate';
import { LABELS, LOCALES, type Product, type Row } from '../../data/types';
import { InputError } from '../../runtime/errors';
import { canonicalJson, sha256 } from '../../runtime/hash';
import { Key } from '../../runtime/key';

// Statistical bounds: a count of n independent draws with probability p must lie within 5 standard deviations √(n·p·(1−p)) of n·p; under the asked rate
// that fails about once in 1.7 million, and the key is fixed besides.
function close(what: string, count: number, n: number, p: number): void {
  const bound = 5 * Math.sqrt(n * p * (1 - p)) + 1e-9;
  assert.ok(Math.abs(count - n * p) <= bound, `${what}: ${count} of ${n}, expected ${(n * p).toFixed(1)} ± ${bound.toFixed(1)}`);
}

const key = Key.from(7);
const data = generate({ queries: 997 }, key);
const options = resolveOptions({ queries: 997 });
const { rows, products } = data;
const count = <T>(items: readonly T[], is: (item: T) => boolean): number => items.reduce((n, item) => n + Number(is(item)), 0);

test('true label shares are the asked ones (oracle: the options)', () => {
  for (const label of LABELS)
    close(
      label,
      count(rows, (row) => row.trueLabel === label),
      rows.length,
      options.labelShares[label],
    );
});

test('labels flip at the asked rate and by the asked matrix (oracle: the options)', () => {
  close(
    'flips',
    count(rows, (row) => row.label !== row.trueLabel),
    rows.length,
    options.noiseRate,
  );
  const matrix = transition(options.noiseRate, options.confusion);
  for (const truth of LABELS) {
    const of = rows.filter((row) => row.trueLabel === truth);
    for (const label of LABELS)
      close(
        `${truth}→${label}`,
        count(of, (row) => row.label === label),
        of.length,
        matrix[truth][label],
      );
    assert.ok(Math.abs(LABELS.reduce((sum, label) => sum + matrix[truth][label], 0) - 1) < 1e-12);
  }
});

test('another noise rate changes labels only, and lower rates flip a subset (oracle: the rows of the other rate)', () => {
  const strip = (all: readonly Row[]): unknown[] => all.map(({ label: _, ...rest }) => rest);
  const clean = generate({ world: 'smoke', noiseRate: 0 }, key);
  const some = generate({ world: 'smoke', noiseRate: 0.13 }, key);
  const more = generate({ world: 'smoke', noiseRate: 0.31 }, key);
  assert.deepEqual(strip(some.rows), strip(clean.rows));
  assert.deepEqual(strip(more.rows), strip(clean.rows));
  assert.ok(clean.rows.every((row) => row.label === row.trueLabel));
  const flipped = some.rows.flatMap((row, i) => (row.label !== row.trueLabel ? [i] : []));
  assert.ok(flipped.length > 30);
  for (const i of flipped) assert.equal(more.rows[i].label, some.rows[i].label);
  assert.notEqual(some.sha256, clean.sha256);
});

test('queries by locale and by split are the asked ones to within one (oracle: the options)', () => {
  const queries = new Map(rows.map((row) => [row.queryId, row]));
  assert.equal(queries.size, 997);
  for (const locale of LOCALES) {
    const of = [...queries.values()].filter((row) => row.locale === locale);
    assert.ok(Math.abs(of.length - 997 * options.localeShares[locale]) <= 1, `${locale}: ${of.length}`);
    const inTest = count(of, (row) => row.split === 'test');
    assert.ok(Math.abs(inTest - of.length * options.testShare) <= 1, `${locale} test: ${inTest} of ${of.length}`);
  }
  close(
    'small version',
    count([...queries.values()], (row) => row.smallVersion),
    997,
    options.smallShare,
  );
  assert.ok(rows.every((row) => row.largeVersion));
});

test('a query is one text of one locale in one split with 5 to 20 different products (oracle: the definition)', () => {
  const byId = new Map<number, Row[]>();
  for (const row of rows) byId.set(row.queryId, [...(byId.get(row.queryId) ?? []), row]);
  const texts = new Set<string>();
  for (const group of byId.values()) {
    const [{ locale, query, split, smallVersion }] = group;
    assert.ok(
      group.every((r) => r.locale === locale && r.query === query && r.split === split && r.smallVersion === smallVersion),
    );
    assert.ok(group.length >= 5 && group.length <= 20);
    assert.equal(new Set(group.map((row) => row.productId)).size, group.length);
    texts.add(`${locale} ${query}`);
  }
  assert.equal(texts.size, byId.size, 'no two queries of a locale have the same text, so no text lies in two splits');
  assert.deepEqual(
    rows.map((row) => row.exampleId),
    rows.map((_, i) => i),
  );
});

test('rows carry their catalogue product, and the catalogue holds each product once (oracle: join on the id)', () => {
  const catalogue = new Map<string, Product>(products.map((product) => [product.productId, product]));
  assert.equal(catalogue.size, products.length);
  for (const row of rows)
    for (const [field, value] of Object.entries(catalogue.get(row.productId)!)) assert.equal(row[field as keyof Row], value);
  const judged = new Set(rows.map((row) => row.productId)).size;
  assert.ok(
    Math.abs(products.length - judged * (1 + options.unjudgedShare)) < 0.01 * judged,
    'unjudged products, 0.25 per judged one',
  );
  assert.ok(judged < rows.length * 0.99, 'some products are judged for several queries');
});

test('fields are missing and descriptions hold HTML at the asked rates (oracle: the options)', () => {
  const { products: all } = generate({ queries: 397, duplicateShare: 0 }, key);
  for (const field of ['brand', 'color', 'bullets', 'description'] as const)
    close(
      `missing ${field}`,
      count(all, (product) => product[field] === ''),
      all.length,
      options.missing[field],
    );
  const described = all.filter((product) => product.description !== '');
  close(
    'HTML',
    count(described, (product) => /<\w+/.test(product.description)),
    described.length,
    options.htmlShare,
  );
  assert.ok(all.every((product) => product.title !== ''));
});

test('near-duplicates differ from their original by one word of the title (oracle: the definition)', () => {
  const titles = new Set(
    products.map((product) => `${product.title}|${product.brand}|${product.bullets}|${product.description}|${product.color}`),
  );
  const twins = count(products, ({ title, brand, bullets, description, color }) =>
    titles.has(`${title.split(' ').slice(0, -1).join(' ')}|${brand}|${bullets}|${description}|${color}`),
  );
  assert.ok(
    twins > 0.5 * options.duplicateShare * rows.length && twins < 1.5 * options.duplicateShare * rows.length,
    `${twins} near-duplicates`,
  );
});

test('the same key gives the same digits on every platform (oracle: a pinned checksum)', () => {
  const digest = (world: GeneratorOptions['world']): string => {
    const { rows, products } = generate({ world, queries: 31 }, Key.from('pinned'));
    return sha256(canonicalJson({ rows, products })).slice(0, 16);
  };
  assert.deepEqual([digest('demo'), digest('small')], ['f5f1449ad2033b3e', '5fda0d1634126ba7']);
  assert.notEqual(generate({ world: 'smoke' }, Key.from(1)).sha256, generate({ world: 'smoke' }, Key.from(2)).sha256);
});

test('chunks put together are the whole (oracle: generate)', () => {
  const chunks = [...generateChunks({ queries: 997 }, key)];
  assert.ok(chunks.length > 5);
  assert.deepEqual(
    chunks.flatMap((chunk) => chunk.rows),
    rows,
  );
  assert.deepEqual(
    chunks.flatMap((chunk) => chunk.products),
    products,
  );
});

test('unknown options and values out of range are refused by name (oracle: the message)', () => {
  const refuse = (options: unknown, message: RegExp): void =>
    assert.throws(
      () => generateChunks(options as Partial<GeneratorOptions>, key),
      (error) => error instanceof InputError && message.test(error.message),
    );
  refuse({ noise: 0.1 }, /unknown generator option "noise": expected one of .*noiseRate/);
  refuse({ world: 'tiny' }, /world must be one of demo, small, smoke, got "tiny"/);
  refuse({ noiseRate: 1.5 }, /noiseRate must be between 0 and 1, got 1.5/);
  refuse({ noiseRate: Number.NaN }, /noiseRate must be .* got NaN/);
  refuse({ queries: 0 }, /queries must be .* got 0/);
  refuse({ queries: 2.5 }, /queries must be a whole number, got 2.5/);
  refuse({ valuesPerType: 7 }, /valuesPerType must be between 2 and 6, got 7/);
  refuse({ departments: 1, categoriesPerDepartment: 1 }, /must be ≥ 2/);
  refuse({ typesPerCategory: 5, attributeTypes: 3 }, /typesPerCategory must be ≤ attributeTypes \(3\), got 5/);
  refuse({ productsPerQuery: [9, 3] }, /productsPerQuery must have least ≤ most/);
  refuse({ productsPerQuery: 5 }, /productsPerQuery must be a pair/);
  refuse({ labelShares: { E: 0.5, S: 0.2, C: 0.1, I: 0.1 } }, /labelShares must sum to 1, got 0.9/);
  refuse({ labelShares: { E: 0.5, S: 0.5 } }, /labelShares.C is missing/);
  refuse({ localeShares: { us: 1, es: 0, jp: 0, fr: 0 } }, /a name in localeShares must be one of us, es, jp, got "fr"/);
  refuse({ missing: { brand: 2, color: 0, bullets: 0, description: 0 } }, /missing.brand must be between 0 and 1, got 2/);
  refuse({ confusion: { ...options.confusion, E: { E: 1 } } }, /confusion.E.E must be absent/);
  refuse({ confusion: { ...options.confusion, S: { E: 0.5 } } }, /confusion.S must sum to 1, got 0.5/);
  const few = {
    queries: 5000,
    departments: 1,
    categoriesPerDepartment: 2,
    attributeTypes: 1,
    typesPerCategory: 1,
    valuesPerType: 2,
    brands: 2,
    colors: 2,
    fillerRate: 0,
    typoShare: 0,
  };
  assert.throws(() => generate(few, key), /queries must be fewer than 5000 for this world/);
});
