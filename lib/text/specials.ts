import { ensure } from '../runtime/errors';
import type { Template } from './template';

interface AddedTokenJson {
  id: number;
  content: string;
  special: boolean;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
}

/** A Hugging Face tokenizer.json, as far as it is read here. */
export interface TokenizerJson {
  added_tokens: AddedTokenJson[];
  post_processor: unknown;
  truncation?: unknown;
  padding?: unknown;
  model: {
    type: string;
    /** Unigram: [piece, log probability] in the order of ids; WordPiece and BPE: ids by piece. */
    vocab: [string, number][] | Record<string, number>;
    unk_id?: number | null;
    unk_token?: string | null;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** Ids of the special tokens. */
export interface Specials {
  /** First token of every text: `<s>` or `[CLS]`. */
  cls: number;
  /** End and separator: `</s>` or `[SEP]`. */
  sep: number;
  pad: number;
  unk: number;
  /** Absent where the tokenizer has no mask token. */
  mask: number | undefined;
}

/** The ids of `<pad>`, `<mask>`, … or `[PAD]`, `[MASK]`, … by name; cls and sep from the template. Throws where one that is needed is missing. */
export function findSpecials(json: TokenizerJson, template: Template): Specials {
  const id = (...names: string[]) => json.added_tokens.find((t) => t.special && names.includes(t.content))?.id;
  const cls = template.single.find((p) => 'id' in p);
  const sep = [...template.single].reverse().find((p) => 'id' in p);
  const pad = id('<pad>', '[PAD]');
  const unk = id('<unk>', '[UNK]') ?? json.model.unk_id ?? undefined;
  ensure(cls && 'id' in cls && sep && 'id' in sep, 'the tokenizer’s template must add a token at each end');
  ensure(pad !== undefined, 'tokenizer.json must have a special token <pad> or [PAD]');
  ensure(unk !== undefined, 'tokenizer.json must have a special token <unk> or [UNK]');
  for (const p of [cls, sep])
    ensure(
      json.added_tokens.some((t) => t.special && t.id === p.id),
      `token ${p.id} of the template must be a special token`,
    );
  return { cls: cls.id, sep: sep.id, pad, unk, mask: id('<mask>', '[MASK]') };
}

/**
 * The same tokenizer, deaf to special tokens: none is matched in text, neither as an added token nor as a piece of the vocabulary. The special pieces get a blank
 * at the end of their names, and no pre-tokenised text has a blank in it. (Unigram keeps `</s>` in its vocabulary with the highest score of all, so taking it out
 * of the added tokens alone would not do.)
 */
export function literalJson(json: TokenizerJson): TokenizerJson {
  const special = new Set(json.added_tokens.filter((t) => t.special).map((t) => t.content));
  const renamed = (piece: string) => (special.has(piece) ? `${piece} ` : piece);
  const { model } = json;
  const vocab = Array.isArray(model.vocab)
    ? model.vocab.map(([piece, score]): [string, number] => [renamed(piece), score])
    : Object.fromEntries(Object.entries(model.vocab).map(([piece, id]) => [renamed(piece), id]));
  const unk = typeof model.unk_token === 'string' ? { unk_token: renamed(model.unk_token) } : {};
  return {
    ...json,
    added_tokens: json.added_tokens.filter((t) => !t.special),
    post_processor: null,
    truncation: null,
    padding: null,
    model: { ...model, ...unk, vocab },
  };
}
