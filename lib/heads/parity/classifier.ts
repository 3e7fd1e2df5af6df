import { encode } from '../../encoder/encoder';
import { WORDS } from '../../encoder/parameters';
import { loadPretrained } from '../../encoder/pretrained';
import { crossEntropy } from '../../ops/cross-entropy';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { scoped } from '../../ops/scoped';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { classificationLogits } from '../classification';
import { Comparison, type ParityResult } from './compare';
import { batchOf, byOurNames, flat, type GoldenBatch, type Matrix, norms, tensorsOf } from './golden';

export interface ClassifierGolden extends GoldenBatch {
  attention_mask: Matrix;
  labels: number[];
  last_hidden_state: readonly Matrix[];
  logits: Matrix;
  loss: number;
  fgm: {
    epsilon: number;
    adversarial_loss: number;
    summed_gradient_norms: Record<string, number>;
    embedding_gradient_norm: number;
  };
}

/** Compares a BERT classifier, and its gradients summed with those at FGM's perturbed word embeddings, with transformers' numbers. */
export function classifierParity(name: string, folder: string, golden: ClassifierGolden): ParityResult[] {
  return scoped(() => {
    const compare = new Comparison(name);
    const { config, params: encoder, heads, shapes } = loadPretrained(folder);
    const params = tensorsOf({ ...encoder, ...heads }, shapes);
    const batch = batchOf(golden, config.padId);
    const labels = tf.tensor1d(golden.labels, 'int32');
    const hidden = encode(params, config, batch);
    compare.absolute('last hidden states', hidden.dataSync(), flat(golden.last_hidden_state), 1e-4, flat(golden.attention_mask));
    const scores = (p: Params): Tensor => classificationLogits(p, config, encode(p, config, batch), batch.attentionMask);
    compare.absolute('logits', scores(params).dataSync(), flat(golden.logits), 1e-4);
    const loss = (p: Params): Tensor => crossEntropy(scores(p), labels);
    const clean = valueAndGradients(loss, params);
    compare.absolute('loss', clean.value.dataSync(), [golden.loss], 1e-5);
    // FGM: word embeddings + ε·g/‖g‖ over the whole table; the gradients of both passes add up.
    const slope = clean.gradients[WORDS];
    const length = tf.norm(slope);
    compare.relative(
      'word-embedding gradient norm',
      { words: length.dataSync()[0] },
      { words: golden.fgm.embedding_gradient_norm },
      1e-3,
    );
    const moved = tf.add(params[WORDS], tf.mul(slope, tf.div(golden.fgm.epsilon, length)));
    const adversarial = valueAndGradients(loss, { ...params, [WORDS]: moved });
    compare.absolute('FGM: adversarial loss', adversarial.value.dataSync(), [golden.fgm.adversarial_loss], 1e-4);
    const summed = Object.fromEntries(
      Object.keys(clean.gradients).map((n) => [n, tf.add(clean.gradients[n], adversarial.gradients[n])]),
    );
    compare.relative('FGM: summed gradient norms', norms(summed), byOurNames(golden.fgm.summed_gradient_norms), 1e-3);
    return compare.results;
  });
}
