import type { EncoderConfig } from '../encoder/config';
import { dense } from '../ops/dense';
import { dropout } from '../ops/dropout';
import type { Params, ParamSpecs } from '../ops/params';
import { firstToken, meanPool } from '../ops/pooling';
import type { TensorKey } from '../ops/tensor-key';
import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';

/** How a text becomes one vector: its first token's, or the mean over its tokens. */
export type Pooling = 'first' | 'mean';

export interface ClassificationOptions {
  /** The head's name: its weights are `heads.<name>.…`. Default `classification`. */
  name?: string;
  pooling?: Pooling;
  /** Dropout before the dense layer and before the output. Default: the encoder's. */
  dropout?: number;
}

/** The weights of a classification head with `classes` outputs. */
export function classificationParams(
  config: EncoderConfig,
  classes: number,
  { name = 'classification', std = 0.02 } = {},
): ParamSpecs {
  ensure(Number.isInteger(classes) && classes >= 1, `a classification head needs at least 1 class, got ${classes}`);
  const { hidden } = config;
  return {
    [`heads.${name}.dense.weight`]: { shape: [hidden, hidden], init: { normal: std } },
    [`heads.${name}.dense.bias`]: { shape: [hidden], init: { constant: 0 } },
    [`heads.${name}.out_proj.weight`]: { shape: [classes, hidden], init: { normal: std } },
    [`heads.${name}.out_proj.bias`]: { shape: [classes], init: { constant: 0 } },
  };
}

/**
 * Class scores of each text: pool → dropout → dense → tanh → dropout → output.
 * hidden [B, T, H], attentionMask int32 [B, T] → [B, K]. With `pooling: 'first'` this is transformers' XLMRobertaClassificationHead;
 * BERT's pooler followed by its classifier is the same function without the first dropout.
 */
export function classificationLogits(
  params: Params,
  config: EncoderConfig,
  hidden: Tensor,
  attentionMask: Tensor,
  { name = 'classification', pooling = 'first', dropout: rate = config.dropout }: ClassificationOptions = {},
  dropoutKey?: TensorKey | null,
): Tensor {
  const weight = (part: string) => params[`heads.${name}.${part}`];
  const pooled = pooling === 'first' ? firstToken(hidden) : meanPool(hidden, attentionMask); // [B, H]
  const inner = dense(dropout(pooled, rate, dropoutKey?.fold(name, 'pooled')), weight('dense.weight'), weight('dense.bias'));
  const feature = dropout(tf.tanh(inner), rate, dropoutKey?.fold(name, 'feature')); // [B, H]
  return dense(feature, weight('out_proj.weight'), weight('out_proj.bias')); // [B, K]
}
