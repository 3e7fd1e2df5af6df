import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { query, readDataset, type SourceInput } from '../../data';
import { zstdIsWhole } from '../../data/zstd';
import { csv, line, lines, temporaryFolder, write } from './fixtures';

const folder = temporaryFolder();
const good = Array.from({ length: 5 }, (_, i) => line(i));
const jsonl = (name: string, rows: readonly (Record<string, unknown> | string)[]): string =>
  write(folder, `${name}.jsonl`, lines(rows));
const without = (name: string): Record<string, unknown>[] =>
  good.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => key !== name)));
const parquet = async (name: string, sql: string): Promise<string> => {
  const path = join(folder, `${name}.parquet`);
  await query(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  return path;
};

const zstd = async (name: string, rows: number): Promise<string> => {
  const path = join(folder, `${name}.csv.zst`);
  await query(
    `COPY (SELECT md5(i::VARCHAR) AS query, 'p' || i AS product_id FROM range(${rows}) t(i)) TO '${path}' (FORMAT csv, COMPRESSION zstd)`,
  );
  return path;
};

/** Input that is refused: what it is, how it is made, what the one line says. */
const refused: readonly [string, () => SourceInput | Promise<SourceInput>, RegExp][] = [
  ['a path that is not there', () => join(folder, 'nothing.csv'), /no such file/],
  ['an empty file', () => write(folder, 'empty.jsonl', ''), /is empty \(0 bytes\)/],
  ['nothing but blanks', () => write(folder, 'blank.csv', ' \n \n'), /nothing but blanks/],
  ['an empty folder', () => (mkdirSync(join(folder, 'hollow')), join(folder, 'hollow')), /holds no data file/],
  [
    'a folder with examples only',
    () => (mkdirSync(join(folder, 'half')), write(join(folder, 'half'), 'examples.parquet', 'x'), join(folder, 'half')),
    /no products file/,
  ],
  [
    'a Git LFS pointer',
    () => write(folder, 'pointer.parquet', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 51286808\n'),
    /Git LFS pointer/,
  ],
  ['a web page', () => write(folder, 'page.csv', '<!DOCTYPE html><html>Sign in</html>'), /web page/],
  ['UTF-16 text', () => write(folder, 'utf16.csv', Buffer.from('\ufeffquery,product_id\n', 'utf16le')), /UTF-16/],
  ['a zip archive', () => write(folder, 'packed.csv', Buffer.from('PK\u0003\u0004....')), /zip archive/],
  ['text that is called parquet', () => write(folder, 'text.parquet', 'query,product_id\n'), /not a parquet file/],
  ['a cut gzip file', () => write(folder, 'cut.jsonl.gz', gzipSync(lines(good)).subarray(0, -20)), /cut gzip/],
  ['a gzip file with a flipped bit', () => write(folder, 'bit.jsonl.gz', flipped(gzipSync(lines(good)))), /damaged/],
  [
    'a cut zstd file',
    async () => write(folder, 'cut.csv.zst', readFileSync(await zstd('whole', 300)).subarray(0, -9)),
    /is a damaged or cut zstd file \(\d+ bytes\): copy or fetch it again/,
  ],
  [
    'a zstd file cut within a later block',
    async () => write(folder, 'half.csv.zst', readFileSync(await zstd('long', 90_000)).subarray(0, 200_000)),
    /cut zstd file/,
  ],
  [
    'a cut parquet file',
    async () => write(folder, 'cut.parquet', readFileSync(await parquet('whole', 'SELECT 1 AS query')).subarray(0, -9)),
    /cut short/,
  ],
  [
    'a parquet file with a damaged footer',
    async () => write(folder, 'footer.parquet', damagedFooter(readFileSync(await parquet('whole2', 'SELECT 1 AS query')))),
    /cannot be read/,
  ],
  [
    'a column of lists',
    () =>
      parquet(
        'lists',
        "SELECT ['a'] AS query, 'P' AS product_id, 'us' AS product_locale, 'E' AS esci_label, 't' AS product_title",
      ),
    /column query must hold text or numbers, got VARCHAR\[\]/,
  ],
  ['no label column', () => jsonl('nolabel', without('esci_label')), /lacks esci_label.*its columns are example_id/],
  ['no title column', () => jsonl('notitle', without('product_title')), /no column product_title/],
  ['a header without rows', () => write(folder, 'header.csv', csv(good).split('\n')[0] + '\n'), /header but no rows/],
  ['a column named twice', () => write(folder, 'twice.csv', 'query,query\na,b\n'), /query stands twice/],
  [
    'every label unknown',
    () =>
      jsonl(
        'labels',
        good.map((row) => ({ ...row, esci_label: 'maybe' })),
      ),
    /none of its 5 rows can be used: esci_label unknown \(5, for example "maybe"\)/,
  ],
  [
    'every locale unknown',
    () =>
      jsonl(
        'locales',
        good.map((row) => ({ ...row, product_locale: 'de' })),
      ),
    /product_locale unknown \(5, for example "de"\)/,
  ],
  [
    'a CSV value whose quotes never close',
    () => write(folder, 'quotes.csv', csv(good).replace(/"([^"]*)$/, '$1')),
    /quoted value that begins on line \d+ never ends/,
  ],
  [
    'random bytes',
    () => write(folder, 'bytes.csv', Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 89) & 255))),
    /not text in UTF-8/,
  ],
  ['a JSON array that ends early', () => write(folder, 'array.json', JSON.stringify(good).slice(0, -30)), /cannot be read/],
  [
    'several files in a folder',
    () => (
      mkdirSync(join(folder, 'many')),
      write(join(folder, 'many'), 'a.csv', 'x'),
      write(join(folder, 'many'), 'b.csv', 'x'),
      join(folder, 'many')
    ),
    /give the path of one/,
  ],
  [
    'a products file that is not there',
    () => ({ examples: jsonl('lonely', good), products: join(folder, 'gone.parquet') }),
    /products file .* no such file/,
  ],
];

/** A line among five good ones that is skipped and counted. */
const skippedLines: readonly [string, Record<string, unknown> | string, string][] = [
  ['an empty query', line(7, { query: '' }), 'query empty'],
  ['a query of blanks and control characters', line(7, { query: ' \t\u0000\u200b ' }), 'query empty'],
  ['a query that is an object', line(7, { query: { text: 'shoe' } }), 'query is a list or an object'],
  ['a title that is a list', line(7, { product_title: ['a'] }), 'product_title is a list or an object'],
  ['no product', line(7, { product_id: null }), 'product_id missing'],
  ['no locale', line(7, { product_locale: null }), 'product_locale missing'],
  ['an unknown locale', line(7, { product_locale: 'fr' }), 'product_locale unknown'],
  ['no label', line(7, { esci_label: ' ' }), 'esci_label missing'],
  ['an unknown label', line(7, { esci_label: 'X' }), 'esci_label unknown'],
  ['an id that is text', line(7, { example_id: 'seven' }), 'example_id is not a whole number'],
  ['an id with a fraction', line(7, { query_id: 1.5 }), 'query_id is not a whole number'],
  ['an id beyond 2^53', line(7, { example_id: '9007199254740993' }), 'example_id is not a whole number'],
  ['an id used before', line(3), 'example_id repeated (first kept)'],
  ['a version that is neither 0 nor 1', line(7, { small_version: 2 }), 'small_version is not 0 or 1'],
  ['a third split', line(7, { split: 'dev' }), 'split is not train or test'],
  ['a broken line', '{"example_id": 7, "query": ', 'line cannot be read, or is blank'],
  [
    'a lone surrogate as an escape',
    JSON.stringify(line(7)).replace('red shoe', 'red \\ud83d shoe'),
    'line cannot be read, or is blank',
  ],
  ['a line that is a list', '[1, 2]', 'line cannot be read, or is blank'],
];

for (const [what, make, message] of refused)
  test(`refused: ${what}`, async () => {
    // Oracle: the one line a person should read.
    const source = await make();
    await assert.rejects(readDataset(source), (error: Error) => {
      assert.equal(error.name, 'InputError', error.stack);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    });
  });

test('frames of a zstd file are followed to the end (oracle: sizes by hand from RFC 8878)', () => {
  // A frame to be skipped (3.1.2): magic, size 2, two bytes. A frame of one segment, 1-byte content size and checksum: a raw block of 2 bytes, then a last one of
  // one byte repeated 9 times (header 9 << 3 | 1 << 1 | 1 = 0x4b), then 4 bytes of checksum.
  const skip = '502a4d18020000006869';
  const frame = '28b52ffd' + '24' + '0b' + '100000' + '6162' + '4b0000' + '63' + '01020304';
  const whole = (hex: string): boolean => zstdIsWhole(write(folder, 'frames.zst', Buffer.from(hex, 'hex')), hex.length / 2);
  for (const hex of [frame, skip + frame, frame + frame, frame + skip]) assert.ok(whole(hex), hex);
  for (let length = 2; length < frame.length; length += 2) assert.ok(!whole(frame.slice(0, length)), `${length / 2} bytes`);
  for (const hex of [frame + '00', frame + skip.slice(0, -2), 'ff' + frame]) assert.ok(!whole(hex), hex);
});

test('skipped and counted: each bad line by its reason and place, the good ones kept', async () => {
  // Oracle: four of the five good lines before, one after; exactly one skip.
  for (const [what, bad, reason] of skippedLines) {
    const { rows, skipped, skippedRows } = await readDataset(jsonl('skip', [...good.slice(0, 4), bad, good[4]]));
    assert.equal(rows.length, 5, what);
    assert.deepEqual(skipped, { [reason]: 1 }, what);
    assert.deepEqual([skippedRows?.[0].row, skippedRows?.[0].reason], [4, reason], what);
  }
});

test('read all the same: byte order mark, CRLF, NUL, a title of 1 MB, lone surrogate bytes, a last line without end', async () => {
  // Oracle: the documented normal form.
  const bom = await readDataset(write(folder, 'bom.jsonl', '\ufeff' + lines(good).replaceAll('\n', '\r\n')));
  assert.equal(bom.rows.length, 5);
  const bomCsv = await readDataset(write(folder, 'bom.csv', '\ufeff' + csv(good, '\r\n')));
  assert.deepEqual(bomCsv.rows, bom.rows);
  assert.deepEqual(bomCsv.skipped, {});
  const odd = [
    line(0, { query: ' a\u0000b\r\nc ', product_title: 'x'.repeat(1 << 20) }),
    line(1, { product_title: '\ufeff\u00a0 t\u0007 ' }),
  ];
  const { rows } = await readDataset(write(folder, 'odd.jsonl', lines(odd).trimEnd()));
  assert.equal(rows[0].query, 'a b\nc');
  assert.equal(rows[0].title.length, 1 << 20);
  assert.equal(rows[1].title, 't');
  const bytes = Buffer.from(csv(good), 'utf8');
  const at = bytes.indexOf('Title 2');
  // A surrogate half in UTF-8's clothes (ED A0 BD) is no UTF-8: the line is refused, not the file.
  const surrogate = Buffer.concat([bytes.subarray(0, at), Buffer.from([0xed, 0xa0, 0xbd]), bytes.subarray(at)]);
  const read = await readDataset(write(folder, 'surrogate.csv', surrogate));
  assert.equal(read.rows.length, 4);
  assert.deepEqual(Object.values(read.skipped), [1]);
});

test('CSV lines with too few or too many cells are skipped and listed', async () => {
  // Oracle: one line of each among five.
  const text = csv(good.map((row) => ({ ...row, product_bullet_point: 'one' }))).split('\n');
  text.splice(3, 0, '"7","only three","cells"');
  text.splice(5, 0, `${text[1]},"one more"`);
  const { rows, skipped, skippedRows } = await readDataset(write(folder, 'ragged.csv', text.join('\n')));
  assert.equal(rows.length, 5);
  assert.equal(
    Object.values(skipped).reduce((sum, n) => sum + n),
    2,
    JSON.stringify(skipped),
  );
  assert.deepEqual(skippedRows?.map((row) => row.row).sort(), [2, 4]);
});

test('there are thirty kinds or more', () => {
  assert.ok(refused.length + skippedLines.length + 6 >= 30);
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] ^= 0x10;
  return copy;
}

function damagedFooter(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0xff, copy.length - 40, copy.length - 8);
  return copy;
}
