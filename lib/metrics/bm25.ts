import { ensure, inRange } from '../runtime/errors';

export interface Bm25Options {
  /** How soon a repeated term stops counting; default 1.5. */
  k1?: number;
  /** How much long documents are held back, 0 … 1; default 0.75. */
  b?: number;
  /**
   * `okapi`: ln((N − n + ½)/(n + ½)), negative values replaced by ¼ of the mean idf (as rank_bm25's BM25Okapi);
   * `lucene`: ln(1 + (N − n + ½)/(n + ½)), never negative (as Lucene and Elasticsearch, whose k1 is 1.2).
   */
  idf?: 'okapi' | 'lucene';
  /** How text becomes terms; default `words`. */
  tokenize?: (text: string) => readonly string[];
}

/** Text as BM25 terms: lower case, runs of letters, digits and underscores; runs of Chinese or Japanese script as overlapping pairs of characters. */
export function words(text: string): string[] {
  const out: string[] = [];
  for (const run of text
    .toLowerCase()
    .match(
      /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー]+|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー])[\p{L}\p{N}_])+/gu,
    ) ?? []) {
    if (!/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(run)) out.push(run);
    else {
      const characters = [...run];
      if (characters.length === 1) out.push(run);
      for (let i = 0; i + 1 < characters.length; i++) out.push(characters[i] + characters[i + 1]);
    }
  }
  return out;
}

interface Postings {
  /** Documents that hold the term, ascending, and how often. */
  documents: number[];
  counts: number[];
  idf: number;
}

/**
 * BM25 over a catalogue: score(q, d) = Σ_t∈q idf(t) · f(t, d)·(k1 + 1) / (f(t, d) + k1·(1 − b + b·|d|/avgdl)); a term repeated in the query counts
 * each time. Robertson and Zaragoza (2009), eq. 3.15; Trotman et al. (2014).
 */
export class Bm25 {
  readonly size: number;
  private readonly terms = new Map<string, Postings>();
  private readonly lengths: number[] = [];
  private readonly meanLength: number;
  private readonly k1: number;
  private readonly b: number;
  private readonly tokenize: (text: string) => readonly string[];

  /** Indexes documents (texts); their position is their number. Throws an InputError without documents. */
  constructor(documents: Iterable<string>, { k1 = 1.5, b = 0.75, idf = 'okapi', tokenize = words }: Bm25Options = {}) {
    this.k1 = inRange('k1', k1, 0, 1000);
    this.b = inRange('b', b, 0, 1);
    this.tokenize = tokenize;
    for (const text of documents) this.add(tokenize(text));
    this.size = this.lengths.length;
    ensure(this.size > 0, 'BM25 needs at least one document, got none');
    this.meanLength = this.lengths.reduce((a, n) => a + n, 0) / this.size;
    this.weigh(idf);
  }

  /** The score of each of some documents (numbers, in the order given) for a query; 0 where no term matches. */
  scores(query: string, documents: ArrayLike<number>): Float64Array {
    const out = new Float64Array(documents.length);
    for (const term of this.tokenize(query)) {
      const postings = this.terms.get(term);
      if (!postings) continue;
      for (let i = 0; i < out.length; i++) out[i] += this.weight(postings, documents[i]);
    }
    return out;
  }

  /** The score of every document of the catalogue for a query. */
  allScores(query: string): Float64Array {
    const out = new Float64Array(this.size);
    for (const term of this.tokenize(query)) {
      const postings = this.terms.get(term);
      postings?.documents.forEach((d, i) => (out[d] += this.saturated(postings.counts[i], d) * postings.idf));
    }
    return out;
  }

  private add(terms: readonly string[]): void {
    const document = this.lengths.push(terms.length) - 1;
    for (const term of terms) {
      let postings = this.terms.get(term);
      if (!postings) this.terms.set(term, (postings = { documents: [], counts: [], idf: 0 }));
      const last = postings.documents.length - 1;
      if (postings.documents[last] === document) postings.counts[last]++;
      else {
        postings.documents.push(document);
        postings.counts.push(1);
      }
    }
  }

  private weigh(idf: 'okapi' | 'lucene'): void {
    let sum = 0;
    for (const postings of this.terms.values()) {
      const n = postings.documents.length;
      const odds = (this.size - n + 0.5) / (n + 0.5);
      postings.idf = idf === 'lucene' ? Math.log1p(odds) : Math.log(odds);
      sum += postings.idf;
    }
    const floor = (0.25 * sum) / this.terms.size;
    for (const postings of this.terms.values()) if (postings.idf < 0) postings.idf = floor;
  }

  private weight(postings: Postings, document: number): number {
    const { documents, counts } = postings;
    let low = 0;
    let high = documents.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (documents[middle] < document) low = middle + 1;
      else high = middle;
    }
    return documents[low] === document ? postings.idf * this.saturated(counts[low], document) : 0;
  }

  private saturated(count: number, document: number): number {
    const length = 1 - this.b + (this.b * this.lengths[document]) / this.meanLength;
    return (count * (this.k1 + 1)) / (count + this.k1 * length);
  }
}

/** BM25 scores of a list of documents for a query, with the statistics of that list alone. For a catalogue's statistics build one `Bm25`. */
export function bm25Scores(query: string, documents: readonly string[], options?: Bm25Options): Float64Array {
  return new Bm25(documents, options).allScores(query);
}
