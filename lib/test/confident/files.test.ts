import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { classBalancedCut, findLabelIssues, firstFraction, readLabelArrays, readRowTexts } from '../../confident';
import { readTableNumbers } from '../../confident/table-numbers';
import { InputError } from '../../runtime/errors';
import { labelledFiles } from './shared';
import { esci as runProgram } from '../program';

const { folder, file, labels, probs, K, n, table, bothCsv } = labelledFiles();
const ranked = findLabelIssues(labels, probs, K, { returnIndicesRankedBy: 'normalized_margin' });
const labelsJson = file('labels.json', JSON.stringify(Array.from(labels)));
const probsJson = file('probs.json', JSON.stringify(table, null, 1));
const esci = (...args: string[]) => runProgram(['find-label-issues', ...args]);

test('every format gives the same rows: JSON lists, JSON objects, a flat list, CSV, parquet, lists in parquet', async () => {
  const object = file(
    'object.json',
    `{"note": "a [text] with \\"labels\\"", "other": [[1], {"labels": 3}], "labels": [${labels.join()}], "pred_probs": ${JSON.stringify(table)}}`,
  );
  const flat = file('flat.json', JSON.stringify(Array.from(probs)));
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const duck = await (await DuckDBInstance.create()).connect();
  await duck.run(`COPY (SELECT * FROM read_csv('${bothCsv}')) TO '${join(folder, 'both.parquet')}' (FORMAT parquet)`);
  await duck.run(
    `COPY (SELECT [p_e, p_s, p_c, p_i] AS probs FROM read_csv('${bothCsv}')) TO '${join(folder, 'lists.parquet')}' (FORMAT parquet)`,
  );
  duck.closeSync();
  const parquet = join(folder, 'both.parquet');
  const sources = [
    { labels: labelsJson, probs: probsJson },
    { labels: object, probs: object },
    { labels: labelsJson, probs: flat, classNames: ['E', 'S', 'C', 'I'] },
    { labels: bothCsv, probs: bothCsv },
    { labels: parquet, probs: parquet, labelColumn: 'esci_label', probColumns: ['p_e', 'p_s', 'p_c', 'p_i'] },
    { labels: bothCsv, probs: join(folder, 'lists.parquet') },
  ];
  for (const source of sources) {
    const read = await readLabelArrays(source);
    assert.equal(read.K, K);
    assert.deepEqual(Array.from(read.labels), Array.from(labels));
    assert.deepEqual(read.probs, probs, source.probs);
  }
});

test('where classes are called by numbers a label is a name in every format, never a position (by hand)', async () => {
  const probsFile = file('digits.csv', 'p_1,p_0\n.9,.1\n.2,.8\n.8,.2\n.1,.9');
  const read = async (labelFile: string, classNames: string[], probs = probsFile) =>
    Array.from((await readLabelArrays({ labels: labelFile, probs, classNames })).labels);
  const forms = {
    'digits-l.csv': 'label\n1\n0\n1\n0',
    'digits-l.json': '[1, 0, 1, 0]',
    'digits-text.json': '["1", "0", "1", "0"]',
    'digits-l.jsonl': '{"label": 1}\n{"label": 0}\n{"label": 1}\n{"label": 0}',
  };
  for (const [name, text] of Object.entries(forms)) assert.deepEqual(await read(file(name, text), ['1', '0']), [0, 1, 0, 1], name); // prettier-ignore
  const three = file('three.csv', 'a,b,c\n.9,.05,.05\n.2,.7,.1');
  assert.deepEqual(await read(file('ratings.json', '[2, -1]'), ['-2', '-1', '2'], three), [2, 1]);
  await assert.rejects(
    read(file('zero.json', '[1, 0]'), ['1', '2', '3'], three),
    /zero\.json: label 0 is none of the classes 1, 2, 3/,
  );
});

test('a JSON number is read to the last bit, whatever its form (oracle: JSON.parse)', async () => {
  const texts = [
    '0.1',
    '1e-7',
    '0.30000000000000004',
    '5E-1',
    '0.1234567890123456789',
    '0.000000000000000000000001',
    '0.007',
    '-0.0',
    '1.0',
    '1',
  ];
  const other = (text: string) => 1 - Number(text);
  const path = file('numbers.json', `[${texts.map((text) => `[ ${text} ,${other(text)}]`).join(',\n')}]`);
  const read = await readLabelArrays({ labels: file('zeros.json', JSON.stringify(texts.map(() => 0))), probs: path });
  assert.deepEqual(
    Array.from(read.probs),
    texts.flatMap((text) => [JSON.parse(text) as number, other(text)]),
  );
});

test('probabilities that begin with twenty-five thousand whole numbers are read as written: no format rounds the later ones', async () => {
  const rows = Array.from({ length: 25_010 }, (_, i) => (i < 25_000 ? [1, 0] : [0.4, 0.6]));
  const files = [
    file('whole.csv', ['p_0,p_1', ...rows.map((row) => row.join(','))].join('\n')),
    file('whole.jsonl', rows.map(([p_0, p_1]) => JSON.stringify({ p_0, p_1 })).join('\n')),
    file('lists.jsonl', rows.map((p) => JSON.stringify({ p })).join('\n')),
  ];
  for (const path of files) {
    const chunks: number[] = [];
    for await (const { values } of readTableNumbers(path, (columns) => columns)) chunks.push(...values);
    assert.deepEqual(chunks, rows.flat(), path);
  }
  const texts = file('texts.jsonl', rows.map((_, i) => JSON.stringify({ title: i < 25_000 ? 7 : 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' })).join('\n')); // prettier-ignore
  assert.deepEqual([...(await readRowTexts(texts, [0, 25_001], rows.length)).values()].map(({ title }) => title), ['7', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11']); // prettier-ignore
});

test('the command prints one JSON object and nothing else, the same when it streams, and cuts as the library does', () => {
  const run = esci('--labels', labelsJson, '--probs', probsJson, '--json');
  assert.equal(run.stderr, '');
  assert.deepEqual((JSON.parse(run.stdout) as { issues: number[] }).issues, Array.from(ranked));
  assert.equal(esci('--labels', bothCsv, '--probs', probsJson, '--json', '--stream').stdout, run.stdout);
  const cut = (...more: string[]) =>
    (
      JSON.parse(esci('--labels', labelsJson, '--probs', probsJson, '--json', '--fraction', '0.04', ...more).stdout) as {
        issues: number[];
      }
    ).issues;
  assert.deepEqual(cut(), Array.from(firstFraction(ranked, n, 0.04)));
  assert.deepEqual(cut('--balanced'), Array.from(classBalancedCut(ranked, labels, 0.04)));
});

test('the report shows the text of the worst rows, with nothing that a table or HTML would take for its own', async () => {
  const path = join(folder, 'report.md');
  const run = esci(
    '--labels',
    labelsJson,
    '--probs',
    probsJson,
    '--data',
    bothCsv,
    '--worst',
    '3',
    '--report',
    path,
    '--classes',
    'E,S,C,I',
  );
  assert.equal(run.status, 0, run.stderr);
  assert.ok(run.stdout.includes(`product "${ranked[0]}"`));
  const report = readFileSync(path, 'utf8');
  for (const row of ranked.subarray(0, 3)) assert.ok(report.includes(`product "${row}", &#124; new`), report);
  assert.equal(report.includes(`product "${ranked[3]}"`), false);
  await assert.rejects(
    readRowTexts(bothCsv, [0], n + 1),
    (error: Error) => error instanceof InputError && /expected 1512 rows.*got 1511/.test(error.message),
  );
});

test('files that do not fit are named in one line, exit code 2, nothing on stdout', () => {
  const mistakes: [string[], RegExp][] = [
    [['--labels', join(folder, 'none.json'), '--probs', probsJson], /none\.json: no such file/],
    [['--labels', file('short.json', '[0, 1]'), '--probs', probsJson], /got 2 labels in .*short\.json and 1511 rows/],
    [['--labels', file('cut.json', '[0, 1'), '--probs', probsJson], /cut\.json: the file ends in the middle/],
    [['--labels', labelsJson, '--probs', file('ragged.json', '[[0.5, 0.5], [1]]')], /as long as the first, 2; got one of 1/],
    [['--labels', labelsJson, '--probs', labelsJson], /got single numbers/],
    [['--labels', file('names.json', '["x"]'), '--probs', probsJson], /label "x" is not a number/],
    [['--labels', labelsJson, '--probs', bothCsv, '--prob-columns', 'p_e,p_x'], /no column p_x; it has id .*title/],
    [['--labels', labelsJson, '--probs', probsJson, '--fraction', '4'], /--fraction must be between 0 and 1, got 4/],
    [['--labels', labelsJson, '--probs', probsJson, '--filter-by', 'most'], /--filter-by must be one of prune_by_noise_rate/],
  ];
  for (const [args, message] of mistakes) {
    const run = esci(...args);
    assert.deepEqual([run.status, run.stdout], [2, ''], args.join(' '));
    assert.match(run.stderr, message);
    assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
  }
});

test('columns named as the classes are taken by name, whatever their order in the file (oracle: the same table in the order E, S, C, I)', async () => {
  const permuted = (header: string, order: readonly number[]) =>
    file('permuted.csv', `${header}\n${table.map((p) => order.map((k) => p[k]).join(',')).join('\n')}`);
  const named = file('named.csv', `label\n${Array.from(labels, (k) => 'ESCI'[k]).join('\n')}`);
  const alphabetical = [2, 0, 3, 1];
  const read = async (labelFile: string, header: string, order: readonly number[], classNames?: readonly string[]) =>
    (await readLabelArrays({ labels: labelFile, probs: permuted(header, order), classNames })).probs;
  for (const header of [
    'C,E,I,S',
    'p_C,p_E,p_I,p_S',
    'c_prob,e_prob,i_prob,s_prob',
    'p_complement,p_exact,p_irrelevant,p_substitute',
  ])
    assert.deepEqual(await read(named, header, alphabetical), probs, header);
  const classNames = ['E', 'S', 'C', 'I'];
  assert.deepEqual(await read(labelsJson, 'p_C,p_E,p_I,p_S', alphabetical, classNames), probs);
  assert.deepEqual(await read(labelsJson, 'complement,exact,irrelevant,substitute', alphabetical, classNames), probs);
  assert.deepEqual(await read(named, 'p2,p0,p3,p1', alphabetical), probs, 'numbers in names say the class');
  const classes = async (labelFile: string) => (await readLabelArrays({ labels: labelFile, probs: permuted('p0,p1,p2,p3', [0, 1, 2, 3]) })).classNames; // prettier-ignore
  assert.deepEqual([await classes(named), await classes(labelsJson)], [classNames, undefined], 'labels that are letters name the classes'); // prettier-ignore
  for (const header of ['p0,p1,p2,p3', 'prob_1,prob_2,prob_3,prob_4', 'p_E,p_S,p_C,p_I'])
    for (const labelFile of [named, labelsJson]) assert.deepEqual(await read(labelFile, header, [0, 1, 2, 3]), probs, header);
  assert.deepEqual(await read(labelsJson, 'a,b,c,d', [0, 1, 2, 3]), probs, 'labels that are numbers are numbers of columns');
  assert.deepEqual(await read(named, 'a,b,c,d', [0, 1, 2, 3], classNames), probs);
  await assert.rejects(
    read(named, 'a,b,c,d', [0, 1, 2, 3]),
    /labels are names and columns a, b, c, d do not say which class .* --classes/,
  );
  await assert.rejects(
    read(labelsJson, 'C,E,I,S', alphabetical),
    /labels are numbers and the columns stand in the order C, E, I, S, expected E, S, C, I; .* --classes/,
  );
});

test('columns named as the classes are found among other numbers; two such sets are refused', async () => {
  // Oracle: the probabilities themselves; the weights beside them are of no class.
  const body = (more: (p: readonly number[]) => readonly number[]) => table.map((p) => [...p, ...more(p)].join(',')).join('\n');
  const weighted = file('weighted.csv', `p_E,p_S,p_C,p_I,weight\n${body(() => [0.5])}`);
  assert.deepEqual((await readLabelArrays({ labels: labelsJson, probs: weighted })).probs, probs);
  const twice = file('twice.csv', `p_E,p_S,p_C,p_I,q_E,q_S,q_C,q_I\n${body((p) => p)}`);
  await assert.rejects(
    readLabelArrays({ labels: labelsJson, probs: twice }),
    /columns p_E,p_S,p_C,p_I and columns q_E.* say which with --prob-columns/,
  );
});

test('labels are known as score knows them: letters and words in any case (oracle: the letters)', async () => {
  const words = ['Exact', 'substitute', 'COMPLEMENT', 'i'];
  const path = file('words.csv', `esci_label\n${Array.from(labels, (k) => words[k]).join('\n')}`);
  const read = await readLabelArrays({ labels: path, probs: bothCsv });
  assert.deepEqual([Array.from(read.labels), read.classNames], [Array.from(labels), ['E', 'S', 'C', 'I']]);
});
