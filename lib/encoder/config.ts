import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, InputError, inRange, oneOf } from '../runtime/errors';

/** The shape of an encoder: what Hugging Face's config.json says of it, under this library's names. */
export interface EncoderConfig {
  /** `xlm-roberta` counts positions from padId + 1 over real tokens and has one token type; `bert` counts from 0 over all tokens and has two. */
  type: 'xlm-roberta' | 'bert';
  layers: number;
  hidden: number;
  heads: number;
  /** Width of the feed-forward layer. */
  ffn: number;
  vocabulary: number;
  /** Rows of the position table; XLM-R cannot use the first padId + 1 of them. */
  maxPositions: number;
  typeVocabulary: number;
  padId: number;
  /** ε of every LayerNorm. */
  epsilon: number;
  /** Dropout after the embeddings and after each sub-layer. */
  dropout: number;
  /** Dropout on the attention weights. */
  attentionDropout: number;
}

const DEFAULTS = {
  'xlm-roberta': { vocabulary: 30522, typeVocabulary: 2, padId: 1 },
  bert: { vocabulary: 30522, typeVocabulary: 2, padId: 0 },
};

/** The architectures that are XLM-RoBERTa in all but name (InfoXLM says `xlm-roberta` already). */
const ALIASES: Record<string, EncoderConfig['type']> = { roberta: 'xlm-roberta', camembert: 'xlm-roberta' };

/**
 * Reads what Hugging Face's config.json says. Members that it leaves out take transformers' defaults; members that this library does not
 * know are ignored, but those that would change the arithmetic (another activation, relative positions, a decoder) are refused.
 */
export function configFromHuggingFace(json: Record<string, unknown>): EncoderConfig {
  const named = String(json.model_type);
  const type = ALIASES[named] ?? oneOf('config.json: model_type', named, ['xlm-roberta', 'bert'] as const);
  const number = (name: string, fallback: number): number => {
    const value = json[name] ?? fallback;
    ensure(
      typeof value === 'number' && Number.isFinite(value),
      `config.json: ${name} must be a number, got ${JSON.stringify(value)}`,
    );
    return value;
  };
  const expect = (name: string, expected: unknown): void =>
    ensure(
      json[name] === undefined || json[name] === null || json[name] === expected,
      `config.json: ${name} must be ${JSON.stringify(expected)}, got ${JSON.stringify(json[name])}`,
    );
  expect('hidden_act', 'gelu');
  expect('position_embedding_type', 'absolute');
  expect('is_decoder', false);
  expect('add_cross_attention', false);
  return checkConfig({
    type,
    layers: number('num_hidden_layers', 12),
    hidden: number('hidden_size', 768),
    heads: number('num_attention_heads', 12),
    ffn: number('intermediate_size', 3072),
    vocabulary: number('vocab_size', DEFAULTS[type].vocabulary),
    maxPositions: number('max_position_embeddings', 512),
    typeVocabulary: number('type_vocab_size', DEFAULTS[type].typeVocabulary),
    padId: number('pad_token_id', DEFAULTS[type].padId),
    epsilon: number('layer_norm_eps', 1e-12),
    dropout: number('hidden_dropout_prob', 0.1),
    attentionDropout: number('attention_probs_dropout_prob', 0.1),
  });
}

/** The members of config.json that transformers needs to load this encoder. `extra` (labels, architectures) goes in unchanged. */
export function configToHuggingFace(config: EncoderConfig, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    architectures: [config.type === 'bert' ? 'BertModel' : 'XLMRobertaModel'],
    model_type: config.type,
    num_hidden_layers: config.layers,
    hidden_size: config.hidden,
    num_attention_heads: config.heads,
    intermediate_size: config.ffn,
    vocab_size: config.vocabulary,
    max_position_embeddings: config.maxPositions,
    type_vocab_size: config.typeVocabulary,
    pad_token_id: config.padId,
    ...(config.type === 'bert' ? {} : { bos_token_id: 0, eos_token_id: 2 }),
    layer_norm_eps: config.epsilon,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    hidden_act: 'gelu',
    initializer_range: 0.02,
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    ...extra,
  };
}

/** Returns the configuration unless one of its members is impossible. */
export function checkConfig(config: EncoderConfig): EncoderConfig {
  oneOf('encoder.type', config.type, ['xlm-roberta', 'bert'] as const);
  for (const name of ['layers', 'hidden', 'heads', 'ffn', 'vocabulary', 'maxPositions', 'typeVocabulary'] as const) {
    inRange(`encoder.${name}`, config[name], 1, Infinity);
    ensure(Number.isInteger(config[name]), `encoder.${name} must be a whole number, got ${config[name]}`);
  }
  inRange('encoder.padId', config.padId, 0, config.vocabulary - 1);
  ensure(
    config.hidden % config.heads === 0,
    `encoder.hidden must be a multiple of encoder.heads, got ${config.hidden} and ${config.heads}`,
  );
  inRange('encoder.epsilon', config.epsilon, 0, 1);
  inRange('encoder.dropout', config.dropout, 0, 0.999);
  inRange('encoder.attentionDropout', config.attentionDropout, 0, 0.999);
  ensure(
    longestText(config) >= 1,
    `encoder.maxPositions must be more than padId + 1 = ${config.padId + 1}, got ${config.maxPositions}`,
  );
  return config;
}

/** The most tokens a text may have: XLM-R's first padId + 1 positions are not for tokens. */
export function longestText(config: EncoderConfig): number {
  return config.type === 'bert' ? config.maxPositions : config.maxPositions - config.padId - 1;
}

/** A model folder's config.json, parsed. */
export function readConfigJson(folder: string): Record<string, unknown> {
  const path = join(folder, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new InputError(`${path} cannot be read: a model folder holds config.json and model.safetensors`);
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
  }
}
