import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedGain, gainEnsemble, meanScores, rankMean } from '../../metrics/ensemble';
import { crossFit, selectWeights, takeRows, type EnsembleRows, type Evaluate } from '../../metrics/ensemble-weights';
import { Key } from '../../runtime/key';

const near = (got: ArrayLike<number>, want: readonly number[]): void =>
  want.forEach((w, i) => assert.ok(Math.abs(got[i] - w) < 1e-12, `[${i}]: got ${got[i]}, expected ${w}`));

test('worked: means, expected gain, the paper’s ensemble, mean ranks with a tie', () => {
  near(meanScores([[1, 2], [3, 6]]), [2, 4]); // prettier-ignore
  near(meanScores([[1, 2], [3, 6]], [3, 1]), [1.5, 3]); // prettier-ignore
  near(expectedGain([0.5, 0.3, 0.1, 0.1]), [0.531]);
  // mean classifier (.6 .2 .2 0): .6 + .02 + .002 = .622; mean regressor .5; half of each .561
  near(gainEnsemble([[0.5, 0.3, 0.2, 0], [0.7, 0.1, 0.2, 0]], [[0.4], [0.6]]), [0.561]); // prettier-ignore
  // one query of four, scores 3 1 1 2: ranks 1, 1/6, 1/6, 2/3; a query of one: ½
  near(rankMean([[3, 1, 1, 2, 9]], [0, 0, 0, 0, 1]), [1, 1 / 6, 1 / 6, 2 / 3, 0.5]);
  assert.throws(() => meanScores([[1], [1, 2]]), /must score the same rows/);
  assert.throws(() => meanScores([[1]], [0]), /not all 0/);
});

/** Three members: one good, one noise, one the good one's complement; quality = −mean squared error to a target. */
function problem(seed: string): { parts: EnsembleRows; target: Float64Array; evaluate: Evaluate } {
  const random = Key.from(seed).random();
  const rows = 211;
  const target = Float64Array.from({ length: rows }, () => random.normal());
  const noise = Float64Array.from({ length: rows }, () => random.normal());
  const members = [target.map((t, i) => t + noise[i]), target.map(() => 3 * random.normal()), target.map((t, i) => t - noise[i])];
  const query = Array.from({ length: rows }, (_, i) => Math.floor(i / 3));
  const queryIds = Array.from({ length: 71 }, (_, q) => `q${q}`);
  const judged = Int32Array.from({ length: 150 }, (_, i) => i);
  const evaluate: Evaluate = (values, at) => -at.reduce((sum, row, i) => sum + (values[i] - target[row]) ** 2, 0) / at.length;
  return { parts: { members, width: 1, query, queryIds, judged }, target, evaluate };
}

test('known truth: opposite errors get equal weight, noise gets none', () => {
  const { parts, evaluate } = problem('truth');
  near(selectWeights(parts, parts.judged, evaluate), [0.5, 0, 0.5]);
});

test('no query sees its own judgements: changing one query’s truth leaves its own values as they were', () => {
  const { parts, target, evaluate } = problem('leak');
  const before = crossFit(parts, evaluate, { key: Key.from(7) });
  const own = parts.judged.filter((row) => parts.query[row] === 5);
  own.forEach((row) => (target[row] += 1000));
  const after = crossFit(parts, evaluate, { key: Key.from(7) });
  assert.deepEqual(takeRows(after.combined, own, 1), takeRows(before.combined, own, 1));
  assert.notDeepEqual(after.weights, before.weights, 'the change must matter to the others');
  // the test part (no judgement) gets the weights of all judged queries
  const test = Int32Array.from([200, 210]);
  near(
    takeRows(after.combined, test, 1),
    [...test].map((row) => parts.members.reduce((sum, m, i) => sum + after.weights[i] * m[row], 0)),
  );
});

test('the order of queries does not matter to the folds, and a second call gives the same digits', () => {
  const { parts, evaluate } = problem('folds');
  const one = crossFit(parts, evaluate, { key: Key.from(3) });
  assert.deepEqual(crossFit(parts, evaluate, { key: Key.from(3) }), one);
  const backwards = parts.judged.slice().reverse();
  near(crossFit({ ...parts, judged: backwards }, evaluate, { key: Key.from(3) }).combined, [...one.combined]);
});
