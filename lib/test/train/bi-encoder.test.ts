// Oracles: held-out retrieval before and after; a function of the seed; the messages; recorded equals eager.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { generate } from '../../data/generate';
import { encoderParams, initialise, MATCHING_START, type EncoderConfig } from '../../encoder';
import { auc } from '../../metrics/auc';
import { Key } from '../../runtime/key';
import { trainTokenizer } from '../../text';
import { trainBiEncoder, type BiEncoderPair } from '../../train/bi-encoder';
import { cosineAt, embedTexts, type SentenceEncoder } from '../../train/embed';

const { rows } = generate(
  { world: 'smoke', queries: 149, localeShares: { us: 1, es: 0, jp: 0 }, noiseRate: 0 },
  Key.from('bi-encoder-test'),
);
const pairsOf = (split: string): (BiEncoderPair & { label: string })[] =>
  rows
    .filter((row) => row.split === split)
    .map((row) => ({ query: row.query, product: row.title, label: row.label, target: Number(row.label === 'E') }));
let encoder: SentenceEncoder;

before(async () => {
  const tokenizer = await trainTokenizer(rows.flatMap(({ query, title }) => [query, title]), { vocabulary: 401 }); // prettier-ignore
  const config: EncoderConfig = {
    type: 'bert',
    layers: 1,
    hidden: 32,
    heads: 2,
    ffn: 37,
    vocabulary: tokenizer.size,
    maxPositions: 67,
    typeVocabulary: 2,
    padId: tokenizer.specials.pad,
    epsilon: 1e-5,
    dropout: 0.1,
    attentionDropout: 0,
  };
  encoder = { config, tokenizer, weights: initialise(encoderParams(config), Key.from('bi'), { matching: MATCHING_START }) };
});

/** AUC of the cosine, exact against irrelevant, on queries that training did not see. */
async function heldOut(of: SentenceEncoder): Promise<number> {
  const pairs = pairsOf('test').filter(({ label }) => label === 'E' || label === 'I');
  const { vectors, hidden } = await embedTexts(of, pairs.flatMap(({ query, product }) => [query, product])); // prettier-ignore
  const scores = pairs.map((_, i) => cosineAt(vectors, 2 * i * hidden, vectors, (2 * i + 1) * hidden, hidden));
  return auc(scores, pairs.map(({ label }) => label === 'E')); // prettier-ignore
}

test('in-batch negatives teach a small encoder to tell exact from irrelevant products of unseen queries', async () => {
  const pairs = pairsOf('train').filter(({ label }) => label === 'E');
  const before = { ...encoder.weights };
  const result = await trainBiEncoder({ encoder, pairs, steps: 90, batch: 23, learningRate: 3e-3, seed: 3 });
  const [start, end] = [await heldOut(encoder), await heldOut(result.encoder)];
  assert.ok(end > 0.9 && end > start + 0.05, `AUC ${start.toFixed(3)} before, ${end.toFixed(3)} after`);
  for (const [name, values] of Object.entries(before))
    assert.equal(encoder.weights[name], values, 'what was given is not changed');
  assert.ok(result.losses[result.losses.length - 1][1] < 0.7 * result.losses[0][1]);
});

test('pointwise learning from hits and misses: probabilities beat the constant rate, and are right in the mean', async () => {
  const pairs = pairsOf('train')
    .filter(({ label }) => label === 'E' || label === 'I')
    .flatMap((pair) => (pair.label === 'I' ? [pair, pair, pair] : [pair]));
  const result = await trainBiEncoder({
    encoder,
    pairs,
    steps: 90,
    batch: 37,
    learningRate: 3e-3,
    temperature: 0.1,
    loss: 'pointwise',
    seed: 5,
  });
  const { vectors, hidden } = await embedTexts(result.encoder, pairs.flatMap(({ query, product }) => [query, product])); // prettier-ignore
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const said = pairs.map(
    (_, i) =>
      1 /
      (1 + Math.exp(-(result.scale * cosineAt(vectors, 2 * i * hidden, vectors, (2 * i + 1) * hidden, hidden) + result.bias))),
  );
  const rate = mean(pairs.map(({ target }) => target!));
  assert.ok(Math.abs(mean(said) - rate) < 0.06, `mean probability ${mean(said).toFixed(3)}, share ${rate.toFixed(3)}`);
  const loss = mean(pairs.map(({ target }, i) => -Math.log(target ? said[i] : 1 - said[i])));
  const constant = -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate);
  assert.ok(loss < 0.7 * constant, `log loss ${loss.toFixed(3)}, of the constant rate ${constant.toFixed(3)}`);
});

test('a function of the seed, eager and recorded alike; weight 0 teaches nothing; other pairs of a query are no negatives', async () => {
  const pairs = pairsOf('train').filter(({ label }) => label === 'E').slice(0, 31); // prettier-ignore
  const run = async (options: object = {}, given: readonly BiEncoderPair[] = pairs) =>
    trainBiEncoder({ encoder, pairs: given, steps: 3, batch: 7, learningRate: 1e-3, symmetric: true, ...options });
  const [a, b, other] = [await run(), await run(), await run({ seed: 1 })];
  assert.deepEqual(a.weights, b.weights);
  assert.notDeepEqual(a.weights, other.weights);
  process.env.ESCI_EAGER = '1';
  try {
    const eager = await run();
    a.losses.forEach(([, loss], i) => assert.ok(Math.abs(loss - eager.losses[i][1]) < 1e-4, `${loss} and ${eager.losses[i][1]}`));
  } finally {
    delete process.env.ESCI_EAGER;
  }
  const none = await run({ weightDecay: 0 }, pairs.map((pair) => ({ ...pair, weight: 0 }))); // prettier-ignore
  for (const [name, values] of Object.entries(none.weights)) assert.deepEqual(values, encoder.weights[name], name);
  const one = await run({ weightDecay: 0 }, pairs.map(({ product }) => ({ query: 'one query', product }))); // prettier-ignore
  assert.ok(
    one.losses.every(([, loss]) => Math.abs(loss) < 1e-6),
    'every other product belongs to the query too: nothing to tell apart',
  );
});

test('as many pairs as a log gives: more than a call has room for as arguments', async () => {
  const few = pairsOf('train').slice(0, 3);
  const pairs = Array.from({ length: 150_000 }, (_, i) => few[i % 3]);
  const { steps } = await trainBiEncoder({ encoder, pairs, steps: 1, batch: 2 });
  assert.equal(steps, 1);
});

test('mistakes are named in one line', async () => {
  const pairs = [{ query: 'a', product: 'b' }];
  await assert.rejects(trainBiEncoder({ encoder, pairs: [], steps: 1 }), /at least one pair to learn from, got none/);
  await assert.rejects(trainBiEncoder({ encoder, pairs, steps: 1, batch: 1 }), /batch must be between 2 and 4096, got 1/);
  await assert.rejects(
    trainBiEncoder({ encoder, pairs: [{ ...pairs[0], weight: -1 }], steps: 1 }),
    /weight of pair 0 must be ≥ 0, got -1/,
  );
});
