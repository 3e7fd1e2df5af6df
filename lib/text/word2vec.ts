import { ensure, inRange } from '../runtime/errors';
import type { Key, Random } from '../runtime/key';

/** The settings of the paper's released word2vec run; the defaults here suit a short corpus. */
export const WORD2VEC_AS_CODED = { window: 15, negatives: 20, epochs: 3, sample: 6e-5 } as const;

export interface Word2vecOptions {
  /** V: ids are below it. Default: the largest id + 1. */
  size?: number;
  /** D. Default 64, the release's. */
  dimensions?: number;
  /** The widest window on each side; each place draws its own from 1 to this. Default 5. (The release: 15.) */
  window?: number;
  /** Noise ids for each pair. Default 5. (The release: 20.) */
  negatives?: number;
  /** Default 3, the release's. */
  epochs?: number;
  /** Learning rate at the start and at the end; it falls linearly. Default .03 and .0007, the release's. */
  rate?: number;
  lastRate?: number;
  /** Frequent ids are left out by chance above this share (Mikolov et al., eq. 5). Default 1e-3; 0 keeps all. (The release: 6e-5.) */
  sample?: number;
  key: Key;
}

/**
 * Skip-gram with negative sampling over sequences of ids: vectors [V, D], row-major, in which ids that stand near each other lie near each other.
 * For a pair (w, c) it goes up log σ(v_w·u_c) + Σ_{k noise} log σ(−v_w·u_k), noise drawn from count^¾. Id 0 (unknown, padding) is skipped; its row, like that of any
 * id never seen, is 0 for 0 and the random start (uniform in ±½/D) for the others. The same key gives the same digits.
 *
 * Source: Mikolov et al. (2013), "Distributed Representations of Words and Phrases"; settings of the paper's released word2vec run (gensim).
 */
export function word2vec(sequences: readonly Int32Array[], options: Word2vecOptions): Float32Array {
  const {
    dimensions: D = 64,
    window = 5,
    negatives = 5,
    epochs = 3,
    rate = 0.03,
    lastRate = 0.0007,
    sample = 1e-3,
    key,
  } = options;
  for (const [name, value] of Object.entries({ dimensions: D, window, negatives, epochs })) inRange(name, value, 1, 1e6);
  inRange('sample', sample, 0, 1);
  let V = options.size ?? 1;
  let total = 0;
  for (const sequence of sequences)
    for (const id of sequence) {
      if (id >= V && options.size === undefined) V = id + 1;
      ensure(id >= 0 && id < V, `word2vec ids must be between 0 and ${V - 1}, got ${id}`);
      total += Number(id > 0);
    }
  const counts = new Float64Array(V);
  for (const sequence of sequences) for (const id of sequence) if (id > 0) counts[id]++;

  const start = key.fold('start').random();
  const vectors = Float32Array.from({ length: V * D }, () => (start.uniform() - 0.5) / D).fill(0, 0, D);
  if (total === 0) return vectors;
  const context = new Float32Array(V * D);
  const noise = noiseTable(counts);
  const keep = Float64Array.from(counts, (n) =>
    sample === 0 || n === 0 ? 1 : Math.min(1, Math.sqrt((sample * total) / n) + (sample * total) / n),
  );
  const model: Model = { vectors, context, gradient: new Float32Array(D), noise, D };
  const kept = new Int32Array(sequences.reduce((most, s) => Math.max(most, s.length), 0));
  let seen = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const random = key.fold('epoch', epoch).random();
    for (const sequence of sequences) {
      let length = 0;
      for (const id of sequence) {
        if (id === 0) continue;
        seen++;
        if (keep[id] >= 1 || random.uniform() < keep[id]) kept[length++] = id;
      }
      const step = Math.max(lastRate, rate - ((rate - lastRate) * seen) / (epochs * total));
      learn(model, kept, length, window, negatives, step, random);
    }
  }
  return vectors;
}

interface Model {
  vectors: Float32Array;
  context: Float32Array;
  gradient: Float32Array;
  noise: Int32Array;
  D: number;
}

/** All pairs of one sequence. */
function learn(
  model: Model,
  ids: Int32Array,
  length: number,
  window: number,
  negatives: number,
  step: number,
  random: Random,
): void {
  const { vectors, gradient, noise, D } = model;
  const mask = noise.length - 1;
  for (let i = 0; i < length; i++) {
    const at = ids[i] * D;
    const reach = 1 + random.int(window);
    const end = Math.min(length, i + reach + 1);
    for (let j = Math.max(0, i - reach); j < end; j++) {
      if (j === i) continue;
      const target = ids[j];
      gradient.fill(0);
      descend(model, at, target * D, 1, step);
      for (let k = 0; k < negatives; k++) {
        const id = noise[random.uint32() & mask];
        if (id !== target) descend(model, at, id * D, 0, step);
      }
      for (let d = 0; d < D; d++) vectors[at + d] += gradient[d];
    }
  }
}

/** One logistic term: the context vector at `to` moves, the word's gradient is gathered. */
function descend({ vectors, context, gradient, D }: Model, at: number, to: number, label: number, step: number): void {
  let dot = 0;
  for (let d = 0; d < D; d++) dot += vectors[at + d] * context[to + d];
  const g = step * (label - 1 / (1 + Math.exp(-dot)));
  for (let d = 0; d < D; d++) {
    gradient[d] += g * context[to + d];
    context[to + d] += g * vectors[at + d];
  }
}

/** 2²⁰ ids, each as often as count^¾ asks (rounded by running sums). */
function noiseTable(counts: Float64Array): Int32Array {
  const table = new Int32Array(1 << 20);
  const power = counts.map((n) => Math.sqrt(n * Math.sqrt(n)));
  let total = 0;
  for (const p of power) total += p;
  for (let id = 0, at = 0, sum = 0; id < counts.length; id++) {
    sum += power[id];
    const end = Math.round((sum / total) * table.length);
    if (end > at) table.fill(id, at, end);
    at = Math.max(at, end);
  }
  return table;
}
