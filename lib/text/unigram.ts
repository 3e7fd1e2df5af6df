import { ensure, inRange } from '../runtime/errors';
import { seedPieces, type Pieces } from './unigram-seeds';

/** EM passes between prunings, the share that a pruning keeps, and how far above the asked size EM stops: SentencePiece's defaults. */
const PASSES = 2;
const KEEP = 0.75;
const MARGIN = 1.1;

export interface UnigramOptions {
  /** How many pieces to learn (special tokens not counted). */
  pieces: number;
  /** Longest piece, in characters. Default 16. */
  maxPieceLength?: number;
  /** Share of all characters that get a piece of their own; rarer ones become unknown. Default 0.9995. */
  coverage?: number;
}

/**
 * Learns a Unigram vocabulary from words and how often each occurs: `[piece, natural-log probability]`, most probable first.
 *
 * p(word) = Σ over segmentations Π p(piece). Candidates are all substrings seen twice; then, until the size is reached: two EM passes
 * (expected counts by forward–backward; log p = ψ(count) − ψ(total), counts below ½ leave), and the quarter of the pieces whose removal costs the
 * likelihood least leaves. Every character within the coverage stays.
 *
 * Deterministic: the same words in the same order give the same digits on every platform, and any size can be asked for; the trainer of npm's `tokenizers` gives
 * neither (its size is fixed at 8,000 and its scores change from run to run).
 * Source: Kudo (2018), "Subword Regularization", and SentencePiece's unigram trainer.
 */
export function unigramVocabulary(words: ReadonlyMap<string, number>, options: UnigramOptions): [piece: string, score: number][] {
  const { pieces: wanted, maxPieceLength = 16, coverage = 0.9995 } = options;
  inRange('pieces', wanted, 1, 1e6);
  inRange('coverage', coverage, 0.5, 1);
  ensure(words.size > 0, 'a tokenizer needs text to learn from, got none');
  let pieces = seedPieces(words, maxPieceLength, coverage, Math.max(20 * wanted, 50_000));
  const target = Math.max(Math.ceil(wanted * MARGIN), pieces.characters);
  for (;;) {
    for (let pass = 0; pass < PASSES; pass++) pieces = maximise(pieces, expectedCounts(pieces));
    if (pieces.text.length <= target) break;
    const smaller = prune(pieces, Math.max(target, Math.floor(KEEP * pieces.text.length)));
    if (smaller.text.length === pieces.text.length) break;
    pieces = smaller;
  }
  const order = Array.from(pieces.text, (_, i) => i).sort((a, b) => pieces.score[b] - pieces.score[a] || a - b);
  // Characters first (most frequent first), so that as many as fit stay; then the most probable pieces.
  const kept = [...order.filter((i) => pieces.single[i]), ...order.filter((i) => !pieces.single[i])].slice(0, wanted);
  return kept.sort((a, b) => pieces.score[b] - pieces.score[a] || a - b).map((i) => [pieces.text[i], pieces.score[i]]);
}

/** Expected number of times that each piece is used, over all segmentations of all words. */
function expectedCounts({ text, score, chars, start, match, length, wordEnd, wordCount }: Pieces): Float64Array {
  const p = Float64Array.from(score, (s) => Math.exp(s));
  const counts = new Float64Array(text.length);
  const forward = new Float64Array(chars + 1);
  const backward = new Float64Array(chars + 1);
  for (let w = 0, from = 0; w < wordEnd.length; from = wordEnd[w++]) {
    const to = wordEnd[w];
    forward.fill(0, from, to + 1);
    forward[from] = 1;
    for (let i = from; i < to; i++)
      for (let m = start[i]; m < start[i + 1]; m++) forward[i + length[m]] += forward[i] * p[match[m]];
    const z = forward[to];
    if (!(z > 0)) continue;
    backward[to] = 1;
    for (let i = to - 1; i >= from; i--) {
      let sum = 0;
      for (let m = start[i]; m < start[i + 1]; m++) sum += p[match[m]] * backward[i + length[m]];
      backward[i] = sum;
      const scale = (wordCount[w] * forward[i]) / z;
      for (let m = start[i]; m < start[i + 1]; m++) counts[match[m]] += scale * p[match[m]] * backward[i + length[m]];
    }
    // The last boundary of this word is the first of the next one.
    forward[to] = 0;
  }
  return counts;
}

/** New scores from expected counts; pieces expected less than half a time leave, characters never do. */
function maximise(pieces: Pieces, counts: Float64Array): Pieces {
  const keep = Uint8Array.from(counts, (c, i) => Number(c >= 0.5 || pieces.single[i]));
  let total = 0;
  for (let i = 0; i < counts.length; i++) if (keep[i]) total += Math.max(counts[i], 0.5);
  const base = digamma(total);
  for (let i = 0; i < counts.length; i++) if (keep[i]) pieces.score[i] = digamma(Math.max(counts[i], 0.5)) - base;
  return restrict(pieces, keep);
}

/** Keeps the `size` pieces whose loss would cost the likelihood most: each is replaced by the best segmentation of its text without it. */
function prune(pieces: Pieces, size: number): Pieces {
  const { text, score, single, at } = pieces;
  const frequency = bestPathCounts(pieces);
  let sum = 0;
  for (let i = 0; i < frequency.length; i++) sum += frequency[i];
  const loss = new Float64Array(text.length);
  for (let i = 0; i < text.length; i++) {
    if (single[i]) loss[i] = Infinity;
    else if (frequency[i] === 0) loss[i] = -Infinity;
    else {
      const path = segmentation(pieces, at[i], [...text[i]].length, i);
      const f = frequency[i];
      const logAfter = Math.log(sum + f * (path.length - 1));
      let after = 0;
      for (const k of path) after += Math.log(frequency[k] + f) - logAfter;
      loss[i] = f * (Math.log(f) - Math.log(sum) - after);
    }
  }
  const order = Array.from(text, (_, i) => i).sort((a, b) =>
    loss[a] === loss[b] ? score[b] - score[a] || a - b : loss[b] - loss[a],
  );
  const keep = new Uint8Array(text.length);
  for (let k = 0; k < size; k++) keep[order[k]] = 1;
  return restrict(pieces, keep);
}

/** How often each piece is used when every word is cut in its most probable way (Viterbi). */
function bestPathCounts({ text, score, chars, start, match, length, wordEnd, wordCount }: Pieces): Float64Array {
  const counts = new Float64Array(text.length);
  const best = new Float64Array(chars + 1).fill(-Infinity);
  const by = new Int32Array(chars + 1);
  for (let w = 0, from = 0; w < wordEnd.length; from = wordEnd[w++]) {
    best[from] = 0;
    for (let i = from; i < wordEnd[w]; i++) {
      for (let m = start[i]; m < start[i + 1]; m++) {
        const s = best[i] + score[match[m]];
        if (s > best[i + length[m]]) [best[i + length[m]], by[i + length[m]]] = [s, m];
      }
    }
    for (let i = wordEnd[w]; i > from; i -= length[by[i]]) {
      if (best[i] === -Infinity) break;
      counts[match[by[i]]] += wordCount[w];
    }
  }
  return counts;
}

/** The most probable segmentation of `size` characters from `from`, without piece `without`. */
function segmentation({ score, start, match, length }: Pieces, from: number, size: number, without: number): number[] {
  const best = new Float64Array(size + 1).fill(-Infinity);
  const by = new Int32Array(size + 1);
  best[0] = 0;
  for (let i = 0; i < size; i++) {
    for (let m = start[from + i]; m < start[from + i + 1]; m++) {
      const end = i + length[m];
      if (end > size || match[m] === without) continue;
      const s = best[i] + score[match[m]];
      if (s > best[end]) [best[end], by[end]] = [s, m];
    }
  }
  const path: number[] = [];
  for (let i = size; i > 0; i -= length[by[i]]) path.push(match[by[i]]);
  return path;
}

/** The same corpus with only the kept pieces. */
function restrict(pieces: Pieces, keep: Uint8Array): Pieces {
  const to = new Int32Array(keep.length);
  let size = 0;
  for (let i = 0; i < keep.length; i++) to[i] = keep[i] ? size++ : -1;
  if (size === keep.length) return pieces;
  const { start, match, length } = pieces;
  let write = 0;
  for (let i = 0, m = 0; i < pieces.chars; i++) {
    const end = start[i + 1];
    start[i] = write;
    for (; m < end; m++) if (keep[match[m]]) [match[write], length[write++]] = [to[match[m]], length[m]];
  }
  start[pieces.chars] = write;
  const kept = (_: unknown, i: number) => keep[i] === 1;
  const { text, score, single, at } = pieces;
  return { ...pieces, text: text.filter(kept), score: score.filter(kept), single: single.filter(kept), at: at.filter(kept) };
}

/** ψ(x) = d ln Γ(x) / dx for x > 0: recurrence up to 7, then the asymptotic series. */
function digamma(x: number): number {
  let result = 0;
  for (; x < 7; x++) result -= 1 / x;
  const y = x - 0.5;
  const z = 1 / (y * y);
  return result + Math.log(y) + z * (1 / 24 - z * (7 / 960 - z * (31 / 8064 - (z * 127) / 30720)));
}
