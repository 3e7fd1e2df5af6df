import { inRange } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { loadCounts } from './names';
import { trigrams, type TrigramOptions } from './trigrams';

export interface TrigramVocabularyOptions extends TrigramOptions {
  /** Grams seen less often are left out. Default 2. (The release: 14 in products, all of the queries'.) */
  minCount?: number;
  /** The most ids, the 0 included. Default: no limit. (The paper: 732,507.) */
  limit?: number;
}

/** Tri-grams with numbers 1 … size − 1 by falling count; 0 is unknown and padding. */
export class TrigramVocabulary {
  private constructor(
    private readonly numbers: ReadonlyMap<string, number>,
    /** How often each gram was seen; `counts[0]` is 0. */
    readonly counts: readonly number[],
  ) {}

  /** Counts the tri-grams of the texts. Equal counts are ordered by their text, so the order of the texts does not matter. */
  static build(texts: Iterable<string>, options: TrigramVocabularyOptions = {}): TrigramVocabulary {
    const { minCount = 2, limit = Infinity } = options;
    inRange('minCount', minCount, 1, Infinity);
    const seen = new Map<string, number>();
    for (const text of texts) for (const gram of trigrams(text, options)) seen.set(gram, (seen.get(gram) ?? 0) + 1);
    const kept = [...seen].filter(([, count]) => count >= minCount).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return TrigramVocabulary.of(limit === Infinity ? kept : kept.slice(0, limit - 1));
  }

  private static of(entries: readonly (readonly [string, number])[]): TrigramVocabulary {
    return new TrigramVocabulary(new Map(entries.map(([gram], i) => [gram, i + 1])), [0, ...entries.map(([, count]) => count)]);
  }

  /** How many ids there are, the 0 included. */
  get size(): number {
    return this.numbers.size + 1;
  }

  /** The grams in the order of their numbers; '' stands for 0. */
  get grams(): readonly string[] {
    return ['', ...this.numbers.keys()];
  }

  id(gram: string): number {
    return this.numbers.get(gram) ?? 0;
  }

  /** Ids of a text's tri-grams in order. Unknown grams are left out, as in the release: a bag's mean is over known grams. */
  ids(text: string, options?: TrigramOptions): Int32Array {
    return Int32Array.from(
      trigrams(text, options)
        .map((gram) => this.id(gram))
        .filter((id) => id > 0),
    );
  }

  /** Writes the grams and their counts as JSON. */
  save(path: string): void {
    writeFileAtomic(path, JSON.stringify([...this.numbers].map(([gram, id]) => [gram, this.counts[id]])) + '\n');
  }

  /** Reads what `save` wrote. Throws where it is something else. */
  static load(path: string): TrigramVocabulary {
    return TrigramVocabulary.of(loadCounts(path));
  }
}
