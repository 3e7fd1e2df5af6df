// Oracles: simulated runs of known skill; means by hand; AUC from its definition by another module.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowRuns, RunRecord, Table } from '../../experiments/record';
import { metricsOf } from '../../metrics/named';
import { withBaselines } from '../../report/baselines';
import { tableMarkdown } from '../../report/formats/markdown';
import { summarise } from '../../report/summarise';
import { simulateRecord, type World } from './simulate';

const world: World = { seeds: 2, folds: 3, queries: 53, perQuery: 5, name: 'shop' };
const record = (
  skill: number,
  seed: number,
  fold: number,
  row: string,
  kind = 'finetune',
  config: object = { task: 2, row },
): RunRecord => {
  const made = simulateRecord(world, skill, seed, fold, config as never, row);
  return {
    ...made,
    experiment: { ...made.experiment, kind },
    metrics: { ...made.metrics, exactAuc: metricsOf(made.predictions!).auc, logLoss: 1 },
  };
};
const grid = (skill: number, row: string): RunRecord[] =>
  [0, 1].flatMap((seed) => [0, 1, 2].map((fold) => record(skill, seed, fold, row)));
const table: Table = {
  id: '3',
  title: 'Table 3',
  metric: 'microF1',
  beside: ['exactAuc', 'logLoss'],
  unit: 'percent',
  higherIsBetter: true,
  notes: [],
  rows: [{ id: 'none', label: 'None', patch: {} }, { id: 'p2q', label: '+ P2Q', patch: {}, against: 'none' }],
}; // prettier-ignore
const rows: RowRuns[] = [
  { row: table.rows[0], runs: grid(0.7, 'none') },
  { row: table.rows[1], runs: grid(0.86, 'p2q') },
];
const baseline = (name: string, skill: number): RunRecord[] =>
  [0, 1, 2].map((fold) => record(skill, 0, fold, name, 'baseline', { baseline: name, features: [] }));
const known = [...baseline('majority', 0.4), ...baseline('cosine', 0.7)];
const summary = summarise(table, rows, { draws: 200 });

test('baselines stand beside a table of task 2 with their mean and sd over folds (recomputed)', () => {
  const { baselines } = withBaselines(summary, rows, known);
  assert.deepEqual(baselines!.map(({ label, runs }) => [label, runs]), [['Majority class', 3], ['Logistic regression, zero-shot cosine, overlap, brand', 3]]); // prettier-ignore
  const values = known.slice(3).map((run) => run.metrics.microF1);
  const mean = values.reduce((a, b) => a + b) / 3;
  assert.ok(Math.abs(baselines![1].value.mean - mean) < 1e-12);
  assert.ok(Math.abs(baselines![1].value.sd - Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / 2)) < 1e-12);
});

test('each row is held against the best baseline by AUC and log loss: the one that is better says so, the equal one does not (known skill)', () => {
  const { overBaseline } = withBaselines(summary, rows, known);
  assert.deepEqual(overBaseline!.metrics, ['exactAuc', 'logLoss', 'macroF1']);
  const { None: none, '+ P2Q': p2q } = overBaseline!.changes;
  const [same, better] = [none.exactAuc!, p2q.exactAuc!];
  const auc = (runs: readonly RunRecord[]): number => runs.reduce((sum, run) => sum + run.metrics.exactAuc, 0) / runs.length;
  assert.ok(Math.abs(better.value - (auc(rows[1].runs) - auc(known.slice(3)))) < 1e-12, 'one baseline serves both seeds');
  assert.equal(better.pairs, 6);
  assert.ok(better.interval!.low > 0);
  assert.ok(same.interval!.low < 0 && same.interval!.high > 0);
  const text = tableMarkdown(withBaselines(summary, rows, known));
  assert.match(text, /\| Majority class \| \d\d\.\d\d ± /);
  assert.match(text, /Change over Logistic regression, zero-shot cosine, overlap, brand \(the best by AUC\) \[95 %\]/);
});

test('the baseline that rows are held against is the one of the best AUC, whichever it is', () => {
  const better = baseline('lexical', 0.8);
  const records = [...known, ...better].map((run) => ({ ...run, metrics: { ...run.metrics, logLoss: 2 } }));
  const { overBaseline } = withBaselines(summary, rows, records);
  assert.equal(overBaseline!.label, 'Logistic regression, lexical only');
  assert.ok(overBaseline!.changes['+ P2Q'].logLoss!.value < 0, 'log loss 1 against 2');
});

test('a table of several tasks has them beside its rows of task 2 alone', () => {
  const third = rows[1].runs.map((run) => ({ ...run, experiment: { ...run.experiment, config: { task: 3 } } }));
  const several: Table = {
    ...table,
    id: '6',
    metric: 'taskMetric',
    rows: table.rows.map((row) => ({ ...row, metric: 'microF1' })),
  };
  const mixed = [
    { row: several.rows[0], runs: rows[0].runs },
    { row: several.rows[1], runs: third },
  ];
  const filled = withBaselines(summarise(several, mixed, { draws: 100 }), mixed, known);
  assert.deepEqual([filled.majority!.rows, filled.majority!.task], [['none'], 2]);
  assert.equal(filled.baselines!.length, 2);
  assert.deepEqual(Object.keys(filled.overBaseline!.changes), ['None']);
  assert.match(tableMarkdown(filled), /\| Task 2 \(micro-F1\), always E \(majority share\) \|/);
});

test('other data, another scale, another task: no baseline', () => {
  const elsewhere = known.map((run) => ({ ...run, data: { ...run.data, sha256: 'f'.repeat(64) } }));
  const scaled = known.map((run) => ({ ...run, experiment: { ...run.experiment, scale: 'minilm' } }));
  for (const records of [elsewhere, scaled, []]) assert.equal(withBaselines(summary, rows, records).baselines, undefined);
  const third = rows.map(({ row, runs }) => ({ row, runs: runs.map((run) => ({ ...run, experiment: { ...run.experiment, config: { task: 3 } } })) })); // prettier-ignore
  assert.equal(withBaselines(summary, third, known).baselines, undefined);
});
