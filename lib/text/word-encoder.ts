import type { Tokenizer as NativeTokenizer } from 'tokenizers';
import type { TokenizerJson } from './specials';

const CHUNK = 4096;
/** Longer words are encoded each time: they are rare and seldom come again. */
const CACHED_LENGTH = 32;
/** The table is emptied when it holds this many ids. */
const CACHED_IDS = 1 << 23;

/**
 * Encodes texts word by word, and each word once: the ids of words that were seen lie in a table, only new ones go to the native tokenizer. Product text repeats
 * itself so much that this is several times faster than the native side alone. It gives the same ids wherever the tokenizer cuts at white space before anything
 * else that could look across it (`cutsAtBlanks`); for other tokenizers a "word" is the whole text.
 */
export class WordEncoder {
  private readonly byWord: boolean;
  private known = new Map<string, number>();
  /** Ids of entry k: pool[starts[k] … starts[k + 1]]. */
  private pool = new Int32Array(1 << 16);
  private starts: number[] = [0];
  /** Chunks take turns: two at once would give out the same places in the table. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly native: NativeTokenizer,
    json: TokenizerJson,
  ) {
    this.byWord = cutsAtBlanks(json);
  }

  /**
   * The beginning of a text, about `most` characters, whose ids are the first ids of the whole: it ends before white space or a separator, at the last place within
   * `most` or else the next one behind, for a word that is cut may be read otherwise (WordPiece takes a stub of an over-long word for a word, Unigram may cut all
   * of it in other places). The whole text where there is no such place, or where this tokenizer does not cut at blanks.
   */
  headOf(text: string, most: number, separator: string | null): string {
    if (text.length <= most || !this.byWord) return text;
    const places = [...BLANKS, ...(separator ? [separator] : [])];
    const last = Math.max(...places.map((place) => text.lastIndexOf(place, most)));
    if (last > 0) return text.slice(0, last);
    const next = Math.min(...places.map((place) => text.indexOf(place, most)).filter((at) => at > 0));
    return text.slice(0, next);
  }

  /** Ids of each text, with `separatorId` where the text `separator` stands. No special tokens are added. */
  async encode(texts: readonly string[], separator: string | null, separatorId: number): Promise<Int32Array[]> {
    const results: Int32Array[] = [];
    for (let from = 0; from < texts.length; from += CHUNK) {
      const chunk = this.turn.then(() => this.chunk(texts.slice(from, from + CHUNK), separator, separatorId));
      this.turn = chunk.then(
        () => undefined,
        () => this.forget(),
      );
      for (const ids of await chunk) results.push(ids);
    }
    return results;
  }

  private forget(): void {
    this.known = new Map();
    this.pool = new Int32Array(1 << 16);
    this.starts = [0];
  }

  private async chunk(texts: readonly string[], separator: string | null, separatorId: number): Promise<Int32Array[]> {
    if (this.pool.length > CACHED_IDS) this.forget();
    const { known, starts } = this;
    const entries: number[] = []; // entry of each word; -1 a separator
    const ends: number[] = [];
    const fresh: string[] = [];
    const long = new Map<string, number>(); // words of this chunk that are too long to keep
    const look = (word: string) => {
      if (word === '') return;
      const table = word.length > CACHED_LENGTH ? long : known;
      let entry = table.get(word);
      if (entry === undefined) {
        entry = starts.length - 1 + fresh.length;
        // What is kept is a copy: a slice of the text would keep all of it alive.
        const clean = wellFormed(word);
        const copy = table === known ? Buffer.from(clean, 'utf16le').toString('utf16le') : clean;
        table.set(clean === word ? copy : word, entry);
        fresh.push(copy);
      }
      entries.push(entry);
    };
    for (const text of texts) {
      const parts = separator && text.includes(separator) ? text.split(separator) : [text];
      for (let p = 0; p < parts.length; p++) {
        if (p > 0) entries.push(-1);
        if (this.byWord) for (const word of parts[p].split(BLANK)) look(word);
        else look(parts[p].trim());
      }
      ends.push(entries.length);
    }
    await this.add(fresh);
    return this.assemble(entries, ends, separatorId);
  }

  private async add(fresh: string[]): Promise<void> {
    if (!fresh.length) return;
    const encodings = await this.native.encodeBatch(fresh, { addSpecialTokens: false });
    for (const encoding of encodings) {
      const ids = encoding.getIds();
      const at = this.starts[this.starts.length - 1];
      if (at + ids.length > this.pool.length) {
        const larger = new Int32Array(Math.max(2 * this.pool.length, at + ids.length));
        larger.set(this.pool);
        this.pool = larger;
      }
      this.pool.set(ids, at);
      this.starts.push(at + ids.length);
    }
  }

  private assemble(entries: number[], ends: number[], separatorId: number): Int32Array[] {
    const { pool, starts } = this;
    let entry = 0;
    return ends.map((end) => {
      let size = 0;
      for (let e = entry; e < end; e++) size += entries[e] < 0 ? 1 : starts[entries[e] + 1] - starts[entries[e]];
      const ids = new Int32Array(size);
      for (let at = 0; entry < end; entry++) {
        const k = entries[entry];
        if (k < 0) ids[at++] = separatorId;
        else for (let i = starts[k]; i < starts[k + 1]; i++) ids[at++] = pool[i];
      }
      return ids;
    });
  }
}

/** White space that every known normaliser takes for a blank. */
const BLANKS = [' ', '\t', '\n', '\r'];
const BLANK = /[ \t\n\r]+/;

/**
 * Whether text can be cut at blanks before it is given to the tokenizer: its pre-tokenizer begins with `WhitespaceSplit` (XLM-R, the trained ones) or is BERT's.
 * Normalisers work on characters and their combining marks, and a blank never combines.
 */
function cutsAtBlanks(json: TokenizerJson): boolean {
  const first = (p: unknown): string | undefined => {
    const { type, pretokenizers } = (p ?? {}) as { type?: string; pretokenizers?: unknown[] };
    return type === 'Sequence' ? first(pretokenizers?.[0]) : type;
  };
  return ['WhitespaceSplit', 'BertPreTokenizer'].includes(first(json.pre_tokenizer) ?? '');
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text without lone surrogates (they become U+FFFD), which the native side cannot take. */
export const wellFormed = (text: string): string => text.replace(LONE, '\ufffd');
