import { ensure } from '../runtime/errors';

/** How the learning rate moves over a run: it rises linearly over the warm-up, then falls to 0 linearly or along half a cosine, or stays. */
export interface Schedule {
  learningRate: number;
  /** Share of all updates spent warming up. */
  warmup: number;
  decay: 'linear' | 'cosine' | 'constant';
}

/** The rate of update `t` (from 0) of `updates`, as Hugging Face's get_linear/cosine_schedule_with_warmup compute it. */
export function learningRateAt({ learningRate, warmup, decay }: Schedule, t: number, updates: number): number {
  const warm = Math.round(warmup * updates);
  if (t < warm) return (learningRate * t) / Math.max(1, warm);
  if (decay === 'constant') return learningRate;
  const share = (t - warm) / Math.max(1, updates - warm);
  return learningRate * (decay === 'linear' ? Math.max(0, 1 - share) : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * share))));
}

export function checkSchedule({ learningRate, warmup }: Schedule): void {
  ensure(learningRate > 0, `learningRate must be > 0, got ${learningRate}`);
  ensure(warmup >= 0 && warmup <= 1, `warmup must be between 0 and 1 (a share of all updates), got ${warmup}`);
}
