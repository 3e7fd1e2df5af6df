import { dense } from '../../ops/dense';
import { embedding } from '../../ops/embedding';
import type { Params, ParamSpecs } from '../../ops/params';
import { l2Normalise } from '../../ops/pooling';
import { toFloat } from '../../ops/raw';
import { rowSum } from '../../ops/row-sum';
import { tf, type Tensor } from '../../runtime/tensorflow';

/** The kernels of the paper: one for exact matches (μ 1, σ 10⁻³) and ten of σ 0.1 with μ from 0.9 to −0.9. */
export const KERNELS: readonly { mu: number; sigma: number }[] = [
  { mu: 1, sigma: 1e-3 },
  ...Array.from({ length: 10 }, (_, k) => ({ mu: Math.round((0.9 - 0.2 * k) * 10) / 10, sigma: 0.1 })),
];

/** Where the released code clips a kernel's sum before its logarithm, and what it multiplies the logarithm by. */
const LEAST = 1e-10;
const SCALE = 0.01;

export const KNRM_WORDS = 'knrm.words';

/** The weights for V words (0 is padding) of D numbers: word vectors, and a linear layer over the kernels. */
export function knrmParams(vocabulary: number, dimensions: number): ParamSpecs {
  return {
    [KNRM_WORDS]: { shape: [vocabulary, dimensions], init: { normal: 0.1 } },
    'knrm.weight': { shape: [1, KERNELS.length], init: { normal: 0.01 } },
    'knrm.bias': { shape: [1], init: { constant: 0 } },
  };
}

/**
 * Kernel pooling (Xiong et al. 2017, eqs. 3–5): φ_k = 0.01·Σᵢ ln max(Σⱼ exp(−(Mᵢⱼ − μ_k)²/2σ_k²), 10⁻¹⁰), sums over the real words only.
 * similarities M [B, Q, T], query mask [B, Q], product mask [B, T] (1 or 0, float) → [B, 11]. Departs from the paper by the 0.01 and the clipping, which are its released code's.
 */
export function kernelPooling(similarities: Tensor, queryMask: Tensor, productMask: Tensor): Tensor {
  const [batch, queryWords, words] = similarities.shape as [number, number, number];
  const mask = tf.reshape(productMask, [batch, 1, words]);
  const columns = KERNELS.map(({ mu, sigma }) => {
    const kernel = tf.exp(tf.mul(tf.square(tf.sub(similarities, mu)), -1 / (2 * sigma * sigma))); // [B, Q, T]
    const soft = rowSum(tf.reshape(tf.mul(kernel, mask), [batch * queryWords, words])); // [B·Q]: how many of the product's words are about so near
    const logs = tf.mul(tf.log(tf.maximum(soft, LEAST)), SCALE);
    return rowSum(tf.mul(tf.reshape(logs, [batch, queryWords]), queryMask)); // [B]
  });
  return tf.stack(columns, 1);
}

/**
 * K-NRM (Xiong, Dai, Callan, Liu and Power 2017): cosines of word vectors → kernel pooling → f = tanh(w·φ + b), eqs. 1–6. queries int32 [B, Q], products int32 [B, T], 0 is
 * padding → [B] in (−1, 1).
 */
export function knrm(params: Params, queries: Tensor, products: Tensor): Tensor {
  const vectors = (ids: Tensor): Tensor => l2Normalise(embedding(params[KNRM_WORDS], ids, 0)); // [B, ·, D]
  const mask = (ids: Tensor): Tensor => toFloat(tf.notEqual(ids, tf.scalar(0, 'int32')));
  const similarities = tf.matMul(vectors(queries), vectors(products), false, true); // [B, Q, T]
  const pooled = kernelPooling(similarities, mask(queries), mask(products));
  return tf.reshape(tf.tanh(dense(pooled, params['knrm.weight'], params['knrm.bias'])), [queries.shape[0]]);
}

/** The pairwise hinge loss of eq. 7, mean over pairs: max(0, 1 − f(q, d⁺) + f(q, d⁻)). better, worse [B] → scalar. */
export function hingeLoss(better: Tensor, worse: Tensor): Tensor {
  return tf.mean(tf.relu(tf.add(tf.sub(worse, better), 1)));
}
