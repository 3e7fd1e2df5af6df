/**
 * The encoder: XLM-RoBERTa (Conneau et al. 2020; InfoXLM has the same architecture) and BERT (Devlin et al. 2019), as Hugging Face computes them.
 * Read from top to bottom: `encode` is embeddings, then layers; a layer is attention and a feed-forward network, each added to its input and
 * normalised (post-LayerNorm). Weights are an argument, so a training trick can run the same function on changed ones.
 */
import { attention, paddingBias } from '../ops/attention';
import { dense } from '../ops/dense';
import { dropout } from '../ops/dropout';
import { embedding } from '../ops/embedding';
import { gelu } from '../ops/gelu';
import { layerNorm } from '../ops/layer-norm';
import type { Params } from '../ops/params';
import { recomputed } from '../ops/recomputed';
import type { TensorKey } from '../ops/tensor-key';
import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { longestText, type EncoderConfig } from './config';
import { positionIds } from './positions';

/** A batch of token ids, all int32 [B, T]. */
export interface EncoderInput {
  inputIds: Tensor;
  /** 1 for a token, 0 for padding. */
  attentionMask: Tensor;
  /** The segment of each token; all 0 where it is left out. */
  tokenTypeIds?: Tensor;
  /** Added to the word vectors, [B, T, H]: what an adversary moves that perturbs each text by itself. */
  wordShift?: Tensor;
}

export interface EncodeOptions {
  /** Turns dropout on. Two keys give two independent passes, one key the same pass again. */
  dropoutKey?: TensorKey | null;
  /**
   * Which vectors are wanted. `first`: only those of the first token, [B, 1, H]: the last layer is then computed for it alone, which spares
   * three quarters of that layer's work and gives the same numbers (dropout draws other masks). Default `all`.
   */
  tokens?: 'all' | 'first';
  /** Keep only each layer's input for the backward pass and compute the layer again there: same gradients, a third more work, far less memory. */
  recompute?: boolean;
}

/**
 * Contextual vectors of a batch of texts: [B, T] → [B, T, H], or [B, 1, H] of the first tokens. Vectors at padding are defined but mean nothing.
 * Dropout acts only with a `dropoutKey`. The batch is not checked for ids outside the vocabulary: that would need its values.
 */
export function encode(
  params: Params,
  config: EncoderConfig,
  batch: EncoderInput,
  { dropoutKey, tokens = 'all', recompute = false }: EncodeOptions = {},
): Tensor {
  checkInput(config, batch);
  const bias = paddingBias(batch.attentionMask); // [B, 1, 1, T]
  let x = embed(params, config, batch, dropoutKey?.fold('embeddings')); // [B, T, H]
  for (let l = 0; l < config.layers; l++) {
    const wanted = tokens === 'first' && l === config.layers - 1 ? 1 : undefined;
    const key = dropoutKey?.fold('layer', l);
    if (recompute) {
      const inputs = { ...weightsOf(params, l), [STATES]: x };
      x = recomputed(inputs, bias, key, ({ [STATES]: from, ...weights }, mask, drops) =>
        layer(weights, config, l, from, mask, drops, wanted),
      );
    } else x = layer(params, config, l, x, bias, key, wanted);
  }
  return x;
}

/** The name of a layer's input among its weights. */
const STATES = 'states';

/** The weights of one layer. */
const weightsOf = (params: Params, l: number): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => name.startsWith(`encoder.layer.${l}.`)));

/** Word + position + segment vectors, normalised. */
function embed(params: Params, config: EncoderConfig, batch: EncoderInput, key?: TensorKey): Tensor {
  const table = (name: string, ids: Tensor, paddingId?: number) =>
    embedding(params[`embeddings.${name}_embeddings.weight`], ids, paddingId);
  const own = table('word', batch.inputIds, config.padId); // [B, T, H]
  const words = batch.wordShift ? tf.add(own, batch.wordShift) : own;
  // BERT's positions are the same for every text, [1, T]; XLM-R's table has a padding row like the words'.
  const places = table('position', positionIds(config, batch.inputIds), config.type === 'bert' ? undefined : config.padId);
  const segments = table('token_type', batch.tokenTypeIds ?? tf.zeros([1, 1], 'int32'));
  const x = tf.add(tf.add(words, segments), places);
  return dropout(norm(params, 'embeddings.LayerNorm', config, x), config.dropout, key);
}

/** One transformer layer, [B, T, H] → [B, T, H], or [B, wanted, H] for the first `wanted` tokens, which still attend to all. */
function layer(
  params: Params,
  config: EncoderConfig,
  l: number,
  x: Tensor,
  bias: Tensor,
  key?: TensorKey,
  wanted?: number,
): Tensor {
  const name = `encoder.layer.${l}`;
  const sublayer = (of: string, from: Tensor, to: Tensor): Tensor => {
    const out = dense(from, params[`${name}.${of}.dense.weight`], params[`${name}.${of}.dense.bias`]);
    return norm(params, `${name}.${of}.LayerNorm`, config, tf.add(dropout(out, config.dropout, key?.fold(of)), to));
  };
  const projections = projectQueriesKeysValues(params, config, `${name}.attention.self`, x); // [B, T, 3H]
  const options = { heads: config.heads, bias, queries: wanted, rate: config.attentionDropout, key: key?.fold('weights') };
  const asking = wanted ? tf.slice(x, [0, 0, 0], [x.shape[0], wanted, config.hidden]) : x;
  const attended = sublayer('attention.output', attention(projections, options), asking); // [B, T, H]
  const wide = gelu(dense(attended, params[`${name}.intermediate.dense.weight`], params[`${name}.intermediate.dense.bias`])); // [B, T, F]
  return sublayer('output', wide, attended);
}

/** Queries (scaled by 1/√D), keys and values in one matrix product: the three weights are joined first, which costs H² next to B·T·H². */
function projectQueriesKeysValues(params: Params, config: EncoderConfig, name: string, x: Tensor): Tensor {
  const scale = 1 / Math.sqrt(config.hidden / config.heads);
  const joined = (part: 'weight' | 'bias') => {
    const [q, k, v] = ['query', 'key', 'value'].map((p) => params[`${name}.${p}.${part}`]);
    return tf.concat([tf.mul(q, scale), k, v]); // [3H, H] or [3H]
  };
  return dense(x, joined('weight'), joined('bias'));
}

function norm(params: Params, name: string, config: EncoderConfig, x: Tensor): Tensor {
  return layerNorm(x, params[`${name}.weight`], params[`${name}.bias`], config.epsilon);
}

function checkInput(config: EncoderConfig, { inputIds, attentionMask, tokenTypeIds }: EncoderInput): void {
  ensure(inputIds.rank === 2, `inputIds must be [B, T], got [${inputIds.shape.join(', ')}]`);
  const [batch, tokens] = inputIds.shape as [number, number];
  for (const [name, x] of Object.entries({ inputIds, attentionMask, tokenTypeIds })) {
    const same = !x || (x.rank === 2 && x.shape[0] === batch && x.shape[1] === tokens && x.dtype === 'int32');
    ensure(same, `${name} must be int32 [${batch}, ${tokens}], got ${x?.dtype} [${x?.shape.join(', ')}]`);
  }
  const limit = longestText(config);
  ensure(tokens <= limit, `a text may have ${limit} tokens with this encoder, got ${tokens}`);
}
