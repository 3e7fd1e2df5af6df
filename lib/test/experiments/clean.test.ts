import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectLabels, qualityScores } from '../../confident';
import { generate } from '../../data/generate';
import { LABELS, type Row } from '../../data/types';
import { cleanRows, taskProbabilities, type OutOfFold } from '../../experiments/clean';
import type { CleanConfig, FinetuneConfig } from '../../experiments/config';
import { foldOf } from '../../data';
import { outOfFoldLookup, partOf, splitPart } from '../../experiments/out-of-fold';
import { packProbabilities, rowsHash, toPredictions } from '../../experiments/predictions';
import type { RunRecord } from '../../experiments/record';
import { Key } from '../../runtime/key';
import { simulateRecord } from '../report/simulate';

const { rows } = generate({ world: 'smoke', queries: 97 }, Key.from('clean-test'));
const config = (patch: Partial<CleanConfig>): CleanConfig => ({
  method: 'prune',
  fraction: 0.04,
  filterBy: 'prune_by_noise_rate',
  rankBy: 'normalized_margin',
  folds: 5,
  model: {} as FinetuneConfig,
  ...patch,
});

/** A model that knows the truth, a little less surely for some rows than for others, so that no two rows tie. */
const knowing: OutOfFold = (row) => {
  const sure = 0.7 + 0.2 * Key.from('sure').fold(row.exampleId).random().uniform();
  return Float64Array.from(LABELS, (label) => (label === row.trueLabel ? sure : (1 - sure) / 3));
};
const wrong = (row: Row): boolean => row.label !== row.trueLabel;
const flipped = rows.filter(wrong).length;

test('a model that knows the truth: only flipped rows go, as many as the cut asks for (known truth)', () => {
  const fraction = 0.031;
  const { rows: kept, metrics, checks } = cleanRows(rows, 2, config({ fraction }), knowing);
  const removed = Math.trunc(rows.length * fraction);
  assert.ok(flipped > removed && removed > 10, 'the world has more flipped rows than are cut');
  assert.equal(kept.length, rows.length - removed);
  assert.equal(kept.filter(wrong).length, flipped - removed);
  assert.equal(metrics.precisionOfRemoved, 1);
  assert.equal(metrics.recallOfRemoved, removed / flipped);
  assert.equal(metrics.flippedShare, flipped / rows.length);
  assert.equal(metrics.noiseAuc, 1);
  assert.ok(checks.every((check) => check.ok));
});

test('oracle removes exactly the flipped rows, and says so for another task in its classes', () => {
  const { rows: kept, metrics } = cleanRows(rows, 2, config({ method: 'oracle', fraction: 0 }), knowing);
  assert.deepEqual(
    kept,
    rows.filter((row) => !wrong(row)),
  );
  assert.deepEqual([metrics.precisionOfRemoved, metrics.recallOfRemoved], [1, 1]);
  const three = cleanRows(rows, 3, config({ method: 'oracle' }), knowing);
  const substitute = (row: Row): boolean => (row.label === 'S') === (row.trueLabel === 'S');
  assert.deepEqual(three.rows, rows.filter(substitute));
  assert.ok(three.rows.length > kept.length, 'E taken for I is no error of task 3');
  assert.deepEqual([...taskProbabilities(Float64Array.of(0.5, 0.25, 0.125, 0.125), 3)], [0.75, 0.25]);
});

test('a class loses at most its share under the balanced cut (counting); plain pruning would take more of some', () => {
  const shy: OutOfFold = () => Float64Array.of(0.85, 0.1, 0.03, 0.02);
  const guess: OutOfFold = (row) => {
    const noise = Key.from('guess').fold(row.exampleId).random();
    const p = shy(row)!.map((x) => x * (0.2 + noise.uniform()));
    const sum = p.reduce((a, b) => a + b, 0);
    return p.map((x) => x / sum);
  };
  const fraction = 0.07;
  const share = (kept: readonly Row[], label: string): number =>
    1 - kept.filter((r) => r.label === label).length / rows.filter((r) => r.label === label).length;
  const balanced = cleanRows(rows, 2, config({ method: 'balanced', fraction }), guess).rows;
  const pruned = cleanRows(rows, 2, config({ fraction }), guess);
  for (const label of LABELS) assert.ok(share(balanced, label) <= fraction, label);
  assert.ok(LABELS.some((label) => share(pruned.rows, label) > 1.5 * fraction));
  for (const label of LABELS)
    assert.equal(pruned.metrics[`removedShare${label}`].toFixed(12), share(pruned.rows, label).toFixed(12));
});

test('soft weights keep every row at its label quality; rows without a probability stay as they are (two routes)', () => {
  const partly: OutOfFold = (row) => (row.exampleId % 7 ? knowing(row) : undefined);
  const { rows: kept, checks, metrics } = cleanRows(rows, 2, config({ method: 'weights' }), partly);
  assert.equal(kept.length, rows.length);
  assert.equal(metrics.removedRows, 0);
  const known = rows.filter((row) => partly(row));
  const labels = known.map((row) => LABELS.indexOf(row.label));
  const probs = Float64Array.from(known.flatMap((row) => [...knowing(row)!]));
  const quality = qualityScores(labels, probs, 4, { method: 'normalized_margin' });
  known.forEach((row, i) => assert.equal(kept[rows.indexOf(row)].weight, quality[i]));
  for (const row of kept) if (row.exampleId % 7 === 0) assert.equal(row.weight, undefined);
  assert.equal(checks.find((check) => check.name.includes('every training row'))!.ok, false);
  const health = 1 - inspectLabels(labels, probs, 4).numLabelIssues / known.length;
  assert.equal(metrics.labelHealth, health);
});

test('what cannot be cleaned is refused in one line', () => {
  const real = rows.map((row) => ({ ...row, trueLabel: undefined }));
  const answer: OutOfFold = () => Float64Array.of(0.7, 0.1, 0.1, 0.1);
  assert.throws(() => cleanRows(real, 2, config({ method: 'oracle' }), answer), /oracle needs rows whose true labels are known/);
  assert.throws(() => cleanRows(rows, 2, config({ fraction: 1.5 }), knowing), /clean\.fraction.*1\.5/);
  assert.throws(() => cleanRows(rows, 2, config({ method: 'all' as 'prune' }), knowing), /clean\.method.*prune/);
  assert.throws(
    () => cleanRows(rows, 2, config({}), () => undefined),
    /out-of-fold probabilities of the training rows, got none/,
  );
});

test('parts within a fold: every row once, no query in two, none empty, and not the fold itself again (counting)', () => {
  for (const outer of [5, 7]) {
    const inner = rows.filter((row) => foldOf(row.locale, row.query, outer) !== 0);
    const parts = Array.from({ length: 5 }, (_, fold) => splitPart(inner, outer, { fold, folds: 5 }));
    assert.equal(
      parts.reduce((n, part) => n + part.evaluation.length, 0),
      inner.length,
    );
    for (const { train, evaluation } of parts) {
      assert.equal(train.length + evaluation.length, inner.length);
      const queries = new Set(train.map((row) => `${row.locale} ${row.query}`));
      assert.ok(evaluation.every((row) => !queries.has(`${row.locale} ${row.query}`)));
      const folds = new Set(evaluation.map((row) => foldOf(row.locale, row.query, outer)));
      assert.ok(folds.size > 1, 'a part spreads over the outer folds');
    }
  }
});

test('out-of-fold probabilities come back by row as they were stored; records of other rows are refused (round trip)', () => {
  const outer = 5;
  const inner = rows.filter((row) => foldOf(row.locale, row.query, outer) !== 0);
  const record = (fold: number): RunRecord => {
    const { evaluation } = splitPart(inner, outer, { fold, folds: 5 });
    const p = Float32Array.from(evaluation.flatMap((row) => [...knowing(row)!]));
    return { ...simulateRecord({ seeds: 1, queries: 3 }, 0.7, 0, 0, {}), predictions: toPredictions(2, evaluation, p, 4) };
  };
  const records = Array.from({ length: 5 }, (_, fold) => record(fold));
  const lookup = outOfFoldLookup(inner, outer, records);
  for (const row of inner) {
    const p = lookup(row)!;
    knowing(row)!.forEach((x, c) => assert.ok(Math.abs(x - p[c]) < 4e-5));
    assert.ok(Math.abs(p.reduce((a, b) => a + b, 0) - 1) < 1e-12);
  }
  assert.equal(lookup(rows.find((row) => !inner.includes(row))!), undefined);
  assert.throws(
    () => outOfFoldLookup(inner, outer, [records[1], records[0], ...records.slice(2)]),
    /part 0 of 5, got those of other rows/,
  );
  assert.equal(partOf(inner[0], outer, 1), 0);
  assert.notEqual(rowsHash(inner), rowsHash([...inner].reverse()));
  assert.equal(Buffer.from(packProbabilities([0, 0.5, 1]), 'base64').toString('hex'), '00000080ffff');
});
