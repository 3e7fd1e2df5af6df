import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FinetuneConfig } from '../../experiments/config';
import { runFinetune } from '../../experiments/finetune-run';
import { scales } from '../../experiments/scales';
import { updatesOf } from '../../experiments/selection';
import type { RunRecord } from '../../experiments/record';
import { ownDataCache } from './data-cache';

ownDataCache('selection-');

const { smoke } = scales;
const run = (patch: Partial<FinetuneConfig>): Promise<RunRecord> =>
  runFinetune({
    kind: 'finetune',
    scale: 'smoke',
    seed: 0,
    fold: 0,
    folds: smoke.folds,
    source: smoke.data,
    config: { ...smoke.base, pretrain: null, ...patch },
  });

test('a duration is updates or epochs (oracle: arithmetic)', () => {
  assert.equal(updatesOf({ steps: 7 }, 13), 7);
  assert.equal(updatesOf({ epochs: 0.5 }, 13), 7);
  assert.equal(updatesOf({ epochs: 0.001 }, 13), 1);
  assert.equal(updatesOf({ epochs: 1.1 }, 10), 11, 'a product of decimals');
  // 63 micro-batches, 32 to an update: two epochs are 126 / 32 = 3.9 updates, not two of one each.
  assert.equal(updatesOf({ epochs: 2 }, 63 / 32), 4);
});

test('a run that is too short for its first evaluation is refused', async () => {
  await assert.rejects(
    run({ select: { every: { steps: 5 } }, length: { steps: 4 } }),
    /^InputError: select\.every: got 5 updates; at most the run's 4/,
  );
});

test("early-best selection keeps the evaluation with the best metric, and the record says which (oracle: the run's own curve)", async () => {
  const record = await run({
    select: { every: { steps: 4 } },
    length: { steps: 23 },
    optimiser: { ...smoke.base.optimiser, learningRate: 0.02 },
  });
  const curve = record.curves['evaluation.microF1'];
  assert.equal(curve.length, 5);
  const best = curve.reduce((most, point) => (point[1] > most[1] ? point : most));
  assert.equal(record.metrics.selectedStep, best[0]);
  assert.equal(record.metrics.microF1, best[1]);
});

test('the best evaluation of an averaged model is its shadow, and that alone is no failed self-check', async () => {
  const { checks, metrics } = await run({
    select: { every: { steps: 2 } },
    length: { steps: 6 },
    tricks: { ...smoke.base.tricks, ema: { decay: 0.9, warmup: true } },
  });
  assert.ok(metrics.selectedStep);
  const ema = checks.filter(({ name }) => /^EMA/.test(name));
  assert.ok(ema.length > 0 && ema.every(({ ok }) => ok), JSON.stringify(checks));
});

test('class balance adds rows for the named classes to the training part only (oracle: counts)', async () => {
  const [plain, balanced] = [
    await run({ length: { steps: 2 } }),
    await run({ length: { steps: 2 }, balance: { classes: ['C', 'I'], weight: 0.3 } }),
  ];
  assert.ok(balanced.data.train > plain.data.train, `${balanced.data.train} rows against ${plain.data.train}`);
  assert.equal(balanced.data.evaluation, plain.data.evaluation);
  await assert.rejects(run({ balance: { classes: ['X'], weight: 0.3 } }), /balance\.classes\.0: got "X"; one of E, S, C, I/);
});
