import type { EncoderConfig } from '../encoder/config';
import { WORDS } from '../encoder/parameters';
import { crossEntropy } from '../ops/cross-entropy';
import { dense } from '../ops/dense';
import { embedding } from '../ops/embedding';
import { gelu } from '../ops/gelu';
import { layerNorm } from '../ops/layer-norm';
import type { Params, ParamSpecs } from '../ops/params';
import { ensure } from '../runtime/errors';
import type { Tensor } from '../runtime/tensorflow';

/**
 * The weights of the masked-language-model head under Hugging Face's XLM-R names. Its decoder matrix is the word-embedding table itself.
 */
export function mlmParams(config: EncoderConfig, std = 0.02): ParamSpecs {
  const { hidden, vocabulary } = config;
  return {
    'heads.mlm.dense.weight': { shape: [hidden, hidden], init: { normal: std } },
    'heads.mlm.dense.bias': { shape: [hidden], init: { constant: 0 } },
    'heads.mlm.layer_norm.weight': { shape: [hidden], init: { constant: 1 } },
    'heads.mlm.layer_norm.bias': { shape: [hidden], init: { constant: 0 } },
    'heads.mlm.bias': { shape: [vocabulary], init: { constant: 0 } },
  };
}

/**
 * Scores of every word of the vocabulary: dense → GELU → LayerNorm → word-embedding tableᵀ + bias.
 * hidden [B, T, H] and positions int32 [M], each b·T + t → [M, V]. Without positions: all, [B·T, V].
 * Only the masked positions need scores, and with a large vocabulary the scores are most of a step's work, so pass them.
 * Reference: transformers' XLMRobertaLMHead and BertLMPredictionHead.
 */
export function mlmLogits(params: Params, config: EncoderConfig, hidden: Tensor, positions?: Tensor): Tensor {
  const rows = hidden.reshape([-1, config.hidden]); // [B·T, H]
  const picked = positions ? embedding(rows, positions) : rows; // [M, H]
  const wide = gelu(dense(picked, params['heads.mlm.dense.weight'], params['heads.mlm.dense.bias']));
  const unit = layerNorm(wide, params['heads.mlm.layer_norm.weight'], params['heads.mlm.layer_norm.bias'], config.epsilon);
  return dense(unit, params[WORDS], params['heads.mlm.bias']); // [M, V]
}

/** Mean cross-entropy over the masked positions: `positions` and `labels` int32 [M], label −100 for a slot that is not used → scalar. */
export function mlmLoss(params: Params, config: EncoderConfig, hidden: Tensor, positions: Tensor, labels: Tensor): Tensor {
  return crossEntropy(mlmLogits(params, config, hidden, positions), labels);
}

export interface MaskedPositions {
  /** Where the masked tokens lie, b·T + t. */
  positions: Int32Array;
  /** The token that was there; −100 for a slot that is not used. */
  labels: Int32Array;
}

/**
 * The masked positions of a batch of MLM labels (row by row, −100 where nothing is asked), on the host.
 * A recorded step needs one shape, so with `capacity` the lists are filled up with unused slots (position 0, label −100).
 * @throws where there are more masked positions than `capacity`.
 */
export function maskedPositions(labels: ArrayLike<number>, capacity?: number): MaskedPositions {
  const where: number[] = [];
  for (let i = 0; i < labels.length; i++) if (labels[i] !== -100) where.push(i);
  const slots = capacity ?? where.length;
  ensure(where.length <= slots, `a batch has ${where.length} masked positions, more than the ${slots} that were declared`);
  const result = { positions: new Int32Array(slots), labels: new Int32Array(slots).fill(-100) };
  where.forEach((at, i) => {
    result.positions[i] = at;
    result.labels[i] = labels[at];
  });
  return result;
}
