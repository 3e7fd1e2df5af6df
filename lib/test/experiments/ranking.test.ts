import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RankingExperiment } from '../../experiments/experiment';
import { planGrid, type Cell } from '../../experiments/plan';
import { runExperiment } from '../../experiments/run';
import { planRuns, runGrid } from '../../experiments/runner';
import { findRecord } from '../../experiments/store';
import type { RunRecord } from '../../experiments/record';
import { Stopped } from '../../experiments/failure';
import { pairedInterval, pairedQueriesInterval } from '../../metrics/paired-interval';
import { CONVENTIONS, gainsOf } from '../../metrics/conventions';
import { decodePredictions } from '../../metrics/predictions';
import { ndcg } from '../../metrics/ndcg';
import { fillTables } from '../../report/collect';
import { verifyRecords } from '../../report/verify';
import { canonicalJson } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { simulateRecord } from '../report/simulate';
import { ownDataCache } from './data-cache';

const cache = ownDataCache('esci-ranking-');

const set = [
  'engagement.train=900',
  'engagement.test=700',
  'ranker.length.steps=6',
  'ranker.pretrain=null',
  'ranker.start.hidden=16',
  'ranker.start.ffn=32',
  'ranker.text.buckets=1',
];
const plan = (rows?: string[], own = set): Cell[] =>
  planGrid({ table: 'ranking', scale: 'smoke', seeds: 1, rows, set: own }).cells;
const experimentOf = (cell: Cell): RankingExperiment => cell.experiment as RankingExperiment;

test('the table as planned: single-task models before the row that reads them, claims share runs, purchases get rarer (equal experiments)', () => {
  const cells = planGrid({ table: 'ranking', scale: 'demo', seeds: 2 }).cells;
  const of = (row: string): RankingExperiment => experimentOf(cells.find((cell) => cell.row === row)!);
  const same = (a: string, b: string): void => assert.equal(canonicalJson(of(a)), canonicalJson(of(b)));
  same('esmm', 'claim-click');
  same('esmm', 'claim-gap-bm25');
  const each = of('single').config.ranker;
  assert.ok(each.by === 'each');
  assert.equal(canonicalJson(each.members.cart), canonicalJson(of('cart').config.ranker));
  const rate = (row: string): number | undefined => of(row).config.engagement.click.purchaseRate;
  assert.deepEqual([rate('esmm'), rate('sparse4'), rate('sparse16-alone')], [undefined, 0.0025, 0.000625]);
  assert.ok(cells.every(({ experiment }) => experiment.kind === 'ranking' && experiment.fold === 0 && experiment.folds === 1));
  const changed = experimentOf(plan(['bm25'])[0]).config;
  assert.deepEqual([changed.engagement.train, changed.ranker.by], [900, 'bm25']);
  assert.throws(() => plan(['esmm'], ['ranker.network.exprts=3']), /exprts is not a setting/);
});

test('from configuration to table: records hold their queries, verify agrees, each signal is its own model’s (two routes)', async () => {
  const cells = plan(['bm25', 'click', 'cart', 'purchase', 'single', 'esmm']);
  const folder = join(cache, 'runs');
  const runs = await runGrid(await planRuns(cells, [folder]), { jobs: 1, folder });
  const record = (row: string): RunRecord => runs.find((run) => run.cell.row === row)!.record!;
  const stored = runs.map(({ id }) => findRecord(id, [folder])!);
  assert.deepEqual(verifyRecords(stored), []);
  const single = record('single');
  assert.equal(single.metrics.trueNdcgCart, record('cart').metrics.trueNdcgCart);
  assert.equal(single.metrics.aucPurchase, record('purchase').metrics.aucPurchase);
  assert.equal(single.metrics.ndcgRelevance, record('click').metrics.ndcgRelevance);
  assert.deepEqual(single.rankings!.perQuery.trueNdcgPurchase, record('purchase').rankings!.perQuery.trueNdcgPurchase);
  const { checks, curves, metrics } = record('esmm');
  assert.ok(checks.find((check) => check.name.startsWith('p(purchase)'))!.ok);
  assert.ok(metrics.examinationError > 0 && curves['examination.true'][0][1] === 1 && curves['gate.cart'].length === 4);
  assert.ok(curves['evaluation.conflict.click-cart'].every(([, cosine]) => Math.abs(cosine) <= 1 + 1e-6));
  const damaged = structuredClone(stored[0]);
  damaged.record.metrics.trueNdcgClick += 1e-4;
  assert.match(verifyRecords([damaged])[0].what, /metric trueNdcgClick .* its queries give/);
  assert.equal(fillTables(stored.map((s) => s.record), { table: 'ranking' }).length, 0, 'other settings fill no row'); // prettier-ignore
});

test('a run that is stopped twice and taken up again is the run that was not (bit for bit)', async () => {
  const [experiment] = plan(['esmm']).map(experimentOf);
  const whole = await runExperiment(experiment, [], { checkpointEvery: 0 });
  for (const at of [2, 5]) {
    let seen = 0;
    const hooks = { checkpointEvery: 1, onStep: (step: number) => void (seen = step), stopped: () => seen >= at };
    await assert.rejects(runExperiment(experiment, [], hooks), Stopped);
  }
  const resumed = await runExperiment(experiment, [], { checkpointEvery: 1 });
  for (const part of ['id', 'curves', 'metrics', 'rankings', 'checks'] as const)
    assert.deepEqual(resumed[part], whole[part], part);
});

test('an interval over stored per-query values is that over the predictions they come from (two routes)', () => {
  const options = { seeds: 2, queries: 23, perQuery: 5 };
  const units = [0, 1].map((seed) => {
    const [row, against] = [0.8, 0.6].map((skill, i) => simulateRecord(options, skill, seed, 0, { row: i }).predictions!);
    return { seed, fold: 0, row, against };
  });
  const perQuery = (predictions: RunRecord['predictions']): number[] => {
    const { label, query, queries, probabilities, classes } = decodePredictions(predictions!);
    const gains = gainsOf([0, 1, 2, 3]);
    const scores = Float64Array.from(label, (_, i) =>
      gains.reduce((sum, gain, c) => sum + gain * probabilities[i * classes + c], 0),
    );
    return [...ndcg({ gains: gainsOf(label), scores, query, queries }, { ...CONVENTIONS.spec, ties: 'average' }).perQuery];
  };
  const key = Key.from('two routes');
  const expected = pairedInterval(units, 'ndcg', { key, resamples: 200 });
  const got = pairedQueriesInterval(
    units.map(({ seed, fold, row, against }) => ({
      seed,
      fold,
      queries: row.rows,
      row: perQuery(row),
      against: perQuery(against),
    })),
    'ndcg',
    { key, resamples: 200 },
  );
  for (const name of ['difference', 'low', 'high', 'standardError', 'detectable'] as const)
    assert.ok(Math.abs(got[name] - expected[name]) < 1e-9, `${name}: ${got[name]} and ${expected[name]}`);
  const holes = pairedQueriesInterval([{ seed: 0, fold: 0, queries: 'q', row: [1, null, 0.5], against: [0, 0.9, 0.5] }], 'm', {
    key,
    resamples: 50,
  });
  assert.equal(holes.difference, 0.5, 'a query that one side leaves out counts on neither: ((1 − 0) + (0.5 − 0.5)) / 2');
});
