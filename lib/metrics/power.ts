import { ensure, inRange } from '../runtime/errors';
import { errorQuantile, type Freedom } from './variance-parts';

/** Error rates of a planned comparison: two-sided α, and the power. */
export interface Power {
  alpha?: number;
  power?: number;
}

/**
 * The smallest true difference that a comparison of this standard error shows with the given power: (t_{1−α/2} + t_{power}) · se with the quantiles of
 * `errorQuantile`, two-sided α = 5 %, power 80 % (Bloom 1995, minimum detectable effect). Tables print it, and seeds are planned by it.
 */
export function detectable(standardError: number, freedom: Freedom, { alpha = 0.05, power = 0.8 }: Power = {}): number {
  return (errorQuantile(1 - alpha / 2, freedom) + errorQuantile(power, freedom)) * standardError;
}

/**
 * `detectable` for n paired units of spread `spread` (sd of the paired differences): se = spread / √n with n − 1 degrees of freedom.
 * `spread` and the result are in the metric's own units. Needs n ≥ 2.
 */
export function detectableDifference(spread: number, n: number, options: Power = {}): number {
  inRange('spread', spread, 0, Infinity);
  ensure(Number.isInteger(n) && n >= 2, `paired units must be a whole number ≥ 2, got ${n}`);
  return detectable(spread / Math.sqrt(n), { seeds: n - 1, queries: 1, share: 1 }, options);
}

/** The smallest number of seeds from 2 to `max` at which `shown`, which falls with their number, is at most `detect`; undefined where none is. */
export function fewestSeeds(shown: (seeds: number) => number, detect: number, max = 1000): number | undefined {
  inRange('detect', detect, Number.MIN_VALUE, Infinity);
  if (!(shown(max) <= detect)) return undefined;
  let low = 2;
  let high = max;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown(middle) <= detect) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * How many seeds (paired runs of both rows) are needed so that a true difference of `detect` is seen with 80 % power at two-sided 5 %,
 * where `spread` is the sd of the paired differences over seeds, both in the same units. At least 2.
 * Throws an InputError where more than `max` (default 1,000) would be needed.
 */
export function planSeeds(spread: number, detect: number, { max = 1000, ...power }: Power & { max?: number } = {}): number {
  const seeds = fewestSeeds((n) => detectableDifference(spread, n, power), detect, max);
  ensure(
    seeds !== undefined,
    `detecting ${detect} at a spread of ${spread} needs more than ${max} seeds; expected a larger --detect`,
  );
  return seeds;
}
