import { readFileSync } from 'node:fs';
import type { Locale } from '../data/types';
import { ensure, InputError, shown } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { collapse } from './html';

/** Number of a locale: us 0, es 1, jp 2. (The released code has 1, 2, 3 and keeps 0 for others.) */
export function countryId(locale: Locale): number {
  const id = COUNTRIES[locale];
  ensure(id !== undefined, `locale must be one of us, es, jp, got ${shown(locale)}`);
  return id;
}

const COUNTRIES: Readonly<Record<Locale, number>> = { us: 0, es: 1, jp: 2 };

/**
 * A brand or colour as vocabularies know it: lower case, punctuation and symbols removed, white space collapsed, ends trimmed.
 * Source: paper §4; the released code removes ASCII punctuation only and turns line ends into blanks, which is the same for Latin text.
 */
export function normaliseName(name: string): string {
  return collapse(withoutPunctuation(name).toLowerCase());
}

/** Text without punctuation and symbols of any script (Unicode P and S). */
export function withoutPunctuation(text: string): string {
  return text.replace(/[\p{P}\p{S}]+/gu, '');
}

/** Names with numbers 1 … size − 1; 0 is unknown. Brands and colours each have one. */
export class NameVocabulary {
  private constructor(
    private readonly ids: ReadonlyMap<string, number>,
    /** How often each name was seen; `counts[0]` is 0. */
    readonly counts: readonly number[],
  ) {}

  /** Names seen at least `minCount` times (default 2: the paper's "more than once"), most frequent first, at most `limit`. Empty names are none. */
  static build(names: Iterable<string>, options: { minCount?: number; limit?: number } = {}): NameVocabulary {
    const { minCount = 2, limit = Infinity } = options;
    const seen = new Map<string, number>();
    for (const raw of names) {
      const name = normaliseName(raw);
      if (name !== '') seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    const kept = [...seen].filter(([, count]) => count >= minCount).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return NameVocabulary.of(kept.slice(0, limit));
  }

  private static of(entries: readonly (readonly [string, number])[]): NameVocabulary {
    return new NameVocabulary(new Map(entries.map(([name], i) => [name, i + 1])), [0, ...entries.map(([, count]) => count)]);
  }

  /** How many ids there are, the unknown one included. */
  get size(): number {
    return this.ids.size + 1;
  }

  /** The number of a name as it stands in the data; 0 where it is unknown or empty. */
  id(name: string): number {
    return this.ids.get(normaliseName(name)) ?? 0;
  }

  /** The normalised names in the order of their numbers; '' stands for 0. */
  get names(): readonly string[] {
    return ['', ...this.ids.keys()];
  }

  /** Writes the names and their counts as JSON. */
  save(path: string): void {
    writeFileAtomic(path, JSON.stringify([...this.ids].map(([name, id]) => [name, this.counts[id]])) + '\n');
  }

  /** Reads what `save` wrote. Throws where it is something else. */
  static load(path: string): NameVocabulary {
    return NameVocabulary.of(loadCounts(path));
  }
}

/** Reads `[[text, count], …]`. */
export function loadCounts(path: string): [string, number][] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`vocabulary ${path} cannot be read: ${(error as Error).message}`);
  }
  const good = Array.isArray(json) && json.every((e) => Array.isArray(e) && typeof e[0] === 'string' && typeof e[1] === 'number');
  ensure(good, `vocabulary ${path} must be a list of [text, count]`);
  return json as [string, number][];
}
