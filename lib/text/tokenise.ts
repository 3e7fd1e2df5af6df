import type { Label, Row } from '../data/types';
import { ensure, inRange, oneOf } from '../runtime/errors';
import { canonicalJson, sha256 } from '../runtime/hash';
import { checkTextOptions, HTML_FIELDS, PAPER_FIELDS, PAPER_SEPARATOR, productText, type TextOptions } from './fields';
import { collapse } from './html';
import { countryId } from './names';
import { openTokens, TokenWriter } from './token-cache';
import { concatRows, type TokenisedRows } from './tokenised-rows';
import type { EncodeOptions, Tokenizer } from './tokenizer';

export interface TokeniseOptions extends TextOptions, Omit<EncodeOptions, 'separators'> {
  /** `pair`: query and product text. `product`: product text alone, as for masked language modelling. Default `pair`. */
  input?: 'pair' | 'product';
}

/** Where tokens are kept: by the hash of the data, the tokenizer and every option that decides the text. */
export interface TokenCacheOptions {
  /** SHA-256 of the rows (`Dataset.sha256`, and how rows were chosen from it where not all are taken). */
  data: string;
  /** Default: the project's cache, folder `tokens`. */
  folder?: string;
}

/** Rows in memory, or in blocks as they are read. A cache hit reads none of them. */
export type RowSource = readonly Row[] | AsyncIterable<readonly Row[]>;

/** Rows that are encoded at a time. */
const BLOCK = 8192;
/** Goes up when the same rows and options give other tokens than before. */
const VERSION = 1;
const LABEL_IDS: Readonly<Record<Label, number>> = { E: 0, S: 1, C: 2, I: 3 };

/**
 * Rows → token ids in columns. With `cache` the result is kept on disk and read back when data, tokenizer and options are the same; blocks are written as they are
 * made, so that memory stays bounded by one block until the finished columns are read.
 *
 * The separator's default is the paper's ` </s></s> ` for XLM-R's kind of tokenizer and a blank for BERT's, whose vocabulary has no such token.
 * Throws on unknown fields, lengths without room for text, and rows whose label or locale is unknown.
 */
export async function tokenise(
  rows: RowSource,
  tokenizer: Tokenizer,
  options: TokeniseOptions,
  cache?: TokenCacheOptions,
  onProgress?: (rows: number, tokens: number) => void,
): Promise<TokenisedRows> {
  const settings = resolve(options, tokenizer);
  if (!cache) {
    const parts: TokenisedRows[] = [];
    for await (const part of tokeniseBlocks(rows, tokenizer, settings, onProgress)) parts.push(part);
    return concatRows(parts);
  }
  const key = tokensKey(tokenizer, settings, cache.data);
  const found = openTokens(key, cache.folder);
  if (found) return found;
  const writer = new TokenWriter(key, cache.folder);
  try {
    for await (const part of tokeniseBlocks(rows, tokenizer, settings, onProgress)) writer.append(part);
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const written = openTokens(key, cache.folder);
  ensure(written, `the token cache ${key} could not be read back`);
  return written;
}

/** The streaming form: one table for each block of rows, nothing kept. */
export async function* tokeniseBlocks(
  rows: RowSource,
  tokenizer: Tokenizer,
  options: TokeniseOptions,
  onProgress?: (rows: number, tokens: number) => void,
): AsyncGenerator<TokenisedRows> {
  const settings = resolve(options, tokenizer);
  let [done, tokens] = [0, 0];
  for await (const block of blocks(rows)) {
    const part = await encodeBlock(block, tokenizer, settings);
    done += part.size;
    tokens += part.ids.length;
    onProgress?.(done, tokens);
    yield part;
  }
}

/** The name under which tokens of these data, this tokenizer and these options are kept. */
export function tokensKey(tokenizer: Tokenizer, options: TokeniseOptions, data: string): string {
  return sha256(canonicalJson({ VERSION, data, tokenizer: tokenizer.hash, options: resolve(options, tokenizer) })).slice(0, 32);
}

type Settings = Required<TokeniseOptions>;

function resolve(options: TokeniseOptions, tokenizer: Tokenizer): Settings {
  checkTextOptions(options);
  const {
    maxLength,
    queryLength = maxLength,
    truncate = 'longer',
    input = 'pair',
    fields = PAPER_FIELDS,
    html = HTML_FIELDS,
  } = options;
  const separator = options.separator ?? (tokenizer.template.types ? ' ' : PAPER_SEPARATOR);
  inRange('maxLength', maxLength, tokenizer.template.pairSpecials + 2, 1e6);
  oneOf('truncate', truncate, ['longer', 'product']);
  oneOf('input', input, ['pair', 'product']);
  return { maxLength, queryLength, truncate, input, fields, html, separator };
}

async function* blocks(rows: RowSource): AsyncGenerator<readonly Row[]> {
  const cut = function* (list: readonly Row[]) {
    for (let i = 0; i < list.length; i += BLOCK) yield list.slice(i, i + BLOCK);
  };
  if (Symbol.asyncIterator in rows) for await (const list of rows) yield* cut(list);
  else yield* cut(rows);
}

async function encodeBlock(rows: readonly Row[], tokenizer: Tokenizer, options: Settings): Promise<TokenisedRows> {
  const texts = productTexts(rows, options);
  const encoded =
    options.input === 'pair'
      ? await tokenizer.encodeBatch(
          rows.map((row, i) => [collapse(row.query), texts[i]]),
          { ...options, separators: true },
        )
      : await tokenizer.encodeSingles(texts, { ...options, separators: true });
  const offsets = new Uint32Array(rows.length + 1);
  encoded.forEach((e, i) => (offsets[i + 1] = offsets[i] + e.ids.length));
  const ids = new Int32Array(offsets[rows.length]);
  const typeIds = tokenizer.template.types ? new Uint8Array(ids.length) : undefined;
  encoded.forEach((e, i) => {
    ids.set(e.ids, offsets[i]);
    if (e.typeIds) typeIds?.set(e.typeIds, offsets[i]);
  });
  return {
    size: rows.length,
    ids,
    offsets,
    ...(typeIds ? { typeIds } : {}),
    labels: Int8Array.from(rows, (row) => labelId(row.label)),
    weights: Float32Array.from(rows, (row) => row.weight ?? 1),
    locales: Int8Array.from(rows, (row) => countryId(row.locale)),
    queryIds: Int32Array.from(rows, (row) => row.queryId),
    exampleIds: Int32Array.from(rows, (row) => row.exampleId),
  };
}

/** Product texts of a block; rows of one product object with the same title share the work. */
function productTexts(rows: readonly Row[], options: TextOptions): string[] {
  const made = new Map<string, { row: Row; text: string }>();
  return rows.map((row) => {
    const key = `${row.locale} ${row.productId}`;
    const seen = made.get(key);
    if (seen && sameText(seen.row, row)) return seen.text;
    const text = productText(row, options);
    made.set(key, { row, text });
    return text;
  });
}

const sameText = (a: Row, b: Row): boolean =>
  a.title === b.title && a.description === b.description && a.bullets === b.bullets && a.brand === b.brand && a.color === b.color;

function labelId(label: Label): number {
  const id = LABEL_IDS[label];
  ensure(id !== undefined, `label must be one of E, S, C, I, got ${JSON.stringify(label)}`);
  return id;
}
