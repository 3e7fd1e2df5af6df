/**
 * Towers: a task's vector and the product's numbers → one logit. With `aitm` (Xi et al. 2021, eq. 5 to 9) a tower's hidden vector q_t is joined with what the
 * tower before it passes on, p = relu(W·z_{t−1}), by attention over the two:
 *
 *     z_1 = q_1,   z_t = Σ_{u ∈ {p, q_t}} α_u · V·u,   α = softmax_u(⟨Q·u, K·u⟩ / √W)
 *
 * and the logit is read from z_t. With `esmm` and `none` z_t = q_t.
 */
import { dense } from '../../ops/dense';
import { rowSum } from '../../ops/row-sum';
import type { Params, ParamSpecs } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import type { NetworkConfig, NetworkSizes } from './config';
import { relu } from './relu';

const PREFIX = 'heads.ranking.tower';
const AITM = ['query', 'key', 'value'] as const;

const layer = (name: string, out: number, width: number, bias = true): ParamSpecs => ({
  [`${PREFIX}.${name}.weight`]: { shape: [out, width], init: { normal: 1 / Math.sqrt(width) } },
  ...(bias ? { [`${PREFIX}.${name}.bias`]: { shape: [out], init: { constant: 0 } } } : {}),
});

/** The towers' weights. */
export function towerParams(config: NetworkConfig, sizes: NetworkSizes): ParamSpecs {
  const { tasks, expertWidth, towerWidth: width } = config;
  const all = tasks.flatMap((task, t) => [
    layer(`${task}.dense`, width, expertWidth + sizes.features),
    layer(`${task}.out`, 1, width),
    ...(config.transfer === 'aitm' && t > 0
      ? [layer(`${task}.passed`, width, width), ...AITM.map((part) => layer(`${task}.${part}`, width, width, false))]
      : []),
  ]);
  return Object.fromEntries(all.flatMap((specs) => Object.entries(specs)));
}

/** The logit of each tower, [B, 1] each: of its signal (`none`, `aitm`), or of its step of the funnel given the one before (`esmm`). */
export function towerLogits(
  params: Params,
  config: NetworkConfig,
  vectors: readonly Tensor[],
  features: Tensor | undefined,
): Tensor[] {
  const apply = (name: string, x: Tensor): Tensor =>
    dense(x, params[`${PREFIX}.${name}.weight`], params[`${PREFIX}.${name}.bias`]);
  let before: Tensor | undefined;
  return config.tasks.map((task, t) => {
    const own = relu(apply(`${task}.dense`, features ? tf.concat([vectors[t], features], 1) : vectors[t])); // [B, W]
    const z =
      config.transfer === 'aitm' && before
        ? transfer(relu(apply(`${task}.passed`, before)), own, (part, u) => apply(`${task}.${part}`, u))
        : own;
    before = z;
    return apply(`${task}.out`, z);
  });
}

/** AITM's attention over what was passed on and the tower's own vector, [B, W] each → [B, W]. */
function transfer(passed: Tensor, own: Tensor, apply: (part: (typeof AITM)[number], u: Tensor) => Tensor): Tensor {
  const width = own.shape[1]!;
  const score = (u: Tensor): Tensor =>
    tf.reshape(tf.mul(rowSum(tf.mul(apply('query', u), apply('key', u))), 1 / Math.sqrt(width)), [-1, 1]); // [B, 1]
  const share = tf.softmax(tf.concat([score(passed), score(own)], 1)); // [B, 2]
  const values = tf.stack([apply('value', passed), apply('value', own)], 1) as tf.Tensor3D; // [B, 2, W]
  return tf.reshape(tf.matMul(tf.reshape(share, [-1, 1, 2]), values), [-1, width]);
}
