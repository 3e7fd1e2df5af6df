import { z } from 'zod';
import { CLICK_MODEL } from '../../ranking/click-model';
import { FEATURES, POSITIONS, SHARINGS, TRANSFERS, type NetworkConfig } from '../../ranking/multitask/config';
import { SIMULATION } from '../../ranking/simulate';
import { SIGNALS, type Signal } from '../../ranking/types';
import type { BiEncoderRanker, EngagementConfig, NetworkRanker, RankerConfig, RankingConfig } from '../ranking/config';
import { above, atLeast, belowOne, choice, finite, flag, fraction, list, orNull, settings, tagged, whole } from './fields';
import { duration, optimiserShape, pooling, start, text } from './finetune';
import { fields, precision, pretrainSchema } from './pretrain';

/** Some of a group of numbers by name; the simulator itself refuses what is out of range, before anything is trained. */
const someOf = <T extends object>(names: readonly string[]): z.ZodType<T> =>
  settings<Record<string, number | undefined>>(
    Object.fromEntries(names.map((key) => [key, finite.optional()])),
  ) as unknown as z.ZodType<T>;

const engagement = settings<EngagementConfig>({
  train: whole(1),
  test: whole(1),
  click: someOf<EngagementConfig['click']>(Object.keys(CLICK_MODEL)),
  simulation: someOf<EngagementConfig['simulation']>(Object.keys(SIMULATION).filter((key) => key !== 'splits')),
  fillTo: whole(0),
  testShare: fraction,
});

const bySignal = <T>(schema: z.ZodType<T>): z.ZodType<Record<Signal, T>> =>
  settings<Record<Signal, T>>({ click: schema, cart: schema, purchase: schema });

const network = settings<NetworkConfig>({
  tasks: list(choice(SIGNALS)),
  sharing: choice(SHARINGS),
  experts: whole(1, 4096),
  taskExperts: whole(1, 4096),
  layers: whole(1, 4096),
  expertWidth: whole(1, 4096),
  towerWidth: whole(1, 4096),
  transfer: choice(TRANSFERS),
  calibrator: atLeast(0),
  position: choice(POSITIONS),
  features: list(choice(FEATURES), 0),
  pooling,
  dropout: belowOne,
  weighting: choice<NetworkConfig['weighting']>({ fixed: true, uncertainty: true }),
  taskWeights: bySignal(atLeast(0)),
});

const networkRanker = settings<NetworkRanker>({
  by: z.literal('network'),
  start,
  pretrain: orNull(pretrainSchema),
  text,
  network,
  trainEncoder: flag,
  optimiser: settings<NetworkRanker['optimiser']>({ ...optimiserShape, positionFactor: above(0) }),
  impressions: whole(1),
  length: duration,
  precision,
});

/** What a ranker learned from engagement may be. */
export const rankingSchema = settings<RankingConfig>({
  engagement,
  ranker: tagged<RankerConfig>('by', {
    network: networkRanker,
    bm25: settings<Extract<RankerConfig, { by: 'bm25' }>>({ by: z.literal('bm25'), fields }),
    linear: settings<Extract<RankerConfig, { by: 'linear' }>>({
      by: z.literal('linear'),
      fields,
      features: list(choice(FEATURES), 0),
    }),
    knrm: settings<Extract<RankerConfig, { by: 'knrm' }>>({ by: z.literal('knrm'), fields, steps: whole(1) }),
    'bi-encoder': settings<BiEncoderRanker>({
      by: z.literal('bi-encoder'),
      start,
      pretrain: orNull(pretrainSchema),
      text,
      precision,
      pooling,
      steps: whole(1),
      batch: whole(1),
      learningRate: above(0),
    }),
    each: settings<Extract<RankerConfig, { by: 'each' }>>({ by: z.literal('each'), members: bySignal(networkRanker) }),
  }),
});
