import type { Key } from '../runtime/key';
import { tf } from '../runtime/tensorflow';

/**
 * The two directions in which rows vary most, as coordinates: principal components by power iteration on the covariance. rows [N, H] → [N, 2] and the
 * share of all variance that each explains. The sign of a component is chosen so that its largest weight is positive.
 */
export function principalPlane(
  rows: Float32Array,
  hidden: number,
  key: Key,
): { points: [number, number][]; explained: [number, number] } {
  const { covariance, centred, total } = tf.tidy(() => {
    const x = tf.tensor2d(rows, [rows.length / hidden, hidden]);
    const c: tf.Tensor2D = tf.sub(x, tf.mean(x, 0, true));
    const product = tf.div(tf.matMul(c, c, true), rows.length / hidden);
    return {
      covariance: product.dataSync(),
      centred: c.dataSync(),
      total: tf.sum(tf.square(c)).dataSync()[0] / (rows.length / hidden),
    };
  });
  const random = key.random();
  const found: Float64Array[] = [];
  const explained: number[] = [];
  for (let k = 0; k < 2; k++) {
    let v = unit(Float64Array.from({ length: hidden }, () => random.normal()));
    let value = 0;
    for (let i = 0; i < 300; i++) {
      const w = new Float64Array(hidden);
      for (let a = 0; a < hidden; a++) for (let b = 0; b < hidden; b++) w[a] += covariance[a * hidden + b] * v[b];
      for (const u of found) subtract(w, u, dot(w, u));
      value = Math.hypot(...w);
      const next = unit(w);
      const moved = Math.hypot(...next.map((x, a) => x - v[a]));
      v = next;
      if (moved < 1e-7) break;
    }
    const most = v.reduce((best, x, a) => (Math.abs(x) > Math.abs(v[best]) ? a : best), 0);
    found.push(v[most] < 0 ? v.map((x) => -x) : v);
    explained.push(total > 0 ? value / total : 0);
  }
  const points = Array.from({ length: rows.length / hidden }, (_, i): [number, number] => {
    const row = centred.subarray(i * hidden, (i + 1) * hidden);
    return [dot(row, found[0]), dot(row, found[1])];
  });
  return { points, explained: [explained[0], explained[1]] };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
const unit = (v: Float64Array): Float64Array => {
  const length = Math.hypot(...v) || 1;
  return v.map((x) => x / length);
};
const subtract = (a: Float64Array, b: Float64Array, factor: number): void => b.forEach((x, i) => (a[i] -= factor * x));
