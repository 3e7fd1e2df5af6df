import { encode } from '../../encoder/encoder';
import { loadPretrained } from '../../encoder/pretrained';
import { adamScalars, adamW, ADAMW_FEEDS, adamWState, clipByGlobalNorm, Program, type AdamWOptions } from '../../graph';
import { valueAndGradients } from '../../ops/gradients';
import type { ParamSpecs } from '../../ops/params';
import { maskedPositions, mlmLoss } from '../mlm';
import { Comparison, norm, type ParityResult } from './compare';
import { byOurNames, flat } from './golden';
import type { MaskedLmGolden } from './masked-lm';

export interface TrajectoryGolden {
  steps: { loss: number; grad_norm_before_clip: number; lr: number }[];
  final_param_norms: Record<string, number>;
  final_ema_norms: Record<string, number>;
}

// What the reference ran (its `source` says so): AdamW, clip 1, linear warm-up over 2 of 8 steps, EMA 0.9 after each step.
const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
const [RATE, WARMUP, TOTAL, CLIP, DECAY] = [5e-3, 2, 8, 1, 0.9];

/**
 * Trains the golden model on its one batch as the reference did (AdamW, warm-up, clipping, EMA), and compares the way.
 * A key's bias has no gradient but rounding noise, which Adam scales up to whole steps in a random direction; it changes nothing that the
 * model computes. So the biases of the keys are compared with the distance that such steps can go, and the others with the bound.
 */
export function trajectoryParity(
  name: string,
  folder: string,
  golden: TrajectoryGolden,
  { input_ids: ids, attention_mask: mask, labels }: MaskedLmGolden,
  eager: boolean,
): ParityResult[] {
  const { config, params, heads, shapes } = loadPretrained(folder);
  const weights = { ...params, ...heads };
  const names = Object.keys(weights);
  const specs: ParamSpecs = Object.fromEntries(names.map((n) => [n, { shape: shapes[n], init: { constant: 0 } }]));
  const shadows = Object.fromEntries(names.map((n) => [`ema/${n}`, specs[n]]));
  const masked = maskedPositions(flat(labels));
  const shape = [ids.length, ids[0].length];
  const feeds = {
    inputIds: { shape, dtype: 'int32' },
    attentionMask: { shape, dtype: 'int32' },
    positions: { shape: [masked.positions.length], dtype: 'int32' },
    labels: { shape: [masked.positions.length], dtype: 'int32' },
    towards: { shape: [], dtype: 'float32' },
    ...ADAMW_FEEDS,
  } as const;
  const variables = { ...specs, ...shadows, ...adamWState(specs) };
  const program = new Program(
    variables,
    {
      train: {
        buckets: { all: feeds },
        step: (state, fed) => {
          const now = Object.fromEntries(names.map((n) => [n, state.read(n)]));
          const batch = { inputIds: fed.inputIds, attentionMask: fed.attentionMask };
          const { value: loss, gradients } = valueAndGradients(
            (p) => mlmLoss(p, config, encode(p, config, batch), fed.positions, fed.labels),
            now,
          );
          const clipped = clipByGlobalNorm(gradients, CLIP);
          adamW(state, clipped.gradients, fed, ADAMW);
          for (const n of names) state.subtractScaled(`ema/${n}`, fed.towards, state.read(`ema/${n}`).sub(state.read(n)));
          return { loss, gradientNorm: clipped.norm };
        },
      },
    },
    { eager },
  );
  try {
    program.write({ ...weights, ...Object.fromEntries(names.map((n) => [`ema/${n}`, weights[n]])) }, 'zero');
    const batch = { inputIds: flat(ids), attentionMask: flat(mask), positions: masked.positions, labels: masked.labels };
    const steps = golden.steps.map((_, k) => {
      const rate = RATE * Math.min(k / WARMUP, Math.max(0, (TOTAL - k) / (TOTAL - WARMUP)));
      const { loss, gradientNorm } = program.run('train', 'all', {
        ...batch,
        towards: 1 - DECAY,
        ...adamScalars(k + 1, rate, ADAMW),
      });
      return { loss: loss[0], gradientNorm: gradientNorm[0], rate };
    });
    const compare = new Comparison(`${name} AdamW (${program.eager ? 'eager' : 'recorded'})`);
    const column = (f: (s: (typeof steps)[number], k: number) => number) => Object.fromEntries(steps.map((s, k) => [k, f(s, k)]));
    compare.relative(
      'learning rates',
      column((s) => s.rate),
      column((_, k) => golden.steps[k].lr),
      1e-6,
    );
    compare.relative(
      'losses',
      column((s) => s.loss),
      column((_, k) => golden.steps[k].loss),
      1e-4,
    );
    compare.relative(
      'gradient norms before clipping',
      column((s) => s.gradientNorm),
      column((_, k) => golden.steps[k].grad_norm_before_clip),
      1e-4,
    );
    const final = program.read([...names, ...names.map((n) => `ema/${n}`)]);
    for (const [what, prefix, reference] of [
      ['final weights', '', golden.final_param_norms],
      ['final EMA weights', 'ema/', golden.final_ema_norms],
    ] as const) {
      const expected = Object.entries(byOurNames(reference));
      const got = Object.fromEntries(names.map((n) => [n, norm(final[prefix + n])]));
      const isKeyBias = (n: string): boolean => n.endsWith('self.key.bias');
      compare.relative(`${what}, norms`, got, Object.fromEntries(expected.filter(([n]) => !isKeyBias(n))), 1e-4);
      const reach = 2 * Math.sqrt(config.hidden) * steps.reduce((sum, s) => sum + s.rate, 0);
      const biases = expected.filter(([n]) => isKeyBias(n));
      compare.absolute(
        `${what}, key biases (noise)`,
        biases.map(([n]) => got[n]),
        biases.map(([, v]) => v),
        reach,
      );
    }
    return compare.results;
  } finally {
    program.dispose();
  }
}
