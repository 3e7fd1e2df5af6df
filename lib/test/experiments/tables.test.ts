import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assembleTables } from '../../experiments/assemble';
import type { FinetuneConfig } from '../../experiments/config';
import { openDataset } from '../../experiments/dataset';
import { experimentOf, type FinetuneExperiment } from '../../experiments/experiment';
import { planGrid, type Cell } from '../../experiments/plan';
import type { RunRecord } from '../../experiments/record';
import { recordSchema } from '../../experiments/record-schema';
import { buildVocabularies, trigramVectors } from '../../experiments/prepare';
import { planRuns, runGrid } from '../../experiments/runner';
import { summarise } from '../../report/summarise';
import { tableIdsOf, tableNamed } from '../../experiments/tables';
import { scales } from '../../experiments/scales';
import { canonicalJson, configHash } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { bagTexts, word2vec } from '../../text';
import { simulateRecord } from '../report/simulate';
import { cellOf, plan } from './cells';
import { ownDataCache } from './data-cache';

const cache = ownDataCache('esci-tables-');

test('a run that two tables share is one run: tables 2 and 6 with 4, 5 and 7 (equal experiments)', () => {
  const [two, four, five, six, seven] = ['2', '4', '5', '6', '7'].map((id) => plan(id).cells);
  const same = (a: Cell, b: Cell): void => assert.equal(canonicalJson(a.experiment), canonicalJson(b.experiment));
  same(cellOf(two, 'poly1'), cellOf(six, 'task1'));
  same(cellOf(two, 'task2'), cellOf(five, 'mixup'));
  same(cellOf(two, 'task3'), cellOf(seven, 'word2vec'));
  same(cellOf(six, 'task2'), cellOf(four, 'poly1'));
  same(cellOf(six, 'task3'), cellOf(seven, 'none'));
  for (const cell of [...four, ...five, ...seven]) assert.ok(!canonicalJson(cell.experiment).includes('"clean"'));
});

test("table 7's word2vec as coded is learned with the release's settings; the usual row names none (oracle: word2vec itself)", async () => {
  const { cells } = planGrid({ table: '7', scale: 'smoke', seeds: 1, folds: [0], rows: ['word2vec', 'word2vec-coded'] });
  const [usual, coded] = ['word2vec', 'word2vec-coded'].map((row) => cellOf(cells, row).experiment as FinetuneExperiment);
  assert.ok(!canonicalJson(usual).includes('"word2vec":'), 'its name is what it was');
  const { rows, products } = await openDataset(coded.source, 0);
  const key = Key.from('vectors');
  const { trigrams } = buildVocabularies(coded.config, products, rows);
  const learned = trigramVectors(coded.config, rows, trigrams!, key);
  assert.notDeepEqual(learned, trigramVectors(usual.config, rows, trigrams!, key));
  const { groups, keepLast } = coded.config.trigrams!;
  const sequences = rows.flatMap((row) => bagTexts(row, groups).map((t) => Int32Array.from(trigrams!.ids(t, { keepLast }))));
  const settings = { window: 15, negatives: 20, epochs: 3, sample: 6e-5, size: trigrams!.size, dimensions: 64, key };
  assert.deepEqual(learned, word2vec(sequences, settings));
});

test('five out-of-fold models serve every row of table 6, and stand before the first that reads them', () => {
  const { cells } = plan('6');
  const parts = cells.filter((cell) => cell.experiment.kind === 'out-of-fold');
  assert.equal(parts.length, 5);
  const first = cells.findIndex((cell) => 'clean' in cell.experiment.config);
  assert.ok(parts.every((part) => cells.indexOf(part) < first));
  for (const { experiment } of parts) {
    assert.ok(experiment.kind === 'out-of-fold' && experiment.config.task === 2 && experiment.config.clean === undefined);
    assert.equal(canonicalJson(experiment.config), canonicalJson(cellOf(cells, 'task2').experiment.config));
  }
  assert.equal(cells.filter((cell) => cell.row === 'task2-prune8').length, 0, 'the sweep runs by default at small only');
  const asked = planGrid({ table: '6', scale: 'demo', seeds: 1, rows: ['sweep', 'task2'] }).cells;
  assert.deepEqual([...new Set(asked.map((cell) => cell.row).filter((row) => !row.includes(':')))].length, 6);
  assert.equal(plan('6', 'small').cells.filter((cell) => cell.row === 'task2-prune8').length, 1);
});

test('Table 5 tries several strengths on the real encoder, each once, and none elsewhere', () => {
  const tricks = plan('5', 'minilm').cells.map(({ experiment }) => (experiment as FinetuneExperiment).config.tricks);
  const alone = tricks.filter(({ ema, mixup }) => !ema && !mixup);
  const epsilons = alone.flatMap(({ fgm, rdrop }) => (fgm && !rdrop ? [fgm.epsilon] : [])).sort();
  const alphas = alone.flatMap(({ fgm, rdrop }) => (rdrop && !fgm ? [rdrop.alpha] : [])).sort();
  assert.deepEqual([epsilons, alphas], [[0.1, 0.3, 0.5, 1], [1, 2, 4]]); // prettier-ignore
  assert.ok(!plan('5').cells.some((cell) => /^(fgm-0|rdrop-[24])/.test(cell.row)));
});

const simulated = (cell: Cell, skill: number): RunRecord => {
  const run = simulateRecord(
    { seeds: 1, queries: 53, perQuery: 5, name: 'generated-smoke' },
    skill,
    cell.experiment.seed,
    0,
    {},
    cell.row,
  );
  const identity = experimentOf(cell.experiment, run.data);
  return { ...run, experiment: identity, id: configHash(identity), metrics: { ...run.metrics, ndcg: skill } };
};

test('a record fills the row whose configuration is its own; an out-of-fold model fills none', () => {
  const grid = planGrid({ table: '6', scale: 'smoke', seeds: 1, folds: [0] });
  const records = grid.cells.map((cell) => simulated(cell, 0.7));
  const [filled] = assembleTables(records, { table: '6' });
  for (const { row, runs } of filled.rows) {
    const expected = row.group ? 0 : 1;
    assert.equal(runs.length, expected, row.id);
  }
  const two = planGrid({ table: '2', scale: 'smoke', seeds: 1, folds: [0] });
  const [second] = assembleTables(
    two.cells.map((cell) => simulated(cell, 0.7)),
    { table: '2' },
  );
  const kinds = second.rows.map(({ row, runs }) => [row.id, runs[0]?.experiment.kind]);
  for (const [id, kind] of kinds) assert.equal(kind, id.startsWith('ensemble') ? 'ensemble' : 'finetune', id);
  const [all] = assembleTables(records, { table: '4', scale: 'smoke' });
  assert.equal(
    all.rows.find(({ row }) => row.id === 'poly1')!.runs.length,
    1,
    'one run, shared, and no out-of-fold model beside',
  );
});

test('the ensemble is measured against the best member of these runs (known order)', () => {
  const grid = planGrid({ table: '2', scale: 'smoke', seeds: 2, folds: [0] });
  const skill: Record<string, number> = { mse: 0.83, poly1: 0.71, ensemble: 0.86 };
  const records = grid.cells.map((cell) => simulated(cell, skill[cell.row] ?? 0.6));
  const [filled] = assembleTables(records, { table: '2' });
  const table = summarise(filled.table, filled.rows);
  const row = table.rows.find((r) => r.id === 'ensemble')!;
  assert.equal(row.against, tableNamed('2', scales.smoke).rows.find((r) => r.id === 'mse')!.label);
  assert.ok(Math.abs(row.change!.value - 0.03) < 1e-12);
  assert.equal(row.paper!.value, 0.9025);
  assert.ok(table.data[0].tasks!.length === 3 && table.notes[0].includes('for task 1'));
});

test('table 6 runs from end to end in two processes: each run waits for the models it reads, and a second call runs nothing', async () => {
  const set = ['length.steps=3', 'pretrain=null', 'start.hidden=16', 'start.ffn=32', 'clean.folds=2', 'clean.fraction=0.05'];
  const rows = ['task1', 'task1-prune', 'task2-weights'];
  const { cells } = planGrid({ table: '6', scale: 'smoke', seeds: 1, folds: [0], rows, set });
  assert.equal(cells.length, 5);
  const folder = join(cache, 'runs');
  const planned = await planRuns(cells, [folder]);
  const order: string[] = [];
  const done = await runGrid(planned, { jobs: 2, folder, onProgress: ({ running }) => order.push(running.join()) });
  const record = (row: string): RunRecord => done.find((run) => run.cell.row === row)!.record!;
  const [base, pruned, weighted] = rows.map(record);
  assert.equal(base.data.train - pruned.data.train, Math.trunc(base.data.train * 0.05));
  assert.equal(pruned.metrics.removedRows, base.data.train - pruned.data.train);
  assert.equal(pruned.predictions!.rows, base.predictions!.rows, 'measured on the same rows, unfiltered');
  assert.equal(weighted.metrics.removedRows, 0);
  assert.ok(pruned.metrics.noiseAuc > 0 && pruned.metrics.flippedShare > 0.02);
  const again = await planRuns(cells, [folder]);
  assert.ok(
    again.every((run) => run.record),
    'all are kept',
  );
  assert.ok(order.length > 0);
});

test('as coded: 8 rows at a time up to the scale’s own update (32 at the papers’ scale), so that g gathers and the divergence sums over 8', () => {
  const coded = (scale: string) =>
    ['base-coded', 'fgm-coded', 'rdrop-coded'].map((row) => {
      const { cells } = planGrid({ table: '5', scale, seeds: 1, folds: [0], rows: ['modes'] });
      return (cellOf(cells, row).experiment as FinetuneExperiment).config;
    });
  for (const [scale, times] of [
    ['demo', 4],
    ['paper', 32],
  ] as const)
    for (const { optimiser, combine } of coded(scale)) {
      const { batch, accumulation, warmup, decay, clip, weightDecay } = optimiser;
      assert.deepEqual(
        [batch, accumulation, warmup, decay, clip, weightDecay, combine],
        [8, times, 0.02, 'cosine', 0, 0, 'mean'],
      );
    }
  const [base, fgm, rdrop] = coded('demo').map(({ tricks }) => tricks);
  assert.deepEqual([base.fgm, fgm.fgm?.gradient, rdrop.rdrop?.reduction], [null, 'accumulated', 'sum']);
  const own = planGrid({ table: '5', scale: 'demo', seeds: 1, folds: [0], rows: ['modes', 'adversaries', 'bases'] });
  assert.equal(
    new Set(own.cells.map((cell) => canonicalJson(cell.experiment))).size,
    own.cells.length,
    'no two rows are one run',
  );
});

test('what any row would run is what its record can hold: no member without a value', () => {
  const { experiment: schema } = recordSchema.shape;
  for (const scale of Object.values(scales))
    for (const table of tableIdsOf(scale)) {
      const rows = tableNamed(table, scale).rows.map(({ id }) => id);
      const data = 'generated' in scale.data ? {} : { rows: rows.filter((id) => !id.includes('oracle')) };
      for (const { experiment, row } of planGrid({ table, scale: scale.name, seeds: 1, rows, ...data }).cells) {
        assert.deepEqual(JSON.parse(JSON.stringify(experiment)), experiment, `table ${table}, ${scale.name}, ${row}`);
        const { success, error } = schema.safeParse({ ...experiment, data: { name: 'd', sha256: 's' } });
        assert.ok(success, `table ${table}, ${scale.name}, ${row}: ${error?.message}`);
      }
    }
});

test('what a table says of its rows is true of them: Table 7 has tri-gram bags at every scale', () => {
  for (const scale of Object.values(scales))
    for (const note of tableNamed('7', scale).notes) assert.doesNotMatch(note, /no tri-gram bags/, scale.name);
  assert.ok(tableNamed('4', scales.minilm).notes.some((note) => /no tri-gram bags/.test(note)));
});

test('rows are what their labels say at every scale: Poly-1 of Table 2, the published cut of Table 3', () => {
  for (const scale of Object.values(scales)) {
    const row = (table: string, id: string) => cellOf(planGrid({ table, scale: scale.name, seeds: 1, rows: [id] }).cells, id).experiment.config as FinetuneConfig; // prettier-ignore
    assert.equal(row('2', 'poly1').loss.kind, 'poly1', scale.name);
    const has = tableNamed('3', scale).rows.some(({ id }) => id === 'p2q-published');
    for (const id of has ? ['p2q-published', 'p2q-coded'] : ['p2q-coded'])
      assert.equal(row('3', id).pretrain!.product2query!.belowMinimum ?? 'again', 'again', `${scale.name} ${id}`);
  }
});
