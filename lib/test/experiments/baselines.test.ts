// Oracles: features worked by hand; generated data, where words tell something of the label and the majority nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { generate } from '../../data/generate';
import type { Row } from '../../data/types';
import { baselineFeatures, lexicalBaseline, lexicalFeatures, runBaseline } from '../../experiments/baselines';
import { splitFold } from '../../experiments/dataset';
import { scales } from '../../experiments/scales';
import { saveRecord, loadRecord } from '../../experiments/store';
import { auc } from '../../metrics/auc';
import { Key } from '../../runtime/key';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const row = (query: string, title: string, brand: string): Row => ({ query, title, brand }) as Row;

test('lexical features of a row, by hand', () => {
  const features = lexicalFeatures(row('acme red mug mug', 'Red Mug, large', 'ACME'));
  assert.deepEqual(features.overlap, [2 / 3]); // red and mug of acme, red, mug
  assert.deepEqual(features.jaccard, [3 / 4]); // acme, red, mug of acme, red, mug, large
  assert.deepEqual(features.brand, [1]);
  assert.deepEqual(features.length, [Math.log1p(4), Math.log1p(3)]);
  assert.deepEqual(lexicalFeatures(row('mug', '', '')).brand, [0]); // no brand is not named
  assert.deepEqual([...baselineFeatures([row('a', 'a b', '')], ['cosine', 'overlap'], [0.25])], [0.25, 1]);
  assert.throws(() => baselineFeatures([row('a', 'b', '')], ['cosine']), /the feature cosine needs a value for each of 1 rows/);
});

test('on generated data words rank exact matches above others; without features every row gets the training shares', () => {
  const { rows } = generate({ world: 'smoke' }, Key.from('baselines'));
  const { train, evaluation } = splitFold(rows, 0, 5);
  const probabilities = lexicalBaseline(train, evaluation, ['overlap', 'jaccard', 'brand', 'length']);
  const exact = Float32Array.from(evaluation, (_, i) => probabilities[4 * i]);
  assert.ok(auc(exact, evaluation.map((r) => r.label === 'E')) > 0.6); // prettier-ignore
  const shares = lexicalBaseline(train, evaluation, []);
  assert.ok(Math.abs(shares[0] - train.filter((r) => r.label === 'E').length / train.length) < 1e-6);
  assert.deepEqual(shares.slice(0, 4), shares.slice(4, 8));
});

test('a baseline is a whole run record that reads back, with the rows and metrics of a fine-tuned run', async () => {
  const { data: source, base } = scales.smoke;
  const record = await runBaseline({
    scale: 'smoke',
    seed: 0,
    fold: 0,
    folds: 5,
    source,
    start: base.start,
    baseline: 'lexical',
  });
  const folder = mkdtempSync(join(tmpdir(), 'baselines-'));
  try {
    assert.deepEqual(loadRecord(saveRecord(folder, record)), JSON.parse(JSON.stringify(record)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.equal(record.predictions!.given.length, record.data.evaluation);
  for (const name of ['microF1', 'macroF1', 'exactAuc', 'exactAccuracy', 'logLoss'])
    assert.ok(Number.isFinite(record.metrics[name]), name);
  await assert.rejects(
    runBaseline({ scale: 'smoke', seed: 0, fold: 0, folds: 5, source, start: base.start, baseline: 'cosine' }),
    /needs the cosine of pre-trained weights/,
  );
});
