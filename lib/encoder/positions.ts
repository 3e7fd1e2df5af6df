import { kernel, FLOAT, INT } from '../ops/kernel';
import { add, mul, notEqualInt, toFloat, toInt } from '../ops/raw';
import { tf, type Tensor } from '../runtime/tensorflow';
import type { EncoderConfig } from './config';

/**
 * The row of the position table of each token, int32.
 * BERT: 0, 1, …, T−1 for every text, [1, T]. XLM-R: padId + 1, padId + 2, … over the tokens that are not padding, and padId at padding, [B, T]:
 * position = padId + cumsum(id ≠ padId)·(id ≠ padId), so padding may stand on either side.
 * Reference: transformers' `create_position_ids_from_input_ids`, which looks at the ids, not at the attention mask.
 */
export function positionIds(config: EncoderConfig, inputIds: Tensor): Tensor {
  if (config.type === 'bert') return tf.range(0, (inputIds.shape as number[])[1], 1, 'int32').reshape([1, -1]);
  const real = toFloat(notEqualInt(inputIds, config.padId)); // whole numbers: exact in float32, and on every device
  const counted = kernel('Cumsum', [real, tf.scalar(1, 'int32')], {
    T: FLOAT,
    Tidx: INT,
    exclusive: { bool: false },
    reverse: { bool: false },
  });
  return toInt(add(mul(counted, real), config.padId));
}
