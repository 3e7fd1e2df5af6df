import type { Row } from '../../data/types';
import { expectedGain } from '../../metrics/ensemble';
import { workCache } from '../../runtime/files';
import { configHash } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { Checkpoints } from '../../train/checkpoint';
import { Classifier } from '../../train/classifier';
import { taskRows } from '../dataset';
import type { RunHooks } from '../experiment';
import { classifierSpec, fit, startingWeights } from '../finetune-run';
import { buildVocabularies, prepareInputs } from '../prepare';
import { Stopped } from '../failure';
import type { StartingEncoder } from '../start';
import type { FinetuneConfig } from '../config';
import type { GradedConfig, Ranker } from './config';
import { expectedGrade } from './combine';
import { openJudged, partsOf, type GradedData } from './data';
import { gradedStart } from './encoders';
import { cachedPart, type Part } from './part';
import type { Scored } from './rankers';

type CrossEncoder = Extract<Ranker, { by: 'cross-encoder' }>;

/** What a part's identity holds besides the fold. */
interface Identity {
  kind: 'graded-part';
  config: Omit<GradedConfig, 'ranker'> & { ranker: Ranker };
  seed: number;
  data: string;
}

/**
 * Scores of a cross-encoder: fine-tuned on all judged rows that the encoder can read (E, S, C, I; expected gain), once; or on the graded rows of the training folds
 * (grades 3, 2, 1, 0 as four classes; expected grade), once for each fold.
 */
export async function crossEncoderScores(
  ranker: CrossEncoder,
  config: GradedConfig,
  data: GradedData,
  folds: Int32Array,
  seed: number,
  hooks: RunHooks,
): Promise<Scored> {
  const { model, on } = ranker;
  const identity: Identity = { kind: 'graded-part', config, seed, data: data.sha256 };
  const encoder = { start: model.start, pretrain: model.pretrain, ...(model.pretrain ? { text: 'judged' as const } : {}) };
  const started = (): Promise<StartingEncoder> => gradedStart(encoder, seed, data, config.judged, hooks);
  const key = Key.from('graded').fold(seed);
  const scores = new Float64Array(data.rows.length);
  const parts: Part[] = [];
  if (on === 'judged') {
    const part = await cachedPart(identity, async () => {
      const start = await started();
      const train = taskRows(await openJudged(config.judged), 2, start.locales);
      return trainAndScore(model, start, train, data.rows, expectedGain, key, identity, hooks);
    });
    parts.push(part);
    scores.set(part.scores);
  } else {
    for (let fold = 0; fold < config.folds; fold++) {
      const { train, test } = partsOf(folds, fold);
      const pick = (rows: Int32Array): Row[] => Array.from(rows, (i) => data.rows[i]);
      hooks.onStage?.(`fold ${fold}`);
      const own = { ...identity, fold };
      const part = await cachedPart(own, async () =>
        trainAndScore(model, await started(), pick(train), pick(test), expectedGrade, key.fold('fold', fold), own, hooks),
      );
      parts.push(part);
      test.forEach((i, k) => (scores[i] = part.scores[k]));
    }
  }
  const mean = (name: string): number => parts.reduce((sum, part) => sum + part.figures[name], 0) / parts.length;
  return {
    scores,
    metrics: { trainingLoss: mean('trainingLoss') },
    steps: parts.reduce((sum, part) => sum + part.figures.steps, 0),
    stepMilliseconds: mean('stepMilliseconds'),
  };
}

async function trainAndScore(
  config: FinetuneConfig,
  start: StartingEncoder,
  train: Row[],
  rows: Row[],
  gains: (probabilities: Float32Array) => Float64Array,
  key: Key,
  identity: unknown,
  hooks: RunHooks,
): Promise<Part> {
  const vocabularies = buildVocabularies(config, train, train);
  const inputs = await prepareInputs(config, train, start.tokenizer, vocabularies);
  const asked = await prepareInputs(config, rows, start.tokenizer, vocabularies);
  const spec = classifierSpec(config, start, vocabularies, [inputs, asked]);
  const classifier = new Classifier(spec);
  try {
    classifier.start(startingWeights(config, spec, start, vocabularies, train, key));
    const checkpoints = new Checkpoints(workCache('checkpoints', configHash(identity)), identity);
    const result = await fit(classifier, config, inputs, start, key, hooks, checkpoints, undefined);
    if (result.stopped) throw new Stopped(`stopped after ${result.step} updates`);
    const scores = Array.from(gains(classifier.predict(asked, start.config.padId)));
    checkpoints.remove();
    const late = result.curves.loss.slice(-Math.max(1, Math.floor(result.curves.loss.length / 4)));
    return {
      scores,
      figures: {
        steps: result.step,
        stepMilliseconds: result.stepMilliseconds,
        trainingLoss: late.reduce((sum, [, loss]) => sum + loss, 0) / late.length,
      },
    };
  } finally {
    classifier.dispose();
  }
}
