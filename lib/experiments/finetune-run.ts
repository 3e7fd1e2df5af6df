import { balanceClasses } from '../data';
import { LABELS, type Dataset, type Locale, type Row } from '../data/types';
import { encoderParams } from '../encoder';
import { esciHeadParams } from '../heads/esci';
import { initialise } from '../encoder/initialise';
import { now } from '../runtime/clock';
import { ensure, oneOf } from '../runtime/errors';
import { configHash } from '../runtime/hash';
import { Key } from '../runtime/key';
import { codeVersion, environment, peakMemoryBytes } from '../runtime/provenance';
import { lengthBuckets, stripHtml } from '../text';
import { Checkpoints } from '../train/checkpoint';
import { Classifier, rateFactors, type ClassifierSpec } from '../train/classifier';
import { lengthsOf, type Inputs } from '../train/inputs';
import { train, type Plan, type RunResult } from '../train/loop';
import { checkFinetune, outputsOf } from './check-config';
import { trickChecks } from './checks';
import { cleanRows } from './clean';
import type { FinetuneConfig } from './config';
import { judgedRows, openDataset, splitFold, taskRows } from './dataset';
import { experimentOf, type RunHooks, type TrainingExperiment } from './experiment';
import { runMetrics, type Judged } from './metrics';
import { outOfFoldLookup, splitPart } from './out-of-fold';
import { pretrainedStart } from './pretrained-start';
import { Stopped } from './failure';
import { buildVocabularies, prepareInputs, trigramVectors, type Vocabularies } from './prepare';
import { queryNumbers, toPredictions } from './predictions';
import type { RunRecord } from './record';
import { bestOf, updatesOf } from './selection';
import type { StartingEncoder } from './start';
import { localesOf, weightsOf } from './start';
import { checkpointFolder } from './store';
import { unknownTokens } from './unknown-tokens';

/**
 * Fine-tunes one model and measures it on the held-out rows: data → text → tokens → batches → encoder → head → training → evaluation → record.
 * `parts` are the out-of-fold records that `config.clean` reads.
 */
export async function runFinetune(
  experiment: TrainingExperiment,
  hooks: RunHooks = {},
  parts: readonly RunRecord[] = [],
): Promise<RunRecord> {
  checkFinetune(experiment.config);
  const started = now();
  const { config, seed, fold, folds } = experiment;
  const own = Key.from('finetune').fold(seed, 'fold', fold);
  const key = experiment.kind === 'out-of-fold' ? own.fold('part', experiment.part.fold) : own;
  const dataset = await openDataset(experiment.source, seed);
  const locales = await localesOf(config.start);
  const rows = taskRows(dataset, config.task, locales);
  const outer = splitFold(rows, fold, folds);
  hooks.onStage?.('start');
  const start = await pretrainedStart(experiment, dataset, splitFold(judgedRows(dataset, locales), fold, folds).train, hooks);
  const split = partsOf(experiment, outer, dataset, locales, parts);
  const { evaluation: evaluationRows } = split;
  const trainRows = withExtraRows(config, split.train);
  hooks.onStage?.('fine-tune');
  const vocabularies = buildVocabularies(config, dataset.products, trainRows);
  const trainInputs = await prepareInputs(config, trainRows, start.tokenizer, vocabularies);
  const evaluationInputs = await prepareInputs(config, evaluationRows, start.tokenizer, vocabularies);
  const spec = classifierSpec(config, start, vocabularies, [trainInputs, evaluationInputs]);
  const classifier = new Classifier(spec);
  try {
    classifier.start(startingWeights(config, spec, start, vocabularies, trainRows, key));
    const identity = experimentOf(experiment, dataset);
    const checkpoints = new Checkpoints(checkpointFolder(configHash(identity)), identity);
    const judged = judgedBy(evaluationInputs, evaluationRows);
    const measure = (probabilities: Float32Array): Record<string, number> =>
      runMetrics(config.task, probabilities, spec.sizes.outputs, judged);
    const predict = (): Float32Array => classifier.predict(evaluationInputs, start.config.padId);
    const perEpoch = classifier.updatesPerEpoch(trainInputs, key.fold('batches'));
    const evaluation = bestOf(config, classifier, perEpoch, () => measure(predict()), checkpoints);
    const result = await fit(classifier, config, trainInputs, start, key, hooks, checkpoints, evaluation);
    if (result.stopped) throw new Stopped(`stopped after ${result.step} updates`);
    // Before the best evaluation's weights come back: its EMA shadow is then in both places.
    const tricks = trickChecks(config, result, classifier);
    if (result.best) classifier.start(checkpoints.best());
    const probabilities = predict();
    const predictions = toPredictions(config.task, evaluationRows, probabilities, spec.sizes.outputs);
    hooks.keep?.({ config, spec, weights: () => classifier.weights(), tokenizer: start.tokenizer, vocabularies, locales });
    return {
      schema: 1,
      id: configHash(identity),
      experiment: identity,
      data: {
        ...describe(dataset, rows, trainRows.length, evaluationRows.length),
        ...(config.start.from === 'weights'
          ? { unknownTokens: await unknownTokens(dataset, start.tokenizer, config.start.name) }
          : {}),
      },
      ...(await weightsOf(config.start)),
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
      curves: { ...start.curves, ...result.curves },
      metrics: {
        ...start.metrics,
        ...split.metrics,
        ...measure(probabilities),
        ...(result.best ? { selectedStep: result.best.step } : {}),
      },
      checks: [...start.checks, ...split.checks, ...tricks],
      predictions,
    };
  } finally {
    classifier.dispose();
  }
}

/**
 * The rows to train on and to measure on: a fold's own; of an out-of-fold model a part of its training rows; with confident learning the training rows that it
 * leaves (the rows to measure on are never filtered).
 */
function partsOf(
  experiment: TrainingExperiment,
  outer: { train: Row[]; evaluation: Row[] },
  dataset: Dataset,
  locales: readonly Locale[],
  records: readonly RunRecord[],
): { train: Row[]; evaluation: Row[]; metrics: Record<string, number>; checks: RunRecord['checks'] } {
  const { config, fold, folds } = experiment;
  if (experiment.kind === 'out-of-fold') return { ...splitPart(outer.train, folds, experiment.part), metrics: {}, checks: [] };
  const { clean, task } = config;
  if (!clean) return { ...outer, metrics: {}, checks: [] };
  ensure(records.length === clean.folds, `clean needs the records of ${clean.folds} out-of-fold runs, got ${records.length}`);
  const all = splitFold(taskRows(dataset, clean.model.task, locales), fold, folds).train;
  const { rows, metrics, checks } = cleanRows(outer.train, task, clean, outOfFoldLookup(all, folds, records));
  return { train: rows, evaluation: outer.evaluation, metrics, checks };
}

/** Updates between two checkpoints, unless a caller says otherwise. */
const CHECKPOINT_EVERY = 100;

const round = (x: number): number => Math.round(x * 1000) / 1000;

/** The network and step of a configuration over a start, for rows of these lengths. */
export function classifierSpec(
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
      outputs: outputsOf(config),
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
    ...(config.recompute ? { recompute: true } : {}),
    ...(config.momentsOnHost ? { momentsOnHost: true } : {}),
    ...(config.emaOnHost ? { emaOnHost: true } : {}),
  };
}

/** The encoder's weights as they come, the head's drawn from the run's key, the tri-gram table from word2vec where asked. */
export function startingWeights(
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

/** Trains a classifier on its inputs for as long as the configuration says, going on from a checkpoint where there is one. */
export function fit(
  classifier: Classifier,
  config: FinetuneConfig,
  inputs: Inputs,
  start: StartingEncoder,
  key: Key,
  hooks: RunHooks,
  checkpoints: Checkpoints,
  evaluation: Plan['evaluation'],
): Promise<RunResult> {
  const steps = updatesOf(config.length, classifier.updatesPerEpoch(inputs, key.fold('batches')));
  ensure(steps >= 1, `a run needs at least one update, got ${steps}`);
  ensure(
    !evaluation || evaluation.every <= steps,
    `select.every: got ${evaluation?.every} updates; at most the run's ${steps} (nothing would be evaluated, and the last weights kept)`,
  );
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
      ...(evaluation ? { evaluation } : {}),
      ...(every ? { checkpoint: { every, save: (progress) => checkpoints.save(program, progress) } } : {}),
    },
    checkpoints.restore(program),
  );
}

/** Class balance (paper §5): extra rows for rare classes, cut from bullets and description, with their own weight. */
function withExtraRows({ balance }: FinetuneConfig, rows: Row[]): Row[] {
  if (!balance) return rows;
  const classes = balance.classes.map((name) => oneOf('balance.classes', name, LABELS));
  return balanceClasses(rows, { classes, weight: balance.weight, plain: stripHtml });
}

/** What a scorer needs of the evaluation rows. */
function judgedBy(inputs: Inputs, rows: readonly Row[]): Judged {
  const truth = rows.every((r) => r.trueLabel) ? rows.map((r) => LABELS.indexOf(r.trueLabel!)) : undefined;
  return { classes: inputs.classes, labels: inputs.tokens.labels, truth, query: queryNumbers(rows) };
}

function describe(dataset: Dataset, rows: readonly Row[], train: number, evaluation: number): RunRecord['data'] {
  const labels = { E: 0, S: 0, C: 0, I: 0 };
  for (const row of rows) labels[row.label]++;
  const queries = new Set(rows.map((row) => `${row.locale}\t${row.query}`)).size;
  const { name, sha256, split } = dataset;
  return { name, sha256, ...(split ? { split } : {}), rows: rows.length, queries, labels, train, evaluation };
}
