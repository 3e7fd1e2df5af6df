/**
 * The training loop, the same for pre-training, fine-tuning and ranking. Read `train`, below the types, from top to bottom.
 * It knows no model: a `Program` (`graph/program.ts`) holds weights and optimiser state and runs a recorded step by two names, its entry (`train`, `accumulate`)
 * and its bucket, the length that texts are padded to. What a step computes stands in `finetune/step.ts` and `pretrain/step.ts`; `train/classifier.ts` and
 * `train/pretrainer.ts` have it recorded and make its batches; `experiments/finetune-run.ts` and `experiments/pretrain-run.ts` put the `Plan` together.
 */
import type { Program } from '../graph';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';

/** One micro-batch: the bucket it was padded to, what the entry is fed, and how many of its tokens are real. */
export interface Batch {
  /** The entry to run; `train` where absent (`accumulate` for a micro-batch that is not its update's last). */
  entry?: string;
  bucket: string;
  feeds: Record<string, ArrayLike<number> | number>;
  tokens: number;
  padded: number;
}

/** What a run did so far; a checkpoint carries it, so that a resumed run reports the whole. */
export interface Progress {
  /** Optimiser updates done. */
  step: number;
  curves: Record<string, [number, number][]>;
  best: { step: number; value: number } | null;
}

/** All that a run needs besides where it begins. */
export interface Plan {
  program: Program;
  /** Optimiser updates in all; the most where `end` may come before. */
  steps: number;
  /** The run's last update where what was measured decides it: asked after every update, undefined while it is not decided. */
  end?: (progress: Progress) => number | undefined;
  /** Micro-batches per update. */
  accumulation: number;
  /** Micro-batch number `i`, from 0, always the same for the same `i`: that is what makes a resumed run equal an uninterrupted one. */
  batch: (i: number) => Batch | Promise<Batch>;
  /** Scalars of update `t`, from 0: rates, Adam's powers, EMA's decay. */
  scalars: (t: number) => Record<string, number>;
  /** Evaluation every `every` updates (and never besides); keeps the best by `metric`, higher is better, where it is named. */
  evaluation?: {
    every: number;
    run: () => Record<string, number> | Promise<Record<string, number>>;
    metric?: string;
    keep?: () => void;
  };
  /** Called after update number `step` when it should be saved: every `every` updates and when the run is stopped. */
  checkpoint?: { every: number; save: (progress: Progress) => void };
  /** Told after each update; at most a few times a second need be shown. */
  onStep?: (step: number, loss: number, tokensPerSecond: number) => void;
  /** Asked between updates; true ends the run cleanly, with a checkpoint. */
  stopped?: () => boolean;
}

export interface RunResult extends Progress {
  stopped: boolean;
  /** Median over the updates of this process, the first few left out. */
  stepMilliseconds: number;
  tokensPerSecond: number;
  /** Share of fed tokens that were padding. */
  paddingShare: number;
}

/** Losses are kept in the curves every so many updates. */
const CURVE_POINTS = 200;

/**
 * The training loop: for each update, feed micro-batches to the recorded entries `accumulate` and `train`, note the outputs, and from time to
 * time evaluate and save. Everything random comes in through `batch(i)` and `scalars(t)`. Yields to the event loop after each update, so that
 * a stop button, a signal or a progress display gets its turn.
 */
export async function train(plan: Plan, from: Progress = { step: 0, curves: {}, best: null }): Promise<RunResult> {
  const { program, steps, accumulation } = plan;
  const progress: Progress = { step: from.step, curves: structuredClone(from.curves), best: from.best && { ...from.best } };
  const note = (name: string, value: number): void => void (progress.curves[name] ??= []).push([progress.step, value]);
  const stride = Math.max(1, Math.floor(steps / CURVE_POINTS));
  const times: number[] = [];
  let tokens = 0;
  let padded = 0;
  let stopped = false;
  const last = (): number => plan.end?.(progress) ?? steps;
  while (progress.step < last() && !(stopped = plan.stopped?.() ?? false)) {
    const started = now();
    const before = tokens;
    let outputs: Record<string, ArrayLike<number>> = {};
    for (let m = 0; m < accumulation; m++) {
      const batch = await plan.batch(progress.step * accumulation + m);
      const entry = batch.entry ?? (m < accumulation - 1 ? 'accumulate' : 'train');
      outputs = program.run(entry, batch.bucket, { ...batch.feeds, ...plan.scalars(progress.step) });
      tokens += batch.tokens;
      padded += batch.padded;
    }
    progress.step++;
    // Weights that are no numbers do not come back: the hours that are left would end in a run that cannot be measured.
    const loss = outputs.loss[0];
    ensure(
      Number.isFinite(loss),
      `training diverged: the loss of update ${progress.step} of ${steps} is ${loss}${lastOf(progress)}; a lower learning rate, a longer warm-up or a smaller clip may help`,
    );
    const milliseconds = now() - started;
    times.push(milliseconds);
    if (progress.step % stride === 0 || progress.step === last())
      for (const [name, value] of Object.entries(outputs)) note(name, value[0]);
    plan.onStep?.(progress.step, loss, ((tokens - before) / milliseconds) * 1000);
    await evaluate(plan, progress, note);
    if (plan.checkpoint && progress.step % plan.checkpoint.every === 0 && progress.step < steps) plan.checkpoint.save(progress);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (stopped) plan.checkpoint?.save(progress);
  const settled = times.slice(Math.min(3, times.length >> 1)).sort((a, b) => a - b);
  const milliseconds = times.reduce((a, b) => a + b, 0);
  return {
    ...progress,
    stopped,
    stepMilliseconds: settled.length ? settled[settled.length >> 1] : 0,
    tokensPerSecond: milliseconds ? (tokens / milliseconds) * 1000 : 0,
    paddingShare: padded ? 1 - tokens / padded : 0,
  };
}

/** The last loss that was noted, for a message. */
function lastOf({ curves }: Progress): string {
  const noted = curves.loss?.at(-1);
  return noted ? `, after ${noted[1].toFixed(3)} at update ${noted[0]}` : '';
}

async function evaluate(plan: Plan, progress: Progress, note: (name: string, value: number) => void): Promise<void> {
  const { evaluation } = plan;
  if (!evaluation || progress.step % evaluation.every) return;
  const metrics = await evaluation.run();
  for (const [name, value] of Object.entries(metrics)) note(`evaluation.${name}`, value);
  if (!evaluation.metric) return;
  const value = metrics[evaluation.metric];
  if (progress.best && value <= progress.best.value) return;
  progress.best = { step: progress.step, value };
  evaluation.keep?.();
}
