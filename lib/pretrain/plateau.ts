import { ensure } from '../runtime/errors';
import type { PlateauRule, PretrainConfig, PretrainTask } from './config';

/** Held-out losses by name as [update, value] pairs, as the training loop notes them. */
type Curves = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** The curve that holds a task's held-out loss. */
const curveOf = (task: PretrainTask): string => `evaluation.${task}Loss`;

/** Refuses a rule that cannot work, in one line. */
export function checkPlateau({ every, patience, gain, cooldown, most }: PlateauRule, steps: number): void {
  for (const [name, value] of Object.entries({ every, patience, cooldown, most }))
    ensure(Number.isInteger(value) && value >= 1, `until.${name} must be a whole number ≥ 1, got ${value}`);
  ensure(gain > 0 && gain < 1, `until.gain must be between 0 and 1, got ${gain}`);
  ensure(most >= steps + cooldown, `until.most must be at least steps + until.cooldown = ${steps + cooldown}, got ${most}`);
}

/**
 * The update at which pre-training has stopped learning: the first evaluation, at `steps` or later, at which no task's lowest held-out loss of the last
 * `patience` evaluations lies more than the share `gain` below its lowest before them; `most` − `cooldown` where that never comes. Undefined while it goes on.
 * A function of the curves alone, so that a resumed run settles where an uninterrupted one does.
 */
export function settledAt(
  { until, steps }: Pick<PretrainConfig, 'until' | 'steps'>,
  tasks: readonly PretrainTask[],
  curves: Curves,
  done: number,
): number | undefined {
  const { patience, gain, cooldown, most } = until!;
  const latest = most - cooldown;
  const evaluations = (curves[curveOf(tasks[0])] ?? []).map(([step]) => step);
  const learns = (task: PretrainTask, n: number): boolean => {
    const losses = curves[curveOf(task)].slice(0, n).map(([, loss]) => loss);
    return Math.min(...losses.slice(n - patience)) < (1 - gain) * Math.min(...losses.slice(0, n - patience));
  };
  const at = evaluations.findIndex((step, i) => step >= steps && i >= patience && !tasks.some((task) => learns(task, i + 1)));
  if (at >= 0) return Math.min(evaluations[at], latest);
  return done >= latest ? latest : undefined;
}

/**
 * The learning rate of update `t` under a plateau rule: the warm-up of a run of `steps`, then the full rate for as long as something is learned, then straight
 * down to 0 over `cooldown` updates. `settled` is where learning stopped; undefined before.
 */
export function plateauRate(config: PretrainConfig, t: number, settled: number | undefined): number {
  const { learningRate, warmup, steps, until } = config;
  const warm = Math.round(warmup * steps);
  if (t < warm) return (learningRate * t) / Math.max(1, warm);
  if (settled === undefined || t < settled) return learningRate;
  return learningRate * Math.max(0, 1 - (t - settled) / until!.cooldown);
}
