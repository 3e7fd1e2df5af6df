import type { Label, Locale, Product } from '../data/types';

/** The engagement signals along the funnel, from the commonest to the rarest. A task's number is its place in this list. */
export const SIGNALS = ['click', 'cart', 'purchase'] as const;
export type Signal = (typeof SIGNALS)[number];

/** What a ranking is measured on: the three signals, and the true relevance (the judged grade). */
export const RANKING_TASKS = [...SIGNALS, 'relevance'] as const;
export type RankingTask = (typeof RANKING_TASKS)[number];

export const SPLITS = ['train', 'dev', 'test'] as const;
export type RankingSplit = (typeof SPLITS)[number];

/**
 * One row of an engagement log: a product that was shown for a query, and what the shopper did. The rows of one shown list share `session`, `queryId`
 * and `timestamp`. In a file the columns are query_id, query, locale, product_id, position, click, cart, purchase, session, timestamp.
 */
export interface Impression {
  queryId: number;
  query: string;
  locale: Locale;
  productId: string;
  /** Place in the shown list, from 1 at the top. */
  position: number;
  click: 0 | 1;
  /** 1 only where `click` is. */
  cart: 0 | 1;
  /** 1 only where `cart` is. */
  purchase: 0 | 1;
  session: string;
  /** When the list was shown, in whole milliseconds since 1970-01-01 UTC. */
  timestamp: number;
}

/** A query and the part of the data it belongs to; no query is in two parts. */
export interface RankingQuery {
  queryId: number;
  query: string;
  locale: Locale;
  split: RankingSplit;
  /** Share of the query's words that its relevant products' text does not use, 0 … 1; absent until `vocabularyGap` has measured it. */
  gap?: number;
}

/** A product with the features a ranker may use beside the text. */
export interface RankingProduct extends Product {
  /** In units of money, > 0. */
  price: number;
  /** Relative demand, ≥ 1, heavy-tailed. */
  popularity: number;
}

/** A (query, product) pair that is in a list: the unit that is scored and ranked. */
export interface RankingPair {
  /** Index into `RankingData.queries`. */
  query: number;
  /** Index into `RankingData.products`. */
  product: number;
  /** The judged grade scaled to 0 … 1 (ESCI: E 1, S 2/3, C 1/3, I 0; Chorus: grade / 3); NaN where nobody judged the pair, as in a real log. */
  grade: number;
  /** The judgement it came from, where that is an ESCI label. */
  label?: Label;
}

/** Lists to rank: queries, products and the pairs that are shown. Everything else (log columns, truth, scores) is aligned with `pairs`. */
export interface RankingData {
  /** How tables call it, for example `generated` or `chorus-electronics`. */
  name: string;
  /** SHA-256 of the source data and of what was derived from it. */
  sha256: string;
  queries: RankingQuery[];
  products: RankingProduct[];
  /** Sorted by query, so that the pairs of a query are one run; see `RankingData.offsets`. */
  pairs: RankingPair[];
  /** [queries + 1]: the pairs of query q are offsets[q] … offsets[q + 1] − 1. */
  offsets: Int32Array;
}

/** An engagement log as columns over its rows, with `RankingData`'s indices in place of text: what training and evaluation read. */
export interface LogColumns {
  rows: number;
  /** [rows] Index into `RankingData.pairs`. */
  pair: Int32Array;
  /** [rows] From 1. */
  position: Uint16Array;
  /** [rows] 0 or 1 each. */
  click: Uint8Array;
  cart: Uint8Array;
  purchase: Uint8Array;
  /** [rows] The running number of the shown list; the rows of a list are one run, by position. */
  list: Int32Array;
  lists: number;
}

/** The click model's parameters. P(click | examined) and the two later steps are σ(logit), and their parameters are added up in the logit. */
export interface ClickModelOptions {
  /** A shown list has at most this many products; default 20. */
  positions: number;
  /** P(examined) at the top; default 1. */
  top: number;
  /** P(examined at position k) = floor + (top − floor)·k^(−severity): 0 is no position bias, 1 the usual 1/k; default 0.8. */
  severity: number;
  /** What examination falls to, far down; default 0.02. */
  floor: number;
  /** Logit of attractiveness at grade 0, mean price and mean popularity; default −2.6. */
  attractionBias: number;
  /** Added to it in proportion to the grade (0 … 1); default 3.6. */
  attractionGrade: number;
  /** Added per standard deviation of log price within the list's query; default −0.25. */
  attractionPrice: number;
  /** Added per standard deviation of log popularity over the catalogue; default 0.35. */
  attractionPopularity: number;
  /** Standard deviation of what the pair has of its own (looks, reviews), fixed for the pair; default 0.3. */
  attractionSpread: number;
  /** The same for P(cart | click); default −2, 1.2, −0.2, 0.1. */
  cartBias: number;
  cartGrade: number;
  cartPrice: number;
  cartPopularity: number;
  /** The same for P(purchase | cart); default 1.5, −0.5, 0.1. Its bias is found so that `purchaseRate` holds. */
  purchaseGrade: number;
  purchasePrice: number;
  purchasePopularity: number;
  /** Expected purchases per impression where every query is shown equally often in random order; default 0.01. The knob of the sparsity study. */
  purchaseRate: number;
}

/** What a simulated log was drawn from. The true probabilities are those of an examined product: position is not in them. */
export interface ClickModelTruth {
  options: ClickModelOptions;
  /** [positions] P(examined) at position k is examination[k − 1]. */
  examination: Float64Array;
  /** [pairs] P(click | examined): attractiveness. */
  attractiveness: Float64Array;
  /** [pairs] P(cart | click). */
  cartGivenClick: Float64Array;
  /** [pairs] P(purchase | cart). */
  purchaseGivenCart: Float64Array;
  /** The logit bias of P(purchase | cart) that gives `purchaseRate`. */
  purchaseBias: number;
}

/** Scores of the pairs for each task, [pairs] each; larger is better. Probabilities where calibration is asked for. */
export type TaskScores = Partial<Record<RankingTask, ArrayLike<number>>>;
