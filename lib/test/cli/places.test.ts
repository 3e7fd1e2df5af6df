// Oracles: folders made here; what was typed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { absentCatalogues, openCatalogue } from '../../experiments/catalogue';
import { openDataset, placeOf } from '../../experiments/dataset';
import { openGraded } from '../../experiments/graded/data';
import { planGrid } from '../../experiments/plan';
import { tableIds } from '../../experiments/tables';
import { esci } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'places-'));
after(() => {
  delete process.env.ESCI_DATA_FOLDER;
  rmSync(folder, { recursive: true, force: true });
});
const reproduce = (...parts: string[]) => esci(['reproduce', ...parts], folder);

test('reproduce: data that was typed must be there, also for a dry run, in one line that names it', () => {
  const { status, stdout, stderr } = reproduce('--data', 'no-such-data', '--dry-run', '--table', '4');
  assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr);
  assert.match(stderr, /--data no-such-data: no such file or folder; expected a path, or a name below .*ESCI_DATA_FOLDER/);
});

test('no name at all, as of a variable that is not set, is not the folder of all data sets', () => {
  mkdirSync(join(folder, 'all', 'one'), { recursive: true });
  writeFileSync(join(folder, 'all', 'rows.csv'), 'query,product_id,product_locale,esci_label\ncup,A1,us,E\n');
  process.env.ESCI_DATA_FOLDER = join(folder, 'all');
  assert.equal(placeOf(''), undefined);
  const { status, stderr } = esci(['data', 'describe', '']);
  assert.deepEqual([status, stderr], [2, 'esci: data "": no such file or folder\n']);
});

test('reproduce --help names every table that is not a number', () => {
  const { stdout } = reproduce('--help');
  for (const id of tableIds.filter((one) => !/^\d+$/.test(one)))
    assert.match(stdout, new RegExp(`one table \\(2 to 7[^)]*\\b${id}\\b`));
});

test('ESCI_DATA_FOLDER names a folder of data sets', async () => {
  const name = 'a-set-of-this-test';
  assert.equal(placeOf(name), undefined);
  mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, name, 'rows.csv'),
    'query,product_id,product_locale,esci_label,product_title\ncup,A1,us,E,red cup\n',
  );
  process.env.ESCI_DATA_FOLDER = folder;
  assert.equal(placeOf(name), join(folder, name));
  assert.equal((await openDataset({ path: name }, 1)).rows[0].title, 'red cup');
  assert.match(esci(['data', 'describe', name]).stdout, /^rows +1$/m);
  assert.throws(() => openGraded('no-such-grades'), /products\.\* \(product_id, product_locale, product_title\) and judgments\.\* \(query, product_id, grade 0 to 3\); see data\/README\.md/); // prettier-ignore
});

test('a catalogue to pre-train on that is not here is named before anything runs, with how to do without', async () => {
  const name = 'a-catalogue-of-this-test';
  const cells = planGrid({
    table: '3',
    scale: 'minilm',
    seeds: 1,
    set: [`pretrain.extra=[{"name":"${name}","sha256":"${'0'.repeat(64)}"}]`],
  }).cells;
  const runs = (row: string) => cells.filter((cell) => cell.row === row).map((cell) => cell.experiment);
  const line = /^catalogue a-catalogue-of-this-test: no such file or folder; .*--set 'pretrain\.extra=\[\]'/;
  assert.deepEqual(absentCatalogues(runs('none')), []);
  const said = absentCatalogues(runs('p2q-only'));
  assert.equal(said.length, 1);
  assert.match(said[0], line);
  await assert.rejects(openCatalogue({ name, sha256: '0'.repeat(64) }), { message: line });
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'products.csv'), 'product_id,product_locale,product_title\nA1,us,red cup\n');
  process.env.ESCI_DATA_FOLDER = folder;
  assert.deepEqual(absentCatalogues(runs('p2q-only')), []);
});
