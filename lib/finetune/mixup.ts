import { inRange } from '../runtime/errors';
import { embedding } from '../ops/embedding';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { Random } from '../runtime/key';

/**
 * Embedding mixup: mixup (Zhang et al. 2018) of a hidden vector (manifold mixup, Verma et al. 2019). One λ ~ Beta(α, α) per batch and a permutation; λ·h + (1−λ)·h[π]
 * goes through the output projection alone and is compared with the labels mixed likewise. The step's loss is ½(clean + mixed); those two papers train on the mixed
 * loss alone (`clean: false`). A row keeps its own weight.
 */
export interface MixupConfig {
  alpha: number;
  /** Which vector is mixed: the pooled encoder vector (the paper's words; the release's task 2), or the tanh feature (its task 3). */
  site: 'pooled' | 'feature';
  /** `false`: the loss of the unmixed batch is left out (with the site `feature`, or a trick that trains what lies before the output). Absent: ½(clean + mixed), this paper's. */
  clean?: false;
}

export const MIXUP_MODES = {
  'as-published': { alpha: 0.2, site: 'pooled' },
  'as-coded': { alpha: 0.2, site: 'pooled' },
  textbook: { alpha: 0.2, site: 'feature', clean: false },
} as const satisfies Record<string, MixupConfig>;

/** The settings of a mode for a task. As coded, task 2 mixes the pooled vector, task 3 the feature, and task 1 does without: null. */
export function mixupOfMode(mode: keyof typeof MIXUP_MODES, task: 1 | 2 | 3): MixupConfig | null {
  if (mode !== 'as-coded' || task === 2) return MIXUP_MODES[mode];
  return task === 3 ? { ...MIXUP_MODES[mode], site: 'feature' } : null;
}

/** What a step is fed: λ and the permutation. */
export const mixupFeeds = (batch: number) =>
  ({ mixLambda: { shape: [], dtype: 'float32' }, mixOrder: { shape: [batch], dtype: 'int32' } }) as const;

/** Draws them for one batch. */
export const drawMixup = ({ alpha }: MixupConfig, batch: number, random: Random) => ({
  mixLambda: random.beta(alpha, alpha),
  mixOrder: random.permutation(batch),
});

/** λ·x + (1−λ)·x[order]: x [B, …], λ scalar, order int32 [B] → [B, …]. */
export function mixed(x: Tensor, lambda: Tensor, order: Tensor): Tensor {
  return tf.add(tf.mul(x, lambda), tf.mul(embedding(x, order), tf.sub(1, lambda)));
}

export const checkMixup = (config: MixupConfig): void => void inRange('mixup.alpha', config.alpha, 1e-6, Infinity);
