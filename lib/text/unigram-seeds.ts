/**
 * Candidate pieces and where each occurs in the corpus. The corpus is one run of characters, word after word; position i has the matches
 * `start[i] … start[i + 1]`, each a piece and its length in characters.
 */
export interface Pieces {
  text: string[];
  /** Natural-log probability. */
  score: Float64Array;
  /** 1 for pieces of one character. */
  single: Uint8Array;
  /** A position where the piece occurs. */
  at: Int32Array;
  /** How many pieces of one character there are. */
  characters: number;
  chars: number;
  start: Uint32Array;
  match: Int32Array;
  length: Uint8Array;
  wordEnd: Int32Array;
  wordCount: Float64Array;
}

/** Longer words are cut, so that probabilities of a word stay within a double's range. */
const MAX_WORD = 32;

/**
 * All substrings of up to `maxLength` characters seen at least twice (words weighted by their counts), the `limit` best by count × length, and every character
 * within the coverage. Substrings are named level by level: a substring of n characters is (name of its first n − 1, last character), and only where both of its
 * halves of n − 1 were seen twice.
 */
export function seedPieces(words: ReadonlyMap<string, number>, maxLength: number, coverage: number, limit: number): Pieces {
  const covered = charactersCovered(words, coverage);
  const { codes, wordEnd, wordCount } = corpus(words, covered);
  const chars = codes.length;
  const weight = new Float64Array(chars);
  const room = new Int32Array(chars);
  for (let w = 0, i = 0; w < wordEnd.length; w++)
    for (; i < wordEnd[w]; i++) [weight[i], room[i]] = [wordCount[w], wordEnd[w] - i];

  // Level 1: characters. Names are numbers over all levels; count, first place and length by name.
  const alphabet = [...covered];
  const counts: number[] = alphabet.map(() => 0);
  const first: number[] = alphabet.map(() => 0);
  const lengths: number[] = alphabet.map(() => 1);
  for (let i = chars - 1; i >= 0; i--) [counts[codes[i]], first[codes[i]]] = [counts[codes[i]] + weight[i], i];
  const levels: Int32Array[] = [codes];
  for (let n = 2; n <= maxLength; n++) {
    const previous = levels[n - 2];
    const names = new Int32Array(chars).fill(-1);
    const known = new Map<number, number>();
    const base = counts.length;
    for (let i = 0; i < chars; i++) {
      if (room[i] < n || !(counts[previous[i]] >= 2) || !(counts[previous[i + 1]] >= 2)) continue;
      const key = previous[i] * alphabet.length + codes[i + n - 1];
      let name = known.get(key);
      if (name === undefined) {
        known.set(key, (name = counts.length));
        counts.push(0);
        first.push(i);
        lengths.push(n);
      }
      counts[name] += weight[i];
      names[i] = name;
    }
    levels.push(names);
    if (counts.length === base) break;
  }

  const candidates = Array.from(counts.keys())
    .slice(alphabet.length)
    .filter((k) => counts[k] >= 2);
  candidates.sort((a, b) => counts[b] * lengths[b] - counts[a] * lengths[a] || a - b);
  const chosen = [...alphabet.keys(), ...candidates.slice(0, limit)];
  const to = new Int32Array(counts.length).fill(-1);
  chosen.forEach((name, i) => (to[name] = i));

  const start = new Uint32Array(chars + 1);
  for (let i = 0; i < chars; i++) {
    start[i + 1] = start[i];
    for (const names of levels) if (names[i] >= 0 && to[names[i]] >= 0) start[i + 1]++;
  }
  const match = new Int32Array(start[chars]);
  const length = new Uint8Array(start[chars]);
  for (let i = 0, m = 0; i < chars; i++)
    levels.forEach((names, n) => {
      if (names[i] >= 0 && to[names[i]] >= 0) [match[m], length[m++]] = [to[names[i]], n + 1];
    });
  let total = 0;
  for (const name of chosen) total += counts[name] * lengths[name];
  return {
    text: chosen.map((name) => Array.from(codes.subarray(first[name], first[name] + lengths[name]), (c) => alphabet[c]).join('')),
    score: Float64Array.from(chosen, (name) => Math.log((counts[name] * lengths[name]) / total)),
    single: Uint8Array.from(chosen, (name) => Number(name < alphabet.length)),
    at: Int32Array.from(chosen, (name) => first[name]),
    characters: alphabet.length,
    chars,
    start,
    match,
    length,
    wordEnd,
    wordCount,
  };
}

/** The most frequent characters that together make up `coverage` of the text, most frequent first. */
function charactersCovered(words: ReadonlyMap<string, number>, coverage: number): Set<string> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word, count] of words)
    for (const c of word) {
      counts.set(c, (counts.get(c) ?? 0) + count);
      total += count;
    }
  const kept = new Set<string>();
  let sum = 0;
  for (const [c, count] of [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))) {
    if (sum >= coverage * total) break;
    kept.add(c);
    sum += count;
  }
  return kept;
}

/** Words as character numbers, one after the other, parted at characters that are not covered and at MAX_WORD characters. */
function corpus(words: ReadonlyMap<string, number>, covered: ReadonlySet<string>) {
  const number = new Map([...covered].map((c, i) => [c, i]));
  const codes: number[] = [];
  const ends: number[] = [];
  const counts: number[] = [];
  for (const [word, count] of words) {
    let from = codes.length;
    const end = () => {
      if (codes.length > from) {
        ends.push(codes.length);
        counts.push(count);
      }
      from = codes.length;
    };
    for (const c of word) {
      const code = number.get(c);
      if (code === undefined) end();
      else {
        codes.push(code);
        if (codes.length - from === MAX_WORD) end();
      }
    }
    end();
  }
  return { codes: Int32Array.from(codes), wordEnd: Int32Array.from(ends), wordCount: Float64Array.from(counts) };
}
