import { z } from 'zod';
import { FILTER_BY, RANK_BY } from '../../confident';
import { LABELS } from '../../data/types';
import { ADVERSARIES, type AdversaryConfig } from '../../finetune/adversary';
import type { EmaConfig } from '../../finetune/ema';
import { LOSSES, type LossConfig } from '../../finetune/losses';
import type { MixupConfig } from '../../finetune/mixup';
import type { RDropConfig } from '../../finetune/rdrop';
import type { Tricks } from '../../finetune/step';
import type { EsciHeadConfig } from '../../heads/esci';
import { DECAYS } from '../../train/schedule';
import {
  CLEAN_METHODS,
  type CleanConfig,
  type Duration,
  type EncoderStart,
  type FinetuneConfig,
  type OptimiserConfig,
  type TextConfig,
  type TrigramConfig,
} from '../config';
import {
  above,
  atLeast,
  belowOne,
  choice,
  flag,
  keyed,
  list,
  name,
  onlyTrue,
  orNull,
  settings,
  tagged,
  whole,
  within,
} from './fields';
import { fields, precision, pretrainSchema } from './pretrain';

export const start = tagged<EncoderStart>('from', {
  scratch: settings<Extract<EncoderStart, { from: 'scratch' }>>({
    from: z.literal('scratch'),
    layers: whole(1),
    hidden: whole(1),
    heads: whole(1),
    ffn: whole(1),
    vocabulary: whole(1),
    dropout: belowOne,
    attentionDropout: belowOne,
    matching: flag,
    upper: above(0).optional(),
  }),
  weights: settings<Extract<EncoderStart, { from: 'weights' }>>({
    from: z.literal('weights'),
    name,
    sha256: name.optional(),
    dropout: belowOne,
    attentionDropout: belowOne,
  }),
});

export const text = settings<TextConfig>({ fields, maxLength: whole(1), queryLength: whole(1), buckets: whole(1) });
export const pooling = choice<EsciHeadConfig['pooling']>({ cls: true, mean: true });

const head = settings<EsciHeadConfig>({
  pooling,
  brand: whole(0),
  color: whole(0),
  country: whole(0),
  trigrams: whole(0),
  dropout: belowOne,
});

const trigrams = settings<TrigramConfig>({
  groups: choice<TrigramConfig['groups']>({ paper: true, code: true }),
  keepLast: flag,
  vocabulary: whole(1),
  capacity: whole(1),
  init: choice<TrigramConfig['init']>({ random: true, word2vec: true }),
  frozen: flag,
  word2vec: settings<NonNullable<TrigramConfig['word2vec']>>({
    window: whole(1),
    negatives: whole(1),
    epochs: whole(1),
    sample: within(0, 1),
  }).optional(),
});

const loss = settings<LossConfig>({
  kind: choice(LOSSES),
  epsilon: atLeast(-1),
  gamma: atLeast(0),
  bins: whole(1, 1000),
  smoothing: within(0, 0.999),
});

const fgm = settings<AdversaryConfig>({
  kind: choice(ADVERSARIES).optional(),
  epsilon: atLeast(0),
  scale: choice<AdversaryConfig['scale']>({ absolute: true, 'row-norm': true }),
  gradient: choice<AdversaryConfig['gradient']>({ fresh: true, accumulated: true }),
  scope: choice<NonNullable<AdversaryConfig['scope']>>({ matrix: true, example: true }).optional(),
  steps: whole(1).optional(),
  stepSize: above(0).optional(),
});

const rdrop = settings<RDropConfig>({
  alpha: atLeast(0),
  pair: choice<RDropConfig['pair']>({ dropout: true, fgm: true }),
  reduction: choice<RDropConfig['reduction']>({ mean: true, sum: true }),
  halved: flag,
});

const mixup = settings<MixupConfig>({
  alpha: above(0),
  site: choice<MixupConfig['site']>({ pooled: true, feature: true }),
  clean: z.literal(false, { error: 'false, or absent' }).optional(),
});

const tricks = settings<Tricks>({
  ema: orNull(settings<EmaConfig>({ decay: within(0, 0.999999), warmup: flag })),
  fgm: orNull(fgm),
  rdrop: orNull(rdrop),
  mixup: orNull(mixup),
});

/** The members of an optimiser's settings; the ranker's has one more. */
export const optimiserShape: { readonly [K in keyof OptimiserConfig]-?: z.ZodType<OptimiserConfig[K]> } = {
  learningRate: above(0),
  warmup: within(0, 1),
  decay: choice(DECAYS),
  batch: whole(1),
  accumulation: whole(1),
  beta1: belowOne,
  beta2: belowOne,
  epsilon: above(0),
  weightDecay: atLeast(0),
  clip: atLeast(0),
  headFactor: above(0),
  layerDecay: above(0),
};

export const duration = keyed<Duration>({
  steps: settings<{ steps: number }>({ steps: whole(1) }),
  epochs: settings<{ epochs: number }>({ epochs: above(0) }),
});

const clean: z.ZodType<CleanConfig> = settings<CleanConfig>({
  method: choice(CLEAN_METHODS),
  fraction: belowOne,
  filterBy: choice(FILTER_BY),
  rankBy: choice(RANK_BY),
  folds: whole(2),
  model: z.lazy(() => finetuneSchema),
});

/** What a fine-tuning may be. */
export const finetuneSchema: z.ZodType<FinetuneConfig> = settings<FinetuneConfig>({
  task: z.literal([1, 2, 3], { error: 'one of 1, 2, 3' }),
  start,
  pretrain: orNull(pretrainSchema),
  text,
  head,
  trigrams: orNull(trigrams),
  loss,
  tricks,
  combine: choice<FinetuneConfig['combine']>({ sum: true, mean: true }),
  optimiser: settings<OptimiserConfig>(optimiserShape),
  length: duration,
  precision,
  balance: orNull(settings<NonNullable<FinetuneConfig['balance']>>({ classes: list(choice(LABELS)), weight: above(0) })),
  select: orNull(settings<NonNullable<FinetuneConfig['select']>>({ every: duration })),
  clean: clean.optional(),
  recompute: onlyTrue.optional(),
  momentsOnHost: onlyTrue.optional(),
  emaOnHost: onlyTrue.optional(),
});
