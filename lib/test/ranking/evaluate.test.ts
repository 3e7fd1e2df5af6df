import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clickModel, compareRankings, evaluateRanking, randomRanking, simulateLog, trueProbabilities } from '../../ranking';
import type { HeldOut, LogColumns } from '../../ranking';
import { Key } from '../../runtime/key';
import { tinyLists } from './lists-fixture';

const key = Key.from('evaluate-test');
const near = (a: number, b: number, what = ''): void => assert.ok(Math.abs(a - b) < 1e-12, `${what} ${a}, expected ${b}`);
const log2 = Math.log2;

/** Rows [pair, position, click, cart, purchase]; lists of three. */
function logOf(rows: readonly (readonly [number, number, number, number, number])[]): LogColumns {
  const column = (c: number): number[] => rows.map((row) => row[c]);
  return {
    rows: rows.length,
    pair: Int32Array.from(column(0)),
    position: Uint16Array.from(column(1)),
    click: Uint8Array.from(column(2)),
    cart: Uint8Array.from(column(3)),
    purchase: Uint8Array.from(column(4)),
    list: Int32Array.from(rows, (_, i) => Math.floor(i / 3)),
    lists: rows.length / 3,
  };
}

// Three queries of three products; the grades (of 3) are 0 1 2, 1 2 3, 2 3 0. The first is shown twice, the second once, the third never.
const data = tinyLists(3, 3);
const log = logOf([
  [0, 1, 1, 0, 0],
  [1, 2, 0, 0, 0],
  [2, 3, 1, 1, 0],
  [2, 1, 1, 1, 1],
  [1, 2, 0, 0, 0],
  [0, 3, 0, 0, 0],
  [3, 1, 0, 0, 0],
  [4, 2, 0, 0, 0],
  [5, 3, 0, 0, 0],
]);
const scores = { click: [0.9, 0.5, 0.1, 0.3, 0.2, 0.1, 0, 0, 0] };

test('nDCG, MRR and AUC by task (oracle: worked arithmetic)', () => {
  const { metrics, counted, perQuery, queries } = evaluateRanking(scores, { data, log });
  assert.deepEqual([...queries], [0, 1]);
  // Click rates .5, 0, 1 in the order of the scores; the second query has no click, so it is left out.
  near(metrics['click.ndcg@10'], (0.5 + 1 / log2(4)) / (1 + 0.5 / log2(3)), 'click nDCG');
  assert.equal(counted['click.ndcg@10'], 1);
  assert.ok(Number.isNaN(perQuery['click.ndcg@10'][1]));
  near(metrics['click.mrr'], 1, 'the first product was clicked');
  near(metrics['purchase.ndcg@10'], 0.5, 'one product bought, ranked third, by the clicks’ scores: 1/log2(4)');
  near(metrics['purchase.mrr'], 1 / 3);
  near(metrics['relevance.mrr'], 1 / 3, 'the best grade is ranked third in both');
  const second = (1 / 3 + 2 / 3 / log2(3) + 1 / log2(4)) / (1 + 2 / 3 / log2(3) + 1 / 3 / log2(4));
  const first = (1 / 3 / log2(3) + 2 / 3 / log2(4)) / (2 / 3 + 1 / 3 / log2(3));
  near(metrics['relevance.ndcg@10'], (first + second) / 2, 'relevance nDCG');
  // Clicked rows score .9, .1, .1; the six others .5, .5, .9, .3, .2, .1: pairs won 5.5, .5 and .5 of 6.
  near(metrics['click.auc'], (5.5 + 0.5 + 0.5) / 18, 'AUC');
  assert.ok(!('click.ece' in metrics), 'no calibration without probabilities');
});

test('calibration is over impressions with the probabilities given for their positions (oracle: worked arithmetic)', () => {
  const click = [0.8, 0.2, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2, 0.2];
  const { metrics } = evaluateRanking(scores, { data, log }, { impressionProbabilities: { click }, bins: 2 });
  near(metrics['click.ece'], (3 / 9) * (1 - 0.8) + (6 / 9) * 0.2, 'three rows at .8, all clicked; six at .2, none');
  near(metrics['click.bias'], (3 * 0.8 + 6 * 0.2) / 3);
  near(metrics['click.auc'], 1);
});

test('against the truth: the true probabilities are the best ranking and have no error (oracle: the click model)', () => {
  const shop = tinyLists(5, 7);
  const truth = clickModel(shop, { purchaseRate: 0.02 }, key);
  const heldOut: HeldOut = { data: shop, log: simulateLog(shop, truth, { impressions: 30_000, randomShare: 1 }, key), truth };
  const own = trueProbabilities(truth);
  const impressions = Float64Array.from(
    heldOut.log.pair,
    (pair, i) => own.click[pair] * truth.examination[heldOut.log.position[i] - 1],
  );
  const said = { click: impressions, cart: impressions, purchase: impressions };
  const best = evaluateRanking(own, heldOut, { impressionProbabilities: said });
  for (const signal of ['click', 'cart', 'purchase']) {
    near(best.metrics[`${signal}.trueNdcg@10`], 1, signal);
    near(best.metrics[`${signal}.rmse`], 0, signal);
    assert.ok(best.metrics[`${signal}.ndcg@10`] > 0.9, `${signal}: observed counts agree with the truth`);
  }
  assert.ok(best.metrics['click.ece'] < 0.01 && Math.abs(best.metrics['click.bias'] - 1) < 0.03, 'the truth is calibrated');
  const inverse = { click: own.click.map((p) => -p) };
  const worst = evaluateRanking(inverse, heldOut);
  const random = randomRanking(heldOut);
  assert.ok(!('click.rmse' in worst.metrics), 'scores that only rank have no error of a probability');
  assert.ok(worst.metrics['click.trueNdcg@10'] < random['click.trueNdcg@10'] && random['click.trueNdcg@10'] < 1);
  const { difference, low } = compareRankings(best, worst, 'relevance.ndcg@10', { key, resamples: 200 });
  near(difference, best.metrics['relevance.ndcg@10'] - worst.metrics['relevance.ndcg@10']);
  assert.ok(low > 0);
});

test('ties cannot be won by the order of the rows (oracle: every order of a constant score)', () => {
  const heldOut = { data, log };
  const flat = evaluateRanking({ click: new Float64Array(9) }, heldOut);
  const mean = (1 + 1 / log2(3) + 1 / log2(4)) / 3; // each product’s expected discount
  near(flat.metrics['click.ndcg@10'], (1.5 * mean) / (1 + 0.5 / log2(3)));
  near(randomRanking(heldOut)['click.ndcg@10'], flat.metrics['click.ndcg@10']);
});

test('mistakes are named in one line (oracle: the messages)', () => {
  assert.throws(() => evaluateRanking({}, { data, log }), /scores for at least one of click, cart, purchase, relevance/);
  assert.throws(() => evaluateRanking({ click: [1] }, { data, log }), /click scores must be one for each of 9 pairs, got 1/);
  assert.throws(() => evaluateRanking({ click: new Array<number>(9).fill(NaN) }, { data, log }), /must be a number, got NaN/);
  assert.throws(() => evaluateRanking(scores, { data, log, queries: [2] }), /shows none of the queries/);
  const one = evaluateRanking(scores, { data, log });
  assert.throws(() => compareRankings(one, one, 'click.auc', { key }), /metric click.auc is not one by query/);
});
