import { ensure } from '../runtime/errors';
import { tf, type Tensor } from '../runtime/tensorflow';
import { differentiable } from './differentiable';
import { equalInt, gatherRows, reshape, segmentSum, select } from './raw';

/**
 * Rows of a table by index: y[...] = table[ids[...]].
 * table [V, H], ids int32 [...] in 0..V−1 → [..., H].
 * Gradient: rows that were read more than once add up. The row `paddingId`, where one is given, gets no gradient, as torch.nn.Embedding's `padding_idx`.
 */
export function embedding(table: Tensor, ids: Tensor, paddingId?: number): Tensor {
  ensure(table.rank === 2, `embedding: table must be [V, H], got [${table.shape.join(', ')}]`);
  ensure(ids.dtype === 'int32', `embedding: ids must be int32, got ${ids.dtype}`);
  const [count, width] = table.shape;
  return differentiable([table], (table) => ({
    value: gatherRows(table, ids),
    saved: [ids],
    gradient: (dy, [ids]) => {
      const rows = reshape(ids, [-1]);
      const segments = paddingId === undefined ? rows : select(equalInt(rows, paddingId), tf.scalar(-1, 'int32'), rows);
      return [segmentSum(reshape(dy, [-1, width]), segments, count)];
    },
  }));
}
