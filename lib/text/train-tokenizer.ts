import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nfkcNormalizer, nmt, sequenceNormalizer } from 'tokenizers';
import { ensure, inRange } from '../runtime/errors';
import { projectCache } from '../runtime/files';
import { canonicalJson, sha256 } from '../runtime/hash';
import type { TokenizerJson } from './specials';
import { loadTokenizer, Tokenizer } from './tokenizer';
import { unigramVocabulary } from './unigram';
import { wellFormed } from './word-encoder';

export interface TrainTokenizerOptions {
  /** Size of the vocabulary, the five special tokens included. */
  vocabulary: number;
  /** Where trained tokenizers are kept, a folder for each corpus hash; `null` keeps none. Default: the project's cache. */
  cacheFolder?: string | null;
  /** Share of all characters that get a piece; rarer ones are unknown. Default 0.9995, as XLM-R's vocabulary was made. */
  coverage?: number;
  /** Longest corpus, in characters of distinct words; the most frequent words are kept. Default 4 million. */
  maxCharacters?: number;
}

/** Goes up when the trainer's result changes for the same corpus. */
const VERSION = 1;
const WORD = '▁';

/**
 * Trains a Unigram tokenizer with XLM-R's special tokens and ids: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, `<mask>` last; pairs as `<s> a </s></s> b </s>`.
 * Text is normalised (NMT's control characters and spaces, then NFKC; case is kept), parted at white space, and `▁` put before each word.
 * The result is cached by the hash of the corpus and the options: the same corpus gives the same ids.
 *
 * Throws where the texts hold nothing or the vocabulary is smaller than 16.
 */
export async function trainTokenizer(texts: Iterable<string>, options: TrainTokenizerOptions): Promise<Tokenizer> {
  const { vocabulary, coverage = 0.9995, maxCharacters = 4e6, cacheFolder = projectCache('tokenizers') } = options;
  inRange('vocabulary', vocabulary, 16, 1e6);
  const words = countWords(texts, maxCharacters);
  ensure(words.size > 0, 'a tokenizer needs text to learn from, got none');
  const hash = sha256(canonicalJson({ VERSION, vocabulary, coverage, words: [...words] }));
  const folder = cacheFolder === null ? null : join(cacheFolder, hash.slice(0, 32));
  if (folder && existsSync(join(folder, 'tokenizer.json'))) return loadTokenizer(folder);
  const tokenizer = new Tokenizer(unigramJson(unigramVocabulary(words, { pieces: vocabulary - 5, coverage })));
  if (folder) tokenizer.save(folder);
  return tokenizer;
}

/** How often each word occurs, most frequent first; equal counts in the order of their text. */
function countWords(texts: Iterable<string>, maxCharacters: number): Map<string, number> {
  const normalizer = sequenceNormalizer([nmt(), nfkcNormalizer()]);
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of normalizer.normalizeString(wellFormed(text)).split(/\p{White_Space}+/u)) {
      if (word) counts.set(WORD + word, (counts.get(WORD + word) ?? 0) + 1);
    }
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  let characters = 0;
  return new Map(sorted.filter(([word]) => (characters += word.length) <= maxCharacters));
}

/** A tokenizer.json around Unigram pieces, as XLM-R's is built. */
export function unigramJson(pieces: readonly [piece: string, score: number][]): TokenizerJson {
  const mask = pieces.length + 4;
  const names = ['<s>', '<pad>', '</s>', '<unk>'];
  const added = (id: number, content: string, lstrip = false) =>
    ({ id, content, single_word: false, lstrip, rstrip: false, normalized: false, special: true }) as const;
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const metaspace = { type: 'Metaspace', replacement: WORD, prepend_scheme: 'always', split: true };
  const taken = new Set([...names, '<mask>']);
  ensure(
    pieces.every(([piece]) => !taken.has(piece)),
    'a learned piece has the name of a special token',
  );
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...names.map((name, id) => added(id, name)), added(mask, '<mask>', true)],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Nmt' }, { type: 'NFKC' }] },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('<s>'), text('A'), special('</s>')],
      pair: [special('<s>'), text('A'), special('</s>'), special('</s>'), text('B'), special('</s>')],
      special_tokens: {
        '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
        '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
      },
    },
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: 3,
      vocab: [
        ...names.map((name): [string, number] => [name, 0]),
        ...pieces.map(([p, s]): [string, number] => [p, s]),
        ['<mask>', 0],
      ],
      byte_fallback: false,
    },
  };
}
