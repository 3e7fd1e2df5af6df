import type { Dataset, Row } from '../data/types';
import { ensure } from '../runtime/errors';
import { Key } from '../runtime/key';
import { canonicalJson } from '../runtime/hash';
import type { FinetuneConfig } from './config';
import type { Experiment, RunHooks, TrainingExperiment } from './experiment';
import { judgedRows, openDataset, splitFold } from './dataset';
import { pretrain, withPretrained, type Pretrained } from './pretrain-run';
import { longestOf } from './shape';
import { localesOf, startingEncoder, type StartingEncoder } from './start';

/** The encoder that a fine-tuning run starts from: its start, pre-trained first where the configuration says so. */
export async function pretrainedStart(
  experiment: TrainingExperiment,
  dataset: Dataset,
  train: readonly Row[],
  hooks: RunHooks,
): Promise<StartingEncoder & Pick<Pretrained, 'metrics' | 'checks' | 'curves'>> {
  const { start, done } = await pretrainFor(experiment, dataset, train, hooks);
  return done
    ? { ...withPretrained(start, done), metrics: named(done.metrics), checks: done.checks, curves: prefixed(done.curves) }
    : { ...start, metrics: {}, checks: [], curves: {} };
}

/** The model folder of an experiment's pre-trained encoder, made where it is missing: for `rank`, a product index, or transformers. */
export async function pretrainedFolder(experiment: TrainingExperiment, hooks: RunHooks = {}): Promise<string> {
  const { config, source, seed, fold, folds } = experiment;
  ensure(config.pretrain, 'the experiment has no pre-training: its encoder is the one it starts from');
  const dataset = await openDataset(source, seed);
  const rows = judgedRows(dataset, await localesOf(config.start));
  const { done } = await pretrainFor(experiment, dataset, splitFold(rows, fold, folds).train, hooks);
  return done!.folder;
}

async function pretrainFor(
  experiment: TrainingExperiment,
  dataset: Dataset,
  train: readonly Row[],
  hooks: RunHooks,
): Promise<{ start: StartingEncoder; done: Pretrained | null }> {
  const { config, seed } = experiment;
  const start = await startingEncoder(config.start, dataset, train, longestOf(config), Key.from('start').fold(seed));
  if (!config.pretrain) return { start, done: null };
  hooks.onStage?.('pre-train');
  const data = { name: dataset.name, sha256: dataset.sha256 };
  const run = {
    start: config.start,
    config: config.pretrain,
    pooling: config.head.pooling === 'mean' ? 'mean' : 'first',
    seed,
    data,
  } as const;
  return { start, done: await pretrain({ ...run, ...foldOf(experiment) }, start, dataset, train, hooks) };
}

/** The vocabulary from scratch is trained with the training queries, so it differs by fold even where the corpus does not. */
const differsByFold = ({ start, pretrain }: FinetuneConfig): boolean => start.from === 'scratch' || pretrain?.corpus === 'train';

/** The fold that an encoder is of, where it is of one; the number of folds is named where it is not the usual one, so that encoders made before it was named are found. */
const foldOf = ({ config, fold, folds }: TrainingExperiment): { fold?: number; folds?: number } =>
  differsByFold(config) ? { fold, ...(folds === USUAL_FOLDS ? {} : { folds }) } : {};

const USUAL_FOLDS = 5;

/** Equal for runs that start from the same pre-trained encoder: the first of them makes it, the others find it. */
export function encoderKey(experiment: Experiment): string | undefined {
  if (experiment.kind === 'ranking') {
    const { ranker } = experiment.config;
    if (!('pretrain' in ranker) || !ranker.pretrain) return undefined;
    const pooling = ranker.by === 'network' ? ranker.network.pooling : ranker.pooling;
    return canonicalJson({
      start: ranker.start,
      tasks: ranker.pretrain,
      pooling,
      seed: experiment.seed,
      source: experiment.source,
    });
  }
  if (experiment.kind === 'graded') return gradedKey(experiment);
  if (experiment.kind !== 'finetune' && experiment.kind !== 'out-of-fold') return undefined;
  const { config, seed, source } = experiment;
  if (!config.pretrain) return undefined;
  const { start, pretrain: tasks, head } = config;
  const own = { ...(start.from === 'scratch' ? { longest: longestOf(config) } : {}), ...foldOf(experiment) };
  return canonicalJson({ start, tasks, pooling: head.pooling, seed, source, ...own });
}

/** Of a graded ranker: the encoder whose cosine ranks, or the cross-encoder's. */
function gradedKey({ config: { ranker, judged }, seed, source }: Extract<Experiment, { kind: 'graded' }>): string | undefined {
  if (ranker.by !== 'cosine' && ranker.by !== 'cross-encoder') return undefined;
  const { start, pretrain: tasks } = ranker.by === 'cosine' ? ranker.encoder : ranker.model;
  if (!tasks) return undefined;
  const own = ranker.by === 'cosine' && ranker.encoder.text === 'catalogue';
  return canonicalJson({ start, tasks, pooling: ranker.by === 'cosine' ? 'mean' : ranker.model.head.pooling, seed, source: own ? source : judged }); // prettier-ignore
}

/** Pre-training's curves beside those of the fine-tuning. */
const prefixed = (curves: Pretrained['curves']): Pretrained['curves'] =>
  Object.fromEntries(Object.entries(curves).map(([name, points]) => [`pretrain.${name}`, points]));

/** Pre-training's held-out figures under the names that tables print. */
function named(metrics: Record<string, number>): Record<string, number> {
  const names: Record<string, string> = {
    product2queryAccuracy: 'pairAccuracy',
    product2brandAccuracy: 'brandAccuracy',
    product2brandTopFive: 'brandTopFive',
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [names[name] ?? name, value]));
}
