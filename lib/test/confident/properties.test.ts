import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  argsort,
  calibrateConfidentJoint,
  confidentJoint,
  FILTER_BY,
  findLabelIssues,
  findLabelIssuesMask,
  inspectLabels,
  inspectLabelsStreaming,
  qualityScores,
  RANK_BY,
  type Block,
} from '../../confident';
import { clipNoiseRates } from '../../confident/latent';
import { pairwiseSum, roundHalfEven, roundPreservingRowTotals } from '../../confident/numeric';
import { SmallestKeys } from '../../confident/select';
import { InputError } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { close, noisyRows } from './shared';

const SHARE = [44, 34, 5, 17];

test('rows read block by block give what arrays give, however they are cut (two routes)', async () => {
  const { labels, probs, K, n } = noisyRows(3, 1009, SHARE, 0.15, 1.5);
  // probabilities in fortieths, so that many keys tie at the cut
  for (let at = 0; at < probs.length; at += K) {
    const parts = Array.from({ length: K }, (_, k) => Math.round(probs[at + k] * 40) + 1);
    const sum = parts.reduce((a, b) => a + b);
    for (let k = 0; k < K; k++) probs[at + k] = parts[k] / sum;
  }
  for (const size of [1, 97, 1009]) {
    function* blocks(): Generator<Block> {
      for (let from = 0; from < n; from += size)
        yield { labels: labels.subarray(from, from + size), probs: probs.subarray(from * K, (from + size) * K) };
    }
    for (const filterBy of FILTER_BY) {
      const options = { filterBy, returnIndicesRankedBy: 'self_confidence' } as const;
      assert.deepEqual(
        await inspectLabelsStreaming(blocks, K, options),
        inspectLabels(labels, probs, K, options),
        `${filterBy} by ${size}`,
      );
    }
  }
});

test('a mask is the list, and a ranking is the list by score', () => {
  const { labels, probs, K, n } = noisyRows(5, 997, SHARE, 0.1);
  for (const method of RANK_BY) {
    const ranked = findLabelIssues(labels, probs, K, { returnIndicesRankedBy: method });
    const scores = qualityScores(labels, probs, K, { method });
    assert.ok(ranked.every((row, i) => i === 0 || scores[row] >= scores[ranked[i - 1]]));
    const mask = findLabelIssuesMask(labels, probs, K);
    assert.deepEqual(
      Array.from(ranked).sort((a, b) => a - b),
      Array.from({ length: n }, (_, i) => i).filter((i) => mask[i]),
    );
  }
});

test('names of classes carry no meaning: permuted classes, permuted joint, same rows', () => {
  const { labels, probs, K, n } = noisyRows(17, 1013, SHARE, 0.1);
  const to = [2, 0, 3, 1];
  const renamed = labels.map((k) => to[k]);
  const moved = new Float64Array(n * K);
  for (let i = 0; i < n; i++) for (let k = 0; k < K; k++) moved[i * K + to[k]] = probs[i * K + k];
  const joint = confidentJoint(labels, probs, K, { calibrate: false });
  const other = confidentJoint(renamed, moved, K, { calibrate: false });
  for (let i = 0; i < K; i++) for (let j = 0; j < K; j++) assert.equal(other[to[i] * K + to[j]], joint[i * K + j]);
  for (const filterBy of FILTER_BY)
    assert.deepEqual(
      findLabelIssues(renamed, moved, K, { filterBy, returnIndicesRankedBy: 'normalized_margin' }),
      findLabelIssues(labels, probs, K, { filterBy, returnIndicesRankedBy: 'normalized_margin' }),
    );
});

test('a calibrated joint keeps the label counts, row by row, at any size', () => {
  const random = Key.from(23).random();
  for (let K = 2; K <= 11; K++) {
    const joint = Int32Array.from({ length: K * K }, (_, i) => random.int(29) + Number(i % (K + 1) === 0));
    const counts = Int32Array.from({ length: K }, () => random.int(1009));
    const calibrated = calibrateConfidentJoint(joint, counts);
    for (let k = 0; k < K; k++)
      assert.equal(
        calibrated.subarray(k * K, k * K + K).reduce((a, b) => a + b),
        counts[k],
      );
  }
});

test('less noise asked for is less flagged, and rare classes are left alone when asked', () => {
  const { labels, probs, K } = noisyRows(29, 2003, SHARE, 0.15);
  const sizes = [1, 0.6, 0.3, 0].map(
    (fracNoise) => findLabelIssues(labels, probs, K, { filterBy: 'prune_by_class', fracNoise }).length,
  );
  assert.ok(sizes[0] > sizes[1] && sizes[1] > sizes[2] && sizes[2] > sizes[3] && sizes[3] === 0, sizes.join(' '));
  const rare = labels.filter((label) => label === 2).length;
  const spared = findLabelIssues(labels, probs, K, { minExamplesPerClass: rare });
  assert.equal(spared.filter((row) => labels[row] === 2).length, 0);
  assert.ok(spared.length > 0);
  const remove = [31, 7, 3, 0];
  const asked = findLabelIssues(labels, probs, K, { filterBy: 'prune_by_class', numToRemovePerClass: remove });
  assert.deepEqual(
    remove.map((_, k) => asked.filter((row) => labels[row] === k).length),
    remove,
  );
});

test('a row whose prediction is its label, to 1e-6, is never flagged but by the low filters (worked)', () => {
  // Row 4 is labelled 1 and its two probabilities differ by 5e-7: the prediction is 0, yet it is un-flagged. Row 5 is a true issue.
  const labels = [0, 0, 1, 1, 1, 1];
  const probs = Float64Array.from([0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.2, 0.8, 0.50000025, 0.49999975, 0.95, 0.05]);
  assert.deepEqual(Array.from(findLabelIssues(labels, probs, 2, { filterBy: 'predicted_neq_given' })), [5]);
});

test('noise rates are clipped off the diagonal only, then columns add up to 1 (worked)', () => {
  const clipped = clipNoiseRates([0.5, 0, 1, 1], 2);
  close(clipped, [0.5 / 1.4999, 0, 0.9999 / 1.4999, 1], 1e-15);
});

test('rounding keeps totals and breaks halves to even (worked)', () => {
  assert.deepEqual([0.5, 1.5, 2.5, -1.5, 2.4999].map(roundHalfEven), [0, 2, 2, -2, 2]);
  // 1.4 + 2.4 + 3.2 = 7, rounded 1 + 2 + 3 = 6: one of the two that lost most gets it, the later one as numpy.argsort reversed has it
  assert.deepEqual(Array.from(roundPreservingRowTotals([3.4, 2.6, 0, 1.4, 2.4, 3.2, 1, 1, 1], 3)), [3, 3, 0, 1, 3, 3, 1, 1, 1]);
  // pairwise: eight running sums; the order is visible in the last bit
  const tenths = new Float64Array(10).fill(0.1);
  assert.equal(pairwiseSum(tenths), 0.1 + 0.1 + (0.1 + 0.1) + (0.1 + 0.1 + (0.1 + 0.1)) + 0.1 + 0.1);
});

test('argsort sorts, and equal keys come as numpy.argsort has them', () => {
  const random = Key.from(31).random();
  for (const n of [1, 2, 7, 255, 257, 1009, 3001]) {
    const keys = Float64Array.from({ length: n }, () => random.int(97) / 97);
    const order = argsort(keys);
    assert.deepEqual(
      Array.from(order, (i) => keys[i]),
      Array.from(keys).sort((a, b) => a - b),
    );
    assert.equal(new Set(order).size, n);
  }
  // >>> np.argsort([2., 1., 2., 1., 1., 2., 1.])   (numpy 2.4 on x86 with AVX2 or AVX-512)
  assert.deepEqual(Array.from(argsort([2, 1, 2, 1, 1, 2, 1])), [1, 3, 6, 4, 2, 0, 5]);
});

test('the smallest keys in three passes are the smallest keys (two routes)', () => {
  const random = Key.from(37).random();
  const keys = Float64Array.from({ length: 1009 }, () => 2 * random.uniform() - 1);
  for (const want of [0, 1, 13, 500, 1008, 1009, 2000]) {
    const selection = new SmallestKeys(want, keys.length, 16);
    if (selection.needsCounting) {
      keys.forEach((key) => selection.count(key));
      selection.findBin();
      keys.forEach((key) => selection.look(key));
      selection.findCut();
    }
    const taken = keys.filter((key) => selection.take(key));
    assert.deepEqual(taken.sort(), keys.slice().sort().subarray(0, want));
  }
});

test('mistakes are named', () => {
  const good = Float64Array.of(0.5, 0.5, 0.1, 0.9);
  const cases: [() => unknown, RegExp][] = [
    [() => findLabelIssues([0, 1, 1], good, 2), /got 3 labels and 4 probabilities, expected 3 × 2/],
    [() => findLabelIssues([0, 2], good, 2), /labels\[1\] must be a whole number from 0 to 1, got 2/],
    [() => findLabelIssues([0.5, 1], good, 2), /labels\[0\].*got 0.5/],
    [
      () => findLabelIssues([0, 1], Float64Array.of(0.5, 0.5, NaN, 0.9), 2),
      /probs\[1\]\[0\] must be a number between 0 and 1, got NaN/,
    ],
    [() => findLabelIssues([0, 1], Float64Array.of(0.5, 0.5, 1.2, -0.2), 2), /probs\[1\]\[0\].*got 1.2/],
    [() => findLabelIssues([0, 1], Float64Array.of(0.5, 0.5, 0.1, 0.8), 2), /row 1 must sum to 1 .*got 0.9/],
    [() => findLabelIssues([], new Float64Array(0), 2), /must not be empty/],
    [() => findLabelIssues([0], Float64Array.of(1), 1), /number of classes must be a whole number ≥ 2/],
    [() => findLabelIssues([0, 1], good, 2, { filterBy: 'all' as 'both' }), /filterBy must be one of/],
    [() => findLabelIssues([0, 1], good, 2, { filterBy: 'predicted_neq_given', fracNoise: 0.5 }), /fracNoise applies only to/],
    [() => findLabelIssues([0, 1], good, 2, { numToRemovePerClass: [1] }), /one number for each of the 2 classes/],
    [() => findLabelIssues([0, 1], good, 2, { confidentJoint: [1, 2, 3] }), /confidentJoint must hold 2 × 2/],
    [() => qualityScores([0, 1], good, 2, { method: 'confidence_weighted_entropy', adjustPredProbs: true }), /not defined/],
  ];
  for (const [act, message] of cases)
    assert.throws(act, (error: Error) => error instanceof InputError && message.test(error.message), String(message));
});
