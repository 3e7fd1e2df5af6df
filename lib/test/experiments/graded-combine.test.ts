// Oracles: worked arithmetic; every order enumerated; grades of the ranked fold scrambled, which must change nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { expectedGrade, headOverMembers, meanOfMembers, weightedMembers, zScores } from '../../experiments/graded/combine';
import type { GradedData } from '../../experiments/graded/data';
import { GRADED } from '../../metrics/conventions';
import { gradedNdcg10 } from '../../metrics/named';
import { ndcg, randomNdcg } from '../../metrics/ndcg';
import { Key } from '../../runtime/key';
import { interpolateWeights } from '../../train/interpolate';

test('equal scores earn the mean over their orders (worked), and the order of the file does not', () => {
  const lists = { gains: [3, 0, 1], scores: [0.5, 0.5, 0.2], query: [0, 0, 0] };
  const [second, third] = [1 / Math.log2(3), 1 / 2];
  const ideal = 3 + second;
  const close = (got: number, expected: number): void => assert.ok(Math.abs(got - expected) < 1e-12, `${got} ${expected}`);
  close(gradedNdcg10(lists).value, ((3 + 3 * second) / 2 + third) / ideal);
  close(gradedNdcg10(lists, 'first').value, (3 + third) / ideal);
  const some = gradedNdcg10({ gains: [3, 2, 0, 0, 1, 2], scores: [1, 2, 1, 2, 2, 1], query: [0, 1, 2, 2, 3, 3] });
  assert.equal(some.scored, 1, 'one row, or no positive grade: such queries do not count');
  close(some.value, (1 + 2 * second) / (2 + second));
});

test('random order is the mean over all orders, enumerated', () => {
  const gains = [3, 0, 1, 3, 0];
  const orders = (left: number[]): number[][] =>
    left.length ? left.flatMap((x, i) => orders([...left.slice(0, i), ...left.slice(i + 1)]).map((rest) => [x, ...rest])) : [[]];
  const all = orders([0, 1, 2, 3, 4]);
  assert.equal(all.length, 120);
  const query = gains.map(() => 0);
  for (const k of [2, 3, 10]) {
    const each = all.map((order) => ndcg({ gains, scores: order.map((rank) => -rank), query }, GRADED, k).value);
    const mean = each.reduce((a, b) => a + b, 0) / each.length;
    assert.ok(Math.abs(randomNdcg({ gains, query }, GRADED, k).value - mean) < 1e-12, `k = ${k}`);
  }
});

/** Data of `count` queries with 7 rows each; columns that know the grades more and less well. */
function simulated(count: number): { data: GradedData; members: Float64Array[] } {
  const random = Key.from('members').random();
  const rows = Array.from({ length: 7 * count }, (_, i) => ({
    ...{ productId: `p${i}`, locale: 'us', title: `thing ${i % 13}`, description: '', bullets: '', brand: '', color: '' },
    ...{ exampleId: i, queryId: Math.floor(i / 7), query: `thing ${Math.floor(i / 7)}`, label: 'E' },
    ...{ smallVersion: true, largeVersion: true, split: 'train' },
  })) as GradedData['rows'];
  const grades = Uint8Array.from(rows, () => random.int(4));
  const query = Int32Array.from(rows, (row) => row.queryId);
  const member = (noise: number) => Float64Array.from(grades, (g) => 1 / (1 + Math.exp(-(g - 1.5 + noise * random.normal()))));
  const data = { name: 'x', sha256: '', rows, grades, query, queries: count, products: [], catalogueSha256: '' };
  return { data, members: [member(1), member(5), member(2)] };
}

test("fitted weights and the head do not read the ranked fold's grades, and do read the others'", () => {
  const { data, members } = simulated(23);
  const folds = Int32Array.from(data.query, (q) => q % 3);
  const changed = { ...data, grades: data.grades.map((g, i) => (folds[i] === 1 ? 3 - g : g)) };
  const both = (given: GradedData) => [
    weightedMembers(given, members, folds, 20).scores,
    headOverMembers(given, members, folds, 0.1),
  ];
  const [before, after] = [both(data), both(changed)];
  before.forEach((scores, s) => {
    const same = (fold: number): boolean => scores.every((x, i) => folds[i] !== fold || x === after[s][i]);
    assert.ok(same(1), 'scrambled grades of fold 1 change no score of fold 1');
    assert.ok(!same(0) || !same(2), 'and do change the others, or the test would say nothing');
  });
  const { weights } = weightedMembers(data, members, folds, 20);
  for (const own of weights) {
    assert.ok(Math.abs(own.reduce((a, b) => a + b, 0) - 1) < 1e-12);
    assert.ok(own[0] > own[1], `the better member weighs more: ${own.join(', ')}`);
  }
  const value = (scores: Float64Array): number => gradedNdcg10({ gains: data.grades, scores, query: data.query }).value;
  assert.ok(value(before[1]) > value(members[1]), 'the head is better than the worst member');
});

test('z-scores, expected grades, means of members and weights between two encoders, worked', () => {
  assert.deepEqual(Array.from(zScores([1, 3, 5, 5], [0, 0, 1, 1])), [-1, 1, 0, 0]);
  const grades = expectedGrade([1, 0, 0, 0, 0, 0, 0, 1, 0.25, 0.25, 0.25, 0.25]);
  [1, 0, 0.5].forEach((grade, i) => assert.ok(Math.abs(grades[i] - grade) < 1e-12, `${grades[i]} and ${grade}`));
  const query = Int32Array.of(0, 0, 0);
  const members = [Float64Array.of(0.9, 0.5, 0.1), Float64Array.of(0.2, 0.3, 0.1)];
  assert.deepEqual(Array.from(meanOfMembers(members, 'ranks', query)), [0.75, 0.75, 0]);
  const z = meanOfMembers(members, 'z-scores', query);
  const a = Math.sqrt(3 / 2);
  assert.ok(Math.abs(z[0] - 1 / (1 + Math.exp(-a / 2))) < 1e-12 && Math.abs(z[2] - 1 / (1 + Math.exp(a))) < 1e-12);
  const mixed = interpolateWeights({ w: Float32Array.of(0, 4) }, { w: Float32Array.of(8, 0) }, 0.25);
  assert.deepEqual(Array.from(mixed.w), [2, 3]);
  assert.throws(
    () => interpolateWeights({ w: Float32Array.of(1) }, {}, 0.5),
    /weight w must be in both encoders with 1 numbers, got none/,
  );
  assert.throws(() => interpolateWeights({}, {}, 1.5), /share must be/);
});
