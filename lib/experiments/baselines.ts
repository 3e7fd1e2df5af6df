import { LABELS, type Row } from '../data/types';
import { fitLogistic, predictLogistic } from '../metrics/logistic';
import { words } from '../metrics/bm25';
import { now } from '../runtime/clock';
import { ensure, oneOf } from '../runtime/errors';
import { configHash } from '../runtime/hash';
import { codeVersion, environment, peakMemoryBytes } from '../runtime/provenance';
import { cosineAt } from '../train/embed';
import { cachedVectors } from '../train/vector-cache';
import { rankingText } from '../train/zero-shot';
import type { DataSource, EncoderStart } from './config';
import { openDataset, splitFold, taskRows } from './dataset';
import { runMetrics } from './metrics';
import { classOf, toPredictions } from './predictions';
import type { RunRecord } from './record';
import { localesOf, resolveWeights } from './start';

/**
 * What a baseline may read of a row: `cosine` of the untrained encoder's query and product vectors; `overlap`, the share of the query's words that the title
 * has; `jaccard` of the words of query and of title with brand; `brand`, whether the query names the brand; `length`, ln(1 + words) of query and of title.
 */
export const BASELINE_FEATURES = ['cosine', 'overlap', 'jaccard', 'brand', 'length'] as const;
export type BaselineFeature = (typeof BASELINE_FEATURES)[number];

/** The baselines that task 2's tables show: each must be beaten before a fine-tuned encoder is worth its cost. */
export const BASELINES: Readonly<Record<string, { label: string; features: readonly BaselineFeature[] }>> = {
  majority: { label: 'Majority class', features: [] },
  lexical: { label: 'Logistic regression, lexical only', features: ['overlap', 'jaccard', 'brand', 'length'] },
  cosine: { label: 'Logistic regression, zero-shot cosine, overlap, brand', features: ['cosine', 'overlap', 'brand'] },
  all: { label: 'Logistic regression, all five', features: BASELINE_FEATURES },
};

/** Lexical features of a row by name; `length` is two numbers. */
export function lexicalFeatures({ query, title, brand }: Row): Record<Exclude<BaselineFeature, 'cosine'>, number[]> {
  const asked = new Set(words(query));
  const told = words(title);
  const both = new Set([...told, ...words(brand)]);
  const count = (of: ReadonlySet<string>): number => [...asked].filter((word) => of.has(word)).length;
  const common = count(both);
  const named = words(brand);
  return {
    overlap: [asked.size ? count(new Set(told)) / asked.size : 0],
    jaccard: [asked.size + both.size - common ? common / (asked.size + both.size - common) : 0],
    brand: [Number(named.length > 0 && named.every((word) => asked.has(word)))],
    length: [Math.log1p(words(query).length), Math.log1p(told.length)],
  };
}

/** Feature rows [N, F] of rows; `cosine` [N] is needed where it is among the features. */
export function baselineFeatures(
  rows: readonly Row[],
  features: readonly BaselineFeature[],
  cosine?: ArrayLike<number>,
): Float64Array {
  for (const feature of features) oneOf('baseline feature', feature, BASELINE_FEATURES);
  ensure(
    !features.includes('cosine') || cosine?.length === rows.length,
    `the feature cosine needs a value for each of ${rows.length} rows`,
  );
  return Float64Array.from(
    rows.flatMap((row, i) => {
      const lexical = lexicalFeatures(row);
      return features.flatMap((feature) => (feature === 'cosine' ? [cosine![i]] : lexical[feature]));
    }),
  );
}

/**
 * Class probabilities [N, 4] of the evaluation rows by multinomial logistic regression (C = 1, standardised) on the training rows' features; without features
 * the training part's class shares. Task 2.
 */
export function lexicalBaseline(
  train: readonly Row[],
  evaluation: readonly Row[],
  features: readonly BaselineFeature[] = BASELINE_FEATURES,
  cosines?: { train: ArrayLike<number>; evaluation: ArrayLike<number> },
): Float32Array {
  const labels = Int32Array.from(train, (row) => classOf(2, row.label));
  if (features.length === 0) {
    const shares = LABELS.map((_, c) => labels.filter((label) => label === c).length / labels.length);
    return Float32Array.from(evaluation.flatMap(() => shares));
  }
  const model = fitLogistic(baselineFeatures(train, features, cosines?.train), labels, LABELS.length);
  return predictLogistic(model, baselineFeatures(evaluation, features, cosines?.evaluation));
}

/** The cosine of each row's query and product text (title, brand) under an encoder as it comes; vectors are cached on disk. */
export async function zeroShotCosines(
  rows: readonly Row[],
  weights: string,
  onProgress?: (texts: number, total: number) => void,
): Promise<Float64Array> {
  const { folder } = await resolveWeights(weights);
  const texts = [...new Set(rows.flatMap((row) => [row.query, rankingText(row, ['title', 'brand'])]))];
  const place = new Map(texts.map((text, i) => [text, i]));
  const { vectors, hidden } = await cachedVectors(folder, texts, { onProgress });
  return Float64Array.from(rows, (row) =>
    cosineAt(vectors, place.get(row.query)! * hidden, vectors, place.get(rankingText(row, ['title', 'brand']))! * hidden, hidden),
  );
}

/** One baseline on one fold: what decides its result. */
export interface BaselineExperiment {
  scale: string;
  seed: number;
  fold: number;
  folds: number;
  source: DataSource;
  /** The encoder whose cosine is read, and whose locales the rows are of. */
  start: EncoderStart;
  /** A name of `BASELINES`. */
  baseline: string;
}

/** What a baseline's name is made of; `data` is what its source holds. */
export function baselineIdentity(
  experiment: BaselineExperiment,
  data: { name: string; sha256: string },
): RunRecord['experiment'] {
  const { scale, seed, fold, folds, start, baseline } = experiment;
  const { features } = BASELINES[baseline];
  const weights = features.includes('cosine') && start.from === 'weights' ? { weights: start.name } : {};
  return {
    kind: 'baseline',
    scale,
    seed,
    fold,
    folds,
    data: { name: data.name, sha256: data.sha256 },
    config: { baseline, features, ...weights },
  };
}

/** Fits a baseline on a fold's training part and measures it on the held-out rows: the same rows, metrics and record as a fine-tuned model's. */
export async function runBaseline(
  experiment: BaselineExperiment,
  onProgress?: (texts: number, total: number) => void,
): Promise<RunRecord> {
  const started = now();
  const { scale, seed, fold, folds, source, start } = experiment;
  const name = oneOf('baseline', experiment.baseline, Object.keys(BASELINES));
  const { features } = BASELINES[name];
  const encoder = features.includes('cosine') ? start : undefined;
  ensure(
    encoder?.from !== 'scratch',
    `baseline ${name} needs the cosine of pre-trained weights, and scale ${scale} starts from scratch`,
  );
  const dataset = await openDataset(source, seed);
  const rows = taskRows(dataset, 2, await localesOf(start));
  const { train, evaluation } = splitFold(rows, fold, folds);
  const all = encoder?.from === 'weights' ? await zeroShotCosines(rows, encoder.name, onProgress) : undefined;
  const place = new Map(rows.map((row, i) => [row, i]));
  const pick = (part: readonly Row[]): number[] => part.map((row) => all![place.get(row)!]);
  const cosines = all && { train: pick(train), evaluation: pick(evaluation) };
  const probabilities = lexicalBaseline(train, evaluation, features, cosines);
  const predictions = toPredictions(2, evaluation, probabilities, LABELS.length);
  const identity = baselineIdentity(experiment, dataset);
  const labels = { E: 0, S: 0, C: 0, I: 0 };
  for (const row of rows) labels[row.label]++;
  return {
    schema: 1,
    id: configHash(identity),
    experiment: identity,
    data: {
      name: dataset.name,
      sha256: dataset.sha256,
      rows: rows.length,
      queries: new Set(rows.map((row) => `${row.locale}\t${row.query}`)).size,
      labels,
      train: train.length,
      evaluation: evaluation.length,
    },
    code: codeVersion(),
    environment: environment('f32'),
    cost: {
      wallSeconds: (now() - started) / 1000,
      steps: 0,
      stepMilliseconds: 0,
      tokensPerSecond: 0,
      paddingShare: 0,
      peakMemoryBytes: peakMemoryBytes(),
    },
    curves: {},
    metrics: runMetrics(2, probabilities, LABELS.length, {
      classes: Int32Array.from(evaluation, (row) => classOf(2, row.label)),
      labels: Int32Array.from(evaluation, (row) => LABELS.indexOf(row.label)),
      ...(evaluation.every((row) => row.trueLabel)
        ? { truth: Int32Array.from(evaluation, (row) => LABELS.indexOf(row.trueLabel!)) }
        : {}),
      query: predictions.query,
    }),
    checks: [],
    predictions,
  };
}
