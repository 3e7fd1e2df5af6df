// Oracle: central finite differences, for every op that writes its gradient by hand. Sizes are distinct primes, so a swapped axis fails.
import test from 'node:test';
import { attention, paddingBias } from '../../ops/attention';
import { crossEntropy, crossEntropyRows } from '../../ops/cross-entropy';
import { dense } from '../../ops/dense';
import { dropout } from '../../ops/dropout';
import { embedding } from '../../ops/embedding';
import { gelu } from '../../ops/gelu';
import { layerNorm } from '../../ops/layer-norm';
import { firstToken, l2Normalise, meanPool } from '../../ops/pooling';
import { TensorKey } from '../../ops/tensor-key';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { checkGradients, noLeak, normal } from './finite-differences';

const int = (values: number[], shape: number[] = [values.length]) => tf.tensor(values, shape, 'int32');

test('dense: gradients equal finite differences, with and without bias, for matrices and for batches of rows', () => {
  noLeak(() => {
    tf.tidy(() => {
      checkGradients((p) => dense(p.x, p.w, p.b), { x: normal('x', [5, 3]), w: normal('w', [7, 3]), b: normal('b', [7]) });
      checkGradients((p) => dense(p.x, p.w), { x: normal('x', [2, 5, 3]), w: normal('w', [7, 3]) });
      checkGradients((p) => dense(p.x, p.w, p.b), { x: normal('x', [5, 7]), w: normal('w', [3, 7]), b: normal('b', [3]) });
    });
  });
});

test('layerNorm: gradients equal finite differences', () => {
  noLeak(() => {
    tf.tidy(() => {
      const p = { x: normal('x', [2, 3, 7]), gamma: normal('gamma', [7]), beta: normal('beta', [7]) };
      checkGradients((p) => layerNorm(p.x, p.gamma, p.beta, 1e-5), p, 5e-3);
    });
  });
});

test('gelu: gradient equals finite differences', () => {
  noLeak(() => tf.tidy(() => checkGradients((p) => gelu(p.x), { x: normal('x', [5, 7], 2) })));
});

test('embedding: repeated ids add up; the padding row has no gradient', () => {
  noLeak(() => {
    tf.tidy(() => {
      const ids = int([4, 0, 4, 2, 0, 4], [2, 3]);
      checkGradients((p) => embedding(p.table, ids), { table: normal('table', [5, 3]) });
    });
  });
});

test('dropout: the gradient is the mask of the forward pass', () => {
  noLeak(() => {
    tf.tidy(() => {
      const key = TensorKey.of(Key.from('drop'));
      checkGradients((p) => dropout(p.x, 0.3, key), { x: normal('x', [5, 7]) });
    });
  });
});

test('attention: gradients equal finite differences, with padding, with and without dropout', () => {
  noLeak(() => {
    tf.tidy(() => {
      const bias = paddingBias(int([1, 1, 1, 1, 1, 0, 1, 1, 1, 0], [2, 5]));
      const projections = normal('projections', [2, 5, 3 * 3 * 7], 0.7);
      const key = TensorKey.of(Key.from('attention'));
      checkGradients((p) => attention(p.x, { heads: 3, bias }), { x: projections }, 2e-3, 5);
      checkGradients((p) => attention(p.x, { heads: 3, bias, queries: 2 }), { x: projections }, 2e-3, 5);
      checkGradients((p) => attention(p.x, { heads: 3, bias, rate: 0.4, key }), { x: projections }, 2e-3, 5);
    });
  });
});

test('crossEntropy: gradients equal finite differences, with ignored rows and row weights', () => {
  noLeak(() => {
    tf.tidy(() => {
      const logits = normal('logits', [5, 3]);
      const labels = int([2, -100, 0, 1, 1]);
      const rowWeights = tf.tensor1d([0.5, 3, 1, 0.25, 2]);
      checkGradients((p) => crossEntropy(p.logits, labels), { logits });
      checkGradients((p) => crossEntropy(p.logits, labels, { rowWeights }), { logits });
      checkGradients((p) => crossEntropyRows(p.logits, labels), { logits });
    });
  });
});

test('pooling and l2Normalise: gradients equal finite differences', () => {
  noLeak(() => {
    tf.tidy(() => {
      const hidden = normal('hidden', [2, 5, 3]);
      const mask = int([1, 1, 0, 0, 0, 0, 1, 1, 1, 1], [2, 5]);
      checkGradients((p) => meanPool(p.hidden, mask), { hidden });
      checkGradients((p) => firstToken(p.hidden), { hidden });
      checkGradients((p) => l2Normalise(p.x), { x: normal('x', [5, 3]) });
    });
  });
});
