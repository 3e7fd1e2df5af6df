import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  classBalancedCut,
  classBalancedCutOf,
  confidentJoint,
  estimateLatent,
  FILTER_BY,
  findLabelIssues,
  firstFraction,
  inspectLabels,
  precisionRecall,
  precisionRecallCurve,
} from '../../confident';
import { close, noisyRows } from './shared';

// Oracle: which labels were flipped is known. 5,003 rows, the classes' shares of ESCI, one label in twelve flipped.
const SHARE = [44, 34, 5, 17];
const rows = noisyRows(7, 5003, SHARE, 1 / 12);

for (const filterBy of FILTER_BY)
  test(`flipped labels are found well above chance: ${filterBy}`, () => {
    const { labels, probs, K, flipped } = rows;
    const found = precisionRecall(
      findLabelIssues(labels, probs, K, { filterBy, returnIndicesRankedBy: 'normalized_margin' }),
      flipped,
    );
    // random removal has precision .083 and recall equal to the share removed (about .1); an ideal model would reach 1 and 1
    assert.ok(found.precision > found.chancePrecision + 0.25, `precision ${found.precision}`);
    assert.ok(found.recall > found.chanceRecall + 0.35, `recall ${found.recall}`);
  });

test('the first 4 % of the ranking are cleaner than all of it, and twice random or better in every filter that prunes', () => {
  const { labels, probs, K, n, flipped } = rows;
  for (const filterBy of ['prune_by_noise_rate', 'prune_by_class', 'both'] as const) {
    const issues = findLabelIssues(labels, probs, K, { filterBy, returnIndicesRankedBy: 'normalized_margin' });
    const first = precisionRecall(firstFraction(issues, n, 0.04), flipped);
    assert.equal(first.removed, 200);
    assert.ok(first.precision > 0.7, `${filterBy}: ${first.precision}`);
    assert.ok(first.precision > precisionRecall(issues, flipped).precision);
  }
});

test('the noise matrix and the prior come near the true ones', () => {
  // A sharp model (signal 4) makes the estimate nearly unbiased; the true matrix is 1 − 0.3 on the diagonal and 0.1 off it.
  const { labels, probs, K } = noisyRows(11, 20011, [3, 2, 2, 3], 0.3, 4);
  const counts = [0, 1, 2, 3].map((k) => labels.filter((label) => label === k).length);
  const { py, noiseMatrix } = estimateLatent(confidentJoint(labels, probs, K), counts);
  close(
    noiseMatrix,
    Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 0.7 : 0.1)),
    0.03,
  );
  close(py, [0.3, 0.2, 0.2, 0.3], 0.02);
});

test('without noise next to nothing is flagged', () => {
  const { labels, probs, K, n } = noisyRows(13, 4001, SHARE, 0, 6);
  assert.ok(findLabelIssues(labels, probs, K).length < 0.01 * n);
});

test('a class-balanced cut takes from no class more than its share', () => {
  // The rare class is the one the model knows least, so the plain cut takes more of it than its share.
  const { labels, probs, K, n } = rows;
  const found = inspectLabels(labels, probs, K, { returnIndicesRankedBy: 'normalized_margin' });
  const perClass = (issues: Int32Array) => [0, 1, 2, 3].map((k) => issues.filter((row) => labels[row] === k).length);
  const shares = Array.from(found.labelCounts, (count) => Math.trunc(count * 0.04));
  const plain = perClass(firstFraction(found.issues, n, 0.04));
  assert.ok(plain.some((count, k) => count > shares[k] + 1));
  const balanced = classBalancedCut(found.issues, labels, 0.04);
  assert.deepEqual(perClass(balanced), shares);
  assert.deepEqual(classBalancedCutOf(found, 0.04), balanced);
  // it keeps the ranking: a class's own rows are its worst
  const rank = new Map(Array.from(found.issues, (row, i) => [row, i]));
  assert.ok(balanced.every((row, i) => i === 0 || rank.get(row)! > rank.get(balanced[i - 1])!));
});

test('precision and recall by hand', () => {
  // removed 1, 3, 4 of seven rows; flipped 1, 2, 4, 6: two hits
  const flipped = [0, 1, 1, 0, 1, 0, 1];
  assert.deepEqual(precisionRecall([1, 3, 4], flipped), {
    removed: 3,
    flipped: 4,
    hits: 2,
    precision: 2 / 3,
    recall: 2 / 4,
    f1: 4 / 7,
    chancePrecision: 4 / 7,
    chanceRecall: 3 / 7,
  });
  const curve = precisionRecallCurve(Int32Array.of(1, 3, 4), flipped, [0.15, 0.3, 1]);
  assert.deepEqual(
    curve.map((point) => [point.removed, point.hits]),
    [
      [1, 1],
      [2, 1],
      [3, 2],
    ],
  );
});

test('the first 4 % of the paper are 82,761 rows of 2,069,039', () => {
  assert.equal(firstFraction(new Int32Array(100003), 2069039, 0.04).length, 82761);
});
