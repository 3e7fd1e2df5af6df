/**
 * The ranking network, from (query, product text) to the probabilities of click, cart and purchase: encoder → one vector → experts (`multitask/experts`)
 * → towers, which the product's numbers join (`multitask/towers`) → probabilities along the funnel, with position (`multitask/probability`).
 */
import { encode, encoderParams, type EncoderConfig } from '../encoder';
import { dropout } from '../ops/dropout';
import type { Params, ParamSpecs } from '../ops/params';
import { firstToken, meanPool } from '../ops/pooling';
import type { TensorKey } from '../ops/tensor-key';
import type { Tensor } from '../runtime/tensorflow';
import type { NetworkConfig, NetworkSizes } from './multitask/config';
import { expertParams, mixExperts } from './multitask/experts';
import { weightingParams } from './multitask/loss';
import { positionParams } from './multitask/probability';
import { towerLogits, towerParams } from './multitask/towers';

/** What the network reads of B pairs. */
export interface RankingBatch {
  inputIds: Tensor; // int32 [B, T]
  attentionMask: Tensor; // int32 [B, T]
  tokenTypeIds?: Tensor; // int32 [B, T]
  features?: Tensor; // float32 [B, F]
}

export interface RankingForward {
  /** One tower's logit a task, [B, 1] each. */
  logits: Tensor[];
  /** Each task's gate, [B, E]; none where nothing is mixed. */
  gates: Tensor[];
}

/** The weights between the encoder and the probabilities. */
export function rankingHeadParams(config: NetworkConfig, sizes: NetworkSizes): ParamSpecs {
  return {
    ...expertParams(config, sizes.hidden),
    ...towerParams(config, sizes),
    ...positionParams(config, sizes),
    ...weightingParams(config),
  };
}

/** All weights of the network. */
export const rankingParams = (encoder: EncoderConfig, config: NetworkConfig, sizes: NetworkSizes): ParamSpecs => ({
  ...encoderParams(encoder),
  ...rankingHeadParams(config, sizes),
});

/** Logits of B pairs; without a key there is no dropout. */
export function rankingForward(
  params: Params,
  encoder: EncoderConfig,
  config: NetworkConfig,
  batch: RankingBatch,
  key: TensorKey | null,
): RankingForward {
  const { inputIds, attentionMask, tokenTypeIds } = batch;
  const hidden = encode(
    params,
    encoder,
    { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}) },
    { dropoutKey: key?.fold('encoder'), tokens: config.pooling === 'cls' ? 'first' : 'all' },
  );
  const pooled = config.pooling === 'cls' ? firstToken(hidden) : meanPool(hidden, attentionMask); // [B, H]
  const { vectors, gates } = mixExperts(params, config, dropout(pooled, config.dropout, key?.fold('pooled')));
  return { logits: towerLogits(params, config, vectors, batch.features), gates };
}
