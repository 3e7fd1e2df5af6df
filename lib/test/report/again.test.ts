// Oracle: worked arithmetic on known differences; a folder alone is looked in.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findRecord, ownRuns, saveRecord } from '../../experiments/store';
import { againText } from '../../report/again';
import { someRecords } from './committed';

test('runs made again are counted as equal or by their largest difference', () => {
  const [a, b, c] = someRecords(3);
  const name = Object.keys(a.metrics)[0];
  const moved = { ...a, metrics: { ...a.metrics, [name]: a.metrics[name] + 0.25 } };
  assert.equal(
    againText([a, b, b], [a, b, c]),
    'again: 2 runs with a record that came with the project, 2 with the same metrics to the last digit',
  );
  const text = againText([moved, b, c], [a, b]);
  assert.match(
    text,
    /2 runs with a record that came with the project, 1 with the same metrics to the last digit; 1 run had no record/,
  );
  assert.ok(text.includes(`largest difference: ${name} by 0.25 (run ${a.id})`), text);
  const { [name]: _, ...without } = a.metrics;
  assert.ok(
    againText([{ ...a, metrics: without }], [a]).includes(`${name} by Infinity`),
    'a metric that is gone is no small change',
  );
});

test('ESCI_ONLY_RUNS: records elsewhere are not there, and new ones go to that folder', () => {
  const [record] = someRecords(1);
  const folder = mkdtempSync(join(tmpdir(), 'again-'));
  try {
    process.env.ESCI_ONLY_RUNS = folder;
    assert.equal(ownRuns(), folder);
    assert.equal(findRecord(record.id), undefined);
    saveRecord(ownRuns(), record);
    assert.equal(findRecord(record.id)?.path, join(folder, `${record.id}.json`));
  } finally {
    delete process.env.ESCI_ONLY_RUNS;
    rmSync(folder, { recursive: true, force: true });
  }
  assert.ok(findRecord(record.id));
});
