import type { ProductField } from '../text';

/** The four pre-training tasks of Figure 1. */
export const TASKS = ['mlm', 'product2query', 'product2brand', 'contrastive'] as const;
export type PretrainTask = (typeof TASKS)[number];

/** A catalogue by name (below data/raw) or path, and the SHA-256 of its file: part of a run's identity, checked when it is read. */
export interface CatalogueSource {
  name: string;
  sha256: string;
}

export interface MlmConfig {
  weight: number;
  /** Share of tokens to predict; of those `mask` become <mask>, `random` a random token, the rest stay. */
  share: number;
  mask: number;
  random: number;
  fields: readonly ProductField[];
  /** Most tokens of a text; the pre-training's own limit when absent. */
  maxLength?: number;
}

export interface Product2QueryConfig {
  weight: number;
  /** Spans are counted in characters (the paper) or in words (an encoder whose sub-words a cut word would break). */
  unit: 'characters' | 'words';
  /** Mean of the truncated Poisson by locale: the paper has 4, 4 and 8, the released code 8 for all. */
  mu: { us: number; es: number; jp: number };
  minimum: { us: number; es: number; jp: number };
  /** Longest span when there is one, and each when there are two. */
  longestOne: number;
  longestTwo: number;
  twoSpans: number;
  /** Share of rows in which the span is deleted from the product text. */
  deleted: number;
  fields: readonly ProductField[];
  loss: 'poly1' | 'ce';
  /** A length below the minimum is drawn again (a truncated Poisson, the default), or is the minimum: max(minimum, Poisson(μ)). */
  belowMinimum?: 'again' | 'minimum';
  /** Fields that stand behind the text that is cut, and are never cut themselves. */
  context?: readonly ProductField[];
  /** Share of pseudo-queries that name the brand too. */
  brandShare?: number;
  /** Most tokens of a pseudo-query. */
  queryLength?: number;
}

export interface Product2BrandConfig {
  weight: number;
  /** Also predict the colour: the loss is then ½(brand + colour). */
  color: boolean;
  dimension: number;
}

export interface ContrastiveConfig {
  weight: number;
  /** Cosines are multiplied by this (1 / temperature). */
  scale: number;
  /** Negatives kept in the MoCo queue as a multiple of the batch; 0 = in-batch negatives only. */
  queue: number;
  momentum: number;
  /** Dropout of these passes where the encoder's own is 0: with none, both views are the same and nothing is learned. */
  dropout: number;
}

/**
 * Pre-training to convergence in place of a fixed number of updates: at the full rate until no task's held-out loss falls any more, then straight down to a rate
 * of 0. The held-out products that settle when to stop are those whose figures are printed.
 */
export interface PlateauRule {
  /** Updates between two measurements of the held-out losses. */
  every: number;
  /** A task learns while its lowest loss of the last `patience` measurements is more than the share `gain` below its lowest before. */
  patience: number;
  gain: number;
  /** Updates in which the rate falls to 0 once nothing is learned. */
  cooldown: number;
  /** Most updates in all; the least is `steps` + `cooldown`. */
  most: number;
}

/** Everything that decides a pre-trained encoder besides its start, data and seed. */
export interface PretrainConfig {
  mlm: MlmConfig | null;
  product2query: Product2QueryConfig | null;
  product2brand: Product2BrandConfig | null;
  contrastive: ContrastiveConfig | null;
  /** Algorithm 1: every step draws a mini-batch of each task and sums the losses; or one task a step in turn (the released code). */
  mixture: 'sum' | 'round-robin';
  /** Text of all products, as the paper did, or only of the training part's. */
  corpus: 'all' | 'train';
  /** Further catalogues whose text is read too. */
  extra?: readonly CatalogueSource[];
  maxLength: number;
  steps: number;
  /** Go on after `steps` updates until nothing is learned any more; absent: exactly `steps`. */
  until?: PlateauRule;
  batch: number;
  learningRate: number;
  warmup: number;
  decay: 'linear' | 'cosine' | 'constant';
  headFactor: number;
  weightDecay: number;
  clip: number;
  precision: 'f32' | 'bf16';
  /** Compute each encoder layer again in the backward pass instead of keeping its inner results: less memory, a third more work; absent = no. */
  recompute?: true;
  /** Keep Adam's moments in the machine's own memory instead of the card's, and change them there; absent = no. */
  momentsOnHost?: true;
}
