import { ensure, inRange } from '../runtime/errors';
import type { Random } from '../runtime/key';
import type { MlmConfig } from './config';

/** What a tokenizer must say for masking. */
export interface Maskable {
  mask: number;
  /** Ids that are never masked and never drawn: special tokens. */
  special: ReadonlySet<number>;
  vocabulary: number;
}

/**
 * Masks a batch in place (Devlin et al. 2019; paper §4): each ordinary token is chosen with probability `share`; of those chosen `mask` become the
 * mask token, `random` a random ordinary one, the rest stay. Returns the labels: the token that was there, −100 elsewhere.
 * `capacity` is the most that may be chosen (a recorded step has that many slots); the few beyond it are left alone.
 */
export function maskTokens(
  ids: Int32Array,
  config: MlmConfig,
  tokens: Maskable,
  random: Random,
  capacity = Infinity,
): Int32Array {
  const labels = new Int32Array(ids.length).fill(-100);
  let chosen = 0;
  for (let i = 0; i < ids.length && chosen < capacity; i++) {
    if (tokens.special.has(ids[i]) || !random.bernoulli(config.share)) continue;
    chosen++;
    labels[i] = ids[i];
    const u = random.uniform();
    if (u < config.mask) ids[i] = tokens.mask;
    else if (u < config.mask + config.random) ids[i] = ordinaryToken(tokens, random);
  }
  return labels;
}

function ordinaryToken({ special, vocabulary }: Maskable, random: Random): number {
  for (;;) {
    const id = random.int(vocabulary);
    if (!special.has(id)) return id;
  }
}

/** Throws where a special token (padding, separator) is asked for: a masking that does so teaches nothing of the text. `labels` as `maskTokens` gives them. */
export function checkMasked(labels: Int32Array, { special }: Maskable): void {
  const bad = labels.find((label) => special.has(label));
  if (bad !== undefined)
    throw new Error(`MLM masked a special token (id ${bad}): the tokenizer's special ids are ${[...special].join(', ')}`);
}

/** Slots for masked tokens in a batch of `tokens` tokens, padding included: the expected number and four standard deviations. */
export const maskCapacity = (tokens: number, share: number): number =>
  Math.ceil(tokens * share + 4 * Math.sqrt(tokens * share * (1 - share)));

export function checkMlm({ share, mask, random, weight }: MlmConfig): void {
  inRange('mlm.share', share, 0, 1);
  inRange('mlm.mask', mask, 0, 1);
  inRange('mlm.random', random, 0, 1);
  ensure(mask + random <= 1, `mlm.mask and mlm.random must be at most 1 together, got ${mask} and ${random}`);
  inRange('mlm.weight', weight, 0, Infinity);
}
