// Oracle: points made in a known plane of a larger space, where the two directions and their shares of the variance are known.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Key } from '../../runtime/key';
import { principalPlane } from '../../train/plane';

test('points that lie in a plane are found there: distances are kept, shares are those of the two axes', () => {
  const hidden = 7;
  const [a, b] = [[1, 0, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, -1, 0]].map((v) => v.map((x) => x / Math.SQRT2)); // prettier-ignore
  const random = Key.from('plane').random();
  const own = Array.from({ length: 211 }, () => [3 * random.normal(), random.normal()] as const);
  const rows = Float32Array.from(own.flatMap(([u, v]) => a.map((x, i) => 5 + u * x + v * b[i]))); // the mean does not matter
  const { points, explained } = principalPlane(rows, hidden, Key.from('start'));
  const distance = (p: readonly number[], q: readonly number[]): number => Math.hypot(p[0] - q[0], p[1] - q[1]);
  for (let i = 1; i < own.length; i++) assert.ok(Math.abs(distance(points[i], points[0]) - distance(own[i], own[0])) < 1e-3);
  assert.ok(Math.abs(explained[0] + explained[1] - 1) < 1e-4);
  assert.ok(explained[0] > 0.8 && explained[0] < 0.97); // 9 of 10, drawn 211 times
  const mean = points.reduce((s, p) => s + p[0], 0) / points.length;
  assert.ok(Math.abs(mean) < 1e-3);
});
