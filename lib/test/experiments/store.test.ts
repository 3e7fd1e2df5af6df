import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  checkpointFolder,
  findRecord,
  loadRecord,
  loadRecords,
  namedRecord,
  recordedSeeds,
  recordPath,
  saveRecord,
} from '../../experiments/store';
import { InputError } from '../../runtime/errors';
import { simulateRecord } from '../report/simulate';

const folder = mkdtempSync(join(tmpdir(), 'esci-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const record = simulateRecord({ seeds: 1, queries: 7, perQuery: 3 }, 0.7, 11, 0, { trick: 'ema' });

test('a record read back equals the one written, and nothing else lies in the folder (round trip)', () => {
  const path = saveRecord(join(folder, 'a'), record);
  assert.equal(path, recordPath(join(folder, 'a'), record.id));
  assert.deepEqual(loadRecord(path), record);
  assert.deepEqual(loadRecords([join(folder, 'a')]), [record]);
  assert.deepEqual(readdirSync(join(folder, 'a')), [`${record.id}.json`]);
  assert.equal(readFileSync(path, 'utf8').split('\n').length, Object.keys(record).length + 3, 'one line a member');
});

test('the checkpoints of a run stay until its record is kept: a record that cannot be written costs no training', (t) => {
  process.env.ESCI_WORK_CACHE = join(folder, 'work');
  t.after(() => delete process.env.ESCI_WORK_CACHE);
  const checkpoints = checkpointFolder(record.id);
  mkdirSync(checkpoints, { recursive: true });
  for (const name of ['checkpoint.json', 'state-100.safetensors', 'best.safetensors']) writeFileSync(join(checkpoints, name), '');
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => saveRecord(join(folder, 'file', 'runs'), record), InputError);
  assert.equal(readdirSync(checkpoints).length, 3);
  saveRecord(join(folder, 'kept'), record);
  assert.deepEqual(readdirSync(join(folder, 'work', 'checkpoints')), []);
});

test('a missing folder holds no records; a run in two folders is taken from the first', () => {
  const changed = { ...record, code: { ...record.code, dirty: true } };
  saveRecord(join(folder, 'b'), changed);
  assert.deepEqual(loadRecords([join(folder, 'nowhere')]), []);
  assert.deepEqual(loadRecords([join(folder, 'b'), join(folder, 'a')]), [changed]);
  assert.deepEqual(findRecord(record.id, [join(folder, 'nowhere'), join(folder, 'b')])?.record, changed);
  assert.equal(findRecord('0'.repeat(16), [join(folder, 'b')]), undefined);
});

test('the seeds that files tell of: broken files tell of none', () => {
  const place = join(folder, 'seeds');
  saveRecord(place, record);
  for (const [i, text] of ['{', 'null', '[]'].entries()) writeFileSync(join(place, `abcdef012345678${i}.json`), text);
  assert.deepEqual([...recordedSeeds(record.experiment.scale, [place])], [record.experiment.seed]);
});

test('each damaged field is refused by an error that names the file, the field, what was got and what was expected', () => {
  const wrong: [string, (r: Record<string, never>) => void, RegExp][] = [
    [
      'a metric that is null',
      (r) => Object.assign(r.metrics, { microF1: null }),
      /field metrics\.microF1: .*expected number.*got null/,
    ],
    ['a seed with a fraction', (r) => Object.assign(r.experiment, { seed: 1.5 }), /field experiment\.seed: .*got 1\.5/],
    [
      'a row short',
      (r) => Object.assign(r.predictions, { predicted: 'E' }),
      /field predictions\.predicted: expected 21 entries, got 1/,
    ],
    [
      'a foreign letter',
      (r) => Object.assign(r.predictions, { given: 'X'.repeat(21) }),
      /field predictions\.given: expected label letters/,
    ],
    [
      'half the probabilities',
      (r) => Object.assign(r.predictions, { probabilities: 'AAAA' }),
      /field predictions\.probabilities: expected 168 entries, got 3/,
    ],
    ['another schema', (r) => Object.assign(r, { schema: 2 }), /field schema: .*got 2/],
  ];
  const path = join(folder, `${record.id}.json`);
  for (const [what, damage, expected] of wrong) {
    const copy = JSON.parse(JSON.stringify(record)) as Record<string, never>;
    damage(copy);
    writeFileSync(path, JSON.stringify(copy));
    assert.throws(
      () => loadRecord(path),
      (error: unknown) =>
        error instanceof InputError &&
        expected.test(error.message) &&
        error.message.includes(record.id) &&
        !error.message.includes('\n'),
      what,
    );
  }
  writeFileSync(path, '{"schema": 1');
  assert.throws(() => loadRecord(path), /expected JSON/);
  rmSync(path);
});

test('a record that is not finite is not written at all', () => {
  const bad = { ...record, metrics: { microF1: NaN } };
  assert.throws(() => saveRecord(join(folder, 'c'), bad), /field metrics\.microF1/);
  assert.throws(() => readdirSync(join(folder, 'c')), /ENOENT/);
});

test('a file named otherwise than its id is refused', () => {
  mkdirSync(join(folder, 'd'));
  writeFileSync(join(folder, 'd', 'copy.json'), JSON.stringify(record));
  assert.throws(() => loadRecords([join(folder, 'd')]), new RegExp(`named for its id, ${record.id}\\.json`));
});

test('a run is found by the first digits of its id, and an unknown or vague name is refused', () => {
  const places = [join(folder, 'a')];
  assert.deepEqual(namedRecord(record.id.slice(0, 6), places).record, record);
  assert.throws(() => namedRecord('ffff0000', places), /found none/);
  assert.throws(() => namedRecord('x', places), /at least 4 digits/);
});
