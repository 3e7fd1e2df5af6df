// Oracle: each self-check is shown to pass where its trick works and to fire where it does nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPretrainCheck, pretrainChecks, trickChecks } from '../../experiments/checks';
import type { FinetuneConfig } from '../../experiments/config';
import { scales } from '../../experiments/scales';
import { checkStep, NO_TRICKS, type StepConfig, type Tricks } from '../../finetune/step';
import { plain, trained } from './fixture';

type Curves = Record<string, [number, number][]>;
const fired = (checks: { name: string; ok: boolean }[]): string[] => checks.filter((c) => !c.ok).map((c) => c.name);

/** The self-checks that fire after a few real updates of the fixture's network under these tricks. */
function afterUpdates(tricks: Partial<Tricks>, dropout: number, feeds: Record<string, number> = {}): string[] {
  const step: StepConfig = { ...plain, tricks: { ...NO_TRICKS, ...tricks } };
  const { program, update } = trained(step, { dropout, eager: true });
  const curves: Curves = {};
  for (let t = 0; t < 3; t++)
    for (const [name, value] of Object.entries(update(t, feeds))) (curves[name] ??= []).push([t + 1, value[0]]);
  const checks = trickChecks({ ...scales.smoke.base, tricks: step.tricks } satisfies FinetuneConfig, { curves }, { program });
  program.dispose();
  return fired(checks);
}

const fgm = { epsilon: 0.3, scale: 'absolute', gradient: 'fresh' } as const;
const textbook = { alpha: 1, pair: 'dropout', reduction: 'mean', halved: true } as const;

test('tricks that work raise nothing', () => {
  assert.deepEqual(
    afterUpdates(
      {
        ema: { decay: 0.9, warmup: false },
        fgm,
        rdrop: { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
        mixup: { alpha: 0.2, site: 'feature' },
      },
      0.1,
    ),
    [],
  );
});

test('EMA equal to the weights, ε = 0, λ always 1, two equal passes: each fires its own check', () => {
  assert.deepEqual(afterUpdates({ ema: { decay: 0, warmup: false } }, 0.1), ['EMA: the shadow differs from the weights']);
  assert.deepEqual(afterUpdates({ fgm: { ...fgm, epsilon: 0 } }, 0.1), ['FGM: the weights are perturbed']);
  assert.deepEqual(afterUpdates({ fgm: { ...fgm, kind: 'awp', epsilon: 0 } }, 0.1), ['AWP: the weights are perturbed']);
  assert.deepEqual(afterUpdates({ mixup: { alpha: 0.2, site: 'pooled' } }, 0.1, { mixLambda: 1 }), ['mixup: rows are mixed']);
  assert.deepEqual(afterUpdates({ rdrop: textbook }, 0), ['R-Drop: the two passes differ'], 'dropout off');
  assert.deepEqual(afterUpdates({ fgm: { ...fgm, epsilon: 0 }, rdrop: { ...textbook, pair: 'fgm' } }, 0), [
    'R-Drop: the two passes differ',
    'FGM: the weights are perturbed',
  ]);
});

test('a loss that is not a number is said', () => {
  const checks = trickChecks(
    scales.smoke.base,
    {
      curves: {
        loss: [
          [1, 2],
          [2, NaN],
        ],
      },
    },
    { program: undefined as never },
  );
  assert.deepEqual(fired(checks), ['loss is finite']);
});

test('the checks of pre-training are told from the tricks’ own (oracle: each comes from its own function)', () => {
  const curves: Curves = {};
  const pretrain = pretrainChecks(scales.demo.pretrain, {}, { curves }, 400);
  assert.equal(pretrain.length, 6);
  assert.ok(pretrain.every(isPretrainCheck), pretrain.map(({ name }) => name).join('; '));
  const read = () => ({ 'heads.esci.out_proj.weight': [1], 'ema/heads.esci.out_proj.weight': [0] });
  const tricks = trickChecks({ ...scales.demo.base, tricks: scales.demo.tricks }, { curves }, { program: { read } as never });
  assert.equal(tricks.length, 5);
  assert.ok(!tricks.some(isPretrainCheck), tricks.map(({ name }) => name).join('; '));
});

test('settings under which a trick could do nothing are refused before the run', () => {
  const refused = (tricks: Partial<Tricks>, dropout: number, outputs: number, message: RegExp): void =>
    assert.throws(() => checkStep({ ...plain, tricks: { ...NO_TRICKS, ...tricks } }, dropout, outputs), message);
  refused({ rdrop: textbook }, 0.1, 1, /rdrop does nothing for a regressor: the divergence of one logit is identically 0/);
  refused({ rdrop: textbook }, 0, 4, /rdrop\.pair dropout does nothing with every dropout rate at 0/);
  refused({ rdrop: { ...textbook, pair: 'fgm' } }, 0.1, 4, /rdrop\.pair 'fgm' needs fgm switched on/);
  refused({ mixup: { alpha: 0, site: 'pooled' } }, 0.1, 4, /mixup\.alpha must be/);
  refused({ ema: { decay: 1, warmup: false } }, 0.1, 4, /ema\.decay must be/);
  const mixedAlone = { alpha: 0.2, site: 'pooled', clean: false } as const;
  refused({ mixup: mixedAlone }, 0.1, 4, /mixup\.clean false needs mixup\.site feature/);
  for (const trains of [{ fgm }, { rdrop: textbook }, { mixup: { ...mixedAlone, site: 'feature' as const } }])
    checkStep({ ...plain, tricks: { ...NO_TRICKS, mixup: mixedAlone, ...trains } }, 0.1, 4);
  assert.throws(
    () =>
      checkStep(
        { ...plain, loss: { ...plain.loss, kind: 'mse' }, tricks: { ...NO_TRICKS, mixup: { alpha: 0.2, site: 'pooled' } } },
        0.1,
        1,
      ),
    /mixup needs a classifier/,
  );
  assert.throws(() => checkStep({ ...plain, accumulation: 0.5 }, 0.1, 4), /accumulation must be a whole number ≥ 1/);
  assert.throws(() => checkStep({ ...plain, loss: { ...plain.loss, smoothing: 1 } }, 0.1, 4), /loss\.smoothing must be/);
  checkStep({ ...plain, tricks: { ...NO_TRICKS, rdrop: textbook } }, 0.1, 4);
});

test('pre-training: positives identical, a queue that stands still, a constant Poly-1 term, one brand for all', () => {
  const config = scales.demo.pretrain;
  const line = (...values: number[]): [number, number][] => values.map((v, i) => [i + 1, v]);
  const good: Curves = {
    loss: line(9, 8),
    contrastivePositive: line(0.97, 0.96),
    queueChange: line(0.3, 0.2),
    product2queryPolyTerm: line(0.5, 0.47),
  };
  const metrics = { product2queryAccuracy: 0.7, product2brandDistinct: 5 };
  const raised = (curves: Partial<Curves>, figures: Partial<typeof metrics> = {}): string[] =>
    fired(pretrainChecks(config, { ...metrics, ...figures }, { curves: { ...good, ...curves } as Curves }, 400));
  assert.deepEqual(raised({}), []);
  assert.deepEqual(raised({ contrastivePositive: line(1, 1) }), ['contrastive: the two views differ']);
  assert.deepEqual(raised({ queueChange: line(0.3, 0) }), ['contrastive: the queue moves']);
  assert.deepEqual(raised({ product2queryPolyTerm: line(0.5, 0.5) }), ["Product2Query: Poly-1's term varies"]);
  assert.deepEqual(raised({}, { product2brandDistinct: 1 }), ['Product2Brand: more than one brand is predicted']);
  // of 400 pairs 95 % of guesses are right in less than .5 + 1.645 · .5/√400 = .541
  for (const guess of [0.5, 0.54]) assert.deepEqual(raised({}, { product2queryAccuracy: guess }), ['Product2Query: above chance on held-out products']); // prettier-ignore
  assert.deepEqual(raised({}, { product2queryAccuracy: 0.542 }), []);
  assert.deepEqual(raised({ loss: line(9, Infinity) }), ['pre-training loss is finite']);
});
