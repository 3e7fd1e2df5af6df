import { encoderParams } from '../../encoder';
import { initialise } from '../../encoder/initialise';
import { curveError } from '../../ranking';
import { groupImpressions, pairInputs } from '../../ranking/inputs';
import { featureWidth } from '../../ranking/multitask/config';
import { probabilitiesAt } from '../../ranking/multitask/probability';
import { rankingHeadParams } from '../../ranking/network';
import { Ranker, type RankerSpec } from '../../ranking/train-ranking';
import { ensure } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { lengthBuckets, rowLengths } from '../../text';
import type { Checkpoints } from '../../train/checkpoint';
import { rateFactors } from '../../train/classifier';
import { train } from '../../train/loop';
import type { RunHooks } from '../experiment';
import type { RunRecord } from '../record';
import { updatesOf } from '../selection';
import type { StartingEncoder } from '../start';
import { Stopped } from '../failure';
import type { NetworkRanker } from './config';
import type { RankingWorld } from './data';
import { rankerEncoder } from './encoder';
import { positioned } from './examination';
import type { RankerScores } from './evaluate';

/** What a trained ranker leaves for the record. */
export interface RankerRun extends RankerScores {
  metrics: Record<string, number>;
  curves: RunRecord['curves'];
  checks: RunRecord['checks'];
  cost: { steps: number; stepMilliseconds: number; tokensPerSecond: number; paddingShare: number };
}

/** Updates between two checkpoints, unless a caller says otherwise; measurements of the tasks' conflict in a run. */
const CHECKPOINT_EVERY = 100;
const CONFLICTS = 8;

/** Trains a multi-task ranker on the training log and scores the test queries' pairs, and the test log's impressions, with it. */
export async function runNetwork(
  config: NetworkRanker,
  world: RankingWorld,
  seed: number,
  checkpoints: Checkpoints,
  hooks: RunHooks,
): Promise<RankerRun> {
  const { data, truth, test } = world;
  const { network } = config;
  const key = Key.from('ranking').fold(seed);
  const adapted = await rankerEncoder(config, network.pooling, world, seed, hooks);
  const { start } = adapted;
  hooks.onStage?.('rank');
  const own = await pairInputs(data, ['train', 'dev'], start.tokenizer, config.text, network.features);
  const held = await pairInputs(data, ['test'], start.tokenizer, config.text, network.features);
  const groups = groupImpressions(world.train, own, config.impressions);
  const spec = specOf(config, start, [...rowLengths(own.tokens), ...rowLengths(held.tokens)], truth.examination.length);
  const ranker = new Ranker(spec);
  try {
    const encoder = Object.fromEntries(Object.keys(encoderParams(spec.encoder)).map((name) => [name, start.weights[name]]));
    ranker.start({ ...encoder, ...initialise(rankingHeadParams(network, spec.sizes), key.fold('head')) });
    const pad = start.config.padId;
    const steps = updatesOf(config.length, Math.ceil(groups.size / spec.batch));
    const every = hooks.checkpointEvery ?? CHECKPOINT_EVERY;
    const conflict = (): Record<string, number> =>
      Object.fromEntries(
        Object.entries(ranker.conflict(own, groups, key.fold('conflict'), pad, 2)).map(([name, value]) => [
          `conflict.${name}`,
          value,
        ]),
      );
    const result = await train(
      {
        program: ranker.program,
        steps,
        accumulation: 1,
        batch: ranker.trainingBatches(own, groups, key.fold('batches'), pad),
        scalars: (t) => ranker.scalars(t, steps),
        onStep: (step, loss, rate) => hooks.onStep?.(step, steps, loss, rate),
        stopped: hooks.stopped,
        ...(network.tasks.length > 1 ? { evaluation: { every: Math.max(1, Math.floor(steps / CONFLICTS)), run: conflict } } : {}),
        ...(every ? { checkpoint: { every, save: (progress) => checkpoints.save(ranker.program, progress) } } : {}),
      },
      checkpoints.restore(ranker.program),
    );
    if (result.stopped) throw new Stopped(`stopped after ${result.step} updates`);
    const { logits, gates } = ranker.predict(held, pad);
    const scores = scoresOf(config, world, held.pairs, logits, ranker.positionTable());
    const examination = ranker.examination(logits);
    const error =
      examination &&
      curveError(
        examination,
        truth.examination.map((e) => e / truth.examination[0]),
      );
    return {
      ...scores,
      metrics: { ...adapted.metrics, ...(error === null ? {} : { examinationError: error }) },
      curves: {
        ...result.curves,
        ...(examination ? { 'examination.model': positioned(examination) } : {}),
        ...Object.fromEntries(
          gates.map((gate, t) => [`gate.${network.tasks[t]}`, gate.map((g, e): [number, number] => [e + 1, g])]),
        ),
      },
      checks: [...adapted.checks, ...checksOf(config, result.curves, scores, test.rows)],
      cost: { ...result, steps: result.step },
    };
  } finally {
    ranker.dispose();
  }
}

function specOf(config: NetworkRanker, start: StartingEncoder, lengths: number[], positions: number): RankerSpec {
  const { network, optimiser } = config;
  const { beta1, beta2, epsilon, weightDecay, headFactor, layerDecay, positionFactor } = optimiser;
  const factor = rateFactors(headFactor, layerDecay, start.config.layers) ?? (() => 1);
  // The few numbers of the position tower and of the weighting are moved by every impression and are far from where they start.
  const rateFactor = (name: string): number => factor(name) * (/\.(position|uncertainty)\.bias$/.test(name) ? positionFactor : 1);
  return {
    encoder: start.config,
    network,
    sizes: { hidden: start.config.hidden, features: featureWidth(network.features), positions },
    adam: { beta1, beta2, epsilon, weightDecay, rateFactor },
    clip: optimiser.clip,
    schedule: optimiser,
    batch: optimiser.batch,
    impressions: config.impressions,
    buckets: lengthBuckets(lengths, {
      batch: optimiser.batch,
      multiple: 8,
      maxLength: config.text.maxLength,
      buckets: config.text.buckets,
    }),
    trainEncoder: config.trainEncoder,
    precision: config.precision,
  };
}

/** Scores of every test pair by the network's tasks, position switched off, and the log's probabilities at the positions shown. */
function scoresOf(
  { network }: NetworkRanker,
  { data, test }: RankingWorld,
  pairs: Int32Array,
  logits: Float32Array,
  table: Float32Array | null,
): RankerScores {
  const tasks = network.tasks.length;
  const of = (row: number): Float32Array => logits.subarray(row * tasks, (row + 1) * tasks);
  const byTask = network.tasks.map(() => new Float64Array(data.pairs.length));
  pairs.forEach((pair, row) => probabilitiesAt(network, of(row), table, null).forEach((p, t) => (byTask[t][pair] = p)));
  const rowOf = new Map(Array.from(pairs, (pair, row) => [pair, row]));
  const logged = network.tasks.map(() => new Float64Array(test.rows));
  for (let i = 0; i < test.rows; i++) {
    const row = rowOf.get(test.pair[i]);
    ensure(row !== undefined, 'the test log shows a product that is in no test list');
    probabilitiesAt(network, of(row), table, test.position[i] - 1).forEach((p, t) => (logged[t][i] = p));
  }
  return {
    scores: Object.fromEntries(network.tasks.map((task, t) => [task, byTask[t]])),
    probabilities: Object.fromEntries(network.tasks.map((task, t) => [task, logged[t]])),
  };
}

/** Whether training was sound, and whether the funnel's order holds where it must. */
function checksOf(
  { network }: NetworkRanker,
  curves: RunRecord['curves'],
  { probabilities }: RankerScores,
  rows: number,
): RunRecord['checks'] {
  const last = curves.loss?.at(-1)?.[1] ?? NaN;
  const checks = [
    { name: 'loss is finite', ok: curves.loss.every(([, v]) => Number.isFinite(v)), detail: `last loss ${last.toFixed(4)}` },
  ];
  if (network.transfer !== 'esmm') return checks;
  let wrong = 0;
  const order = network.tasks.map((task) => probabilities[task]!);
  for (let i = 0; i < rows; i++) wrong += Number(order.slice(1).some((p, t) => p[i] > order[t][i]));
  return [
    ...checks,
    { name: 'p(purchase) ≤ p(cart) ≤ p(click)', ok: wrong === 0, detail: `${wrong} of ${rows} impressions out of order` },
  ];
}
