import { dense } from '../ops/dense';
import { dropout } from '../ops/dropout';
import { embedding } from '../ops/embedding';
import { firstToken, meanPool } from '../ops/pooling';
import { divNoNan, maximum, notEqualInt, reshape, sum, toFloat } from '../ops/raw';
import type { Params, ParamSpecs } from '../ops/params';
import type { TensorKey } from '../ops/tensor-key';
import { tf, type Tensor } from '../runtime/tensorflow';

/** The fine-tuning head of Figure 2; every part can be left out. Sizes are embedding widths, 0 = left out. */
export interface EsciHeadConfig {
  /** How tokens become one vector: the first token's (the paper), or the mean (sentence encoders). */
  pooling: 'cls' | 'mean';
  brand: number;
  color: number;
  country: number;
  /** Width of each character tri-gram bag. */
  trigrams: number;
  dropout: number;
}

/** Sizes that the data decides. */
export interface EsciHeadSizes {
  hidden: number;
  brands: number;
  colors: number;
  trigramVocabulary: number;
  outputs: number;
}

/** The head's inputs besides the encoder's hidden states. */
export interface EsciHeadBatch {
  attentionMask: Tensor; // int32 [B, T]
  brand?: Tensor; // int32 [B], 0 = unknown
  color?: Tensor; // int32 [B], 0 = unknown
  country?: Tensor; // int32 [B]
  trigrams?: Tensor; // int32 [B, groups, capacity], 0 = none
}

/** What the head computed on the way: the pooled encoder vector, the feature before the output projection, the logits. */
export interface EsciHeadOutput {
  pooled: Tensor; // [B, H]
  feature: Tensor; // [B, H]
  logits: Tensor; // [B, K]
}

const COUNTRIES = 3;
export const TRIGRAM_GROUPS = 3;
const normal = (...shape: number[]) => ({ shape, init: { normal: 0.02 } }) as const;
const zeros = (...shape: number[]) => ({ shape, init: { constant: 0 } }) as const;

/** The head's weights. */
export function esciHeadParams(config: EsciHeadConfig, sizes: EsciHeadSizes): ParamSpecs {
  const { hidden } = sizes;
  const width = hidden + config.brand + config.color + config.country + TRIGRAM_GROUPS * config.trigrams;
  return {
    ...(config.brand ? { 'heads.esci.brand.weight': normal(sizes.brands, config.brand) } : {}),
    ...(config.color ? { 'heads.esci.color.weight': normal(sizes.colors, config.color) } : {}),
    ...(config.country ? { 'heads.esci.country.weight': normal(COUNTRIES, config.country) } : {}),
    ...(config.trigrams ? { 'heads.esci.trigrams.weight': normal(sizes.trigramVocabulary, config.trigrams) } : {}),
    'heads.esci.dense.weight': { shape: [hidden, width], init: { normal: 1 / Math.sqrt(width) } },
    'heads.esci.dense.bias': zeros(hidden),
    'heads.esci.out_proj.weight': { shape: [sizes.outputs, hidden], init: { normal: 1 / Math.sqrt(hidden) } },
    'heads.esci.out_proj.bias': zeros(sizes.outputs),
  };
}

/**
 * The head of the paper's Figure 2: [pooled ‖ brand ‖ colour ‖ country ‖ tri-gram bags] → dropout → dense → tanh → dropout → logits.
 * hidden [B, T, H] → logits [B, K]. Without a key there is no dropout. Source: paper §3.3; the released code's RobertaWithSampleWeight_Bag.
 */
export function esciHead(
  params: Params,
  hidden: Tensor,
  batch: EsciHeadBatch,
  config: EsciHeadConfig,
  key: TensorKey | null,
): EsciHeadOutput {
  const pooled = config.pooling === 'cls' ? firstToken(hidden) : meanPool(hidden, batch.attentionMask); // [B, H]
  const parts = [pooled];
  if (config.brand) parts.push(embedding(params['heads.esci.brand.weight'], batch.brand!));
  if (config.color) parts.push(embedding(params['heads.esci.color.weight'], batch.color!));
  if (config.country) parts.push(embedding(params['heads.esci.country.weight'], batch.country!));
  if (config.trigrams) parts.push(bags(params['heads.esci.trigrams.weight'], batch.trigrams!));
  const joined = parts.length > 1 ? tf.concat(parts, 1) : pooled; // [B, H + …]
  const inner = dense(
    dropout(joined, config.dropout, key?.fold('joined')),
    params['heads.esci.dense.weight'],
    params['heads.esci.dense.bias'],
  );
  const feature = tf.tanh(inner); // [B, H]
  return { pooled, feature, logits: outputProjection(params, dropout(feature, config.dropout, key?.fold('feature'))) };
}

/** The last layer alone: [B, H] → [B, K]. Embedding mixup sends a mixed vector through it. */
export function outputProjection(params: Params, feature: Tensor): Tensor {
  return dense(feature, params['heads.esci.out_proj.weight'], params['heads.esci.out_proj.bias']);
}

/** The mean of each bag's gram vectors: table [V, W], ids [B, G, C] with 0 for no gram → [B, G·W]; an empty bag gives 0. */
function bags(table: Tensor, ids: Tensor): Tensor {
  const [batch, groups, capacity] = ids.shape;
  const mask = reshape(toFloat(notEqualInt(ids, 0)), [batch * groups, 1, capacity]);
  const share = divNoNan(mask, maximum(sum(mask, [2], true), 1)); // [B·G, 1, C]
  const vectors = tf.reshape<tf.Rank.R3>(embedding(table, ids), [batch * groups, capacity, -1]); // [B·G, C, W]
  return tf.reshape(tf.matMul(share as tf.Tensor3D, vectors), [batch, -1]);
}
