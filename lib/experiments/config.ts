import type { FilterBy, RankBy } from '../confident';
import type { GeneratorOptions, WorldName } from '../data/generate';
import type { Split } from '../data/types';
import type { ProductField } from '../text';
import { LOSS_DEFAULTS, type LossConfig } from '../finetune/losses';
import { NO_TRICKS, type Tricks } from '../finetune/step';
import type { EsciHeadConfig } from '../heads/esci';
import type { PretrainConfig } from '../pretrain/config';
import type { Schedule } from '../train/schedule';

/** Where the encoder's weights come from before any pre-training. */
export type EncoderStart =
  | {
      from: 'scratch';
      layers: number;
      hidden: number;
      heads: number;
      ffn: number;
      /** Size of the Unigram vocabulary trained on the catalogue and the training queries. */
      vocabulary: number;
      dropout: number;
      attentionDropout: number;
      /** Start the first layer's keys equal to its queries: stands in for a pre-trained encoder that can already match. */
      matching: boolean;
      /** What the layers after the first write back, at the start, as a multiple of the first's: `MatchingStart.upper`, which only `matching` reads. 1 where absent. */
      upper?: number;
    }
  /** `sha256`, of the weights' file, is part of a run's name where `name` is a folder that may change. */
  | { from: 'weights'; name: string; sha256?: string; dropout: number; attentionDropout: number };

export interface TextConfig {
  fields: readonly ProductField[];
  /** Most tokens of a pair, special tokens included. */
  maxLength: number;
  /** Most tokens of the query. */
  queryLength: number;
  /** Padded lengths to record a step for, at most. */
  buckets: number;
}

export interface TrigramConfig {
  groups: 'paper' | 'code';
  /** The released code drops a text's last gram. */
  keepLast: boolean;
  vocabulary: number;
  /** Grams kept of each text. */
  capacity: number;
  init: 'random' | 'word2vec';
  frozen: boolean;
  /** Of the word2vec start: see `Word2vecOptions`, whose defaults hold where this is absent. */
  word2vec?: { window: number; negatives: number; epochs: number; sample: number };
}

export interface OptimiserConfig extends Schedule {
  batch: number;
  accumulation: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest global gradient norm; 0 = none. */
  clip: number;
  /** The head's learning rate as a multiple of the encoder's. */
  headFactor: number;
  /** Each encoder layer's rate as a multiple of the next one's above; 1 = the same everywhere. */
  layerDecay: number;
}

/** A run's length in exactly one unit. */
export type Duration = { steps: number } | { epochs: number };

/** Everything that decides a fine-tuned model besides data, seed and fold. A table's row is a patch of this. */
export interface FinetuneConfig {
  task: 1 | 2 | 3;
  start: EncoderStart;
  /** Pre-training before fine-tuning; null = none. */
  pretrain: PretrainConfig | null;
  text: TextConfig;
  head: EsciHeadConfig;
  trigrams: TrigramConfig | null;
  loss: LossConfig;
  tricks: Tricks;
  combine: 'sum' | 'mean';
  optimiser: OptimiserConfig;
  length: Duration;
  precision: 'f32' | 'bf16';
  /** Extra rows for these classes, cut from bullets and descriptions; null = none. */
  balance: { classes: readonly string[]; weight: number } | null;
  /** Keep the weights of the best of several evaluations on the evaluation part (as the release does); null = the last. */
  select: { every: Duration } | null;
  /** Confident learning on the training part; absent = none. */
  clean?: CleanConfig;
  /** Compute each encoder layer again in the backward pass instead of keeping its inner results: less memory, a third more work; absent = no. */
  recompute?: true;
  /** Keep Adam's moments in the machine's own memory instead of the card's, and change them there; absent = no. */
  momentsOnHost?: true;
  /** Keep EMA's shadow in the machine's own memory instead of the card's; absent = no. */
  emaOnHost?: true;
}

/**
 * What happens to rows that confident learning doubts: `prune` the worst of all rows (the paper), `balanced` no class above its share, `weights` keep all and
 * weight them by label quality, `oracle` remove exactly the flipped rows of generated data.
 */
export const CLEAN_METHODS = ['prune', 'balanced', 'weights', 'oracle'] as const;

export interface CleanConfig {
  method: (typeof CLEAN_METHODS)[number];
  /** Share of all training rows to remove; the paper's 0.04. `weights` and `oracle` do not read it. */
  fraction: number;
  filterBy: FilterBy;
  rankBy: RankBy;
  /** Parts of the training rows, by query: as many out-of-fold models are trained. */
  folds: number;
  /** The out-of-fold models: four classes, without cleaning. */
  model: FinetuneConfig;
}

/** The generated data of a scale, or a file of real data, whole or one split of it. */
export type DataSource = { generated: WorldName; options?: Partial<GeneratorOptions> } | { path: string; split?: Split };

export const SCALES = ['smoke', 'demo', 'small', 'minilm', 'base', 'paper'] as const;
export type ScaleName = (typeof SCALES)[number];

/** A scale: the base configuration every table starts from, its default data, seeds and folds. */
export interface Scale {
  name: ScaleName;
  /** The encoder in words. */
  encoder: string;
  /** The encoder, its data and what a table of it takes. */
  describes: string;
  base: FinetuneConfig;
  pretrain: PretrainConfig;
  /** What the tables of fine-tuned models start from, where a user changed it; absent: the scale's usual (`tablePretraining`). */
  tablePretrain?: PretrainConfig | null;
  data: DataSource;
  seeds: number;
  folds: number;
  /** The folds that are run by default, of `folds`. */
  runFolds: readonly number[];
  /** Strategy settings fit for this scale's number of steps. */
  tricks: { [K in keyof Tricks]-?: NonNullable<Tricks[K]> };
}

/** Settings common to all scales: the paper's where it names them. */
export const COMMON = {
  head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout: 0.1 },
  loss: LOSS_DEFAULTS,
  tricks: NO_TRICKS,
} as const satisfies Partial<FinetuneConfig>;
