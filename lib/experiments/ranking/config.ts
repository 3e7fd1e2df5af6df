import type { PretrainConfig } from '../../pretrain/config';
import type { ClickModelOptions, SimulationOptions } from '../../ranking';
import type { NetworkConfig } from '../../ranking/multitask';
import type { Signal } from '../../ranking/types';
import type { ProductField } from '../../text';
import { applySettings } from '../patch';
import type { Duration, EncoderStart, OptimiserConfig, TextConfig } from '../config';

/** The engagement that is simulated on judged lists: what is trained on and what is measured on. */
export interface EngagementConfig {
  /** Impressions of the training queries, and of the test queries. */
  train: number;
  test: number;
  /** What differs from the click model's and the simulator's defaults. */
  click: Partial<ClickModelOptions>;
  simulation: Partial<Omit<SimulationOptions, 'impressions' | 'splits'>>;
  /** Lists shorter than this are filled with products of other queries (grade 0). */
  fillTo: number;
  /** Share of the queries that measure, where the data have no split of their own. */
  testShare: number;
}

/** The multi-task network: encoder, what is above it, how it is trained. */
export interface NetworkRanker {
  by: 'network';
  start: EncoderStart;
  /** Domain adaptation: pre-training on the catalogue's text; null = the encoder as it starts (general, or from scratch). */
  pretrain: PretrainConfig | null;
  text: TextConfig;
  network: NetworkConfig;
  /** False: only what is above the encoder is trained. */
  trainEncoder: boolean;
  optimiser: OptimiserConfig & {
    /** The position tower's learning rate as a multiple of the head's: a few numbers that every impression moves. */
    positionFactor: number;
  };
  /** Impressions of a pair that are read at once. */
  impressions: number;
  length: Duration;
  precision: 'f32' | 'bf16';
}

/** A bi-encoder (DSSM-like): the same encoder for query and product, their cosine, fine-tuned on clicks with position taken out. */
export interface BiEncoderRanker extends Pick<NetworkRanker, 'start' | 'pretrain' | 'text' | 'precision'> {
  by: 'bi-encoder';
  /** What the adaptation's own heads read of the encoder: the same for a network that is to share it. */
  pooling: 'cls' | 'mean';
  steps: number;
  batch: number;
  learningRate: number;
}

export type RankerConfig =
  | NetworkRanker
  | { by: 'bm25'; fields: readonly ProductField[] }
  /** A logistic regression a signal on BM25, the product's numbers and the position (`scoreByLinear`). */
  | { by: 'linear'; fields: readonly ProductField[]; features: NetworkConfig['features'] }
  | { by: 'knrm'; fields: readonly ProductField[]; steps: number }
  | BiEncoderRanker
  /** Each signal is ranked by a network of its own; true relevance by that of clicks. */
  | { by: 'each'; members: Readonly<Record<Signal, NetworkRanker>> };

/** Everything that decides a ranking run besides data and seed. */
export interface RankingConfig {
  engagement: EngagementConfig;
  ranker: RankerConfig;
}

/** The runs whose records a configuration reads. */
export function membersOfRanker({ engagement, ranker }: RankingConfig): RankingConfig[] {
  return ranker.by === 'each' ? Object.values(ranker.members).map((member) => ({ engagement, ranker: member })) : [];
}

/** A configuration with room for texts of so many tokens, and `a.b=value` settings laid over it; those of `ranker.` only where a network ranks. */
export function withRoom(config: RankingConfig, maxLength: number, settings: readonly string[] = []): RankingConfig {
  const roomy = <R extends { text: TextConfig }>(ranker: R): R => ({
    ...ranker,
    text: { ...ranker.text, maxLength: Math.max(ranker.text.maxLength, maxLength) },
  });
  const over = (ranker: NetworkRanker): RankingConfig =>
    applySettings({ engagement: config.engagement, ranker: roomy(ranker) }, settings);
  const { ranker } = config;
  if (ranker.by === 'network') return over(ranker);
  const { engagement } = applySettings({ engagement: config.engagement }, settings.filter((setting) => !setting.startsWith('ranker.'))); // prettier-ignore
  if (ranker.by !== 'each') return { engagement, ranker: ranker.by === 'bi-encoder' ? roomy(ranker) : ranker };
  const { click, cart, purchase } = ranker.members;
  const of = (member: NetworkRanker): NetworkRanker => over(member).ranker as NetworkRanker;
  return { engagement, ranker: { by: 'each', members: { click: of(click), cart: of(cart), purchase: of(purchase) } } };
}
