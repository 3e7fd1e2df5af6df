import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic, projectCache } from '../runtime/files';
import { configHash, sha256, sha256File } from '../runtime/hash';
import { embedTexts, loadSentenceEncoder, type EmbedOptions, type SentenceEncoder } from './embed';

export interface CachedVectors {
  /** [N, H], unit rows in the order of the texts. */
  vectors: Float32Array;
  hidden: number;
  /** What the vectors are a function of: weights, tokenizer, texts, length and precision. */
  id: string;
  /** Read from disk rather than computed. */
  cached: boolean;
}

const weightHashes = new Map<string, Promise<string>>();

/** SHA-256 of a model folder's weights and configuration; read once in this process for each state of the files. */
export function weightsHash(folder: string): Promise<string> {
  const files = ['model.safetensors', 'config.json', 'tokenizer.json'].map((name) => join(folder, name));
  const key = files.map((file) => `${file}:${statSync(file).size}:${statSync(file).mtimeMs}`).join('|');
  if (!weightHashes.has(key))
    weightHashes.set(
      key,
      Promise.all(files.map(sha256File)).then((all) => sha256(all.join('\n'))),
    );
  return weightHashes.get(key)!;
}

/**
 * Unit vectors of texts, kept on disk by the hash of all that decides them. `folder` is a model folder; `encoder` spares loading it again where it
 * is loaded already.
 */
export async function cachedVectors(
  folder: string,
  texts: readonly string[],
  { encoder, ...options }: Omit<EmbedOptions, 'stopped'> & { encoder?: SentenceEncoder } = {},
): Promise<CachedVectors> {
  const { maxLength = 64, precision = 'f32' } = options;
  const id = configHash({
    version: 1,
    weights: await weightsHash(folder),
    texts: sha256(texts.join('\u0000')),
    maxLength,
    precision,
  });
  const path = projectCache('vectors', `${id}.f32`);
  if (existsSync(path) && statSync(path).size % (4 * texts.length) === 0) {
    const bytes = readFileSync(path);
    const vectors = new Float32Array(new Uint8Array(bytes).buffer);
    return { vectors, hidden: vectors.length / texts.length, id, cached: true };
  }
  const { vectors, hidden } = await embedTexts(encoder ?? loadSentenceEncoder(folder), texts, options);
  writeFileAtomic(path, new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  return { vectors, hidden, id, cached: false };
}
