import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLabelIssues, precisionRecall } from '../../confident';
import { generate } from '../../data/generate';
import { LABELS } from '../../data/types';
import { splitFold, taskRows } from '../../experiments/dataset';
import { outOfFoldRows, type OutOfFoldRows } from '../../experiments/out-of-fold-rows';
import { splitPart } from '../../experiments/out-of-fold';
import { openDataset } from '../../experiments/dataset';
import { toPredictions } from '../../experiments/predictions';
import type { RowRuns, RunRecord } from '../../experiments/record';
import { doubtfulRowsView, filterFigure, healthView, noiseMatrixView, removalFigure } from '../../report/label-views';
import { conventionsView, diversityView, halvesAgreement, localePanels } from '../../report/leaderboard-views';
import { tableView } from '../../report/table-view';
import { Key } from '../../runtime/key';
import { simulateRecord } from '../report/simulate';

const { rows } = generate({ world: 'smoke', queries: 83 }, Key.from('views'));
const ids = (of: 'label' | 'trueLabel'): Int32Array => Int32Array.from(rows, (row) => LABELS.indexOf(row[of]!));
const probs = Float64Array.from(
  rows.flatMap((row) => {
    const sure = 0.6 + 0.3 * Key.from('sure').fold(row.exampleId).random().uniform();
    return LABELS.map((label) => (label === row.trueLabel ? sure : (1 - sure) / 3));
  }),
);
const found: OutOfFoldRows = { rows, labels: ids('label'), truth: ids('trueLabel'), probs };

test('a model that knows the truth finds the noise matrix itself, and every filter is precise (known truth)', () => {
  const lines = noiseMatrixView(found).text.split('\n').slice(1);
  lines.forEach((line, t) => {
    const cells = line.split('  |  ');
    for (let g = 0; g < 4; g++) {
      const [ours, known] = [parseFloat(cells[1 + g]), parseFloat(cells[6 + g])];
      assert.ok(Math.abs(ours - known) < 3, `true ${LABELS[t]} given ${LABELS[g]}: found ${ours}, is ${known}`);
    }
  });
  const figure = filterFigure(found)!;
  assert.match(figure.alt, /prune_by_noise_rate ends at precision 1\.00/);
  const issues = findLabelIssues(found.labels, probs, 4, { returnIndicesRankedBy: 'normalized_margin' });
  const flipped = found.labels.map((l, i) => Number(l !== found.truth![i]));
  const cut = precisionRecall(issues.subarray(0, Math.trunc(0.04 * rows.length)), flipped);
  assert.ok(removalFigure(found)!.alt.includes(`recall ${cut.recall.toFixed(2)}`));
  assert.throws(() => filterFigure({ ...found, truth: undefined }), /true labels are known/);
  assert.equal(healthView(found).text.split('\n').length, 5);
  const doubtful = doubtfulRowsView(found, 7).text.split('\n').slice(1);
  assert.equal(doubtful.length, 7);
  for (const line of doubtful) {
    const [, , given, model, truth] = line.split('  |  ');
    assert.ok(given !== truth && model === truth);
  }
});

test('out-of-fold records meet their rows again; a missing part is named', async () => {
  const source = { generated: 'smoke' } as const;
  const dataset = await openDataset(source, 0);
  const { train } = splitFold(taskRows(dataset, 2, ['us', 'es', 'jp']), 0, 5);
  const records = [0, 1, 2].map((fold): RunRecord => {
    const { evaluation } = splitPart(train, 5, { fold, folds: 3 });
    const p = Float32Array.from(evaluation.flatMap((row) => LABELS.map((l) => (l === row.trueLabel ? 0.7 : 0.1))));
    const run = simulateRecord({ seeds: 1, queries: 3 }, 0.7, 0, 0, {});
    const config = { task: 2, start: { from: 'scratch' } };
    const experiment = { ...run.experiment, kind: 'out-of-fold', folds: 5, part: { fold, folds: 3 }, config };
    return { ...run, experiment, predictions: toPredictions(2, evaluation, p, 4) };
  });
  const back = await outOfFoldRows(records, source);
  assert.equal(back.rows.length, train.length);
  back.rows.forEach((row, i) => {
    assert.equal(LABELS[back.labels[i]], row.label);
    assert.ok(Math.abs(back.probs[i * 4 + back.truth![i]] - 0.7) < 1e-4);
  });
  await assert.rejects(outOfFoldRows(records.slice(1), source), /expected all 3 parts, got 2/);
});

const ranking = (id: string, skill: number): RowRuns => {
  const run = simulateRecord({ seeds: 1, queries: 101, perQuery: 11 }, skill, 0, 0, {}, id);
  return { row: { id, label: `Task 1: ${id}`, patch: {} }, runs: [{ ...run, metrics: { ndcg: skill } }] };
};

test('models far apart keep their order on both halves of the queries, equal ones draw lots', () => {
  const apart = [0.35, 0.6, 0.95].map((skill) => ranking(`skill ${skill}`, skill));
  const clear = halvesAgreement(apart, { halvings: 50 });
  assert.deepEqual([clear.sameBest, clear.models, clear.queries], [1, 3, 101]);
  assert.ok(clear.mean > 0.95, String(clear.mean));
  const alike = ['a', 'b', 'c', 'd', 'e'].map((id) => ranking(id, 0.7));
  const vague = halvesAgreement(alike, { halvings: 50 });
  assert.ok(vague.mean < 0.7 && vague.sameBest < 0.9, `${vague.mean} ${vague.sameBest}`);
  assert.throws(() => halvesAgreement(apart.slice(1)), /at least 3 models, got 2/);
  // The same queries answered three times are the same queries: in both halves they would agree with themselves.
  const thrice = alike.map(({ row, runs }) => ({ row, runs: [...runs, ...runs, ...runs] }));
  assert.deepEqual(halvesAgreement(thrice, { halvings: 50 }), vague);
  const others = alike.map(({ row, runs: [run] }, i) => ({ row, runs: [i ? run : { ...run, predictions: { ...run.predictions!, rows: 'others' } }] })); // prettier-ignore
  assert.throws(() => halvesAgreement(others), /every model on the same queries/);
});

test('views of a leaderboard: correlation below the diagonal, conventions side by side, a bar per locale', () => {
  const models = [ranking('x', 0.9), ranking('y', 0.5)];
  const [, , second] = diversityView(models).text.split('\n');
  assert.match(second, /^2 y {2}\| {2}0\.\d\d {2}\| {2}$/);
  const lines = conventionsView(models[0].runs[0]).text.split('\n');
  assert.deepEqual(lines.slice(1).map((l) => l.split('  |  ')[0]), ['spec', 'trec', 'sklearn', 'esci-data-head', 'zhichunroad-dev']); // prettier-ignore
  assert.match(localePanels(models)!.alt, /^x: us 0\.\d+, es 0\.\d+, jp 0\.\d+; y: us/);
  assert.equal(tableView(['<b>'], [['a & b']]).html.html.includes('&lt;b&gt;'), true);
});
