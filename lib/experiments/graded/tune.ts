import { productsByKey } from '../../data';
import { gradedNdcg10 } from '../../metrics/named';
import { configHash } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { trainBiEncoder, type BiEncoderPair } from '../../train/bi-encoder';
import { interpolateWeights } from '../../train/interpolate';
import type { SentenceEncoder } from '../../train/embed';
import { rankByCosine } from '../../train/zero-shot';
import { taskRows } from '../dataset';
import type { RunHooks } from '../experiment';
import { Stopped } from '../failure';
import type { GradedConfig, Ranker, TuneConfig } from './config';
import { eachFold } from './combine';
import { openJudged, pairsOf, partsOf, type GradedData } from './data';
import { gradedStart, sentenceEncoder } from './encoders';
import { exactPairs, gradedPairs, pseudoPairs } from './pairs';
import { cachedPart, type Part } from './part';
import type { Scored } from './rankers';

type Tuned = Extract<Ranker, { by: 'cosine' }> & { tune: TuneConfig };

/** Weights of the last few trainings in this process, by what they were trained on. */
const kept = new Map<string, Record<string, Float32Array>>();

/** One setting of a fine-tuned encoder, and the scores it gives. */
interface Candidate {
  learningRate: number;
  share: number;
  part: Part;
}

/** The cosine of an encoder's vectors for some graded rows, in [0, 1]: (1 + cos)/2. // [rows] */
export async function cosineScores(
  encoder: SentenceEncoder,
  data: GradedData,
  config: Pick<GradedConfig, 'fields' | 'maxLength'>,
  rows: ArrayLike<number> = data.rows.map((_, i) => i),
  precision: 'f32' | 'bf16' = 'f32',
): Promise<Float64Array> {
  const products = productsByKey(Array.from(rows, (i) => data.rows[i]));
  const { scores } = await rankByCosine(encoder, pairsOf(data, rows), products, config.fields, { maxLength: config.maxLength, precision }); // prettier-ignore
  return scores.map((cosine) => (1 + Math.max(-1, Math.min(1, cosine))) / 2);
}

/**
 * Scores of a bi-encoder. Trained on judged rows or pseudo-queries it sees no grade: one training for each rate, and each fold takes the rate and the share of the
 * tuned weights that do best on the other folds' queries. Trained on graded rows: one training for each fold; a share is chosen by a second training that leaves
 * one of the training folds out, on that one.
 */
export async function tunedScores(
  ranker: Tuned,
  config: GradedConfig,
  data: GradedData,
  folds: Int32Array,
  seed: number,
  hooks: RunHooks,
): Promise<Scored> {
  const { tune } = ranker;
  const key = Key.from('bi-encoder').fold(seed);
  let base: SentenceEncoder | undefined;
  const start = async (): Promise<SentenceEncoder> =>
    (base ??= sentenceEncoder(await gradedStart(ranker.encoder, seed, data, config.judged, hooks)));
  const context = {
    ranker: ranker.encoder,
    tune: { ...tune, learningRates: [], shares: [] },
    config: { ...config, ranker: null },
    seed,
    data: data.sha256,
  };
  /** The encoder trained with a rate on the pairs; the last few are kept, since several settings and rows share them. */
  const trained = async (training: object, learningRate: number, pairs: () => Promise<BiEncoderPair[]>, own: Key) => {
    const id = configHash(training);
    const known = kept.get(id);
    if (known) return known;
    hooks.onStage?.(`train, ${JSON.stringify(training).slice(-60)}`);
    const encoder = await start();
    const { loss, steps, batch, temperature, precision } = tune;
    const { weights, steps: done } = await trainBiEncoder({
      ...{ encoder, pairs: await pairs(), loss, steps, batch, temperature, precision, learningRate },
      seed: own.random().uint32(),
      onStep: (step, value) => hooks.onStep?.(step, steps, value, 0),
      stopped: hooks.stopped,
    });
    if (done < steps) throw new Stopped(`stopped after ${done} updates`);
    for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size + 1 - config.folds))) kept.delete(old);
    kept.set(id, weights);
    return weights;
  };
  /** The cosine under each share of the weights trained with a rate on the pairs, one part each. */
  const candidates = async (
    learningRate: number,
    what: { fold?: number; but?: number },
    pairs: () => Promise<BiEncoderPair[]>,
    rows: ArrayLike<number>,
    shares: readonly number[],
  ): Promise<Candidate[]> => {
    const training = { kind: 'graded-tune', ...context, learningRate, ...what };
    const own = key.fold('train', what.fold ?? -1, what.but ?? -1);
    const found: Candidate[] = [];
    for (const share of shares) {
      const part = await cachedPart({ ...training, share }, async () => {
        const { weights: base, ...encoder } = await start();
        const weights = share === 0 ? base : interpolateWeights(base, await trained(training, learningRate, pairs, own), share);
        const scores = await cosineScores({ ...encoder, weights }, data, config, rows, tune.precision);
        return { scores: Array.from(scores), figures: { steps: share === 0 ? 0 : tune.steps } };
      });
      found.push({ learningRate, share, part });
    }
    return found;
  };
  const scores = new Float64Array(data.rows.length);
  const chosen: { learningRate: number; share: number }[] = [];
  const all = Int32Array.from(data.rows.keys());

  if (tune.pairs !== 'folds') {
    const make = async (): Promise<BiEncoderPair[]> => {
      if (tune.pairs === 'pseudo') return pseudoPairs(data.products, config.fields, tune, key.fold('cut'));
      return exactPairs(taskRows(await openJudged(config.judged), 2, ['us']), config.fields);
    };
    const found: Candidate[] = [];
    for (const rate of tune.learningRates) {
      found.push(...(await candidates(rate, {}, make, all, tune.shares)));
    }
    eachFold(folds, ({ train, test }) => {
      const best = bestOf(found, (candidate) => quality(data, candidate.part.scores, train));
      for (const i of test) scores[i] = best.part.scores[i];
      chosen.push(best);
    });
  } else {
    for (let fold = 0; fold < config.folds; fold++) {
      const pairsOf = (rows: Int32Array) => async () => gradedPairs(data.rows, data.grades, rows, config.fields, tune);
      const { test } = partsOf(folds, fold);
      let setting = { learningRate: tune.learningRates[0], share: tune.shares[0] };
      if (tune.learningRates.length * tune.shares.length > 1) {
        const but = (fold + 1) % config.folds;
        const held = partsOf(folds, but).test;
        const found: Candidate[] = [];
        for (const rate of tune.learningRates)
          found.push(...(await candidates(rate, { fold, but }, pairsOf(partsOf(folds, fold, but).train), held, tune.shares)));
        setting = bestOf(found, ({ part }) => quality(data, part.scores, held, true));
      }
      const [own] = await candidates(setting.learningRate, { fold }, pairsOf(partsOf(folds, fold).train), test, [setting.share]);
      test.forEach((i, k) => (scores[i] = own.part.scores[k]));
      chosen.push(setting);
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    scores,
    metrics: { chosenRate: mean(chosen.map((c) => 1e5 * c.learningRate)), chosenShare: mean(chosen.map((c) => c.share)) },
    steps: tune.steps,
    stepMilliseconds: 0,
  };
}

/** nDCG@10 over some rows of scores for all rows, or (`own`) for these rows. */
function quality(data: GradedData, scores: readonly number[], rows: Int32Array, own = false): number {
  return gradedNdcg10({
    gains: Array.from(rows, (i) => data.grades[i]),
    scores: own ? scores : Array.from(rows, (i) => scores[i]),
    query: Array.from(rows, (i) => data.query[i]),
  }).value;
}

/** The first of the best. */
function bestOf<T>(items: readonly T[], value: (item: T) => number): T {
  return items.reduce((best, item) => (value(item) > value(best) ? item : best));
}
