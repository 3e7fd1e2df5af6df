// Oracles: folders made here; what was typed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDataset, placeOf } from '../../experiments/dataset';
import { openGraded } from '../../experiments/graded/data';
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
  assert.throws(() => openGraded('no-such-grades'), /products\.\* \(product_id, product_locale, product_title\) and judgments\.\* \(query, product_id, grade 0 to 3\); see data\/README\.md/); // prettier-ignore
});
