import { ensure } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import type { RunHooks } from '../experiment';
import { pretrain, withPretrained } from '../pretrain-run';
import type { RunRecord } from '../record';
import { startingEncoder, type StartingEncoder } from '../start';
import type { NetworkRanker } from './config';
import { catalogueOf, type RankingWorld } from './data';

/** A ranker's encoder before training, and what its domain adaptation left for the record. */
export interface RankerEncoder {
  start: StartingEncoder;
  metrics: Record<string, number>;
  checks: RunRecord['checks'];
}

/**
 * The encoder of a ranker, adapted to the catalogue where it says so. The adaptation is a pre-training run of its own, found where it was made before: one serves every row
 * of a table that names it.
 */
export async function rankerEncoder(
  config: Pick<NetworkRanker, 'start' | 'pretrain' | 'text'>,
  pooling: 'cls' | 'mean',
  world: Pick<RankingWorld, 'data' | 'catalogue'>,
  seed: number,
  hooks: RunHooks,
): Promise<RankerEncoder> {
  const dataset = catalogueOf(world);
  const queries = world.data.queries.filter(({ split }) => split !== 'test');
  const longest = Math.max(config.text.maxLength, config.pretrain?.maxLength ?? 0);
  const start = await startingEncoder(config.start, dataset, queries, longest, Key.from('start').fold(seed));
  if (!config.pretrain) return { start, metrics: {}, checks: [] };
  ensure(config.pretrain.corpus === 'all', 'domain adaptation reads the whole catalogue: pretrain.corpus must be all');
  hooks.onStage?.('pre-train');
  const data = { name: dataset.name, sha256: dataset.sha256 };
  const run = {
    start: config.start,
    config: config.pretrain,
    pooling: pooling === 'mean' ? 'mean' : 'first',
    seed,
    data,
  } as const;
  const done = await pretrain(run, start, dataset, [], hooks);
  const { mlmLoss } = done.metrics;
  return { start: withPretrained(start, done), metrics: Number.isFinite(mlmLoss) ? { mlmLoss } : {}, checks: done.checks };
}
