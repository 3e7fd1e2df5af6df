import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensembleFiles } from '../../metrics/ensemble-files';
import { PairFiles } from '../../metrics/pair-files';
import { readScoreRows } from '../../metrics/score-files';
import { Key } from '../../runtime/key';

const folder = mkdtempSync(join(tmpdir(), 'pair-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const key = Key.from(1);
const judged = file('judged.csv', ['query_id,product_id,esci_label', '1,a,E']);
const scored = file('scored.jsonl', ['{"query_id":1,"product_id":"a","score":1}']);

test('JSON lines that begin with whole numbers, UUIDs and times read as CSV does: nothing is rounded or written another way', async () => {
  const ids = ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '20:00', '007', '2020-01-01'];
  const all = Array.from({ length: 2100 }, (_, i) => ({
    query_id: i < 2090 ? i : `q${i}`,
    product_id: ids[i % ids.length],
    score: i < 2090 ? i % 3 : 0.4,
  }));
  const csv = file('whole.csv', ['query_id,product_id,score', ...all.map((r) => Object.values(r).join(','))]);
  const json = file('whole.jsonl', all.map((r) => JSON.stringify(r))); // prettier-ignore
  const labels = file('whole-judged.csv', [
    'query_id,product_id,esci_label',
    ...all.map((r) => `${r.query_id},${r.product_id},E`),
  ]);
  const read = await readScoreRows(1, labels, json);
  assert.deepEqual(read, await readScoreRows(1, labels, csv));
  const files = await PairFiles.open();
  try {
    await files.load('rows', json, { kinds: { score: 'number' }, required: [['score']] });
    const { productIds, queryIds, numbers } = await files.align('rows', [], { productIds: true });
    assert.deepEqual(new Set(productIds), new Set(ids));
    assert.ok(queryIds.includes('q2095'));
    assert.equal(numbers['rows.score'].filter((x) => x === 0.4).length, 10);
  } finally {
    files.close();
  }
});

const broken: [string, string[], RegExp][] = [
  ['missing query', ['query_id,product_id,score', '1,a,1', '1,b,1'], /missing query 2 of .*\(1 queries and 1 pairs/],
  ['missing pair', ['query_id,product_id,score', '1,a,1', '2,a,1'], /missing pair query_id 1, product_id b of/],
  [
    'duplicate pair',
    ['query_id,product_id,score', '1,a,1', '1,a,2', '1,b,1', '2,a,1'],
    /duplicate pair query_id 1, product_id a: 2 rows/,
  ],
  [
    'NaN score',
    ['query_id,product_id,score', '1,a,NaN', '1,b,1', '2,a,1'],
    /score of query_id 1, product_id a must be a finite number, got "NaN"/,
  ],
  [
    'no number',
    ['query_id,product_id,score', '1,a,1', '1,b,high', '2,a,1'],
    /product_id b must be a finite number, got "high" \(1 such rows\)/,
  ],
  ['empty score', ['query_id,product_id,score', '1,a,', '1,b,1', '2,a,1'], /must be a finite number, got nothing/],
  ['missing column', ['query_id,product_id,points', '1,a,1'], /missing column score, got query_id, product_id, points/],
  ['missing key', ['query,product_id,score', '1,a,1'], /missing column query_id, got query, product_id, score/],
  ['no rows', ['query_id,product_id,score'], /no rows, expected at least one/],
];
for (const [name, lines, message] of broken) {
  test(`broken file: ${name}`, async () => {
    const given = file('three.csv', ['query_id,product_id,esci_label', '1,a,E', '1,b,S', '2,a,I']);
    const path = file('broken.csv', lines);
    await assert.rejects(readScoreRows(1, given, path), (error: Error) => {
      assert.equal(error.name, 'InputError');
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(path) && !error.message.includes('\n'), 'one line that names the file');
      return true;
    });
  });
}

test('broken judgements: an unknown label, an absent file, a Git LFS pointer, an unknown ending', async () => {
  const bad = file('bad.csv', ['query_id,product_id,esci_label', '1,a,X']);
  await assert.rejects(
    readScoreRows(1, bad, scored),
    /esci_label of query_id 1, product_id a must be one of E, S, C, I, got "X"/,
  );
  await assert.rejects(readScoreRows(1, join(folder, 'none.csv'), scored), /none\.csv: no such file/);
  const pointer = file('pointer.parquet', ['version https://git-lfs.github.com/spec/v1', 'oid sha256:4a', 'size 1']);
  await assert.rejects(readScoreRows(1, pointer, scored), /is a Git LFS pointer/);
  await assert.rejects(readScoreRows(1, file('x.txt', ['a']), scored), /must end in \.csv/);
});

const pairs = ['query_id,product_id,score', ...Array.from({ length: 3000 }, (_, i) => `${i % 300},p${i},${(i * 7) % 11}`)];
const inserted = (at: number, line: string): Buffer => Buffer.from([...pairs.slice(0, at), line, ...pairs.slice(at)].join('\n'));
const packed = gzipSync(pairs.join('\n'));

/** Files that DuckDB would read in part or misread: what it is, its name and bytes, what the one line says. Line numbers are of the line put in. */
const damaged: [string, string, Buffer, RegExp][] = [
  [
    'a gzip file cut in the middle',
    'cut.csv.gz',
    packed.subarray(0, packed.length >> 1),
    /is a damaged or cut gzip file \(unexpected end of file\)/,
  ],
  ['a gzip file that lacks its last bytes', 'last.csv.gz', packed.subarray(0, -5), /is a damaged or cut gzip file/],
  ['cut JSON lines', 'cut.jsonl.gz', gzipSync('{"query_id":1,"product_id":"a","score":1}\n').subarray(0, -4), /cut gzip file/],
  ['a field too many in line 3', 'early.csv', inserted(2, '9,z,1,2'), /early\.csv, line 3: 4 fields, expected 3/],
  ['a field too many', 'more.csv', inserted(1500, '9,z,1,2'), /more\.csv, line 1501: 4 fields, expected 3/],
  ['a field too few', 'fewer.csv', inserted(1500, '9,z'), /fewer\.csv, line 1501: 2 fields, expected 3/],
  ['one field alone', 'one.csv', inserted(2999, 'z'), /one\.csv, line 3000: 1 field, expected 3/],
  [
    'a field too few after a comment and a blank line',
    'note.csv',
    Buffer.concat([Buffer.from('# a note\n\n'), inserted(1500, '9,z')]),
    /note\.csv, line 1503: 2 fields/,
  ],
  [
    'a field too few after quoted line ends, CRLF',
    'quoted.csv',
    Buffer.from('query_id,product_id,score\r\n1,"a,\r\nb",2\r\n1,"""c""",2\r\n1,d\r\n'),
    /quoted\.csv, line 5: 2 fields, expected 3/,
  ],
  [
    'Latin-1',
    'latin.csv',
    Buffer.from('query_id,product_id,score\n1,a,1\n1,\u00e9,2\n', 'latin1'),
    /latin\.csv, line 3: is not UTF-8/,
  ],
  [
    'Latin-1 in JSON lines',
    'latin.jsonl',
    Buffer.from('{"query_id":1,"product_id":"\u00e9","score":1}\n', 'latin1'),
    /latin\.jsonl, line 1: is not UTF-8/,
  ],
  ['UTF-16', 'utf16.csv', Buffer.from('\ufeffquery_id,product_id,score\n1,a,1\n', 'utf16le'), /is UTF-16 text: save it as UTF-8/],
  [
    'UTF-16 without a byte order mark',
    'bare.csv',
    Buffer.from('query_id,product_id,score\n1,a,1\n', 'utf16le'),
    /is UTF-16 text/,
  ],
  ['no bytes', 'none.csv', Buffer.alloc(0), /none\.csv is empty \(0 bytes\)/],
  ['no bytes of JSON', 'none.jsonl', Buffer.alloc(0), /none\.jsonl is empty \(0 bytes\)/],
];
for (const [name, path, bytes, message] of damaged) {
  test(`damaged file: ${name}`, async () => {
    // Oracle: the one line a person should read.
    const whole = file('whole.csv', ['query_id,product_id,esci_label', '1,a,E']);
    const broken = join(folder, path);
    writeFileSync(broken, bytes);
    const refused = (error: Error): boolean =>
      error.name === 'InputError' && message.test(error.message) && !error.message.includes('\n');
    await assert.rejects(readScoreRows(1, whole, broken), refused);
    const ensemble = {
      task: 1,
      method: 'mean',
      predictions: [broken],
      out: join(folder, 'none.out.csv'),
      weights: 'equal',
      key,
    } as const;
    await assert.rejects(ensembleFiles(ensemble), refused);
  });
}

test('a folder in the place of a file is named', async () => {
  // Oracle: the line a person should read, whatever the folder is called.
  for (const path of [folder, mkdtempSync(join(folder, 'parts.csv'))])
    await assert.rejects(readScoreRows(1, judged, path), { name: 'InputError', message: `${path} is a folder, expected a file` });
});

test('pairs in other forms are read as they were: byte order mark, CRLF, CR, tabs, semicolons, comments, blank lines, quotes, gzip, a JSON array', async () => {
  // Oracle: the plain file's pairs.
  const plain = ['query_id,product_id,esci_label', '1,a,E', '1,b,S', '2,a,I'];
  const text = `${plain.join('\n')}\n`;
  const forms: [string, string | Buffer][] = [
    ['bom.csv', `\ufeff${text}`],
    ['crlf.csv', text.replaceAll('\n', '\r\n')],
    ['cr.csv', text.replaceAll('\n', '\r')],
    ['tabs.tsv', text.replaceAll(',', '\t')],
    ['semicolons.csv', text.replaceAll(',', ';')],
    ['comment.csv', `# by hand\n${text}`],
    ['blank.csv', text.replace('1,b', '\n\n1,b')],
    ['trailing.csv', text.replace(/([EIS])\n/g, '$1,\n')],
    ['quotes.csv', plain.map((line, i) => `${line},"${i ? 'one, ""two""\nthree' : 'note'}"`).join('\n')],
    ['names.csv', plain.map((line, i) => `${line},${i ? 'x' : '"a; b; c, ""d""; e"'}`).join('\n')],
    ['packed.csv.gz', gzipSync(text)],
    [
      'array.json',
      JSON.stringify(
        plain
          .slice(1)
          .map((line) => line.split(','))
          .map(([query_id, product_id, esci_label]) => ({ query_id: Number(query_id), product_id, esci_label })),
        null,
        1,
      ),
    ],
    ['two.csv.gz', Buffer.concat([gzipSync(text.slice(0, 40)), gzipSync(text.slice(40))])],
  ];
  const scores = file('form-scores.csv', ['query_id,product_id,score', '1,a,1', '1,b,2', '2,a,3']);
  for (const [name, bytes] of forms) {
    writeFileSync(join(folder, name), bytes);
    const { rows: read } = await readScoreRows(1, join(folder, name), scores);
    assert.deepEqual(
      [read.queryIds, [...read.query], Array.from(read.label ?? [])],
      [
        ['1', '2'],
        [0, 0, 1],
        [0, 1, 3],
      ],
      name,
    );
  }
});

test('rows that begin with #, apostrophes and quotes below plain lines are rows like others (by hand)', async () => {
  // Each of these DuckDB misreads where it is left to guess: comments dropped, text between apostrophes as one value, a quoted line end as the end of a row.
  const rows = ['#1,a,E', '#1,b,S', "1,'c,I", '2,d,E', "2,e',I"];
  const scores = file('hash-scores.csv', [
    'query_id,product_id,score',
    ...rows.map((row, i) => row.replace(/.$/, String(9 - i))),
  ]);
  const hash = file('hash.csv', ['query_id,product_id,esci_label', ...rows]);
  const { rows: read } = await readScoreRows(1, hash, scores);
  assert.deepEqual([read.queryIds, Array.from(read.label ?? [])], [['1', '2', '#1'], [3, 0, 3, 0, 1]]); // prettier-ignore
  const text = (i: number): string => (i < 2500 ? 'plain' : '"one, ""two""\nthree"');
  const late = file('late.csv', [`${pairs[0]},title`, ...pairs.slice(1).map((line, i) => `${line},${text(i)}`)]);
  const judgedPairs = file('late-judged.csv', pairs.map((line, i) => (i ? line.replace(/,\d+$/, ',E') : 'query_id,product_id,esci_label'))); // prettier-ignore
  assert.equal((await readScoreRows(1, judgedPairs, late)).rows.query.length, 3000);
});

test('a column that stands twice in the header is refused, for which is meant nobody can say', async () => {
  const twice = file('columns.csv', ['query_id,product_id,score,score', '1,a,1,2']);
  await assert.rejects(readScoreRows(1, judged, twice), /columns\.csv: column score stands twice in the header/);
});
