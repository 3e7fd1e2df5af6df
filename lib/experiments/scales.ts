import { EMA_MODES } from '../finetune/ema';
import { MLM_FIELDS, PAPER_FIELDS } from '../text';
import { oneOf } from '../runtime/errors';
import type { CatalogueSource, PretrainConfig } from '../pretrain/config';
import { COMMON, SCALES, type FinetuneConfig, type Scale, type ScaleName } from './config';

/** The paper's pre-training (§4), all four tasks; scales change its length, widths and rate. */
const PAPER_PRETRAIN: PretrainConfig = {
  mlm: { weight: 1, share: 0.15, mask: 0.8, random: 0.1, fields: MLM_FIELDS },
  product2query: {
    weight: 2,
    unit: 'characters',
    mu: { us: 4, es: 4, jp: 8 },
    minimum: { us: 8, es: 8, jp: 4 },
    longestOne: 20,
    longestTwo: 12,
    twoSpans: 0.5,
    deleted: 0.5,
    fields: ['title', 'brand', 'color'],
    loss: 'poly1',
  },
  product2brand: { weight: 1, color: false, dimension: 128 },
  contrastive: { weight: 1, scale: 33, queue: 2.5, momentum: 0.999, dropout: 0.1 },
  mixture: 'sum',
  corpus: 'all',
  maxLength: 256,
  steps: 50_000,
  batch: 128,
  learningRate: 2e-5,
  warmup: 0.1,
  decay: 'linear',
  headFactor: 1,
  weightDecay: 0.01,
  clip: 1,
  precision: 'f32',
};

/** The paper's fine-tuning (§5) on its encoder. */
const PAPER_FINETUNE: FinetuneConfig = {
  task: 2,
  start: { from: 'weights', name: 'microsoft/infoxlm-large', dropout: 0.1, attentionDropout: 0.1 },
  pretrain: null,
  text: { fields: PAPER_FIELDS, maxLength: 256, queryLength: 64, buckets: 6 },
  ...COMMON,
  head: { pooling: 'cls', brand: 128, color: 128, country: 8, trigrams: 64, dropout: 0.1 },
  trigrams: { groups: 'paper', keepLast: true, vocabulary: 732_507, capacity: 256, init: 'word2vec', frozen: false },
  combine: 'sum',
  optimiser: {
    learningRate: 1e-5,
    warmup: 0.1,
    decay: 'linear',
    batch: 32,
    accumulation: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    clip: 1,
    headFactor: 1,
    layerDecay: 1,
  },
  length: { epochs: 2 },
  precision: 'bf16',
  balance: null,
  select: null,
};

/**
 * The same on one card: at 128 × 256 tokens the inner results of two tasks' passes through 24 layers take more than any card has, so layers are computed again, and
 * matrix products are in bfloat16 as in fine-tuning (`reproduce --dry-run` shows the memory).
 */
const CARD_PRETRAIN: PretrainConfig = { ...PAPER_PRETRAIN, precision: 'bf16', recompute: true };

/** A small encoder from scratch on generated data; the values are those measured to learn within seconds (ARCHITECTURE.md, "Calibration"). */
function scratch(sizes: {
  layers: number;
  hidden: number;
  heads: number;
  vocabulary: number;
  maxLength: number;
  steps: number;
  learningRate?: number;
  upper?: number;
}): FinetuneConfig {
  const { layers, hidden, heads, vocabulary, maxLength, steps, learningRate = 7e-4, upper } = sizes;
  return {
    ...PAPER_FINETUNE,
    start: {
      from: 'scratch',
      layers,
      hidden,
      heads,
      ffn: 4 * hidden,
      vocabulary,
      dropout: 0,
      attentionDropout: 0,
      matching: true,
      ...(upper === undefined ? {} : { upper }),
    },
    text: { fields: ['title', 'brand', 'color'], maxLength, queryLength: 16, buckets: 3 },
    head: { pooling: 'cls', brand: 16, color: 16, country: 4, trigrams: 0, dropout: 0.1 },
    trigrams: null,
    optimiser: { ...PAPER_FINETUNE.optimiser, learningRate, beta2: 0.98, epsilon: 1e-6 },
    length: { steps },
    precision: 'f32',
  };
}

/**
 * Pseudo-queries in whole words: a word cut in the middle falls into other sub-words than the whole one, and a small encoder then finds nothing to match
 * (ARCHITECTURE.md, "Calibration").
 */
const WORD_SPANS = {
  unit: 'words',
  mu: { us: 2, es: 2, jp: 2 },
  minimum: { us: 1, es: 1, jp: 1 },
  longestOne: 6,
  longestTwo: 3,
} as const;

const scratchPretrain = (steps: number, maxLength: number, learningRate = 1e-3): PretrainConfig => ({
  ...PAPER_PRETRAIN,
  product2query: { ...PAPER_PRETRAIN.product2query!, ...WORD_SPANS },
  product2brand: { ...PAPER_PRETRAIN.product2brand!, dimension: 32 },
  mlm: { ...PAPER_PRETRAIN.mlm!, fields: ['title', 'brand', 'color'] },
  contrastive: { ...PAPER_PRETRAIN.contrastive!, momentum: 0.99 },
  maxLength,
  steps,
  batch: 32,
  learningRate,
});

/** Settings that suit a few hundred steps; `as-published` values stay rows of the tables. */
const SHORT_TRICKS: Scale['tricks'] = {
  ema: EMA_MODES.textbook,
  fgm: { epsilon: 0.3, scale: 'absolute', gradient: 'fresh' },
  rdrop: { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
  mixup: { alpha: 0.2, site: 'feature' },
};

const PAPER_TRICKS: Scale['tricks'] = {
  ema: EMA_MODES['as-published'],
  fgm: { epsilon: 1, scale: 'absolute', gradient: 'fresh' },
  rdrop: { alpha: 0.5, pair: 'fgm', reduction: 'mean', halved: false },
  mixup: { alpha: 0.2, site: 'pooled' },
};

/** 19,406 electronics and office products, the text of a shop beside the judged rows' own. */
const CHORUS: CatalogueSource = {
  name: 'chorus-electronics',
  sha256: 'ddc1b98ce552c49abad39c4489f41cd7f943d0f0bb67356b49729c545726c4bb',
};

const MINILM_PRETRAIN: PretrainConfig = {
  ...PAPER_PRETRAIN,
  mlm: { ...PAPER_PRETRAIN.mlm!, fields: ['title', 'brand', 'bullets'], maxLength: 48 },
  product2query: {
    ...PAPER_PRETRAIN.product2query!,
    ...WORD_SPANS,
    longestOne: 8,
    longestTwo: 8,
    belowMinimum: 'minimum',
    fields: ['title'],
    context: ['brand'],
    brandShare: 0.15,
    queryLength: 24,
  },
  extra: [CHORUS],
  maxLength: 64,
  steps: 300,
  batch: 32,
  learningRate: 1e-4,
  headFactor: 5,
  precision: 'bf16',
};

const described = (encoder: string, rest: string): Pick<Scale, 'encoder' | 'describes'> => ({
  encoder,
  describes: encoder + rest,
});

/** Every scale by name. */
export const scales: Readonly<Record<ScaleName, Scale>> = {
  smoke: {
    name: 'smoke',
    ...described('a 1-layer encoder', ' on a few hundred generated rows: shows that everything runs, not what is true'),
    base: scratch({ layers: 1, hidden: 32, heads: 2, vocabulary: 400, maxLength: 32, steps: 24 }),
    pretrain: scratchPretrain(16, 32),
    data: { generated: 'smoke' },
    seeds: 2,
    folds: 5,
    runFolds: [0],
    tricks: SHORT_TRICKS,
  },
  demo: {
    name: 'demo',
    ...described('a 2-layer, 128-wide encoder from scratch', ' on generated data with known truth; minutes on two cores'),
    base: scratch({ layers: 2, hidden: 128, heads: 4, vocabulary: 1500, maxLength: 32, steps: 300 }),
    pretrain: scratchPretrain(350, 32),
    data: { generated: 'demo' },
    seeds: 3,
    folds: 5,
    runFolds: [0],
    tricks: SHORT_TRICKS,
  },
  small: {
    name: 'small',
    ...described('a 4-layer, 256-wide encoder from scratch', ' on generated data; hours on two cores'),
    base: scratch({
      layers: 4,
      hidden: 256,
      heads: 4,
      vocabulary: 4000,
      maxLength: 40,
      steps: 1200,
      learningRate: 3e-4,
      upper: 0.3,
    }),
    pretrain: scratchPretrain(1200, 40, 5e-4),
    data: { generated: 'small' },
    seeds: 5,
    folds: 5,
    runFolds: [0],
    tricks: SHORT_TRICKS,
  },
  minilm: {
    name: 'minilm',
    ...described('all-MiniLM-L6-v2, a real pre-trained encoder', ', on real English rows; 1 to 4 hours a table on two cores'),
    base: {
      ...PAPER_FINETUNE,
      start: { from: 'weights', name: 'all-minilm-l6-v2', dropout: 0.1, attentionDropout: 0 },
      text: { fields: ['title', 'brand'], maxLength: 64, queryLength: 24, buckets: 4 },
      head: { ...COMMON.head, pooling: 'mean' },
      trigrams: null,
      optimiser: { ...PAPER_FINETUNE.optimiser, learningRate: 1e-4, headFactor: 5 },
      loss: { ...COMMON.loss, kind: 'ce' },
      length: { epochs: 2 },
      precision: 'bf16',
    },
    pretrain: MINILM_PRETRAIN,
    data: { path: 'esci-sample' },
    seeds: 3,
    folds: 5,
    runFolds: [0, 1, 2, 3, 4],
    tricks: SHORT_TRICKS,
  },
  base: {
    name: 'base',
    ...described('XLM-R-base', ' on the ESCI release; one GPU'),
    base: { ...PAPER_FINETUNE, start: { from: 'weights', name: 'xlm-roberta-base', dropout: 0.1, attentionDropout: 0.1 } },
    pretrain: CARD_PRETRAIN,
    data: { path: 'esci' },
    seeds: 3,
    folds: 5,
    runFolds: [0],
    tricks: PAPER_TRICKS,
  },
  paper: {
    name: 'paper',
    ...described('InfoXLM-large', ' on the ESCI release, the configuration of the paper; one large GPU'),
    base: PAPER_FINETUNE,
    pretrain: CARD_PRETRAIN,
    data: { path: 'esci' },
    seeds: 3,
    folds: 5,
    runFolds: [0],
    tricks: PAPER_TRICKS,
  },
};

/** A scale by the name a user typed. */
export const scaleNamed = (name: string): Scale => scales[oneOf('--scale', name, SCALES)];
