import assert from 'node:assert/strict';
import type { Model } from '../../finetune/step';
import { tensorsOf } from '../../heads/parity/golden';
import type { Params } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { CAPACITY, feedsAt, network, plain, ROWS, TOKENS } from './fixture';

export const values = (t: Tensor): number[] => [...t.dataSync()];

export const close = (got: ArrayLike<number>, expected: ArrayLike<number>, bound: number, what = ''): void =>
  Array.from(expected).forEach((e, i) => assert.ok(Math.abs(got[i] - e) <= bound, `${what}[${i}]: ${got[i]}, expected ${e}`));

/** The fixture's batch as tensors. */
export function batchAt(t: number): Record<string, Tensor> {
  const shapes: Record<string, number[]> = {
    inputIds: [ROWS, TOKENS],
    attentionMask: [ROWS, TOKENS],
    trigrams: [ROWS, 3, CAPACITY],
    seed: [2],
  };
  return Object.fromEntries(
    Object.entries(feedsAt(t)).map(([name, v]) => [
      name,
      tf.tensor(v as Int32Array, shapes[name] ?? [ROWS], name === 'weights' ? 'float32' : 'int32'),
    ]),
  );
}

/** The fixture's network with its first weights as tensors. */
export function paramsOf(dropout = 0): { model: Model; params: Params } {
  const { specs, model, weights } = network(plain, dropout);
  return { model, params: tensorsOf(weights, Object.fromEntries(Object.entries(specs).map(([n, { shape }]) => [n, shape]))) };
}
