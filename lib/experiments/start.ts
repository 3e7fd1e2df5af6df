import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  initialise,
  encoderParams,
  loadPretrained,
  longestText,
  MATCHING_START,
  readConfigJson,
  weightsDigest,
  type EncoderConfig,
} from '../encoder';
import { resolveWeights as resolveKnownOrFolder } from '../encoder/weights';
import { LOCALES, type Dataset, type Locale, type Row } from '../data/types';
import { loadTokenizer, NameVocabulary, productText, trainTokenizer, type Tokenizer } from '../text';
import type { Key } from '../runtime/key';
import { ensure } from '../runtime/errors';
import type { EncoderStart } from './config';
import type { RunRecord } from './record';

/** Where pre-training keeps the names of its brand and colour heads, in the encoder's folder. */
export const NAMES_FILES = { brand: 'brands.json', color: 'colors.json' } as const;

/** An encoder before a run: its shape, its tokenizer, its weights, and the locales it can read. */
export interface StartingEncoder {
  config: EncoderConfig;
  tokenizer: Tokenizer;
  weights: Record<string, Float32Array>;
  /** Heads that came with the weights (an MLM head, or an earlier pre-training's); none from scratch. */
  heads?: Record<string, Float32Array>;
  /** Whose vectors the tables of the brand and colour heads that came with the weights hold. */
  names?: Partial<Record<keyof typeof NAMES_FILES, NameVocabulary>>;
  locales: readonly Locale[];
}

/** Locales that an encoder from scratch reads: its vocabulary is trained on them. */
const ALL_LOCALES: readonly Locale[] = ['us', 'es', 'jp'];

/** The locales of a start: those the vocabulary can read. */
export async function localesOf(start: EncoderStart): Promise<readonly Locale[]> {
  if (start.from === 'scratch') return ALL_LOCALES;
  return (await resolveWeights(start.name)).locales;
}

/** The weights that a run starts from, for its record: their name and digest; nothing from scratch. */
export async function weightsOf(start: EncoderStart | undefined): Promise<Pick<RunRecord, 'weights'>> {
  if (start?.from !== 'weights') return {};
  const { name, sha256 } = start; // a digest that the start names was held against the folder when it was loaded
  return { weights: { name, sha256: sha256 ?? (await weightsDigest((await resolveWeights(name)).folder)) } };
}

/**
 * A scratch encoder with a vocabulary trained on the catalogue and the training queries, or a pre-trained one from its folder. `maxLength` is that of the longest text
 * which it has to read, in tokens; weights with fewer positions are refused.
 */
export async function startingEncoder(
  start: EncoderStart,
  dataset: Dataset,
  train: readonly Pick<Row, 'query'>[],
  maxLength: number,
  key: Key,
): Promise<StartingEncoder> {
  if (start.from === 'weights') {
    const { folder, locales } = await resolveWeights(start.name);
    const sha256 = start.sha256 === undefined ? undefined : await weightsDigest(folder);
    ensure(
      sha256 === start.sha256,
      `weights ${start.name} must be those that the run names, SHA-256 ${start.sha256}, got ${sha256}`,
    );
    const { config, params, heads } = loadPretrained(folder);
    ensure(
      maxLength <= longestText(config),
      `text.maxLength and pretrain.maxLength must be at most ${longestText(config)} with the weights ${start.name}, got ${maxLength}`,
    );
    const { dropout, attentionDropout } = start;
    const tokenizer = loadTokenizer(folder);
    ensure(
      tokenizer.size <= config.vocabulary,
      `weights ${start.name}: tokenizer.json has ${tokenizer.size} tokens, the encoder's word embeddings ${config.vocabulary}; expected no more (resize_token_embeddings of transformers adds rows)`,
    );
    return {
      config: { ...config, dropout, attentionDropout },
      tokenizer,
      weights: params,
      heads,
      names: namesIn(folder),
      locales,
    };
  }
  const { layers, hidden, heads, ffn, vocabulary, dropout, attentionDropout, matching, upper = MATCHING_START.upper } = start;
  const texts = [...dataset.products.map((p) => productText(p, { separator: ' ' })), ...train.map((row) => row.query)];
  const tokenizer = await trainTokenizer(texts, { vocabulary });
  const config: EncoderConfig = {
    type: 'xlm-roberta',
    layers,
    hidden,
    heads,
    ffn,
    vocabulary: tokenizer.size,
    maxPositions: maxLength + 2,
    typeVocabulary: 1,
    padId: tokenizer.specials.pad,
    epsilon: 1e-5,
    dropout,
    attentionDropout,
  };
  const weights = initialise(
    encoderParams(config),
    key.fold('encoder'),
    matching ? { matching: { ...MATCHING_START, upper } } : {},
  );
  return { config, tokenizer, weights, locales: ALL_LOCALES };
}

function namesIn(folder: string): StartingEncoder['names'] {
  const files = Object.entries(NAMES_FILES).filter(([, file]) => existsSync(join(folder, file)));
  return Object.fromEntries(files.map(([of, file]) => [of, NameVocabulary.load(join(folder, file))]));
}

/**
 * A weights folder by known name (fetched on first use) or path, and the locales it can read: those that its config.json names, as pre-training writes them
 * there, else as `encoder/weights` finds them.
 */
export async function resolveWeights(name: string): Promise<{ folder: string; locales: readonly Locale[] }> {
  const named = existsSync(join(name, 'config.json')) ? readConfigJson(name).locales : undefined;
  if (Array.isArray(named)) return { folder: name, locales: LOCALES.filter((locale) => named.includes(locale)) };
  return resolveKnownOrFolder(name);
}
