import type { NetworkConfig } from '../../ranking/multitask/config';
import type { ParamSpecs } from '../../ops/params';
import { initialise } from '../../encoder';
import { Key } from '../../runtime/key';
import { tf, type Tensor } from '../../runtime/tensorflow';

/** A small network with every part; sizes are primes, so that no two axes can be swapped unseen. */
export const NETWORK: NetworkConfig = {
  tasks: ['click', 'cart', 'purchase'],
  sharing: 'mmoe',
  experts: 3,
  taskExperts: 2,
  layers: 2,
  expertWidth: 5,
  towerWidth: 7,
  transfer: 'none',
  calibrator: 0.6,
  position: 'additive',
  features: ['price', 'popularity'],
  pooling: 'cls',
  dropout: 0,
  weighting: 'fixed',
  taskWeights: { click: 1, cart: 1, purchase: 1 },
};

/** Tensors of specs, all drawn wide (biases and tables too), so that every part matters. */
export function tensorsOf(specs: ParamSpecs, deviation = 0.5): Record<string, Tensor> {
  const wide = Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, { shape, init: { normal: deviation } }]),
  );
  const values = initialise(wide, Key.from('ranking network'));
  return Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, tf.tensor(values[name], [...shape])]));
}

/** The numbers of a tensor as rows. */
export const rowsOf = (tensor: Tensor): number[][] => tensor.arraySync() as number[][];
