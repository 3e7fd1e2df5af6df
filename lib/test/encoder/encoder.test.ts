// Oracles: properties that the architecture must have (padding on either side changes nothing, a text does not see its neighbours), recorded against
// eager, the statistics of the start, and a small model that must learn eight pairs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { configFromHuggingFace, configToHuggingFace } from '../../encoder/config';
import { encode, type EncoderInput } from '../../encoder/encoder';
import { initialise, MATCHING_START } from '../../encoder/initialise';
import { countParams, encoderParams } from '../../encoder/parameters';
import { positionIds } from '../../encoder/positions';
import { checkTokenIds, inputTensors } from '../../encoder/request';
import { Program } from '../../graph';
import { classificationLogits, classificationParams } from '../../heads/classification';
import { crossEntropy } from '../../ops/cross-entropy';
import { valueAndGradients } from '../../ops/gradients';
import type { Params, ParamSpecs } from '../../ops/params';
import { TensorKey } from '../../ops/tensor-key';
import { Key } from '../../runtime/key';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { noLeak } from '../ops/finite-differences';
import { tiny } from './tiny';

const tensors = (specs: ParamSpecs, key: string): Params =>
  Object.fromEntries(Object.entries(initialise(specs, Key.from(key))).map(([n, v]) => [n, tf.tensor(v, [...specs[n].shape])]));
const batch = (ids: number[][], padId: number): EncoderInput =>
  inputTensors({ input_ids: ids, attention_mask: ids.map((row) => row.map((id) => Number(id !== padId))) });
const largest = (a: Tensor, b: Tensor): number => tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);

test('XLM-R: a text gets the same vectors with padding on its right, on its left, and none; BERT: on its right and none', () => {
  noLeak(() =>
    tf.tidy(() => {
      for (const type of ['xlm-roberta', 'bert'] as const) {
        const config = tiny(type);
        const pad = config.padId;
        const params = tensors(encoderParams(config, 0.5), type);
        const text = [5, 9, 7, 12, 3];
        const alone = encode(params, config, batch([text], pad)).slice([0, 0, 0], [1, 5, -1]);
        const among = encode(params, config, batch([[...text, pad, pad], [4, 4, 4, 4, 4, 4, 4]], pad)); // prettier-ignore
        assert.ok(largest(alone, among.slice([0, 0, 0], [1, 5, -1])) < 2e-6, `${type}, right`);
        if (type === 'bert') continue;
        const left = encode(params, config, batch([[pad, pad, ...text], [4, 4, 4, 4, 4, 4, 4]], pad)); // prettier-ignore
        assert.ok(largest(alone, left.slice([0, 2, 0], [1, 5, -1])) < 2e-6, `${type}, left`);
      }
    }),
  );
});

test('positions: XLM-R counts tokens from padId + 1, BERT all places from 0', () => {
  tf.tidy(() => {
    const ids = tf.tensor2d([[1, 5, 6, 1], [5, 6, 7, 8]], undefined, 'int32'); // prettier-ignore
    assert.deepEqual(positionIds(tiny('xlm-roberta'), ids).arraySync(), [[1, 2, 3, 1], [2, 3, 4, 5]]); // prettier-ignore
    assert.deepEqual(positionIds(tiny('bert'), ids).arraySync(), [[0, 1, 2, 3]]);
  });
});

test('dropout acts only with a key: one key repeats, two differ, and without one it is off', () => {
  noLeak(() =>
    tf.tidy(() => {
      const config = tiny('xlm-roberta');
      const params = tensors(encoderParams(config, 0.5), 'dropout');
      const input = batch([[5, 6, 7]], config.padId);
      const key = TensorKey.of(Key.from('pass'));
      const pass = (dropoutKey?: TensorKey): Tensor => encode(params, config, input, { dropoutKey });
      assert.equal(largest(pass(key), pass(key)), 0);
      assert.ok(largest(pass(key), pass(key.fold(2))) > 0.01);
      assert.ok(largest(pass(key), pass()) > 0.01);
      const off = encode(params, { ...config, dropout: 0, attentionDropout: 0 }, input, { dropoutKey: key });
      assert.equal(largest(off, pass()), 0);
    }),
  );
});

test("the first token alone: the same vectors and gradients as the whole's first", () => {
  noLeak(() =>
    tf.tidy(() => {
      const config = tiny('xlm-roberta');
      const params = tensors(encoderParams(config, 0.5), 'first');
      const input = batch([[5, 9, 7, 1], [4, 4, 6, 8], [3, 1, 1, 1]], config.padId); // prettier-ignore
      const [all, first] = (['all', 'first'] as const).map((tokens) =>
        valueAndGradients((p) => tf.sum(tf.square(encode(p, config, input, { tokens }).slice([0, 0, 0], [3, 1, 5]))), params),
      );
      assert.deepEqual(encode(params, config, input, { tokens: 'first' }).shape, [3, 1, 6]);
      assert.ok(largest(all.value, first.value) < 1e-5);
      assert.deepEqual(Object.keys(first.gradients), Object.keys(params));
      for (const [name, g] of Object.entries(all.gradients)) assert.ok(largest(g, first.gradients[name]) < 2e-5, name);
    }),
  );
});

test('recorded and eager give the same loss and gradients, dropout included', () => {
  const config = tiny('bert');
  const specs = { ...encoderParams(config, 0.3), ...classificationParams(config, 3, { std: 0.3 }) };
  const names = Object.keys(specs);
  const shape = [2, 5];
  const feeds = {
    inputIds: { shape, dtype: 'int32' },
    attentionMask: { shape, dtype: 'int32' },
    tokenTypeIds: { shape, dtype: 'int32' },
    labels: { shape: [2], dtype: 'int32' },
    seed: { shape: [2], dtype: 'int32' },
  } as const;
  const [eager, recorded] = [true, false].map((eager) => {
    const program = new Program(
      specs,
      {
        gradients: {
          buckets: { all: feeds },
          step: (state, fed) => {
            const key = new TensorKey(fed.seed);
            const input = { inputIds: fed.inputIds, attentionMask: fed.attentionMask, tokenTypeIds: fed.tokenTypeIds };
            const loss = (p: Params): Tensor => {
              const hidden = encode(p, config, input, { dropoutKey: key });
              return crossEntropy(
                classificationLogits(p, config, hidden, fed.attentionMask, { pooling: 'mean' }, key),
                fed.labels,
              );
            };
            const { value, gradients } = valueAndGradients(loss, Object.fromEntries(names.map((n) => [n, state.read(n)])));
            return { loss: value, ...gradients };
          },
        },
      },
      { eager },
    );
    program.write(initialise(specs, Key.from('recorded')));
    const outputs = program.run('gradients', 'all', {
      inputIds: [5, 6, 7, 8, 0, 9, 9, 3, 0, 0],
      attentionMask: [1, 1, 1, 1, 0, 1, 1, 1, 0, 0],
      tokenTypeIds: [0, 0, 1, 1, 0, 0, 1, 1, 0, 0],
      labels: [2, 0],
      seed: Key.from('step').words(),
    });
    program.dispose();
    return outputs;
  });
  assert.deepEqual(Object.keys(recorded).sort(), Object.keys(eager).sort());
  assert.equal(Object.keys(eager).length, names.length + 1, 'every weight has a gradient');
  for (const [name, values] of Object.entries(eager))
    values.forEach((x, i) =>
      assert.ok(Math.abs(x - recorded[name][i]) < 1e-6, `${name}[${i}]: ${x} eager, ${recorded[name][i]} recorded`),
    );
});

test('eight texts with random labels are learned by heart by gradient descent', () => {
  tf.tidy(() => {
    const config = { ...tiny('xlm-roberta'), hidden: 12, dropout: 0, attentionDropout: 0 };
    const specs = { ...encoderParams(config), ...classificationParams(config, 3) };
    let params: Params = Object.fromEntries(
      Object.entries(initialise(specs, Key.from('learn'), { matching: MATCHING_START })).map(([n, v]) => [
        n,
        tf.tensor(v, [...specs[n].shape]),
      ]),
    );
    const random = Key.from('texts').random();
    const input = batch(
      Array.from({ length: 8 }, () => Array.from({ length: 5 }, () => 2 + random.int(15))),
      config.padId,
    );
    const labels = tf.tensor1d([0, 1, 2, 0, 1, 2, 2, 0], 'int32');
    const loss = (p: Params): Tensor =>
      crossEntropy(classificationLogits(p, config, encode(p, config, input), input.attentionMask), labels);
    const losses: number[] = [];
    for (let step = 0; step < 60; step++)
      params = tf.tidy(() => {
        const { value, gradients } = valueAndGradients(loss, params);
        losses.push(value.dataSync()[0]);
        return Object.fromEntries(Object.entries(params).map(([n, p]) => [n, tf.sub(p, tf.mul(gradients[n], 0.2))]));
      });
    assert.ok(losses[0] > 0.9 && losses[59] < 0.05, `loss ${losses[0]} → ${losses[59]}`);
  });
});

test('initialise: deviations as asked, the same numbers whatever else is drawn, and the matching start', () => {
  const config = { ...tiny('bert'), hidden: 48, vocabulary: 211 };
  const specs = encoderParams(config);
  const plain = initialise(specs, Key.from(7));
  const std = (x: Float32Array): number => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length);
  // 10,128 draws: the sample deviation is within 1/√(2·10,128) = 0.7 % (one deviation); five of them
  assert.ok(Math.abs(std(plain['embeddings.word_embeddings.weight']) / 0.02 - 1) < 0.035);
  assert.ok(plain['embeddings.LayerNorm.weight'].every((x) => x === 1));
  assert.ok(plain['encoder.layer.1.output.dense.bias'].every((x) => x === 0));
  const one = 'encoder.layer.1.output.dense.weight';
  assert.deepEqual(initialise({ [one]: specs[one] }, Key.from(7))[one], plain[one]);
  assert.notDeepEqual(initialise(specs, Key.from(8))[one], plain[one]);
  const matching = initialise(specs, Key.from(7), { matching: MATCHING_START });
  const layer = (l: number, part: string): Float32Array => matching[`encoder.layer.${l}.attention.self.${part}.weight`];
  assert.deepEqual(layer(0, 'key'), layer(0, 'query'));
  assert.notDeepEqual(layer(1, 'key'), layer(1, 'query'));
  // 2,304 draws: 1.5 % (one deviation)
  assert.ok(Math.abs(std(layer(0, 'query')) / (1.5 / Math.sqrt(48)) - 1) < 0.08);
  assert.ok(Math.abs(std(layer(1, 'query')) * Math.sqrt(48) - 1) < 0.08);
  assert.ok(Math.abs(std(matching['embeddings.word_embeddings.weight']) / 0.1 - 1) < 0.035);
  // what upper layers write back starts smaller, and nothing else does
  const upper = initialise(specs, Key.from(7), { matching: { ...MATCHING_START, upper: 0.3 } });
  const scaled = /^encoder\.layer\.[1-9]\d*\.(attention\.)?output\.dense\.weight$/;
  const names = Object.keys(specs).filter((name) => scaled.test(name));
  assert.deepEqual(names.length, 2 * (config.layers - 1));
  for (const name of Object.keys(specs)) assert.ok(Math.abs(std(upper[name]) - std(matching[name]) * (scaled.test(name) ? 0.3 : 1)) < 1e-6, name); // prettier-ignore
});

test('the number of weights is that of the published models', () => {
  // transformers' num_parameters of XLMRobertaModel without its pooler: base 277,453,056; BERT base 108,891,648
  const roberta = {
    model_type: 'xlm-roberta',
    vocab_size: 250002,
    max_position_embeddings: 514,
    type_vocab_size: 1,
    layer_norm_eps: 1e-5,
    pad_token_id: 1,
  };
  assert.equal(countParams(encoderParams(configFromHuggingFace(roberta))), 277_453_056);
  assert.equal(countParams(encoderParams(configFromHuggingFace({ model_type: 'bert' }))), 108_891_648);
});

test('configurations come back, and impossible ones are named', () => {
  for (const type of ['xlm-roberta', 'bert'] as const)
    assert.deepEqual(configFromHuggingFace(configToHuggingFace(tiny(type))), tiny(type));
  const json = configToHuggingFace(tiny('bert'));
  assert.throws(
    () => configFromHuggingFace({ ...json, num_attention_heads: 4 }),
    /encoder\.hidden must be a multiple of encoder\.heads, got 6 and 4/,
  );
  assert.throws(() => configFromHuggingFace({ ...json, hidden_size: 'six' }), /hidden_size must be a number, got "six"/);
  assert.throws(
    () => configFromHuggingFace({ ...json, position_embedding_type: 'relative_key' }),
    /position_embedding_type must be "absolute"/,
  );
});

test('what a batch gets wrong is named', () => {
  tf.tidy(() => {
    const config = tiny('xlm-roberta');
    const params = tensors(encoderParams(config), 'errors');
    const ids = tf.ones([2, 3], 'int32');
    assert.throws(
      () => encode(params, config, { inputIds: ids, attentionMask: tf.ones([2, 3]) }),
      /attentionMask must be int32 \[2, 3\], got float32/,
    );
    assert.throws(
      () => encode(params, config, { inputIds: tf.ones([2, 12], 'int32'), attentionMask: tf.ones([2, 12], 'int32') }),
      /may have 11 tokens/,
    );
    assert.throws(
      () => checkTokenIds(config, { input_ids: [[1, 17]] }),
      /input_ids\[0\]\[1\] must be a whole number between 0 and 16, got 17/,
    );
    assert.throws(
      () => checkTokenIds(config, { input_ids: [[1, 2]], attention_mask: [[1]] }),
      /attention_mask\[0\] must have 2 entries/,
    );
    assert.throws(() => checkTokenIds(config, { input_ids: [] }), /input_ids must be a list of rows/);
    assert.deepEqual(checkTokenIds(config, { input_ids: [[5], [6, 7]] }), { input_ids: [[5, 1], [6, 7]], attention_mask: [[1, 0], [1, 1]] }); // prettier-ignore
  });
});
