import { canonicalJson, configHash } from '../runtime/hash';
import type { DataSource, FinetuneConfig } from './config';
import { openDataset } from './dataset';
import type { TrainedModel } from './model-folder';
import type { EnsembleConfig } from './ensemble-run';
import { membersOf, type GradedConfig } from './graded/config';
import { openGraded } from './graded/data';
import { membersOfRanker, type RankingConfig } from './ranking/config';
import { rankingLists } from './ranking/data';
import type { Json, RunRecord } from './record';

interface Common {
  scale: string;
  seed: number;
  fold: number;
  folds: number;
  source: DataSource;
}

/** One fine-tuned model, measured on its held-out fold. */
export interface FinetuneExperiment extends Common {
  kind: 'finetune';
  config: FinetuneConfig;
}

/** A model trained on all parts but one of a fold's training rows and measured on that part: what confident learning reads. */
export interface OutOfFoldExperiment extends Common {
  kind: 'out-of-fold';
  /** Which part of the training rows is held out, and of how many. */
  part: { fold: number; folds: number };
  config: FinetuneConfig;
}

/** Several models' predictions of the same held-out rows, combined; nothing is trained. */
export interface EnsembleExperiment extends Common {
  kind: 'ensemble';
  config: EnsembleConfig;
}

/** A ranker of a data set with human grades, measured on all its queries; `fold` 0 of 1, for its own folds are part of the configuration. */
export interface GradedExperiment extends Common {
  kind: 'graded';
  source: { path: string };
  config: GradedConfig;
}

/** A product ranker learned from simulated engagement, measured on the test queries; `fold` 0 of 1, for the lists have a split of their own. */
export interface RankingExperiment extends Common {
  kind: 'ranking';
  config: RankingConfig;
}

/** A run that trains a network. */
export type TrainingExperiment = FinetuneExperiment | OutOfFoldExperiment;
/** One run: what decides its result, and therefore its name. */
export type Experiment = TrainingExperiment | EnsembleExperiment | GradedExperiment | RankingExperiment;

/** How a run reports on its way, and how it is asked to stop. */
export interface RunHooks {
  onStage?: (stage: string) => void;
  onStep?: (step: number, steps: number, loss: number, tokensPerSecond: number) => void;
  stopped?: () => boolean;
  /** Updates between two checkpoints; 0 = none. Default 100. */
  checkpointEvery?: number;
  /** Given the trained network before it is let go of, to save it. */
  keep?: (model: TrainedModel) => void;
}

/** What a run's name is made of. */
export function experimentOf(experiment: Experiment, data: { name: string; sha256: string }): RunRecord['experiment'] {
  const { kind, scale, seed, fold, folds, config } = experiment;
  return {
    kind,
    scale,
    seed,
    fold,
    folds,
    ...(kind === 'out-of-fold' ? { part: experiment.part } : {}),
    data: { name: data.name, sha256: data.sha256 },
    config: config as unknown as Json,
  };
}

/** The id of a run: the hash of everything that decides its result. */
export async function runId(experiment: Experiment): Promise<string> {
  return configHash(experimentOf(experiment, await dataName(experiment)));
}

const names = new Map<string, { name: string; sha256: string }>();

/** What a run's data are called; a generated world is made once to learn it, not once for each of its runs. */
async function dataName(experiment: Experiment): Promise<{ name: string; sha256: string }> {
  if (experiment.kind === 'graded') return openGraded(experiment.source.path);
  const { source, seed } = experiment;
  const lists = experiment.kind === 'ranking' ? experiment.config.engagement : undefined;
  if (!('generated' in source)) return lists ? (await rankingLists(source, seed, lists)).data : openDataset(source, seed);
  const key = canonicalJson({ source, seed, ...(lists ? { lists: [lists.fillTo, lists.testShare] } : {}) });
  const known = names.get(key);
  if (known) return known;
  const { name, sha256 } = lists ? (await rankingLists(source, seed, lists)).data : await openDataset(source, seed);
  names.set(key, { name, sha256 });
  return { name, sha256 };
}

/** The runs whose records an experiment reads: the out-of-fold models of a cleaned training part, the members of an ensemble or of a ranker. */
export function dependenciesOf(experiment: Experiment): Experiment[] {
  if (experiment.kind === 'graded')
    return membersOf(experiment.config.ranker).map((ranker) => ({ ...experiment, config: { ...experiment.config, ranker } }));
  if (experiment.kind === 'ranking') return membersOfRanker(experiment.config).map((config) => ({ ...experiment, config }));
  const { scale, seed, fold, folds, source } = experiment;
  const common = { scale, seed, fold, folds, source };
  if (experiment.kind === 'ensemble')
    return experiment.config.members.map((config) => ({ kind: 'finetune', ...common, config }) as const);
  const clean = experiment.kind === 'finetune' ? experiment.config.clean : undefined;
  if (!clean) return [];
  return Array.from({ length: clean.folds }, (_, part) => ({
    kind: 'out-of-fold',
    ...common,
    part: { fold: part, folds: clean.folds },
    config: clean.model,
  }));
}
