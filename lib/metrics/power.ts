import { ensure, inRange } from '../runtime/errors';
import { studentQuantile } from './student';

/**
 * The smallest true difference that n paired units of spread `spread` (sd of the paired differences) show with the given power:
 * (t_{1−α/2, n−1} + t_{power, n−1}) · spread / √n, two-sided α = 5 %, power 80 % (Bloom 1995, minimum detectable effect).
 * `spread` and the result are in the metric's own units. Needs n ≥ 2.
 */
export function detectableDifference(spread: number, n: number, { alpha = 0.05, power = 0.8 } = {}): number {
  inRange('spread', spread, 0, Infinity);
  ensure(Number.isInteger(n) && n >= 2, `paired units must be a whole number ≥ 2, got ${n}`);
  return ((studentQuantile(1 - alpha / 2, n - 1) + studentQuantile(power, n - 1)) * spread) / Math.sqrt(n);
}

/**
 * How many seeds (paired runs of both rows) are needed so that a true difference of `detect` is seen with 80 % power at two-sided 5 %,
 * where `spread` is the sd of the paired differences over seeds, both in the same units. At least 2.
 * Throws an InputError where more than `max` (default 1,000) would be needed.
 */
export function planSeeds(spread: number, detect: number, { alpha = 0.05, power = 0.8, max = 1000 } = {}): number {
  inRange('detect', detect, Number.MIN_VALUE, Infinity);
  inRange('spread', spread, 0, Infinity);
  const enough = (n: number): boolean => detectableDifference(spread, n, { alpha, power }) <= detect;
  ensure(enough(max), `detecting ${detect} at a spread of ${spread} needs more than ${max} seeds; expected a larger --detect`);
  let low = 2;
  let high = max;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
