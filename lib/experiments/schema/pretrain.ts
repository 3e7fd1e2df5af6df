import { z } from 'zod';
import type {
  CatalogueSource,
  ContrastiveConfig,
  MlmConfig,
  PlateauRule,
  PretrainConfig,
  Product2BrandConfig,
  Product2QueryConfig,
} from '../../pretrain/config';
import { PRODUCT_FIELDS } from '../../text';
import { DECAYS } from '../../train/schedule';
import {
  above,
  atLeast,
  belowOne,
  choice,
  flag,
  fraction,
  list,
  name,
  onlyTrue,
  orNull,
  settings,
  whole,
  within,
} from './fields';

export const fields = list(choice(PRODUCT_FIELDS));
export const precision = choice<PretrainConfig['precision']>({ f32: true, bf16: true });

const ofLocales = (number: z.ZodType<number>): z.ZodType<Product2QueryConfig['mu']> =>
  settings<Product2QueryConfig['mu']>({ us: number, es: number, jp: number });

const mlm = settings<MlmConfig>({
  weight: atLeast(0),
  share: within(0, 1),
  mask: within(0, 1),
  random: within(0, 1),
  fields,
  maxLength: whole(1).optional(),
});

export const product2query = settings<Product2QueryConfig>({
  weight: atLeast(0),
  unit: choice<Product2QueryConfig['unit']>({ characters: true, words: true }),
  mu: ofLocales(above(0)),
  minimum: ofLocales(whole(1)),
  longestOne: whole(1),
  longestTwo: whole(1),
  twoSpans: within(0, 1),
  deleted: within(0, 1),
  fields,
  loss: choice<Product2QueryConfig['loss']>({ poly1: true, ce: true }),
  belowMinimum: choice<NonNullable<Product2QueryConfig['belowMinimum']>>({ again: true, minimum: true }).optional(),
  context: list(choice(PRODUCT_FIELDS), 0).optional(),
  brandShare: within(0, 1).optional(),
  queryLength: whole(1).optional(),
});

const product2brand = settings<Product2BrandConfig>({ weight: atLeast(0), color: flag, dimension: whole(1) });

const contrastive = settings<ContrastiveConfig>({
  weight: atLeast(0),
  scale: above(0),
  queue: atLeast(0),
  momentum: within(0, 1),
  dropout: belowOne,
});

const until = settings<PlateauRule>({
  every: whole(1),
  patience: whole(1),
  gain: fraction,
  cooldown: whole(1),
  most: whole(1),
});

/** What a pre-training may be. */
export const pretrainSchema = settings<PretrainConfig>({
  mlm: orNull(mlm),
  product2query: orNull(product2query),
  product2brand: orNull(product2brand),
  contrastive: orNull(contrastive),
  mixture: choice<PretrainConfig['mixture']>({ sum: true, 'round-robin': true }),
  corpus: choice<PretrainConfig['corpus']>({ all: true, train: true }),
  extra: list(settings<CatalogueSource>({ name, sha256: name }), 0).optional(),
  maxLength: whole(1),
  steps: whole(1),
  until: until.optional(),
  batch: whole(1),
  learningRate: above(0),
  warmup: within(0, 1),
  decay: choice(DECAYS),
  headFactor: above(0),
  weightDecay: atLeast(0),
  clip: atLeast(0),
  precision,
  recompute: onlyTrue.optional(),
  momentsOnHost: onlyTrue.optional(),
});
