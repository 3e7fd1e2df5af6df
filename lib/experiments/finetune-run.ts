import type { Dataset, Row } from '../data/types';
import { encoderParams } from '../encoder';
import { esciHeadParams } from '../heads/esci';
import { initialise } from '../encoder/initialise';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';
import { projectCache } from '../runtime/files';
import { configHash } from '../runtime/hash';
import { Key } from '../runtime/key';
import { codeVersion, environment, peakMemoryBytes } from '../runtime/provenance';
import { lengthBuckets } from '../text';
import { Checkpoints } from '../train/checkpoint';
import { Classifier, rateFactors, type ClassifierSpec } from '../train/classifier';
import { lengthsOf, type Inputs } from '../train/inputs';
import { train, type RunResult } from '../train/loop';
import { trickChecks } from './checks';
import type { DataSource, FinetuneConfig } from './config';
import { openDataset, splitFold, taskRows } from './dataset';
import { runMetrics } from './metrics';
import { pretrainedStart } from './pretrained-start';
import { Stopped } from './stopped';
import { buildVocabularies, prepareInputs, trigramVectors, type Vocabularies } from './prepare';
import { toPredictions } from './predictions';
import type { Json, RunRecord } from './record';
import type { StartingEncoder } from './start';
import { localesOf } from './start';

/** One run: what decides its result, and therefore its name. */
export interface FinetuneExperiment {
  kind: 'finetune';
  scale: string;
  seed: number;
  fold: number;
  folds: number;
  source: DataSource;
  config: FinetuneConfig;
}

/** How a run reports on its way, and how it is asked to stop. */
export interface RunHooks {
  onStage?: (stage: string) => void;
  onStep?: (step: number, steps: number, loss: number, tokensPerSecond: number) => void;
  stopped?: () => boolean;
  /** Updates between two checkpoints; 0 = none. Default 100. */
  checkpointEvery?: number;
}

/** What a run's name is made of. */
export function experimentOf(experiment: FinetuneExperiment, data: { name: string; sha256: string }): RunRecord['experiment'] {
  const { kind, scale, seed, fold, folds, config } = experiment;
  return { kind, scale, seed, fold, folds, data: { name: data.name, sha256: data.sha256 }, config: config as unknown as Json };
}

/** The id of a run: the hash of everything that decides its result. */
export async function runId(experiment: FinetuneExperiment): Promise<string> {
  return configHash(experimentOf(experiment, await openDataset(experiment.source, experiment.seed)));
}

/** Fine-tunes one model and measures it on the held-out fold: data → text → tokens → batches → encoder → head → training → evaluation → record. */
export async function runFinetune(experiment: FinetuneExperiment, hooks: RunHooks = {}): Promise<RunRecord> {
  const started = now();
  const { config, seed, fold, folds } = experiment;
  const key = Key.from('finetune').fold(seed, 'fold', fold);
  const dataset = await openDataset(experiment.source, seed);
  const rows = taskRows(dataset, config.task, await localesOf(config.start));
  const { train: trainRows, evaluation: evaluationRows } = splitFold(rows, fold, folds);
  hooks.onStage?.('start');
  const start = await pretrainedStart(experiment, dataset, trainRows, hooks);
  hooks.onStage?.('fine-tune');
  const vocabularies = buildVocabularies(config, dataset.products, trainRows);
  const trainInputs = await prepareInputs(config, trainRows, start.tokenizer, vocabularies);
  const evaluationInputs = await prepareInputs(config, evaluationRows, start.tokenizer, vocabularies);
  const spec = classifierSpec(config, start, vocabularies, [trainInputs, evaluationInputs]);
  const classifier = new Classifier(spec);
  try {
    classifier.start(startingWeights(config, spec, start, vocabularies, trainRows, key));
    const identity = experimentOf(experiment, dataset);
    const checkpoints = new Checkpoints(projectCache('checkpoints', configHash(identity)), identity);
    const result = await fit(classifier, config, trainInputs, start, key, hooks, checkpoints);
    if (result.stopped) throw new Stopped(`stopped after ${result.step} updates`);
    const probabilities = classifier.predict(evaluationInputs, start.config.padId);
    const predictions = toPredictions(config.task, evaluationRows, probabilities, spec.sizes.outputs);
    checkpoints.remove();
    return {
      schema: 1,
      id: configHash(identity),
      experiment: identity,
      data: describe(dataset, rows, trainRows.length, evaluationRows.length),
      code: codeVersion(),
      environment: environment(config.precision),
      cost: {
        wallSeconds: round((now() - started) / 1000),
        steps: result.step,
        stepMilliseconds: round(result.stepMilliseconds),
        tokensPerSecond: Math.round(result.tokensPerSecond),
        paddingShare: round(result.paddingShare),
        peakMemoryBytes: peakMemoryBytes(),
      },
      curves: result.curves,
      metrics: {
        ...start.metrics,
        ...runMetrics(config.task, probabilities, spec.sizes.outputs, {
          classes: evaluationInputs.classes,
          labels: evaluationInputs.tokens.labels,
          truth: evaluationRows.every((r) => r.trueLabel) ? evaluationRows.map((r) => 'ESCI'.indexOf(r.trueLabel!)) : undefined,
          query: predictions.query,
        }),
      },
      checks: [...start.checks, ...trickChecks(config, result, classifier)],
      predictions,
    };
  } finally {
    classifier.dispose();
  }
}

/** Updates between two checkpoints, unless a caller says otherwise. */
const CHECKPOINT_EVERY = 100;

const round = (x: number): number => Math.round(x * 1000) / 1000;

function classifierSpec(
  config: FinetuneConfig,
  start: StartingEncoder,
  vocabularies: Vocabularies,
  parts: readonly Inputs[],
): ClassifierSpec {
  const { optimiser, head, loss, tricks, combine } = config;
  const { beta1, beta2, epsilon, weightDecay, headFactor, layerDecay } = optimiser;
  const lengths = Int32Array.from(parts.flatMap((part) => [...lengthsOf(part)]));
  return {
    encoder: start.config,
    head,
    sizes: {
      hidden: start.config.hidden,
      brands: vocabularies.brands.size,
      colors: vocabularies.colors.size,
      trigramVocabulary: vocabularies.trigrams?.size ?? 0,
      outputs: loss.kind === 'mse' ? 1 : config.task === 3 ? 2 : 4,
    },
    step: {
      loss,
      tricks,
      combine,
      adam: { beta1, beta2, epsilon, weightDecay, rateFactor: rateFactors(headFactor, layerDecay, start.config.layers) },
      clip: optimiser.clip,
      accumulation: optimiser.accumulation,
    },
    schedule: optimiser,
    batch: optimiser.batch,
    buckets: lengthBuckets(lengths, {
      batch: optimiser.batch,
      multiple: 8,
      maxLength: config.text.maxLength,
      buckets: config.text.buckets,
    }),
    trigramCapacity: config.trigrams?.capacity ?? 0,
    frozen: config.trigrams?.frozen ? ['heads.esci.trigrams.weight'] : [],
    precision: config.precision,
  };
}

/** The encoder's weights as they come, the head's drawn from the run's key, the tri-gram table from word2vec where asked. */
function startingWeights(
  config: FinetuneConfig,
  spec: ClassifierSpec,
  start: StartingEncoder,
  vocabularies: Vocabularies,
  trainRows: readonly Row[],
  key: Key,
): Record<string, Float32Array> {
  const head = initialise(esciHeadParams(spec.head, spec.sizes), key.fold('head'));
  const vectors: Record<string, Float32Array> =
    config.trigrams?.init === 'word2vec'
      ? { 'heads.esci.trigrams.weight': trigramVectors(config, trainRows, vocabularies.trigrams!, key.fold('word2vec')) }
      : {};
  const encoder = Object.fromEntries(Object.keys(encoderParams(spec.encoder)).map((name) => [name, start.weights[name]]));
  return { ...encoder, ...head, ...vectors };
}

function fit(
  classifier: Classifier,
  config: FinetuneConfig,
  inputs: Inputs,
  start: StartingEncoder,
  key: Key,
  hooks: RunHooks,
  checkpoints: Checkpoints,
): Promise<RunResult> {
  const { length } = config;
  const steps = 'steps' in length ? length.steps : Math.ceil(length.epochs * classifier.updatesPerEpoch(inputs));
  ensure(steps >= 1, `a run needs at least one update, got ${steps}`);
  const { program } = classifier;
  const every = hooks.checkpointEvery ?? CHECKPOINT_EVERY;
  return train(
    {
      program,
      steps,
      accumulation: config.optimiser.accumulation,
      batch: classifier.trainingBatches(inputs, key.fold('batches'), start.config.padId),
      scalars: (t) => classifier.scalars(t, steps),
      onStep: (step, loss, rate) => hooks.onStep?.(step, steps, loss, rate),
      stopped: hooks.stopped,
      ...(every ? { checkpoint: { every, save: (progress) => checkpoints.save(program, progress) } } : {}),
    },
    checkpoints.restore(program),
  );
}

function describe(dataset: Dataset, rows: readonly Row[], train: number, evaluation: number): RunRecord['data'] {
  const labels = { E: 0, S: 0, C: 0, I: 0 };
  for (const row of rows) labels[row.label]++;
  const queries = new Set(rows.map((row) => `${row.locale}\t${row.query}`)).size;
  return { name: dataset.name, sha256: dataset.sha256, rows: rows.length, queries, labels, train, evaluation };
}
