import { z } from 'zod';
import type { GradedConfig, GradedEncoder, JudgedSource, Ranker, TuneConfig } from '../graded/config';
import { above, choice, list, name, orNull, settings, tagged, whole, within } from './fields';
import { finetuneSchema, start } from './finetune';
import { fields, precision, pretrainSchema, product2query } from './pretrain';

const encoder = settings<GradedEncoder>({
  start,
  pretrain: orNull(pretrainSchema),
  text: choice<NonNullable<GradedEncoder['text']>>({ judged: true, catalogue: true }).optional(),
});

const tune = settings<TuneConfig>({
  pairs: choice<TuneConfig['pairs']>({ judged: true, pseudo: true, folds: true }),
  loss: choice<TuneConfig['loss']>({ 'in-batch': true, pointwise: true }),
  learningRates: list(above(0)),
  shares: list(within(0, 1)),
  steps: whole(1),
  batch: whole(1),
  temperature: above(0),
  precision,
  from: whole(0, 3).optional(),
  cut: product2query.optional(),
});

type By<K extends Ranker['by']> = Extract<Ranker, { by: K }>;
const members: z.ZodType<Ranker[]> = z.lazy(() => list(ranker));

const ranker: z.ZodType<Ranker> = tagged<Ranker>('by', {
  random: settings<By<'random'>>({ by: z.literal('random') }),
  bm25: settings<By<'bm25'>>({ by: z.literal('bm25') }),
  cosine: settings<By<'cosine'>>({ by: z.literal('cosine'), encoder, tune: tune.optional() }),
  'cross-encoder': settings<By<'cross-encoder'>>({
    by: z.literal('cross-encoder'),
    model: finetuneSchema,
    on: choice<By<'cross-encoder'>['on']>({ judged: true, folds: true }),
  }),
  mean: settings<By<'mean'>>({
    by: z.literal('mean'),
    of: choice<By<'mean'>['of']>({ ranks: true, 'z-scores': true }),
    members,
  }),
  weighted: settings<By<'weighted'>>({ by: z.literal('weighted'), rounds: whole(1), members }),
  head: settings<By<'head'>>({ by: z.literal('head'), c: above(0), members }),
});

/** What a ranker of a data set with human grades may be. */
export const gradedSchema = settings<GradedConfig>({
  ranker,
  fields,
  maxLength: whole(1),
  folds: whole(2),
  judged: settings<JudgedSource>({ name, sha256: name }),
});
