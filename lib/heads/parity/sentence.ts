import { join } from 'node:path';
import { encode } from '../../encoder/encoder';
import { loadPretrained } from '../../encoder/pretrained';
import { crossEntropy } from '../../ops/cross-entropy';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { scoped } from '../../ops/scoped';
import { firstToken, meanPool } from '../../ops/pooling';
import { ensure } from '../../runtime/errors';
import { sha256File } from '../../runtime/hash';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { loadTokenizer } from '../../text/tokenizer';
import { Comparison, type ParityResult } from './compare';
import { batchOf, flat, type GoldenBatch, type Matrix, norms, tensorsOf } from './golden';

export interface SentenceGolden extends GoldenBatch {
  /** Query and product of each row, where tokens are to be compared too. */
  pairs?: readonly (readonly [string, string])[];
  /** What pairs were cut to, the longer side first; 48 where it is not said. */
  max_length?: number;
  weights_sha256: string;
  first_token_hidden: Matrix;
  mean_pooled: Matrix;
  head: { labels: number[]; logits: Matrix; loss: number };
  gradient_norms: Record<string, number>;
}

/**
 * Compares a real pre-trained sentence encoder with transformers' numbers for the same weights, told by their SHA-256.
 * The loss is cross-entropy of a fixed head on the first token, weight[i][c] = 0.05·sin(i + 7c).
 * @throws InputError where `weights` holds other weights.
 */
export async function sentenceParity(name: string, weights: string, golden: SentenceGolden): Promise<ParityResult[]> {
  const sha = await sha256File(join(weights, 'model.safetensors'));
  ensure(
    sha === golden.weights_sha256,
    `${weights} holds other weights than ${name} was computed with: SHA-256 ${sha}, expected ${golden.weights_sha256}`,
  );
  const compare = new Comparison(name);
  if (golden.pairs) {
    const encoded = await loadTokenizer(weights).encodeBatch(golden.pairs, { maxLength: golden.max_length ?? 48 });
    compare.rows(
      'token ids of each pair',
      encoded.map((e) => e.ids),
      golden.input_ids,
    );
    if (golden.token_type_ids)
      compare.rows(
        'token types of each pair',
        encoded.map((e) => e.typeIds ?? new Uint8Array(e.ids.length)),
        golden.token_type_ids,
      );
  }
  return scoped(() => {
    const { config, params: values, shapes } = loadPretrained(weights);
    const params = tensorsOf(values, shapes);
    const batch = batchOf(golden, config.padId);
    const hidden = encode(params, config, batch);
    compare.absolute('first token', firstToken(hidden).dataSync(), flat(golden.first_token_hidden), 1e-4);
    compare.absolute('mean pooled', meanPool(hidden, batch.attentionMask).dataSync(), flat(golden.mean_pooled), 1e-4);
    const classes = golden.head.logits[0].length;
    const head = Float32Array.from(
      { length: config.hidden * classes },
      (_, k) => 0.05 * Math.sin(Math.floor(k / classes) + 7 * (k % classes)),
    );
    const weight = tf.tensor2d(head, [config.hidden, classes]);
    const labels = tf.tensor1d(golden.head.labels, 'int32');
    const scores = (p: Params): Tensor => tf.matMul(firstToken(encode(p, config, batch)), weight);
    compare.absolute('logits of a fixed head', scores(params).dataSync(), flat(golden.head.logits), 1e-4);
    const { value, gradients } = valueAndGradients((p) => crossEntropy(scores(p), labels), params);
    compare.absolute('loss', value.dataSync(), [golden.head.loss], 1e-5);
    compare.relative('gradient norms', norms(gradients), golden.gradient_norms, 1e-3);
    return compare.results;
  });
}
