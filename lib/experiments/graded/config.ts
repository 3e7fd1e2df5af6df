import type { PretrainConfig, Product2QueryConfig } from '../../pretrain/config';
import type { ProductField } from '../../text';
import type { EncoderStart, FinetuneConfig } from '../config';

/** A judged data set by name (below data/raw) or path, and the SHA-256 of its content: part of a run's identity, checked when it is read. */
export interface JudgedSource {
  name: string;
  sha256: string;
}

/** An encoder whose vectors are compared: pre-trained weights, pre-trained further on the judged data set's catalogue or on the graded catalogue alone. */
export interface GradedEncoder {
  start: EncoderStart;
  pretrain: PretrainConfig | null;
  /** Whose text: the judged (ESCI) data set's as in the other tables (with `pretrain.extra`), or only the graded catalogue's. Absent without pre-training. */
  text?: 'judged' | 'catalogue';
}

/** A bi-encoder's fine-tuning. Where there are several rates or shares, the best on the training folds is taken, for each fold by itself. */
export interface TuneConfig {
  /**
   * `judged`: the judged data set's rows labelled E; `pseudo`: pseudo-queries cut from the catalogue's titles and the products they were cut from;
   * `folds`: the graded rows of the training folds' queries.
   */
  pairs: 'judged' | 'pseudo' | 'folds';
  /** `in-batch`: positive pairs against the batch's other products; `pointwise`: every row's grade / 3 as what the cosine predicts (with `folds` alone). */
  loss: 'in-batch' | 'pointwise';
  learningRates: readonly number[];
  /** Shares of the tuned weights, the rest being those it started from (WiSE-FT); 1 = the tuned encoder. */
  shares: readonly number[];
  steps: number;
  batch: number;
  temperature: number;
  precision: 'f32' | 'bf16';
  /** With `folds` and `in-batch`: the lowest grade of a positive. */
  from?: number;
  /** With `pseudo`: how they are cut. */
  cut?: Product2QueryConfig;
}

/** What puts products in order. All scores lie in [0, 1]. */
export type Ranker =
  /** No order at all: every score equal, which the metric averages over all orders. */
  | { by: 'random' }
  | { by: 'bm25' }
  /** The cosine of unit vectors; `tune` fine-tunes the encoder first. */
  | { by: 'cosine'; encoder: GradedEncoder; tune?: TuneConfig }
  /** Σ_c p_c·gain_c of a cross-encoder's four classes: trained on all judged rows (E, S, C, I and their gains), or on the training folds (grades 3, 2, 1, 0). */
  | { by: 'cross-encoder'; model: FinetuneConfig; on: 'judged' | 'folds' }
  /** The mean of members' ranks or z-scores within the query, with equal weights. */
  | { by: 'mean'; of: 'ranks' | 'z-scores'; members: readonly Ranker[] }
  /** The mean of members' z-scores within the query with weights chosen on the training folds (greedy selection by the metric). */
  | { by: 'weighted'; rounds: number; members: readonly Ranker[] }
  /** Expected grade of a logistic regression over members' scores and z-scores and the lexical features, fitted on the training folds. */
  | { by: 'head'; c: number; members: readonly Ranker[] };

/** A ranker measured on a graded data set; folds are by query, and no query is ranked by what was fitted to its grades. */
export interface GradedConfig {
  ranker: Ranker;
  /** The product's text. */
  fields: readonly ProductField[];
  /** Texts are cut to so many tokens. */
  maxLength: number;
  folds: number;
  /** The ESCI rows that some rankers and encoders are trained on. */
  judged: JudgedSource;
}

/** The members whose records a ranker reads. */
export const membersOf = (ranker: Ranker): readonly Ranker[] => ('members' in ranker ? ranker.members : []);
