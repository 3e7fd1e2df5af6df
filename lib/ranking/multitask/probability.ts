/**
 * From tower logits z [B, 1] and position terms b [B, M] to the log probabilities of each signal at each impression, in the form that neither overflows nor
 * loses small probabilities:
 *
 *     none, aitm       additive: log p_t = log σ(z_t + b_t)             multiplicative: log p_t = log θ_t + log σ(z_t),  log θ_t = −softplus(b_t)
 *     esmm             log p_click as above, log p_cart = log p_click + log σ(z_cart), log p_purchase = log p_cart + log σ(z_purchase)
 *
 * so that with esmm p(purchase) ≤ p(cart) ≤ p(click) whatever the weights. Position acts on the first step of the funnel alone with esmm.
 */
import { differentiable } from '../../ops/differentiable';
import { embedding } from '../../ops/embedding';
import { kernel, FLOAT } from '../../ops/kernel';
import { mul, toFloat } from '../../ops/raw';
import type { Params, ParamSpecs } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import type { NetworkConfig, NetworkSizes } from './config';

/** The shallow position tower's weights: a logit per position and task, with the top's subtracted, so that the top is 0. No decay: it is a bias. */
export const POSITION = 'heads.ranking.position.bias';

/** Tasks whose probability the position acts on directly. */
export const positionTasks = ({ tasks, transfer }: Pick<NetworkConfig, 'tasks' | 'transfer'>): number =>
  transfer === 'esmm' ? 1 : tasks.length;

/** The position tower's weights; none where there is no tower. */
export function positionParams(config: NetworkConfig, { positions }: NetworkSizes): ParamSpecs {
  return config.position === 'none' ? {} : { [POSITION]: { shape: [positions, positionTasks(config)], init: { constant: 0 } } };
}

/** What is known of an event and of its absence, [B, M] each. */
export interface LogProbability {
  /** log p */
  yes: Tensor;
  /** log(1 − p) */
  no: Tensor;
}

const logSigmoid = (x: Tensor): Tensor => tf.neg(tf.softplus(tf.neg(x)));

/** log(1 − exp(x)) for x < 0, exact for small probabilities; x is kept below −1e-6. Gradient: −1/(exp(−x) − 1). */
export function logNot(x: Tensor): Tensor {
  return differentiable([x], (x) => {
    const below = kernel('Minimum', [x, tf.scalar(-1e-6)], { T: FLOAT });
    const rest = kernel('Expm1', [below], { T: FLOAT }); // exp(x) − 1 = −(1 − p)
    return {
      value: kernel('Log', [mul(rest, -1)], { T: FLOAT }),
      saved: [below],
      gradient: (dy, [below]) => [
        kernel('RealDiv', [mul(dy, -1), kernel('Expm1', [mul(below, -1)], { T: FLOAT })], { T: FLOAT }),
      ],
    };
  });
}

/**
 * Log probabilities of each task at each impression. `logits` [B, 1] each; `positions` int32 [B, M] from 0 at the top; without them position is switched off and
 * M = 1.
 */
export function logProbabilities(
  params: Params,
  config: NetworkConfig,
  logits: readonly Tensor[],
  positions: Tensor | null,
): LogProbability[] {
  const terms = positions && config.position !== 'none' ? positionTerms(params, positions) : null;
  const none = positions && mul(toFloat(positions), 0); // [B, M]
  const alone = (z: Tensor, b: Tensor | undefined): LogProbability => {
    if (!b) {
      const wide = none ? tf.add(z, none) : z;
      return { yes: logSigmoid(wide), no: logSigmoid(tf.neg(wide)) };
    }
    if (config.position === 'additive') {
      const x = tf.add(z, b);
      return { yes: logSigmoid(x), no: logSigmoid(tf.neg(x)) };
    }
    const yes = tf.add(tf.neg(b), logSigmoid(z));
    return { yes, no: logNot(yes) };
  };
  if (config.transfer !== 'esmm') return logits.map((z, t) => alone(z, terms?.[t]));
  const out = [alone(logits[0], terms?.[0])];
  for (const z of logits.slice(1)) {
    const yes = tf.add(out[out.length - 1].yes, logSigmoid(z));
    out.push({ yes, no: logNot(yes) });
  }
  return out;

  /** Each task's term [B, M]: a logit less the top's (additive), or −log θ with θ = 1 at the top (multiplicative). */
  function positionTerms(params: Params, positions: Tensor): Tensor[] {
    const table = params[POSITION]; // [P, K]
    const [count, tasks] = table.shape as [number, number];
    const below = tf.reshape(tf.tensor1d(Float32Array.from({ length: count }, (_, k) => Number(k > 0))), [count, 1]);
    const relative =
      config.position === 'additive' ? tf.sub(table, tf.slice(table, [0, 0], [1, tasks])) : tf.mul(tf.softplus(table), below);
    const at = embedding(relative, tf.reshape(positions, [-1])); // [B·M, K]
    const columns = tasks === 1 ? [at] : tf.split(at, tasks, 1);
    return columns.map((column) => tf.reshape(column, positions.shape as [number, number]));
  }
}

/** A pair's probabilities at a position (from 0; null = position switched off), on the host: the same formulas. `logits` and `table` are flat. */
export function probabilitiesAt(
  config: Pick<NetworkConfig, 'tasks' | 'transfer' | 'position'>,
  logits: ArrayLike<number>,
  table: ArrayLike<number> | null,
  position: number | null,
): number[] {
  const width = positionTasks(config);
  const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const on = table !== null && position !== null && config.position !== 'none';
  const row = on ? Math.min(position, table.length / width - 1) : 0;
  const alone = (z: number, t: number): number => {
    if (!on || t >= width) return sigmoid(z);
    if (config.position === 'additive') return sigmoid(z + table[row * width + t] - table[t]);
    return (row > 0 ? Math.exp(-softplus(table[row * width + t])) : 1) * sigmoid(z);
  };
  let before = 1;
  return config.tasks.map((_, t) => {
    const p = alone(logits[t], t);
    return config.transfer === 'esmm' ? (before *= p) : p;
  });
}
