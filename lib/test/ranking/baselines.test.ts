import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { generate } from '../../data/generate';
import { encoderParams, initialise, MATCHING_START, type EncoderConfig } from '../../encoder';
import { bm25Scores } from '../../metrics/bm25';
import {
  clickedPairs,
  clickModel,
  evaluateRanking,
  hingeLoss,
  kernelPooling,
  KERNELS,
  knrm,
  knrmParams,
  KNRM_WORDS,
  listsOfDataset,
  plainText,
  queriesOf,
  randomRanking,
  recoverExamination,
  scoreByBiEncoder,
  scoreByBm25,
  scoreByLinear,
  scoreByKnrm,
  simulateLog,
  clickPreferences,
} from '../../ranking';
import type { HeldOut, LogColumns, RankingData } from '../../ranking';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { trainTokenizer } from '../../text';

const key = Key.from('baselines-test');
const fields = ['title'] as const;
let data: RankingData;
let log: LogColumns;
let heldOut: HeldOut;
before(() => {
  data = listsOfDataset(generate({ world: 'smoke', queries: 149, localeShares: { us: 1, es: 0, jp: 0 }, noiseRate: 0 }, key));
  const truth = clickModel(data, {}, key);
  log = simulateLog(data, truth, { impressions: 12_000, splits: ['train', 'dev'] }, key.fold('train'));
  heldOut = {
    data,
    truth,
    log: simulateLog(data, truth, { impressions: 12_000, splits: ['test'], randomShare: 1 }, key.fold('test')),
  };
});
const figure = (scores: ArrayLike<number>): number => evaluateRanking({ click: scores }, heldOut).metrics['click.trueNdcg@10'];
const near = (a: number, b: number, tolerance = 1e-6): void => assert.ok(Math.abs(a - b) < tolerance, `${a}, expected ${b}`);

test('a regression on BM25 alone ranks as BM25 does; with price and popularity it ranks clicks better and knows where a row was shown', () => {
  const bm25 = scoreByBm25(data, fields);
  const alone = scoreByLinear(data, log, heldOut.log, { fields, features: [] });
  near(figure(alone.scores.click!), figure(bm25));
  const whole = scoreByLinear(data, log, heldOut.log, { fields, features: ['price', 'popularity'] });
  assert.ok(figure(whole.scores.click!) > figure(bm25) + 0.01, `${figure(whole.scores.click!)} and ${figure(bm25)}`);
  const { pair, position } = heldOut.log;
  const shown = whole.probabilities.click!;
  for (let i = 0; i < 500; i++) {
    const top = whole.scores.click![pair[i]];
    assert.ok(
      position[i] === 1 ? Math.abs(shown[i] - top) < 1e-6 : shown[i] < top,
      `row ${i}: ${shown[i]} at ${position[i]}, ${top} at 1`,
    );
  }
  const none = { ...log, purchase: new Uint8Array(log.rows) };
  assert.equal(scoreByLinear(data, none, heldOut.log, { fields, features: [] }).scores.purchase, undefined);
});

test('kernel pooling (oracle: worked arithmetic, the paper’s eqs. 3–5)', () => {
  assert.deepEqual(KERNELS.map(({ mu }) => mu), [1, 0.9, 0.7, 0.5, 0.3, 0.1, -0.1, -0.3, -0.5, -0.7, -0.9]); // prettier-ignore
  // Two query words, three product words of which the last is padding; the second list's second query word is padding.
  const similarities = [[[1, 0.8, 0.9], [0.3, -0.2, 1]], [[0.9, 0.1, 1], [1, 1, 1]]]; // prettier-ignore
  const queryMask = [[1, 1], [1, 0]]; // prettier-ignore
  const pooled = tf.tidy(() => kernelPooling(tf.tensor3d(similarities), tf.tensor2d(queryMask), tf.tensor2d([[1, 1, 0], [1, 1, 0]])).arraySync() as number[][]); // prettier-ignore
  KERNELS.forEach(({ mu, sigma }, k) => {
    const soft = (m: number[]): number =>
      0.01 *
      Math.log(
        Math.max(
          1e-10,
          m.slice(0, 2).reduce((sum, x) => sum + Math.exp(-((x - mu) ** 2) / (2 * sigma ** 2)), 0),
        ),
      );
    near(pooled[0][k], soft(similarities[0][0]) + soft(similarities[0][1]));
    near(pooled[1][k], soft(similarities[1][0]));
  });
  near(pooled[0][0], 0.01 * (0 + Math.log(1e-10)), 1e-5); // one exact match, and none: ln 1 and the clipped logarithm
});

test('K-NRM scores by cosines of word vectors (oracle: worked arithmetic); padding changes nothing; the hinge loss', () => {
  assert.deepEqual(knrmParams(7, 2)[KNRM_WORDS].shape, [7, 2]);
  tf.tidy(() => {
    const params = {
      [KNRM_WORDS]: tf.tensor2d([
        [0, 0],
        [3, 4],
        [4, 3],
        [-5, 0],
      ]), // cosine of words 1 and 2: .96; of 1 and 3: −.6
      'knrm.weight': tf.tensor2d([KERNELS.map((_, k) => (k + 1) / 7)]),
      'knrm.bias': tf.tensor1d([0.05]),
    };
    const score = (query: number[], product: number[]): number =>
      knrm(
        params,
        tf.tensor2d([query], undefined, 'int32'),
        tf.tensor2d([product], undefined, 'int32'),
      ).arraySync() as unknown as number;
    const phi = KERNELS.map(
      ({ mu, sigma }) =>
        0.01 *
        Math.log(
          Math.max(1e-10, Math.exp(-((0.96 - mu) ** 2) / (2 * sigma ** 2)) + Math.exp(-((-0.6 - mu) ** 2) / (2 * sigma ** 2))),
        ),
    );
    const expected = Math.tanh(phi.reduce((sum, x, k) => sum + (x * (k + 1)) / 7, 0.05));
    near(Number(score([1], [2, 3])), expected, 1e-5);
    near(Number(score([1, 0], [2, 3, 0, 0])), expected, 1e-5);
    near(hingeLoss(tf.tensor1d([0.9, -0.5]), tf.tensor1d([-0.2, 0.25])).arraySync() as number, (0 + 1.75) / 2);
  });
});

test('preferences follow attractiveness, not the shop’s order (oracle: the click model’s truth)', () => {
  const long = simulateLog(data, heldOut.truth!, { impressions: 60_000, splits: ['train', 'dev'] }, key.fold('long'));
  const { better, worse } = clickPreferences(data, long, 0.3);
  const { attractiveness } = heldOut.truth!;
  const right = better.filter((b, i) => attractiveness[b] > attractiveness[worse[i]]).length / better.length;
  assert.ok(right > 0.9, `${right} of ${better.length} preferences agree with the truth`);
  const test = new Set(queriesOf(data, 'test'));
  better.forEach((b, i) => assert.ok(data.pairs[b].query === data.pairs[worse[i]].query && !test.has(data.pairs[b].query)));
  const never = { ...log, click: Uint8Array.from(log.click, (_, i) => Number(i === 0)) };
  assert.throws(() => clickPreferences(data, never, 1), /no two shown products of a query differ by 1 in attractiveness/);
});

test('BM25 has the catalogue’s statistics (oracle: metrics/bm25 over the same texts) and beats random order', () => {
  const scores = scoreByBm25(data, fields);
  const own = bm25Scores(data.queries[3].query, data.products.map((product) => plainText(product, fields))); // prettier-ignore
  for (let i = data.offsets[3]; i < data.offsets[4]; i++) near(scores[i], own[data.pairs[i].product], 1e-12);
  const random = randomRanking(heldOut)['click.trueNdcg@10'];
  assert.ok(figure(scores) > random + 0.02, `BM25 ${figure(scores)}, random ${random}`);
});

test('K-NRM learns to rank unseen queries from clicks, the same way for the same seed (oracle: held-out nDCG against random order)', async () => {
  const run = (steps: number, seed = 0) => scoreByKnrm(data, log, { fields, steps, batch: 23, dimensions: 17, seed });
  const { scores, losses, vocabulary } = await run(120);
  const random = randomRanking(heldOut)['click.trueNdcg@10'];
  assert.ok(figure(scores) > random + 0.02, `K-NRM ${figure(scores)}, random ${random}`);
  assert.ok(losses[losses.length - 1][1] < losses[0][1]);
  assert.ok(vocabulary > 20 && scores.every((score) => Math.abs(score) <= 1));
  const [a, b, c] = [await run(3), await run(3), await run(3, 1)];
  assert.deepEqual(a.scores, b.scores);
  assert.notDeepEqual(a.scores, c.scores);
});

test('a bi-encoder learns to rank unseen queries from clicks with position taken out (oracles: held-out nDCG, the arithmetic of its targets)', async () => {
  const { em } = recoverExamination(log);
  const pairs = clickedPairs(data, log, fields);
  const pair = log.pair[0];
  let [looks, clicks] = [0, 0];
  for (let i = 0; i < log.rows; i++) {
    if (log.pair[i] !== pair) continue;
    looks += em[log.position[i] - 1];
    clicks += log.click[i];
  }
  const { query, product } = data.pairs[pair];
  const texts = [data.queries[query].query, plainText(data.products[product], fields)];
  const found = pairs.filter((p) => p.query === texts[0] && p.product === texts[1]).map(({ target }) => target!);
  assert.ok(
    found.some((target) => Math.abs(target - Math.min(1, clicks / looks)) < 1e-12),
    `${found.join()} holds ${clicks} / ${looks}`,
  );
  const tokenizer = await trainTokenizer([...data.queries.map(({ query }) => query), ...data.products.map(({ title }) => title)], { vocabulary: 401 }); // prettier-ignore
  const config: EncoderConfig = { type: 'bert', layers: 1, hidden: 32, heads: 2, ffn: 37, vocabulary: tokenizer.size, maxPositions: 67, typeVocabulary: 2, padId: tokenizer.specials.pad, epsilon: 1e-5, dropout: 0, attentionDropout: 0 }; // prettier-ignore
  const encoder = { config, tokenizer, weights: initialise(encoderParams(config), key, { matching: MATCHING_START }) };
  const { scores, trained } = await scoreByBiEncoder(data, log, {
    encoder,
    fields,
    steps: 60,
    batch: 31,
    learningRate: 3e-3,
    queryLength: 16,
    productLength: 32,
  });
  const random = randomRanking(heldOut)['click.trueNdcg@10'];
  assert.ok(figure(scores) > random + 0.02, `bi-encoder ${figure(scores)}, random ${random}`);
  assert.ok(trained.losses[trained.losses.length - 1][1] < trained.losses[0][1]);
});
