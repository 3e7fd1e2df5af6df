import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as NativeTokenizer } from 'tokenizers';
import { ensure, inRange, InputError } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { canonicalJson, sha256 } from '../runtime/hash';
import { findSpecials, literalJson, type Specials, type TokenizerJson } from './specials';
import { compose, readTemplate, truncated, type Encoded, type Template } from './template';
import { wellFormed, WordEncoder } from './word-encoder';

export interface EncodeOptions extends ProductOptions {
  /** The most tokens of a pair, special tokens included. */
  maxLength: number;
  /** The most tokens of the query (without special tokens). Default: no limit of its own. */
  queryLength?: number;
  /** Which side is cut when a pair is too long. Default `longer`. */
  truncate?: 'longer' | 'product';
}

export interface ProductOptions {
  /**
   * The product's text (of a pair, or of a single text) is `productText`'s: the separator token that it puts between fields is understood. Absent: as of every other
   * text, its characters are just characters.
   */
  separators?: boolean;
}

/** One token of a text, for inspection. `start` and `end` are positions in the JavaScript string. */
export interface InspectedToken {
  id: number;
  token: string;
  start: number;
  end: number;
  text: string;
}

/** Of an over-long text this many characters per wanted token are read first, and `FURTHER` times more as long as they do not give the tokens that are wanted. */
const CHARACTERS_PER_TOKEN = 8;
const FURTHER = 4;

/**
 * A sub-word tokenizer: Hugging Face `tokenizers` (native) behind typed arrays. Text never yields a special token: `</s>` or `<mask>` in it are ordinary
 * characters. The one exception is the separator token (XLM-R `</s>`, BERT `[SEP]`) in what a caller says is a **product** text (`encodeProducts`, `separators`),
 * because `productText` puts it between fields; it also takes care that no field brings one along.
 */
export class Tokenizer {
  readonly specials: Specials;
  readonly template: Template;
  /** SHA-256 of the tokenizer's canonical JSON. */
  readonly hash: string;
  readonly size: number;
  /** Special ids in ascending order. */
  readonly specialIds: readonly number[];
  private readonly native: NativeTokenizer;
  private readonly words: WordEncoder;
  private readonly special: ReadonlyMap<number, string>;

  constructor(readonly json: TokenizerJson) {
    this.template = readTemplate(json.post_processor);
    this.special = new Map(json.added_tokens.filter((t) => t.special).map((t) => [t.id, t.content]));
    this.specials = findSpecials(json, this.template);
    this.hash = sha256(canonicalJson({ ...json, truncation: null, padding: null }));
    this.specialIds = [...this.special.keys()].sort((a, b) => a - b);
    try {
      this.native = NativeTokenizer.fromString(JSON.stringify(literalJson(json)));
    } catch (error) {
      throw new InputError(`tokenizer.json must be readable by Hugging Face tokenizers: ${(error as Error).message}`);
    }
    this.words = new WordEncoder(this.native, json);
    this.size = Math.max(this.native.getVocabSize(true), ...this.specialIds.map((id) => id + 1));
  }

  /** The special token between texts, as text: `</s>` or `[SEP]`. */
  get separatorToken(): string {
    return this.special.get(this.specials.sep)!;
  }

  /** Ids of each text without special tokens; `limit`: how many are needed (an over-long text is then not read to its end). */
  async encodeTexts(texts: readonly string[], limit = Infinity): Promise<Int32Array[]> {
    return this.encodeParts(texts, limit, null);
  }

  /** Ids of each product text: its parts, with the separator token's id where its text stands. */
  async encodeProducts(texts: readonly string[], limit = Infinity): Promise<Int32Array[]> {
    return this.encodeParts(texts, limit, this.separatorToken);
  }

  /**
   * Query and product as the model reads them: XLM-R `<s> query </s></s> product </s>`, BERT `[CLS] query [SEP] product [SEP]` with token types. Give `separators`
   * with a `productText`. Throws where `maxLength` leaves no room for text.
   */
  async encodePair(query: string, product: string, options: EncodeOptions): Promise<Encoded> {
    return (await this.encodeBatch([[query, product]], options))[0];
  }

  /** `encodePair` for many pairs at once; equal queries and equal products are encoded once. */
  async encodeBatch(pairs: readonly (readonly [query: string, product: string])[], options: EncodeOptions): Promise<Encoded[]> {
    const { maxLength, truncate = 'longer', queryLength = 1e6, separators = false } = options;
    inRange('maxLength', maxLength, this.template.pairSpecials + 2, 1e6);
    inRange('queryLength', queryLength, 1, 1e6);
    const queries = await this.once(
      pairs.map((p) => p[0]),
      (texts) => this.encodeTexts(texts, maxLength),
    );
    const ofProducts = (texts: readonly string[], limit?: number): Promise<Int32Array[]> =>
      separators ? this.encodeProducts(texts, limit) : this.encodeTexts(texts, limit);
    const products = await this.once(
      pairs.map((p) => p[1]),
      (texts) => ofProducts(texts, maxLength),
    );
    const room = maxLength - this.template.pairSpecials;
    // Where both texts are too long the longer keeps an odd token: which one that is must be read to the end.
    if (truncate === 'longer' && room % 2 === 1)
      for (const [i, [query, product]] of pairs.entries())
        if (Math.min(queries[i].length, queryLength, products[i].length) >= maxLength)
          [[queries[i]], [products[i]]] = await Promise.all([this.encodeTexts([query]), ofProducts([product])]);
    return pairs.map((_, i) => {
      const [A, B] = [queries[i], products[i]];
      const [a, b] = truncated(Math.min(A.length, queryLength), B.length, room, truncate);
      return compose(this.template, A, a, B, b);
    });
  }

  /** One text between special tokens (`<s> text </s>`), cut to `maxLength`. */
  async encodeSingle(text: string, options: { maxLength: number } & ProductOptions): Promise<Encoded> {
    return (await this.encodeSingles([text], options))[0];
  }

  /** `encodeSingle` for many texts; equal texts are encoded once. */
  async encodeSingles(
    texts: readonly string[],
    { maxLength, separators = false }: { maxLength: number } & ProductOptions,
  ): Promise<Encoded[]> {
    const room = inRange('maxLength', maxLength, this.template.singleSpecials + 1, 1e6) - this.template.singleSpecials;
    const ids = await this.once(texts, (distinct) =>
      separators ? this.encodeProducts(distinct, maxLength) : this.encodeTexts(distinct, maxLength),
    );
    return ids.map((A) => compose(this.template, A, Math.min(A.length, room)));
  }

  /** The tokens of a text with their places in it, without special tokens: for looking at how it is cut. */
  async inspect(text: string): Promise<InspectedToken[]> {
    const encoding = await this.native.encode(wellFormed(text), null, { addSpecialTokens: false });
    const place = unitsOfPoints(text);
    const [tokens, offsets] = [encoding.getTokens(), encoding.getOffsets()];
    return encoding.getIds().map((id, i) => {
      const [start, end] = [place(offsets[i][0]), place(offsets[i][1])];
      return { id, token: this.special.get(id) ?? tokens[i], start, end, text: text.slice(start, end) };
    });
  }

  /** Text of ids. Special tokens are left out unless `withSpecials`. */
  async decode(ids: Iterable<number>, withSpecials = false): Promise<string> {
    const parts: string[] = [];
    let run: number[] = [];
    const flush = async () => {
      if (run.length) parts.push(await this.native.decode(run, false));
      run = [];
    };
    for (const id of ids) {
      const name = this.special.get(id);
      if (name === undefined) run.push(id);
      else {
        await flush();
        if (withSpecials) parts.push(name);
      }
    }
    await flush();
    return parts.join(' ');
  }

  /** The token of an id, `null` where there is none. */
  token(id: number): string | null {
    return this.special.get(id) ?? this.native.idToToken(id);
  }

  /** The id of a token, `null` where there is none. */
  idOf(token: string): number | null {
    for (const [id, name] of this.special) if (name === token) return id;
    return this.native.tokenToId(token);
  }

  /** Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json, from which transformers' AutoTokenizer loads it. */
  save(folder: string): void {
    const name = (id: number | undefined) => (id === undefined ? undefined : this.special.get(id));
    const { cls, sep, pad, mask, unk } = this.specials;
    const bert = this.template.types;
    const map = {
      ...(bert ? {} : { bos_token: name(cls), eos_token: name(sep) }),
      cls_token: name(cls),
      sep_token: name(sep),
      pad_token: name(pad),
      unk_token: name(unk),
      mask_token: name(mask),
    };
    const inputs = bert ? ['input_ids', 'token_type_ids', 'attention_mask'] : ['input_ids', 'attention_mask'];
    const config = {
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_input_names: inputs,
      clean_up_tokenization_spaces: false,
      ...map,
    };
    writeFileAtomic(join(folder, 'tokenizer_config.json'), JSON.stringify(config, null, 2) + '\n');
    writeFileAtomic(join(folder, 'special_tokens_map.json'), JSON.stringify(map, null, 2) + '\n');
    writeFileAtomic(join(folder, 'tokenizer.json'), JSON.stringify({ ...this.json, truncation: null, padding: null }));
  }

  private async once(texts: readonly string[], encode: (distinct: string[]) => Promise<Int32Array[]>): Promise<Int32Array[]> {
    const place = new Map<string, number>();
    for (const text of texts) if (!place.has(text)) place.set(text, place.size);
    const encoded = await encode([...place.keys()]);
    return texts.map((text) => encoded[place.get(text)!]);
  }

  private async encodeParts(texts: readonly string[], limit: number, separator: string | null): Promise<Int32Array[]> {
    const results = new Array<Int32Array>(texts.length);
    let open = [...texts.keys()];
    for (let most = limit * CHARACTERS_PER_TOKEN; open.length > 0; most *= FURTHER) {
      const heads = open.map((i) => this.words.headOf(texts[i], most, separator));
      const encoded = await this.words.encode(heads, separator, this.specials.sep);
      encoded.forEach((ids, k) => (results[open[k]] = ids));
      open = open.filter((i, k) => heads[k].length < texts[i].length && encoded[k].length < limit);
    }
    return results;
  }
}

/** Reads a tokenizer.json, or the one in a folder. Throws where there is none or it cannot be read. */
export function loadTokenizer(fileOrFolder: string): Tokenizer {
  ensure(existsSync(fileOrFolder), `tokenizer not found: ${fileOrFolder}`);
  const file = statSync(fileOrFolder).isDirectory() ? join(fileOrFolder, 'tokenizer.json') : fileOrFolder;
  ensure(existsSync(file), `${fileOrFolder} must hold a tokenizer.json, found none`);
  let json: TokenizerJson;
  try {
    json = JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson;
  } catch (error) {
    throw new InputError(`${file} must be JSON: ${(error as Error).message}`);
  }
  ensure(json?.model && Array.isArray(json.added_tokens), `${file} must be a tokenizer.json with model and added_tokens`);
  return new Tokenizer(json);
}

/** Maps a position in code points to one in UTF-16 units. */
function unitsOfPoints(text: string): (point: number) => number {
  const starts: number[] = [];
  let unit = 0;
  for (const character of text) {
    starts.push(unit);
    unit += character.length;
  }
  return (point) => starts[point] ?? unit;
}
