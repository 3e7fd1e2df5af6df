import { encode, encoderParams, loadPretrained, type EncoderConfig } from '../encoder';
import { Program, type FeedSpecs, type Precision } from '../graph';
import { l2Normalise, meanPool } from '../ops/pooling';
import { ensure } from '../runtime/errors';
import { breathe } from '../runtime/stoppable';
import { epochBatches, lengthBuckets, loadTokenizer, type Encoded, type Tokenizer } from '../text';

/** A sentence encoder: its shape, its words, its weights under the names of `encoderParams`. */
export interface SentenceEncoder {
  config: EncoderConfig;
  tokenizer: Tokenizer;
  weights: Readonly<Record<string, Float32Array>>;
}

/** Loads a sentence encoder from a folder with config.json, tokenizer.json and model.safetensors. */
export function loadSentenceEncoder(folder: string): SentenceEncoder {
  const { config, params } = loadPretrained(folder);
  return { config, tokenizer: loadTokenizer(folder), weights: params };
}

export interface EmbedOptions {
  /** Longer texts are cut, special tokens included. Default 64. */
  maxLength?: number;
  /** Texts of a batch. Default 32. */
  batch?: number;
  /** Default f32. */
  precision?: Precision;
  /** Padded lengths to record the encoder for, at most. Default 4. */
  buckets?: number;
  onProgress?: (texts: number, total: number) => void;
  /** Asked between batches; true ends with an error of the caller's choice by returning early: the vectors not reached stay 0. */
  stopped?: () => boolean;
}

/** Vectors of texts, row after row, each of length 1. */
export interface Embedded {
  /** [N, H] */
  vectors: Float32Array;
  hidden: number;
  /** Tokens that were read, special tokens included. */
  tokens: number;
}

/**
 * A recorded encoder for texts of given batch sizes and lengths: mean pooling over a text's tokens, scaled to length 1
 * (sentence-transformers' `encode` with `normalize_embeddings`). Dispose it.
 */
export class Embedder {
  private readonly program: Program;

  constructor(
    private readonly encoder: SentenceEncoder,
    private readonly batch: number,
    readonly lengths: readonly number[],
    precision: Precision = 'f32',
  ) {
    const { config, weights } = encoder;
    const typed = config.type === 'bert';
    const feeds = (length: number): FeedSpecs => {
      const text = { shape: [batch, length], dtype: 'int32' } as const;
      return { inputIds: text, attentionMask: text, ...(typed ? { tokenTypeIds: text } : {}) };
    };
    const names = Object.keys(encoderParams(config));
    this.program = new Program(
      encoderParams(config),
      {
        embed: {
          step: (state, { inputIds, attentionMask, tokenTypeIds }) => {
            const params = Object.fromEntries(names.map((name) => [name, state.read(name)]));
            const hidden = encode(params, config, { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}) });
            return { vectors: l2Normalise(meanPool(hidden, attentionMask)) }; // [B, H]
          },
          buckets: Object.fromEntries(lengths.map((length) => [String(length), feeds(length)])),
        },
      },
      { precision },
    );
    this.program.write(Object.fromEntries(names.map((name) => [name, weights[name]])));
  }

  /** The unit vectors [B, H] of at most `batch` encoded texts, none longer than `length`, one of the declared lengths. */
  run(texts: readonly Encoded[], length: number): Float32Array {
    const { config, tokenizer } = this.encoder;
    const size = this.batch * length;
    const feeds = {
      inputIds: new Int32Array(size).fill(tokenizer.specials.pad),
      attentionMask: new Int32Array(size),
      ...(config.type === 'bert' ? { tokenTypeIds: new Int32Array(size) } : {}),
    };
    texts.forEach(({ ids }, i) => {
      feeds.inputIds.set(ids, i * length);
      feeds.attentionMask.fill(1, i * length, i * length + ids.length);
    });
    return this.program.run('embed', String(length), feeds).vectors as Float32Array;
  }

  dispose(): void {
    this.program.dispose();
  }
}

/**
 * Unit vectors of many texts: batches by length, so that little padding is computed; equal texts are computed once.
 * texts [N] → [N, H]. An empty text has the vector of its special tokens.
 */
export async function embedTexts(
  encoder: SentenceEncoder,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<Embedded> {
  const { maxLength = 64, batch = 32, precision = 'f32', buckets: most = 4, onProgress, stopped } = options;
  ensure(texts.length > 0, 'there must be at least one text to embed, got none');
  const place = new Map<string, number>();
  for (const text of texts) if (!place.has(text)) place.set(text, place.size);
  const encoded = await encoder.tokenizer.encodeSingles([...place.keys()], { maxLength });
  const lengths = Int32Array.from(encoded, ({ ids }) => ids.length);
  const rows = Math.min(batch, encoded.length);
  const buckets = lengthBuckets(lengths, { batch: rows, multiple: 8, maxLength, buckets: most });
  const { hidden } = encoder.config;
  const distinct = new Float32Array(encoded.length * hidden);
  const embedder = new Embedder(encoder, rows, buckets, precision);
  let done = 0;
  try {
    for (const { rows: chosen, length, real } of epochBatches(lengths, { batch: rows, buckets, shuffle: 'none' })) {
      if (stopped?.()) break;
      const vectors = embedder.run(
        Array.from(chosen, (row) => encoded[row]),
        length,
      );
      for (let i = 0; i < real; i++) distinct.set(vectors.subarray(i * hidden, (i + 1) * hidden), chosen[i] * hidden);
      done += real;
      onProgress?.(done, encoded.length);
      await breathe();
    }
  } finally {
    embedder.dispose();
  }
  const vectors = new Float32Array(texts.length * hidden);
  texts.forEach((text, i) => {
    const row = place.get(text)!;
    vectors.set(distinct.subarray(row * hidden, (row + 1) * hidden), i * hidden);
  });
  return { vectors, hidden, tokens: lengths.reduce((a, b) => a + b, 0) };
}

/** The cosine of two unit vectors that start at `a` of `A` and `b` of `B`. */
export function cosineAt(A: Float32Array, a: number, B: Float32Array, b: number, hidden: number): number {
  let sum = 0;
  for (let i = 0; i < hidden; i++) sum += A[a + i] * B[b + i];
  return sum;
}
