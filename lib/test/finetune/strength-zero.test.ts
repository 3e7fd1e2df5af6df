// Oracle: a trick of strength zero is the plain step, bit for bit, through three recorded updates (losses and every weight).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMA_PREFIX } from '../../finetune/ema';
import { NO_TRICKS, type StepConfig } from '../../finetune/step';
import { plain, trained, trajectory } from './fixture';

const base = trajectory(plain, 3);
const same = (step: StepConfig, reference = base, feeds: Record<string, number | ArrayLike<number>> = {}): void => {
  const got = trajectory(step, 3, {}, feeds);
  assert.deepEqual(got.losses, reference.losses);
  assert.deepEqual(got.weights, reference.weights);
};
const loss = (change: Partial<StepConfig['loss']>): StepConfig => ({ ...plain, loss: { ...plain.loss, ...change } });
const tricks = (change: Partial<StepConfig['tricks']>, combine: 'sum' | 'mean' = 'mean'): StepConfig => ({
  ...plain,
  combine,
  tricks: { ...NO_TRICKS, ...change },
});
const fgm = { epsilon: 0, scale: 'absolute', gradient: 'fresh' } as const;

test('losses: Poly-1 with ε = 0, focal with γ = 0, GHM-C with one bin, smoothing 0 are cross-entropy', () => {
  same(loss({ kind: 'poly1', epsilon: 0 }));
  same(loss({ kind: 'focal', gamma: 0 }));
  same(loss({ kind: 'ghm', bins: 1 }));
  same(loss({ smoothing: 0 }));
  assert.notDeepEqual(trajectory(loss({ kind: 'poly1', epsilon: 1 }), 3).weights, base.weights, 'a comparison that can fail');
});

test('adversaries of ε = 0 are the plain step: the matrix is back where it was', () => {
  same(tricks({ fgm: { ...fgm, scale: 'row-norm' } }));
  // An ε of 0 that stands as a constant makes TensorFlow's graph optimiser drop the second pass, and other kernels are then fused: bit for bit eagerly.
  const eager = (step: StepConfig) => trajectory(step, 3, { eager: true });
  assert.deepEqual(eager(tricks({ fgm })), eager(plain));
  trajectory(tricks({ fgm }), 3).losses.forEach((l, t) => assert.ok(Math.abs(l - base.losses[t]) < 1e-6));
  same(tricks({ fgm: { ...fgm, kind: 'pgd', steps: 3, stepSize: 0.3 } }));
  same(tricks({ fgm: { ...fgm, kind: 'awp' } }));
  // FreeLB adds one loss a point: with one point the mean of two equal ones is exact.
  same(tricks({ fgm: { ...fgm, kind: 'freelb', steps: 1, stepSize: 0.3 } }));
  assert.notDeepEqual(trajectory(tricks({ fgm: { ...fgm, epsilon: 0.3 } }), 3).weights, base.weights);
});

test('R-Drop with α = 0 is FGM alone, and against a second pass without dropout the plain step', () => {
  const adversarial = { ...fgm, epsilon: 0.3 };
  const rdrop = { alpha: 0, pair: 'fgm', reduction: 'mean', halved: false } as const;
  same(tricks({ fgm: adversarial, rdrop }, 'sum'), trajectory(tricks({ fgm: adversarial }, 'sum'), 3));
  same(tricks({ rdrop: { ...rdrop, pair: 'dropout' } }, 'sum'));
  assert.notDeepEqual(
    trajectory(tricks({ fgm: adversarial, rdrop: { ...rdrop, alpha: 1 } }, 'sum'), 3).losses,
    trajectory(tricks({ fgm: adversarial }, 'sum'), 3).losses,
  );
});

test('mixup with λ = 1 is the plain step', () => {
  same(tricks({ mixup: { alpha: 0.2, site: 'feature' } }), base, { mixLambda: 1 });
  assert.notDeepEqual(
    trajectory(tricks({ mixup: { alpha: 0.2, site: 'feature' } }), 3, {}, { mixLambda: 0.4 }).weights,
    base.weights,
  );
});

test('EMA never touches the training weights; with decay 0 the shadow is the weights to rounding', () => {
  const { program, update, names } = trained(tricks({ ema: { decay: 0, warmup: false } }));
  for (let t = 0; t < 3; t++) update(t);
  assert.deepEqual(program.read(names), base.weights);
  const shadow = program.read(names.map((n) => EMA_PREFIX + n));
  for (const name of names)
    base.weights[name].forEach((w, i) =>
      assert.ok(Math.abs(shadow[EMA_PREFIX + name][i] - w) <= 2 ** -22 * Math.max(1, Math.abs(w))),
    );
  program.dispose();
});

test('a step with every trick on changes every weight', () => {
  const step = tricks({
    ema: { decay: 0.9, warmup: true },
    fgm: { ...fgm, epsilon: 0.3 },
    rdrop: { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
    mixup: { alpha: 0.2, site: 'feature' },
  });
  const { program, update, names } = trained(step, { dropout: 0.1 });
  const before = program.read(names);
  update(0);
  const after = program.read(names);
  for (const name of names) assert.notDeepEqual(after[name], before[name], name);
  program.dispose();
});
