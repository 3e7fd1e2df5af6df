import type { ParamSpec, ParamSpecs } from '../ops/params';
import { inRange } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { WORDS } from './parameters';

/**
 * A start from which a small encoder learns to match words soon: a token attends to its own copies from the first step.
 * It is only an initialisation; nothing is tied afterwards, and the file stays a plain Hugging Face encoder.
 */
export interface MatchingStart {
  /** The first layer's query and key weights are both this times one draw. */
  scale: number;
  /** Standard deviation of dense weights; 1/√H where left out. */
  linearStd?: number;
  wordStd: number;
  positionStd: number;
  /**
   * Of the layers after the first, the matrices that write back into the residual stream (`attention.output.dense`, `output.dense`) start at this multiple of the
   * others' deviation. Small ones pass on what the first layer found, as GPT-2's 1/√(number of them) does for a deep network (Radford et al. 2019, §2.3).
   */
  upper: number;
}

/** The values that were calibrated: with 2 layers × 128, matching is learned in about 150 steps in place of 700. */
export const MATCHING_START: MatchingStart = { scale: 1.5, wordStd: 0.1, positionStd: 0.05, upper: 1 };

const FIRST_QUERY = 'encoder.layer.0.attention.self.query.weight';
const FIRST_KEY = 'encoder.layer.0.attention.self.key.weight';
const UPPER_OUTPUT = /^encoder\.layer\.(?!0\.)\d+\.(attention\.)?output\.dense\.weight$/;
const POSITIONS = 'embeddings.position_embeddings.weight';

/**
 * Draws the weights of a model that starts from nothing, on the host: the same key gives the same numbers on every platform, whatever else is drawn.
 * Plain: each as its spec says (Hugging Face: N(0, 0.02²), LayerNorm 1 and 0, biases 0). `matching`: dense matrices (the heads' too), word and
 * position tables take that start's deviations. (transformers also zeroes the padding rows of the tables, which nothing attends to.)
 */
export function initialise(
  specs: ParamSpecs,
  key: Key,
  { matching }: { matching?: MatchingStart } = {},
): Record<string, Float32Array> {
  if (matching) for (const [name, value] of Object.entries(matching)) inRange(`matching.${name}`, value as number, 0, 1000);
  const hidden = specs[WORDS]?.shape[1];
  const std = (name: string, spec: ParamSpec): number => {
    const plain = 'normal' in spec.init ? spec.init.normal : 0;
    if (!matching || !hidden) return plain;
    if (name === WORDS) return matching.wordStd;
    if (name === POSITIONS) return matching.positionStd;
    const dense = spec.shape.length === 2 && name.endsWith('.weight') && !name.includes('embeddings');
    if (!dense || !plain) return plain;
    const linear = matching.linearStd ?? 1 / Math.sqrt(hidden);
    if (name === FIRST_QUERY) return linear * matching.scale;
    return UPPER_OUTPUT.test(name) ? linear * matching.upper : linear;
  };
  const values = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, draw(spec, std(name, spec), key.fold(name))]),
  );
  if (matching && values[FIRST_QUERY]) values[FIRST_KEY] = values[FIRST_QUERY].slice();
  return values;
}

function draw({ shape, init }: ParamSpec, std: number, key: Key): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if ('constant' in init) return values.fill(init.constant);
  const random = key.random();
  for (let i = 0; i < values.length; i++) values[i] = std * random.normal();
  return values;
}
