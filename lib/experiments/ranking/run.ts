import { now } from '../../runtime/clock';
import { configHash } from '../../runtime/hash';
import { codeVersion, environment, peakMemoryBytes } from '../../runtime/provenance';
import { Checkpoints } from '../../train/checkpoint';
import { experimentOf, type RankingExperiment, type RunHooks } from '../experiment';
import type { RunRecord } from '../record';
import { weightsOf } from '../start';
import { checkpointFolder } from '../store';
import { runBaselineRanker } from './baseline';
import { rankingWorld, type RankingWorld } from './data';
import { eachSignal } from './each';
import { evaluateScores } from './evaluate';
import { examinationCurves } from './examination';
import { runNetwork, type RankerRun } from './network-run';

/**
 * Trains one ranker on a simulated engagement log and measures it on the test queries: nDCG@10 and MRR by signal and for the true relevance, query by query, AUC
 * and calibration on a log of the test queries, and what it recovered of the click model. `parts` are the records of `membersOfRanker`.
 */
export async function runRanking(
  experiment: RankingExperiment,
  parts: readonly RunRecord[],
  hooks: RunHooks = {},
): Promise<RunRecord> {
  const started = now();
  const { config, seed, source } = experiment;
  const { engagement, ranker } = config;
  const world = await rankingWorld(source, seed, engagement);
  const { data } = world;
  const identity = experimentOf(experiment, { name: data.name, sha256: data.sha256 });
  const id = configHash(identity);
  const weights = await weightsOf('start' in ranker ? ranker.start : undefined);
  const common = (cost: RankerRun['cost']): Omit<RunRecord, 'curves' | 'metrics' | 'checks'> => ({
    schema: 1,
    id,
    experiment: identity,
    data: describe(world),
    ...weights,
    code: codeVersion(),
    environment: environment(ranker.by === 'network' ? ranker.precision : 'f32'),
    cost: {
      wallSeconds: round((now() - started) / 1000),
      steps: cost.steps,
      stepMilliseconds: round(cost.stepMilliseconds),
      tokensPerSecond: Math.round(cost.tokensPerSecond),
      paddingShare: round(cost.paddingShare),
      peakMemoryBytes: peakMemoryBytes(),
    },
  });
  if (ranker.by === 'each') {
    const { metrics, curves, rankings } = eachSignal(Object.keys(ranker.members), parts);
    return {
      ...common({ steps: 0, stepMilliseconds: 0, tokensPerSecond: 0, paddingShare: 0 }),
      curves,
      metrics,
      checks: [],
      rankings,
    };
  }
  const checkpoints = new Checkpoints(checkpointFolder(id), identity);
  const run =
    ranker.by === 'network'
      ? await runNetwork(ranker, world, seed, checkpoints, hooks)
      : await runBaselineRanker(ranker, world, seed, hooks);
  const { metrics, rankings, curves } = evaluateScores(world, run);
  const known = examinationCurves(world);
  return {
    ...common(run.cost),
    curves: { ...run.curves, ...curves, ...(ranker.by === 'network' ? known.curves : {}) },
    metrics: { ...run.metrics, ...metrics, ...(ranker.by === 'network' ? known.metrics : {}) },
    checks: run.checks,
    rankings,
  };
}

const round = (x: number): number => Math.round(x * 1000) / 1000;

/** Rows are the judged pairs; those that train and measure are impressions of the logs. */
function describe({ data, train, test }: RankingWorld): RunRecord['data'] {
  const labels = { E: 0, S: 0, C: 0, I: 0 };
  for (const { label } of data.pairs) if (label) labels[label]++;
  return {
    name: data.name,
    sha256: data.sha256,
    rows: data.pairs.length,
    queries: data.queries.length,
    labels,
    train: train.rows,
    evaluation: test.rows,
  };
}
