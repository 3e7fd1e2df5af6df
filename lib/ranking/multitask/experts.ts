/**
 * Mixtures of experts. An expert is relu(W·x + b); a gate is softmax(V·x) over the experts that it may use, and what it gives is their weighted sum:
 *
 *     shared-bottom    h_t = E(x)
 *     mmoe             h_t = Σ_e gate_t(x)_e · E_e(x)                                                    (Ma et al. 2018a, eq. 6 and 7)
 *     ple, layer l     x_t ← Σ_e gate_t(x_t)_e · E_e over task t's own experts (of x_t) and the shared ones (of x_s)
 *                      x_s ← Σ_e gate_s(x_s)_e · E_e over all experts, but in the last layer            (Tang et al. 2020, eq. 1 to 7)
 */
import { dense } from '../../ops/dense';
import type { Params, ParamSpecs } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import type { NetworkConfig } from './config';
import { relu } from './relu';

const PREFIX = 'heads.ranking';

export interface Mixed {
  /** One vector a task, [B, W] each. */
  vectors: Tensor[];
  /** The last layer's gate of each task, [B, E] each: own experts first, then the shared ones; none where nothing is mixed. */
  gates: Tensor[];
}

/** Names of what has experts or a gate: each task, and what they share. */
const SHARED = 'shared';

const matrix = (out: number, width: number) => ({ shape: [out, width], init: { normal: 1 / Math.sqrt(width) } }) as const;
const zeros = (size: number) => ({ shape: [size], init: { constant: 0 } }) as const;
const group = (name: string, experts: number, width: number, from: number): ParamSpecs => ({
  [`${PREFIX}.${name}.weight`]: matrix(experts * width, from),
  [`${PREFIX}.${name}.bias`]: zeros(experts * width),
});
const gate = (name: string, experts: number, from: number): ParamSpecs => ({
  [`${PREFIX}.${name}.gate.weight`]: matrix(experts, from),
});

/** The weights between the encoder's vector of width `from` and the towers. */
export function expertParams(config: NetworkConfig, from: number): ParamSpecs {
  const { sharing, tasks, experts, taskExperts, layers, expertWidth: width } = config;
  if (sharing === 'single' || sharing === 'shared-bottom') return group('experts.shared', 1, width, from);
  const all: ParamSpecs[] = [];
  if (sharing === 'mmoe') {
    all.push(group('experts.shared', experts, width, from), ...tasks.map((task) => gate(`experts.${task}`, experts, from)));
  } else {
    for (let l = 0; l < layers; l++) {
      const input = l === 0 ? from : width;
      all.push(group(`experts.${l}.${SHARED}`, experts, width, input));
      for (const task of tasks)
        all.push(
          group(`experts.${l}.${task}`, taskExperts, width, input),
          gate(`experts.${l}.${task}`, taskExperts + experts, input),
        );
      if (l < layers - 1) all.push(gate(`experts.${l}.${SHARED}`, tasks.length * taskExperts + experts, input));
    }
  }
  return Object.fromEntries(all.flatMap((specs) => Object.entries(specs)));
}

/** x [B, H] → a vector [B, W] for each task. */
export function mixExperts(params: Params, config: NetworkConfig, x: Tensor): Mixed {
  const { sharing, tasks, experts, taskExperts, expertWidth: width } = config;
  const run = (name: string, n: number, from: Tensor): Tensor => {
    const values = relu(dense(from, params[`${PREFIX}.${name}.weight`], params[`${PREFIX}.${name}.bias`])); // [B, n·W]
    return tf.reshape(values, [-1, n, width]); // [B, n, W]
  };
  const open = (name: string, from: Tensor): Tensor => tf.softmax(dense(from, params[`${PREFIX}.${name}.gate.weight`])); // [B, E]
  if (sharing === 'single' || sharing === 'shared-bottom') {
    const vector = tf.reshape(run('experts.shared', 1, x), [-1, width]);
    return { vectors: tasks.map(() => vector), gates: [] };
  }
  if (sharing === 'mmoe') {
    const values = run('experts.shared', experts, x);
    const gates = tasks.map((task) => open(`experts.${task}`, x));
    return { vectors: gates.map((g) => weighted(g, values)), gates };
  }
  let shared = x;
  let own = tasks.map(() => x);
  let gates: Tensor[] = [];
  for (let l = 0; l < config.layers; l++) {
    const common = run(`experts.${l}.${SHARED}`, experts, shared);
    const special = tasks.map((task, t) => run(`experts.${l}.${task}`, taskExperts, own[t]));
    gates = tasks.map((task, t) => open(`experts.${l}.${task}`, own[t]));
    const next = tasks.map((_, t) => weighted(gates[t], tf.concat([special[t], common], 1)));
    if (l < config.layers - 1) shared = weighted(open(`experts.${l}.${SHARED}`, shared), tf.concat([...special, common], 1));
    own = next;
  }
  return { vectors: own, gates };
}

/** Σ_e gate_e · E_e: [B, E] and [B, E, W] → [B, W]. */
function weighted(gates: Tensor, values: Tensor): Tensor {
  const [, experts, width] = values.shape;
  return tf.reshape(tf.matMul(tf.reshape(gates, [-1, 1, experts]), values as tf.Tensor3D), [-1, width]);
}
