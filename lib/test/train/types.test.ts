// Oracle: two routes: a tokenizer without token types, and one that says segment 0 of every token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialise } from '../../encoder';
import { Key } from '../../runtime/key';
import { Classifier } from '../../train/classifier';
import type { Inputs } from '../../train/inputs';
import { withTypes } from '../../train/inputs';
import { queryBatches } from '../../train/query-batches';
import { tiny } from '../encoder/tiny';
import { network, plain } from '../finetune/fixture';

test("BERT's architecture with a tokenizer that has no token types (Multilingual MiniLM) trains and predicts as with segment 0", () => {
  const [ROWS, TOKENS] = [5, 7];
  const spec = { ...network(plain, 0, ROWS).spec, encoder: { ...tiny('bert'), dropout: 0, attentionDropout: 0 }, head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout: 0 }, buckets: [TOKENS] } as const; // prettier-ignore
  const random = Key.from('types').random();
  const ids = Int32Array.from({ length: ROWS * TOKENS }, () => 4 + random.int(13));
  const tokens = {
    size: ROWS,
    ids,
    offsets: Uint32Array.from({ length: ROWS + 1 }, (_, i) => i * TOKENS),
    labels: Int8Array.from({ length: ROWS }, (_, i) => i % 4),
    weights: new Float32Array(ROWS).fill(1),
    locales: new Int8Array(ROWS),
    queryIds: new Int32Array(ROWS),
    exampleIds: new Int32Array(ROWS),
  };
  const inputs: Inputs = { tokens, classes: Int32Array.from(tokens.labels), gains: new Float32Array(ROWS) };
  const routes = [inputs, { ...inputs, tokens: { ...tokens, typeIds: new Uint8Array(ids.length) } }].map((given) => {
    const classifier = new Classifier(spec);
    classifier.start(initialise(classifier.specs, Key.from('start')));
    const { bucket, feeds } = classifier.trainingBatches(given, Key.from('batches'), 0)(0);
    const { loss } = classifier.program.run('train', bucket, { ...feeds, ...classifier.scalars(0, 1) });
    const probabilities = classifier.predict(given, 0);
    classifier.dispose();
    return [loss[0], ...probabilities];
  });
  assert.deepEqual(routes[0], routes[1]);
});

test('an epoch has as many updates as its batches: whole queries where the loss ranks (oracle: the batches until every row was seen)', () => {
  const [QUERIES, LIST, BATCH] = [23, 7, 16];
  const rows = QUERIES * LIST;
  const shape = network(plain, 0, BATCH).spec;
  const tokens = {
    size: rows,
    ids: new Int32Array(rows).fill(5),
    offsets: Uint32Array.from({ length: rows + 1 }, (_, i) => i),
    labels: Int8Array.from({ length: rows }, (_, i) => i % 4),
    weights: new Float32Array(rows).fill(1),
    locales: new Int8Array(rows),
    queryIds: Int32Array.from({ length: rows }, (_, i) => Math.floor(i / LIST)),
    exampleIds: Int32Array.from({ length: rows }, (_, i) => i),
  };
  const inputs: Inputs = { tokens, classes: Int32Array.from(tokens.labels), gains: new Float32Array(rows) };
  const key = Key.from('epochs');
  const updates = (kind: 'ce' | 'ranknet', accumulation = 1): number => {
    const spec = {
      ...shape,
      batch: BATCH,
      step: { ...shape.step, accumulation, loss: { ...shape.step.loss, kind } },
      sizes: { ...shape.sizes, outputs: kind === 'ce' ? 4 : 1 },
    } as typeof shape;
    const classifier = new Classifier(spec);
    try {
      return classifier.updatesPerEpoch(inputs, key);
    } finally {
      classifier.dispose();
    }
  };
  assert.equal(updates('ce'), Math.ceil(rows / BATCH));
  assert.equal(updates('ce', 4), Math.ceil(rows / BATCH) / 4, 'batches that fill no update are not forgotten');
  const whole = queryBatches(tokens.queryIds, new Int32Array(rows).fill(1), { batch: BATCH, buckets: shape.buckets, key: key.fold('epoch', 0) }); // prettier-ignore
  assert.equal(updates('ranknet'), whole.length);
  assert.ok(whole.length > Math.ceil(rows / BATCH), 'two lists of seven fill a batch of sixteen');
});

test('an encoder without segments is not fed any (oracle: names)', () => {
  const feeds = { 'mlm.inputIds': [1, 2, 3], 'mlm.tokenTypeIds': [0, 0, 1], labels: [1] };
  assert.deepEqual(Object.keys(withTypes(feeds, false)), ['mlm.inputIds', 'labels']);
  assert.deepEqual(withTypes(feeds, true)['mlm.tokenTypeIds'], [0, 0, 1]);
  assert.deepEqual(withTypes({ inputIds: [1, 2, 3] }, true).tokenTypeIds, new Int32Array(3));
});
