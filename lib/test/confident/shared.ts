import assert from 'node:assert/strict';
import { Key } from '../../runtime/key';

/** Asserts that two lists agree within `tolerance`, entry by entry. */
export function close(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(got.length, expected.length);
  for (let i = 0; i < got.length; i++)
    assert.ok(Math.abs(got[i] - expected[i]) <= tolerance, `entry ${i}: got ${got[i]}, expected ${expected[i]} ± ${tolerance}`);
}

/**
 * Rows whose true class is known: `share[k]` of them in class k, each label flipped with probability `noise` to one of the others, probabilities from logits
 * N(0, 1) with `signal` added to the true class: a model that does not know the flips.
 */
export function noisyRows(seed: number, n: number, share: readonly number[], noise: number, signal = 2.2) {
  const K = share.length;
  const random = Key.from(seed).random();
  const labels = new Uint8Array(n);
  const flipped = new Uint8Array(n);
  const probs = new Float64Array(n * K);
  for (let i = 0; i < n; i++) {
    const truth = random.weighted(share);
    flipped[i] = Number(random.bernoulli(noise));
    labels[i] = flipped[i] ? (truth + 1 + random.int(K - 1)) % K : truth;
    let sum = 0;
    for (let k = 0; k < K; k++) sum += probs[i * K + k] = Math.exp(random.normal() + (k === truth ? signal : 0));
    for (let k = 0; k < K; k++) probs[i * K + k] /= sum;
  }
  return { K, n, labels, flipped, probs };
}
