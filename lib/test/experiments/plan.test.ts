import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FinetuneConfig } from '../../experiments/config';
import { hasBothSplits, openDataset } from '../../experiments/dataset';
import { runId, type FinetuneExperiment } from '../../experiments/experiment';
import { finetuneExperiment } from '../../experiments/finetune-request';
import { planGrid, type Cell } from '../../experiments/plan';
import { scales } from '../../experiments/scales';
import { canonicalJson } from '../../runtime/hash';
import { cellOf, plan } from './cells';
import { ownDataCache } from './data-cache';

const cache = ownDataCache('esci-plan-');

test('a fold that is named twice is run once (equality with the fold named once)', () => {
  const [once, twice] = [
    [0, 1],
    [0, 1, 0, 1],
  ].map((folds) => planGrid({ table: '5', scale: 'smoke', seeds: 2, folds }).cells);
  assert.deepEqual(twice, once);
});

test('`--set` reaches the trick and the pre-training that only rows have, keeps rows with a value of their own, and is refused where nothing takes it', () => {
  const setTo = (table: string, scale: string, ...set: string[]) => planGrid({ table, scale, seeds: 1, folds: [0], set });
  const epsilons = (cells: readonly Cell[]) =>
    Object.fromEntries(cells.map(({ row, experiment: { config } }) => [row, 'tricks' in config ? config.tricks.fgm?.epsilon : undefined])); // prettier-ignore
  const { epsilon } = scales.smoke.tricks.fgm;
  const [usual, changed] = [plan('5', 'smoke'), setTo('5', 'smoke', 'tricks.fgm.epsilon=0.07')].map(({ cells }) => cells);
  const wanted = Object.entries(epsilons(usual)).map(([row, was]) => [row, was === epsilon ? 0.07 : was]);
  assert.deepEqual(epsilons(changed), Object.fromEntries(wanted));
  assert.ok(wanted.some(([, e]) => e === 0.07) && wanted.some(([, e]) => e === 1), 'rows that follow, and the published one');
  assert.equal(canonicalJson(cellOf(changed, 'base').experiment), canonicalJson(cellOf(usual, 'base').experiment));
  const steps = setTo('3', 'smoke', 'pretrain.steps=5').cells.map(({ experiment: { config } }) => 'pretrain' in config && config.pretrain?.steps); // prettier-ignore
  assert.deepEqual(new Set(steps), new Set([undefined, 5]));
  assert.doesNotThrow(() => setTo('4', 'smoke', `optimiser.batch=${scales.smoke.base.optimiser.batch}`));
  for (const [table, setting] of [
    ['3', 'tricks.fgm.epsilon=0.07'],
    ['4', 'clean.fraction=0.1'],
    ['5', 'clean.fraction=0.1'],
  ])
    // prettier-ignore
    assert.throws(() => setTo(table, 'smoke', setting), /InputError: --set .*: no row of table . that would run takes it/);
  assert.throws(
    () => planGrid({ table: 'chorus', scale: 'minilm', seeds: 1, set: ['optimiser.batch=8'] }),
    /--set optimiser\.batch=8: no row of table chorus that would run takes it/,
  );
});

test('real data have no oracle; another fraction or noise rate makes other runs', async () => {
  const real = planGrid({ table: '6', scale: 'minilm', data: 'esci-sample', seeds: 1, folds: [0] }).cells;
  assert.ok(real.length > 0 && real.every((cell) => !cell.row.includes('oracle')));
  assert.throws(
    () => planGrid({ table: '6', scale: 'minilm', data: 'esci-sample', rows: ['task2-oracle'] }),
    /need data whose true labels are known/,
  );
  const rows = ['task2-prune'];
  const wide = planGrid({ table: '6', scale: 'smoke', seeds: 1, rows, set: ['clean.fraction=0.11'] }).cells;
  const { config } = cellOf(wide, 'task2-prune').experiment as FinetuneExperiment;
  assert.equal(config.clean?.fraction, 0.11);
  const noisy = planGrid({ table: '6', scale: 'smoke', seeds: 1, rows, noise: 0.17 }).cells;
  const usual = planGrid({ table: '6', scale: 'smoke', seeds: 1, rows }).cells;
  assert.notEqual(await runId(noisy[0].experiment), await runId(usual[0].experiment));
  assert.throws(() => planGrid({ table: '6', scale: 'minilm', noise: 0.1 }), /--noise needs generated data/);
  assert.throws(() => planGrid({ table: '6', scale: 'smoke', noise: 2 }), /--noise/);
});

test('rows on request: not in the plan unless they or their group are named; what Table 3 and 5 share with rows that have records stays as it is', () => {
  const ids = (cells: readonly Cell[]): string[] => cells.map((cell) => cell.row);
  assert.deepEqual(ids(plan('3').cells), ['none', 'mlm', 'p2q', 'brand', 'contrastive', 'p2q-only']);
  const asked = (table: string, rows: string[], scale = 'demo') => planGrid({ table, scale, seeds: 1, folds: [0], rows }).cells;
  assert.deepEqual(ids(asked('3', ['converged', 'none'])), ['none', 'mlm-converged', 'p2q-converged', 'brand-converged', 'contrastive-converged']); // prettier-ignore
  assert.deepEqual(ids(asked('3', ['training-text'])), ['mlm-train', 'p2q-train', 'p2q-only-train']);
  const configs = asked('3', ['settings', 'p2q', 'brand', 'contrastive']).map((cell) => canonicalJson(cell.experiment.config));
  assert.equal(new Set(configs).size, 8, 'each setting is another configuration');
  assert.throws(() => asked('3', ['nothing']), /--rows: table 3 has .*converged.*, got nothing/);
  const { pretrain } = (asked('3', ['contrastive-converged'])[0].experiment as FinetuneExperiment).config;
  const { until, ...rest } = pretrain!;
  assert.deepEqual(rest, (asked('3', ['contrastive'])[0].experiment as FinetuneExperiment).config.pretrain);
  assert.ok(until!.most === 6 * rest.steps && until!.every === 50);
});

test('a base of another loss is named by it and measured by what the paper says of that loss', () => {
  const named = (set: string[]) => {
    const { table } = planGrid({ table: '5', scale: 'demo', seeds: 1, folds: [0], set });
    return table.rows.filter(({ id }) => id === 'base' || id === 'ema').map(({ label, paper }) => [label, paper?.change]);
  };
  assert.deepEqual(named([]), [
    ['Base (Poly-1)', undefined],
    ['+ EMA', -0.0002],
  ]);
  assert.deepEqual(named(['loss.kind=ce']), [
    ['Base (cross-entropy)', undefined],
    ['+ EMA', 0.0011],
  ]);
});

test('`--set` changes what a table makes of its scale too: rows with values of their own, labels and notes are those of what runs', () => {
  const setTo = (table: string, scale: string, ...set: string[]) => planGrid({ table, scale, seeds: 1, folds: [0], set });
  const configs = (cells: readonly Cell[]): FinetuneConfig[] => cells.flatMap(({ experiment: { kind, config } }) => (kind === 'finetune' ? [config] : [])); // prettier-ignore
  const steps = configs(setTo('2', 'demo', 'pretrain.steps=77').cells).map(({ pretrain }) => pretrain?.steps);
  assert.ok(steps.length > 8 && steps.every((n) => n === 77), `${steps}`);
  const shops = setTo('2', 'minilm', 'pretrain.extra=[]');
  assert.ok(configs(shops.cells).every(({ pretrain }) => !pretrain?.extra?.length));
  const five = setTo('5', 'minilm', 'pretrain.extra=[]').table.notes.join();
  assert.ok(five.includes('on the catalogue with Product2Query') && !five.includes('chorus'), five);
  assert.ok(!setTo('5', 'minilm', 'pretrain=null').table.notes.join().includes('was pre-trained'));
  const four = setTo('4', 'minilm', 'start.name=xlm-roberta-base', 'text.maxLength=96', 'length.epochs=5').table.notes.join();
  assert.match(four, /Here it is xlm-roberta-base.* 96 tokens.* 5 epochs/);
  const longer = planGrid({ table: '3', scale: 'minilm', seeds: 1, rows: ['longer'], set: ['length.epochs=5'] });
  assert.deepEqual(longer.cells.slice(0, 2).map(({ label, experiment }) => [label, (experiment.config as FinetuneConfig).length]), [
    ['No pre-training, 6 epochs', { epochs: 6 }],
    ['Product2Query alone, 5 epochs', { epochs: 5 }],
  ]); // prettier-ignore
  const coded = planGrid({ table: '5', scale: 'demo', seeds: 1, rows: ['base', 'base-coded'], set: ['optimiser.batch=64'] });
  const { batch, accumulation } = configs(coded.cells)[1].optimiser;
  assert.equal(batch * accumulation, 64, "the release's optimiser on as many rows an update as the base has");
});

test('an out-of-fold model does not choose its evaluation by the labels that it judges', () => {
  const { cells } = planGrid({
    table: '6',
    scale: 'demo',
    seeds: 1,
    rows: ['task2', 'task2-prune'],
    set: ['select={"every":{"steps":30}}'],
  });
  const parts = cells.filter(({ experiment }) => experiment.kind === 'out-of-fold');
  assert.equal(parts.length, 5);
  assert.ok(parts.every(({ experiment }) => (experiment.config as FinetuneConfig).select === null));
  assert.ok((cellOf(cells, 'task2-prune').experiment.config as FinetuneConfig).select);
});

test('one split of real data is a data set of its own; what has no split refuses the option', async () => {
  const rows = ['train', 'train', 'test', 'train', 'test'].map((split, i) => `q${i},p${i},us,E,title ${i},${split}`);
  const path = join(cache, 'two-splits.csv');
  writeFileSync(path, ['query,product_id,product_locale,esci_label,product_title,split', ...rows, ''].join('\n'));
  const [all, train] = [await openDataset({ path }, 0), await openDataset({ path, split: 'train' }, 0)];
  assert.deepEqual([all.rows.length, train.rows.length, train.products.length], [5, 3, 5]);
  assert.deepEqual([train.sha256, train.name], [all.sha256, `${all.name} (train)`]);
  assert.equal(await hasBothSplits({ path }), true);
  const asked = { table: '5', scale: 'minilm', data: path, seeds: 1, folds: [0], rows: ['base'] } as const;
  const [whole, part] = [planGrid(asked), planGrid({ ...asked, split: 'test' })].map(({ cells }) => cells[0].experiment);
  assert.deepEqual([whole.source, part.source], [{ path }, { path, split: 'test' }]);
  assert.notEqual(await runId(whole), await runId(part));
  const finetune = (split?: string) =>
    finetuneExperiment({ task: '2', scale: 'minilm', data: path, split, seed: 0, fold: 0, out: '' });
  assert.deepEqual((await finetune()).source, { path, split: 'train' }, 'the test rows stay unseen');
  assert.deepEqual((await finetune('all')).source, { path });
  await assert.rejects(finetune('dev'), /--split must be one of train, test, all, got "dev"/);
  assert.throws(() => planGrid({ table: '5', scale: 'demo', split: 'train' }), /--split train: generated data have one split/);
  assert.throws(() => planGrid({ table: 'chorus', scale: 'minilm', split: 'train' }), /--split: table chorus reads whole lists/);
  const only = join(cache, 'test-only.csv');
  writeFileSync(only, ['query,product_id,product_locale,esci_label,product_title,split', rows[2], ''].join('\n'));
  await assert.rejects(openDataset({ path: only, split: 'train' }, 0), /has no rows of split train, among 1/);
});
