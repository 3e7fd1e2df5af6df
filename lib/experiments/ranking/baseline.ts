import { scoreByBiEncoder, scoreByBm25, scoreByKnrm, scoreByLinear } from '../../ranking';
import type { RunHooks } from '../experiment';
import { Stopped } from '../failure';
import type { RankerConfig } from './config';
import type { RankingWorld } from './data';
import { rankerEncoder } from './encoder';
import type { RankerRun } from './network-run';

type Baseline = Exclude<RankerConfig, { by: 'network' } | { by: 'each' }>;

/** Scores the test queries' pairs by a baseline of the field; those that learn, learn from the training log's clicks. */
export async function runBaselineRanker(
  ranker: Baseline,
  world: RankingWorld,
  seed: number,
  hooks: RunHooks,
): Promise<RankerRun> {
  const { data, train, catalogue } = world;
  hooks.onStage?.(ranker.by);
  if (ranker.by === 'bm25') return scored(scoreByBm25(data, ranker.fields, { catalogue }));
  if (ranker.by === 'linear') {
    const { scores, probabilities } = scoreByLinear(data, train, world.test, { ...ranker, catalogue });
    return { ...scored(scores.click ?? []), scores, probabilities };
  }
  const watched = (steps: number) => ({
    steps,
    seed,
    stopped: hooks.stopped,
    onStep: (step: number, loss: number) => hooks.onStep?.(step, steps, loss, 0),
  });
  const whole = (run: RankerRun): RankerRun => {
    if (hooks.stopped?.()) throw new Stopped(`${ranker.by} was stopped`);
    return run;
  };
  if (ranker.by === 'knrm') {
    const { scores, losses, steps } = await scoreByKnrm(data, train, { fields: ranker.fields, ...watched(ranker.steps) });
    return whole(scored(scores, losses, steps));
  }
  const { start, metrics, checks } = await rankerEncoder(ranker, ranker.pooling, world, seed, hooks);
  const { batch, learningRate, precision, text } = ranker;
  const { scores, trained } = await scoreByBiEncoder(data, train, {
    encoder: start,
    fields: text.fields,
    batch,
    learningRate,
    precision,
    queryLength: text.queryLength,
    productLength: text.maxLength,
    ...watched(ranker.steps),
  });
  return whole({ ...scored(scores, trained.losses, trained.steps), metrics, checks });
}

function scored(scores: ArrayLike<number>, losses: [number, number][] = [], steps = 0): RankerRun {
  return {
    scores: { click: scores, relevance: scores },
    probabilities: {},
    metrics: {},
    curves: losses.length ? { loss: losses } : {},
    checks: losses.length
      ? [
          {
            name: 'loss is finite',
            ok: losses.every(([, v]) => Number.isFinite(v)),
            detail: `last loss ${losses.at(-1)![1].toFixed(4)}`,
          },
        ]
      : [],
    cost: { steps, stepMilliseconds: 0, tokensPerSecond: 0, paddingShare: 0 },
  };
}
