import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
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

/** Noisy rows, a folder for files of this test (gone after it), and the rows as one CSV file with ids and titles. */
export function labelledFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'label-issues-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const rows = noisyRows(41, 1511, [44, 34, 5, 17], 0.1);
  const { labels, probs, K, n } = rows;
  const table = Array.from({ length: n }, (_, i) => Array.from(probs.subarray(i * K, i * K + K)));
  const bothCsv = file(
    'both.csv',
    'id,esci_label,p_e,p_s,p_c,p_i,title\n' +
      table.map((p, i) => `${i},${'ESCI'[labels[i]]},${p.join(',')},"product ""${i}"", | new"`).join('\n'),
  );
  return { folder, file, rows, labels, probs, K, n, table, bothCsv };
}
