import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentOf } from '../../experiments/experiment';
import { planGrid } from '../../experiments/plan';
import type { RunRecord } from '../../experiments/record';
import { saveRecord } from '../../experiments/store';
import { metricsOf } from '../../metrics/named';
import { fillTables } from '../../report/collect';
import { differences, runDifference } from '../../report/difference';
import { verifyDocuments } from '../../report/documents';
import { differenceText } from '../../report/formats/difference';
import { glance } from '../../report/sentences';
import { VERDICTS } from '../../report/verdict';
import { verifyRecords } from '../../report/verify';
import { writeReport } from '../../report/write';
import { configHash, sha256 } from '../../runtime/hash';
import { simulateRecord } from './simulate';

const folder = mkdtempSync(join(tmpdir(), 'esci-verify-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Simulated runs of the real Table 5 at smoke scale: base and EMA, two seeds, EMA five points better. */
const records = planGrid({ table: '5', scale: 'smoke', seeds: 2, folds: [0], rows: ['base', 'ema'] }).cells.map(
  ({ row, experiment }): RunRecord => {
    const world = { seeds: 1, queries: 53, perQuery: 5, name: 'generated-smoke' };
    const run = simulateRecord(world, row === 'ema' ? 0.75 : 0.7, experiment.seed, 0, {}, row);
    const identity = experimentOf(experiment, { name: run.data.name, sha256: run.data.sha256 });
    const { microF1, macroF1 } = metricsOf(run.predictions!);
    return { ...run, experiment: identity, id: configHash(identity), metrics: { microF1, macroF1 } };
  },
);
const stored = records.map((record) => ({ path: `${record.id}.json`, record }));

test('sound records verify; each kind of drift is reported by what was said and what is so', () => {
  assert.deepEqual(verifyRecords(stored), []);
  const with_ = (change: (r: RunRecord) => RunRecord): string[] =>
    verifyRecords([{ path: 'x', record: change(records[0]) }]).map((d) => d.what);
  assert.match(
    with_((r) => ({ ...r, metrics: { ...r.metrics, microF1: r.metrics.microF1 + 0.001 } }))[0],
    /metric microF1 is .*, its predictions give/,
  );
  assert.match(with_((r) => ({ ...r, experiment: { ...r.experiment, seed: 97 } }))[0], /its experiment hashes to/);
  assert.match(with_((r) => ({ ...r, data: { ...r.data, sha256: sha256('other') } }))[0], /different data/);
  assert.match(with_((r) => ({ ...r, data: { ...r.data, evaluation: 11 } }))[0], /265 rows predicted, data.evaluation says 11/);
});

test('records fill the rows whose configuration is theirs, and only those', () => {
  const [filled, ...others] = fillTables(records);
  assert.deepEqual(others, []);
  assert.deepEqual([filled.table.id, filled.scale, filled.data], ['5', 'smoke', 'generated-smoke']);
  const runs = Object.fromEntries(filled.table.rows.map((r) => [r.id, r.runs]));
  assert.deepEqual([runs.base, runs.ema, runs.fgm], [2, 2, 0]);
  assert.ok(filled.table.rows.find((r) => r.id === 'ema')!.change!.value > 0.01);
  assert.deepEqual(fillTables(records, { scale: 'demo' }), []);
});

test('two files of one name are two data sets: no row mixes their runs, and each table says which it is of', () => {
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 2, folds: [0], rows: ['base', 'ema'], data: 'rows.csv' });
  const named = (text: string, microF1: number): RunRecord[] =>
    records.map((record, i) => {
      const known = { name: 'rows', sha256: sha256(text) };
      const experiment = experimentOf(cells[i].experiment, known);
      return { ...record, id: configHash(experiment), data: { ...record.data, ...known }, metrics: { microF1 }, experiment };
    });
  const [one, two] = [named('a', 0.7), named('b', 0.5)];
  const tables = (given: readonly RunRecord[], data?: string) =>
    fillTables(given, { table: '5', ...(data && { data }) }).map((t) => [
      t.data,
      t.table.rows[0].runs,
      t.table.rows[0].value?.mean,
    ]);
  assert.deepEqual(tables(one), [['rows', 2, 0.7]]);
  const [a, b] = [`rows@${sha256('a').slice(0, 8)}`, `rows@${sha256('b').slice(0, 8)}`];
  const both = [[a, 2, 0.7] as const, [b, 2, 0.5] as const].sort(([x], [y]) => (x < y ? -1 : 1));
  assert.deepEqual(tables([...one, ...two]), both);
  assert.deepEqual(tables([...one, ...two], 'rows'), both, 'asked for by the name alone');
  assert.deepEqual(tables([...one, ...two], a), [[a, 2, 0.7]]);
});

test('a run that fills one row of another table as well does not show that table, unless it is asked for', () => {
  const [{ experiment }] = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['mixup'] }).cells;
  const [{ data }] = records;
  const identity = experimentOf(experiment, { name: data.name, sha256: data.sha256 });
  const shared = { ...records[0], experiment: identity, id: configHash(identity) };
  const ids = (found: ReturnType<typeof fillTables>): string[] => found.map(({ table }) => table.id);
  assert.deepEqual(ids(fillTables([...records, shared])), ['5']);
  assert.deepEqual(ids(fillTables([...records, shared], { table: '2' })), ['2'], 'Table 2 has the row');
});

test('document blocks: drift is found, --write repairs it, and a second pass finds none', () => {
  mkdirSync(join(folder, 'docs'));
  const readme = join(folder, 'README.md');
  const brief = '<!-- table:5 smoke generated-smoke brief -->\n<!-- /table -->\n';
  const start = `# Title\n${brief}<!-- table:5 smoke generated-smoke -->\nold\n<!-- /table -->\nend\n`;
  writeFileSync(readme, start);
  writeFileSync(join(folder, 'docs', 'none.md'), '<!-- table:5 paper nowhere -->\n<!-- /table -->\n');
  const before = verifyDocuments(folder, records, false);
  assert.deepEqual(
    before.drift.map((d) => `${d.where}: ${d.what}`),
    [
      'README.md: table 5 at scale smoke on generated-smoke differs from its records',
      'README.md: table 5 at scale smoke on generated-smoke differs from its records',
      'docs/none.md: table 5 at scale paper on nowhere: no records fill it',
    ],
  );
  assert.equal(readFileSync(readme, 'utf8'), start, 'looking changes nothing');
  assert.deepEqual(verifyDocuments(folder, records, true).written, ['README.md']);
  const text = readFileSync(readme, 'utf8');
  assert.ok(text.startsWith('# Title\n<!-- table:5') && text.endsWith('<!-- /table -->\nend\n') && text.includes('| + EMA |'));
  assert.equal(verifyDocuments(folder, records, false).drift.length, 1, 'only the block without records');
  writeFileSync(readme, text.replace(/(\d)\.(\d)/, '9.$2'));
  assert.equal(verifyDocuments(folder, records, false).drift.length, 2, 'one digit changed by hand is found');
});

test('a glance block has a line for each table of its document, in their order, and drift in it is found', () => {
  const place = mkdtempSync(join(tmpdir(), 'esci-glance-'));
  const readme = join(place, 'README.md');
  const block = '<!-- table:5 smoke generated-smoke -->\n<!-- /table -->\n';
  try {
    writeFileSync(readme, `<!-- glance:tables -->\n<!-- /glance -->\n${block}`);
    assert.deepEqual(verifyDocuments(place, records, true).drift, []);
    const text = readFileSync(readme, 'utf8');
    const [{ table }] = fillTables(records, { table: '5' });
    const lines = text.split('<!-- /glance -->')[0].split('\n').filter((line) => line.startsWith('- ')); // prettier-ignore
    assert.deepEqual(lines, [`- **Table 5**, smoke, generated-smoke. ${glance(table).join(' ')}`]);
    writeFileSync(readme, text.replace(/(none|\d) of/, '9 of'));
    assert.match(verifyDocuments(place, records, false).drift[0].what, /the tables at a glance differs/);
    writeFileSync(readme, text.replace('table:5 smoke', 'table:5 paper'));
    assert.match(verifyDocuments(place, records, false).drift.at(-1)!.what, /glance: no records fill table 5 at scale paper/);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test('a document with a guide tells once what holds for all its tables, and no note is lost', () => {
  const place = mkdtempSync(join(tmpdir(), 'esci-guide-'));
  const block = '<!-- table:5 smoke generated-smoke -->\n<!-- /table -->\n';
  const written = (text: string): string => {
    writeFileSync(join(place, 'README.md'), text);
    assert.deepEqual(verifyDocuments(place, records, true).drift, []);
    return readFileSync(join(place, 'README.md'), 'utf8');
  };
  try {
    const notes = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('- '));
    const alone = notes(written(block));
    const guided = written(`<!-- guide:tables -->\n<!-- /guide -->\n${block}`);
    const [guide, table] = guided.split('<!-- /guide -->');
    assert.ok(notes(table).length < alone.length);
    for (const note of alone) assert.equal(Number(notes(guide).includes(note)) + Number(notes(table).includes(note)), 1, note);
    for (const words of Object.values(VERDICTS)) assert.ok(guide.includes(`- **${words}**: `), words);
    writeFileSync(join(place, 'README.md'), guided.replace('**held**', '**Held**'));
    assert.match(verifyDocuments(place, records, false).drift[0].what, /the guide to the tables differs/);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test('committed figures: an empty file asks for one, a changed one is found, a stranger is named', () => {
  const place = join(folder, 'docs', 'figures');
  mkdirSync(place);
  const name = 'table-5-smoke-generated-smoke-calibration.svg';
  writeFileSync(join(place, name), '');
  writeFileSync(join(place, 'table-9.svg'), '');
  const drift = (write: boolean): string[] =>
    verifyDocuments(folder, records, write).drift.filter((d) => d.where.includes('figures')).map((d) => `${d.where}: ${d.what}`); // prettier-ignore
  assert.deepEqual(drift(true), ['docs/figures/table-9.svg: no records make a figure of this name']);
  assert.ok(readFileSync(join(place, name), 'utf8').startsWith('<svg'));
  rmSync(join(place, 'table-9.svg'));
  assert.deepEqual(drift(false), []);
  writeFileSync(join(place, name), readFileSync(join(place, name), 'utf8').replace('0.4', '0.5'));
  assert.deepEqual(drift(false), [`docs/figures/${name}: differs from the figure that its records make`]);
});

test('the report is written with relative links to its records, the same bytes twice', () => {
  const runs = join(folder, 'runs');
  for (const record of records) saveRecord(runs, record);
  const out = join(folder, 'reports');
  const written = writeReport([runs], { out })!;
  assert.deepEqual([written.tables, written.runs], [1, 4]);
  const page = readFileSync(written.path, 'utf8');
  for (const { id } of records) assert.ok(page.includes(`href="../runs/${id}.json"`), id);
  assert.ok(!page.includes(folder), 'no path of this machine');
  writeReport([runs], { out });
  assert.equal(readFileSync(written.path, 'utf8'), page);
  assert.equal(writeReport([join(folder, 'nothing')], { out }), undefined);
});

test('diff: leaves that differ by path, metrics with their change', () => {
  assert.deepEqual(differences({ a: { b: 1, c: [1, 2] }, d: 3 }, { a: { b: 1, c: [1, 5] }, e: null }), [
    { field: 'a.c.1', first: 2, second: 5 },
    { field: 'd', first: 3, second: undefined },
    { field: 'e', first: undefined, second: null },
  ]);
  const [base, ema] = records;
  const difference = runDifference(base, ema);
  assert.ok(difference.sameRows);
  assert.ok(difference.experiment.every((d) => d.field.startsWith('config.tricks.ema')));
  const micro = difference.metrics.find((m) => m.name === 'microF1')!;
  assert.equal(micro.change, ema.metrics.microF1 - base.metrics.microF1);
  assert.match(differenceText(base, ema, difference), /config\.tricks\.ema/);
  assert.match(differenceText(base, base, runDifference(base, base)), /none: both are the same experiment/);
});
