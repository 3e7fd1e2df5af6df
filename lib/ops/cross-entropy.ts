import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { divNoNan, maximum, mul, notEqualInt, reshape, select, sparseSoftmaxCrossEntropy, sum, toFloat } from './raw';

export interface CrossEntropyOptions {
  /** A label that marks a row as not counted. Default −100, as PyTorch. */
  ignoreIndex?: number;
  /** A factor for each row, float32 [N]. Default 1. */
  rowWeights?: Tensor;
}

/**
 * Softmax cross-entropy with integer labels, averaged: L = Σᵢ wᵢ·(logsumexp(zᵢ) − zᵢ[yᵢ]) / n over the n rows that are not ignored.
 * logits [N, K], labels int32 [N] (0..K−1 or `ignoreIndex`) → scalar. A row's weight scales its loss but not the divisor n: a row of weight ½ pulls half as hard.
 * No counted row gives 0 (PyTorch: NaN). Gradient: wᵢ·(softmax(zᵢ) − onehot(yᵢ))/n.
 * Reference: torch.nn.functional.cross_entropy(ignore_index=…), whose `weight` is per class and does change the divisor.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { ignoreIndex = -100, rowWeights }: CrossEntropyOptions = {},
): Tensor {
  const rows = logits.shape[0];
  check(logits, labels);
  ensure(
    !rowWeights || rowWeights.size === rows,
    `crossEntropy: rowWeights must be [${rows}], got [${rowWeights?.shape.join(', ')}]`,
  );
  return differentiable([logits], (logits) => {
    const isCounted = notEqualInt(labels, ignoreIndex);
    const counted = toFloat(isCounted); // [N]
    const divisor = maximum(sum(counted, [0]), 1);
    const [losses, slope] = sparseSoftmaxCrossEntropy(logits, select(isCounted, labels, tf.scalar(0, 'int32'))); // [N], [N, K]
    const share = divNoNan(rowWeights ? mul(counted, rowWeights) : counted, divisor); // [N]
    return {
      value: sum(mul(losses, share), [0]),
      saved: [slope, share],
      gradient: (dy, [slope, share]) => [mul(slope, reshape(mul(share, dy), [rows, 1]))],
    };
  });
}

/**
 * Softmax cross-entropy of each row, not averaged: Lᵢ = logsumexp(zᵢ) − zᵢ[yᵢ], and 0 where the label is `ignoreIndex`.
 * logits [N, K], labels int32 [N] → [N].
 */
export function crossEntropyRows(logits: Tensor, labels: Tensor, ignoreIndex = -100): Tensor {
  check(logits, labels);
  return differentiable([logits], (logits) => {
    const isCounted = notEqualInt(labels, ignoreIndex);
    const counted = toFloat(isCounted); // [N]
    const [losses, slope] = sparseSoftmaxCrossEntropy(logits, select(isCounted, labels, tf.scalar(0, 'int32')));
    return {
      value: mul(losses, counted),
      saved: [slope, counted],
      gradient: (dy, [slope, counted]) => [mul(slope, reshape(mul(counted, dy), [-1, 1]))],
    };
  });
}

function check(logits: Tensor, labels: Tensor): void {
  ensure(logits.rank === 2, `crossEntropy: logits must be [N, K], got [${logits.shape.join(', ')}]`);
  const rows = logits.shape[0];
  ensure(
    labels.dtype === 'int32' && labels.rank === 1 && labels.shape[0] === rows,
    `crossEntropy: labels must be int32 [${rows}], got ${labels.dtype} [${labels.shape.join(', ')}]`,
  );
}
