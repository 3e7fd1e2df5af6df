import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readLabelArrays, readRowTexts } from '../../confident';
import { InputError } from '../../runtime/errors';
import { labelledFiles } from './shared';

const { folder, file, labels, probs, n, bothCsv } = labelledFiles();

test('a damaged or misread table is named with its cause, by every reader', async () => {
  // Oracle: the one line a person should read; the line numbers are of the lines put in below.
  const text = readFileSync(bothCsv, 'utf8');
  const lines = text.split('\n');
  const bytes = (name: string, data: Buffer): string => {
    writeFileSync(join(folder, name), data);
    return join(folder, name);
  };
  const packed = gzipSync(text);
  const narrow = ['label', ...Array.from({ length: 60 }, (_, i) => String(i % 4))];
  const broken: [string, RegExp][] = [
    [
      bytes('cut.csv.gz', packed.subarray(0, packed.length >> 1)),
      /cut\.csv\.gz is a damaged or cut gzip file \(unexpected end of file\): copy or fetch it again/,
    ],
    [
      bytes('cut.jsonl.gz', gzipSync('{"label": 1}\n'.repeat(999)).subarray(0, -9)),
      /cut\.jsonl\.gz is a damaged or cut gzip file/,
    ],
    [file('empty.csv', ''), /empty\.csv is empty \(0 bytes\)/],
    [file('empty.json', ''), /empty\.json is empty \(0 bytes\)/],
    [folder, /is a folder, expected a file/],
    [
      file('more.csv', [...lines.slice(0, 700), `${lines[700]},9`, ...lines.slice(701)].join('\n')),
      /more\.csv, line 701: 8 fields, expected 7/,
    ],
    [
      file('fewer.csv', [...lines.slice(0, 700), '1,E,0.5', ...lines.slice(701)].join('\n')),
      /fewer\.csv, line 701: 3 fields, expected 7/,
    ],
    [file('narrow.csv', [...narrow, '1,2'].join('\n')), /narrow\.csv, line 62: 2 fields, expected 1/],
    [bytes('latin.csv', Buffer.from(text.replace('product ""1""', 'caf\u00e9'), 'latin1')), /latin\.csv, line 3: is not UTF-8/],
    [bytes('wide.csv', Buffer.from(`\ufeff${text}`, 'utf16le')), /wide\.csv is UTF-16 text: save it as UTF-8/],
    [bytes('bare.csv', Buffer.from(text, 'utf16le')), /bare\.csv is UTF-16 text: save it as UTF-8/],
  ];
  const refused = (message: RegExp) => (error: Error) =>
    error instanceof InputError && message.test(error.message) && !error.message.includes('\n');
  for (const [path, message] of broken) {
    await assert.rejects(readLabelArrays({ labels: path, probs: bothCsv }), refused(message), path);
    if (path.includes('narrow') || path.endsWith('jsonl.gz')) continue;
    await assert.rejects(readLabelArrays({ labels: bothCsv, probs: path }), refused(message), path);
    if (!path.endsWith('.json')) await assert.rejects(readRowTexts(path, [0], n), refused(message), path);
  }
});

test('tables in other forms are read as they were: byte order mark, CRLF, tabs, semicolons, comments, quoted delimiters and line ends, gzip', async () => {
  // Oracle: the plain table.
  const text = readFileSync(bothCsv, 'utf8');
  const quoted = text.replaceAll(' | new', ', new;\tor\nold');
  const bytes = (name: string, data: string | Buffer): string => {
    writeFileSync(join(folder, name), data);
    return join(folder, name);
  };
  const forms = [
    bytes('bom.csv', `\ufeff${text}`),
    bytes('crlf.csv', text.replaceAll('\n', '\r\n')),
    bytes('tabs.tsv', text.replaceAll(/,(?! )/g, '\t')),
    bytes('semicolons.csv', text.replaceAll(/,(?! )/g, ';')),
    bytes('comment.csv', `# made by hand\n${text}`),
    bytes('quoted.csv', quoted),
    bytes('packed.csv.gz', gzipSync(quoted)),
    bytes('two.csv.gz', Buffer.concat([gzipSync(quoted.slice(0, 999)), gzipSync(quoted.slice(999))])),
  ];
  for (const path of forms) {
    const read = await readLabelArrays({ labels: path, probs: path });
    assert.deepEqual(Array.from(read.labels), Array.from(labels), path);
    assert.deepEqual(read.probs, probs, path);
  }
  const texts = await readRowTexts(forms[6], [5], n);
  assert.deepEqual(texts.get(5), { title: 'product "5",, new;\tor\nold' });
});

test('a zstd file is read whole or refused: DuckDB reads a cut one up to there (oracle: the table it was written from)', async () => {
  const { query } = await import('../../data');
  const path = join(folder, 'whole.csv.zst');
  await query(`COPY (SELECT * FROM read_csv('${bothCsv}')) TO '${path}' (FORMAT csv, COMPRESSION zstd)`);
  assert.deepEqual((await readLabelArrays({ labels: path, probs: path })).probs, probs);
  const whole = readFileSync(path);
  const cut = join(folder, 'cut.csv.zst');
  for (const length of [whole.length >> 1, whole.length - 1, 5]) {
    writeFileSync(cut, whole.subarray(0, length));
    await assert.rejects(readLabelArrays({ labels: cut, probs: cut }), /cut\.csv\.zst is a damaged or cut zstd file/);
  }
});

test('a frame that pandas wrote without names has a header, a row of whole numbers is a row (by hand)', async () => {
  const read = async (text: string, labelText = '[0, 1]') =>
    Array.from((await readLabelArrays({ labels: file('frame-l.json', labelText), probs: file('frame.csv', text) })).probs);
  assert.deepEqual(await read('0,1\n0.9,0.1\n0.0,1.0\n'), [0.9, 0.1, 0, 1]);
  assert.deepEqual(await read('"0","1"\n0.9,0.1\n0.2,0.8\n'), [0.9, 0.1, 0.2, 0.8]);
  assert.deepEqual(await read(',0,1\n0,0.9,0.1\n1,0.2,0.8\n'), [0.9, 0.1, 0.2, 0.8], 'with its index');
  assert.deepEqual(await read('1,2,3\n0.9,0.1,0\n1,0,0\n'), [0.9, 0.1, 0, 1, 0, 0]);
  assert.deepEqual(await read('p0,p1,p2\n0.9,0,0.1\n1,0,0\n'), [0.9, 0, 0.1, 1, 0, 0], 'a class that is never likely');
  assert.deepEqual(await read('1,0\n0.2,0.8\n'), [1, 0, 0.2, 0.8], 'no numbers of columns in their order');
  await assert.rejects(read('0,1\n0.2,0.8\n1,0\n'), /frame\.csv: its first line 0,1 can be a header or a row/);
  await assert.rejects(
    readLabelArrays({ labels: file('series.csv', '0\n1\n0\n'), probs: file('frame.csv', '0,1\n0.9,0.1\n0.2,0.8\n') }),
    /got 3 labels in .*series\.csv and 2 rows in .*frame\.csv; is the first line of one of them a header of numbers/,
  );
});

test('labels that DuckDB takes for truth values, times or dates are the names that the file writes (by hand)', async () => {
  const probsFile = file('two.csv', 'p_yes,p_no\n.9,.1\n.2,.8\n');
  const read = async (name: string, text: string, classNames?: string[]) =>
    Array.from((await readLabelArrays({ labels: file(name, text), probs: probsFile, classNames })).labels);
  assert.deepEqual(await read('yes.csv', 'label\nyes\nno\n', ['yes', 'no']), [0, 1]);
  assert.deepEqual(await read('true.csv', 'label\nTrue\nFalse\n', ['True', 'False']), [0, 1]);
  assert.deepEqual(await read('true.jsonl', '{"label": true}\n{"label": false}\n', ['true', 'false']), [0, 1]);
  assert.deepEqual(await read('times.csv', 'label\n20:00\n08:00\n', ['20:00', '08:00']), [0, 1]);
  for (const [name, text] of [
    ['yes.csv', 'label\nyes\nno\n'],
    ['true.jsonl', '{"label": true}\n{"label": false}\n'],
  ])
    await assert.rejects(read(name, text), /label "(yes|true)" is not a number; name the classes in the order/);
});

test('rows that begin with # and values with apostrophes are read in every table (oracle: the plain table)', async () => {
  const text = readFileSync(bothCsv, 'utf8');
  const path = file(
    'hash.csv',
    text
      .split('\n')
      .map((line, i) => (i ? `#${line.replace(/"product ""(\d+)"".*$/, i % 2 ? "'product $1" : "product $1'")}` : line))
      .join('\n'),
  );
  const read = await readLabelArrays({ labels: path, probs: path });
  assert.deepEqual(Array.from(read.labels), Array.from(labels));
  assert.deepEqual(read.probs, probs);
  assert.equal((await readRowTexts(path, [5], n)).get(5)?.title, "product 5'");
});
