// Oracles: the sums written out in plain numbers; finite differences for gradients; metrics/ndcg for what a swap is worth; eager and recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Program } from '../../graph';
import { isRankingLoss, rankingLoss, RANKING_LOSSES, type RankingLoss } from '../../finetune/ranking-losses';
import { ndcg } from '../../metrics/ndcg';
import { valueAndGradients } from '../../ops/gradients';
import { ints } from '../../ops/kernel';
import type { Params } from '../../ops/params';
import { tf } from '../../runtime/tensorflow';
import { checkGradients } from '../ops/finite-differences';

const scores = [0.3, -0.7, 1.1, 0.2, 0.9, -0.4, 0.5];
const gains = [1, 0.1, 0.01, 0, 0.1, 1, 1];
const groups = [3, 3, 3, 3, 8, 8, 5];
const ones = scores.map(() => 1);

function loss(kind: RankingLoss, s = scores, g = gains, w = ones): number {
  return tf.tidy(() => {
    const column = (x: number[]) => tf.tensor2d(x, [x.length, 1]);
    return rankingLoss(kind, column(s), column(g), ints(groups.slice(0, s.length)), tf.tensor1d(w)).dataSync()[0];
  });
}

/** The loss of one query in plain numbers. */
function plain(kind: RankingLoss, rows: number[]): number | undefined {
  const pairs = rows.flatMap((i) => rows.filter((j) => gains[i] > gains[j]).map((j) => [i, j]));
  const logistic = (i: number, j: number): number => Math.log1p(Math.exp(scores[j] - scores[i]));
  if (kind === 'listnet') {
    const total = rows.reduce((t, i) => t + gains[i], 0);
    if (!total) return undefined;
    const z = rows.reduce((t, i) => t + Math.exp(scores[i]), 0);
    return -rows.reduce((t, i) => t + (gains[i] / total) * Math.log(Math.exp(scores[i]) / z), 0);
  }
  if (!pairs.length) return undefined;
  if (kind === 'ranknet') return pairs.reduce((t, [i, j]) => t + logistic(i, j), 0) / pairs.length;
  const value = (s: number[]): number => {
    const lists = { gains: rows.map((i) => gains[i]), scores: rows.map((i) => s[i]), query: rows.map(() => 0) };
    return ndcg(lists, 'spec').value;
  };
  return pairs.reduce((t, [i, j]) => {
    const swapped = [...scores];
    [swapped[i], swapped[j]] = [scores[j], scores[i]];
    return t + Math.abs(value(scores) - value(swapped)) * logistic(i, j);
  }, 0);
}

for (const kind of RANKING_LOSSES)
  test(`${kind}: the mean over queries of the sum written out; a query without a pair does not count`, () => {
    const queries = [[0, 1, 2, 3], [4, 5], [6]].map((rows) => plain(kind, rows)).filter((x) => x !== undefined);
    assert.equal(queries.length, kind === 'listnet' ? 3 : 2);
    const expected = queries.reduce((a, b) => a + b, 0) / queries.length;
    assert.ok(Math.abs(loss(kind) - expected) < 1e-5, `${loss(kind)}, expected ${expected}`);
  });

for (const kind of RANKING_LOSSES)
  test(`${kind}: rows of weight 0 do not take part, shifting a query's scores changes nothing, and nothing to compare is 0`, () => {
    const weights = ones.map((w, i) => (i === 2 || i === 6 ? 0 : w));
    const other = scores.map((s, i) => (i === 2 ? 17 : i === 6 ? -5 : s));
    assert.equal(loss(kind, other, gains, weights), loss(kind, scores, gains, weights));
    const shifted = scores.map((s, i) => s + (groups[i] === 3 ? 1.25 : 0));
    assert.ok(Math.abs(loss(kind, shifted) - loss(kind)) < 1e-5);
    assert.equal(
      Math.abs(
        loss(
          kind,
          scores,
          gains.map(() => 0),
        ),
      ),
      0,
    );
  });

test('ranknet and listnet: gradients by finite differences; lambdarank: its weights are constants', () => {
  const data = (kind: RankingLoss) => (params: Params) =>
    rankingLoss(kind, params.s, tf.tensor2d(gains, [7, 1]), ints(groups), tf.tensor1d(ones));
  tf.tidy(() => {
    for (const kind of ['ranknet', 'listnet', 'lambdarank'] as const)
      checkGradients(data(kind), { s: tf.tensor2d(scores, [7, 1]) });
  });
  assert.ok(isRankingLoss('listnet') && !isRankingLoss('mse'));
});

test('a recorded step takes batches of any size: value and gradient are those of the eager one', () => {
  const B = 67; // 67² pairs, more than a recorded step may carry as a constant
  const column = { shape: [B, 1], dtype: 'float32' } as const;
  const buckets = { all: { gains: column, groups: { shape: [B], dtype: 'int32' }, weights: { shape: [B], dtype: 'float32' } } } as const; // prettier-ignore
  const feeds = {
    gains: Float32Array.from({ length: B }, (_, i) => [1, 0.1, 0.01, 0][(5 * i) % 4]),
    groups: Int32Array.from({ length: B }, (_, i) => i % 5),
    weights: Float32Array.from({ length: B }, (_, i) => [1, 0.3, 0][i % 3]),
  };
  const start = Float32Array.from({ length: B }, (_, i) => Math.sin(i));
  for (const kind of RANKING_LOSSES) {
    const [eager, recorded] = [true, false].map((eager) => {
      const program = new Program(
        { s: { shape: [B, 1] } },
        {
          loss: {
            step: (state, { gains, groups, weights }) => {
              const f = ({ s }: Params) => rankingLoss(kind, s, gains, groups, weights);
              const { value, gradients } = valueAndGradients(f, { s: state.read('s') });
              return { value, gradient: gradients.s };
            },
            buckets,
          },
        },
        { eager },
      );
      program.write({ s: start });
      const { value, gradient } = program.run('loss', 'all', feeds);
      program.dispose();
      return [value[0], ...gradient];
    });
    eager.forEach((x, i) => assert.ok(Math.abs(x - recorded[i]) < 1e-5, `${kind}, ${i}: ${x} eager, ${recorded[i]} recorded`));
    assert.ok(
      recorded.slice(1).some((g) => Math.abs(g) > 1e-3),
      `${kind}: a gradient`,
    );
  }
});
