import assert from 'node:assert/strict';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { Key } from '../../runtime/key';
import { backend, tf, type Tensor } from '../../runtime/tensorflow';

/** A tensor of standard normal numbers, the same in each run. */
export function normal(name: string, shape: number[], scale = 1): Tensor {
  const random = Key.from(name).random();
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => scale * random.normal()),
    shape,
  );
}

/**
 * Compares every component (or one in `stride`) of the gradient of Σ c·f(x), with fixed random c, with central differences (f(x+h) − f(x−h))/2h.
 * Float32 forward passes and h = 0.01 leave about 1e-3 of the scale, the bound.
 */
export function checkGradients(f: (params: Params) => Tensor, params: Params, bound = 2e-3, stride = 1, h = 1e-2): void {
  tf.tidy(() => {
    const shape = tf.tidy(() => f(params).shape);
    const weights = normal('weights', shape);
    const loss = (p: Params): Tensor => tf.sum(tf.mul(f(p), weights));
    const { gradients } = valueAndGradients(loss, params);
    for (const [name, tensor] of Object.entries(params)) {
      const start = tensor.dataSync() as Float32Array;
      const got = gradients[name].dataSync();
      const at = (i: number, step: number): number =>
        tf.tidy(() => {
          const moved = start.slice();
          moved[i] += step;
          const y = f({ ...params, [name]: tf.tensor(moved, tensor.shape) }).dataSync();
          const c = weights.dataSync();
          let sum = 0; // in float64: the sum itself must not lose digits
          for (let k = 0; k < y.length; k++) sum += y[k] * c[k];
          return sum;
        });
      const scale = Math.max(1, ...got.map(Math.abs));
      for (let i = 0; i < start.length; i += stride) {
        const expected = (at(i, h) - at(i, -h)) / (2 * h);
        const error = Math.abs(got[i] - expected) / scale;
        assert.ok(error < bound, `${name}[${i}]: gradient ${got[i]}, finite difference ${expected}`);
      }
    }
  });
}

/** Fails unless `body` leaves as many tensors behind as there were, here and in the addon. */
export function noLeak(body: () => void): void {
  const count = (): number[] => [tf.memory().numTensors, backend().binding.getNumOfTensors()];
  body(); // the first run may upload what stays
  const before = count();
  body();
  assert.deepEqual(count(), before, 'tensors live after and before');
}
