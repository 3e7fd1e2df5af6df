import { unknownChoice } from '../runtime/errors';

export const DECAYS = ['linear', 'cosine', 'constant'] as const;

/** How the learning rate moves over a run: it rises linearly over the warm-up, then falls to 0 linearly or along half a cosine, or stays. */
export interface Schedule {
  learningRate: number;
  /** Share of all updates spent warming up. */
  warmup: number;
  decay: (typeof DECAYS)[number];
}

/** The rate of update `t` (from 0) of `updates`, as Hugging Face's get_linear/cosine_schedule_with_warmup compute it. */
export function learningRateAt({ learningRate, warmup, decay }: Schedule, t: number, updates: number): number {
  const warm = Math.round(warmup * updates);
  if (t < warm) return (learningRate * t) / Math.max(1, warm);
  const share = (t - warm) / Math.max(1, updates - warm);
  switch (decay) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * Math.max(0, 1 - share);
    case 'cosine':
      return learningRate * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * share)));
    default:
      return unknownChoice('decay', decay);
  }
}
