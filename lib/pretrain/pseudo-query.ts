import type { Locale } from '../data/types';
import { ensure, inRange } from '../runtime/errors';
import type { Random } from '../runtime/key';
import type { Product2QueryConfig } from './config';

/** A pseudo-query cut from a product's text, and where. Places count units: characters (code points) or words. */
export interface PseudoQuery {
  query: string;
  /** The text without the cut spans, which half of the rows are shown. */
  rest: string;
  /** [start, end) of each span, in order. */
  spans: [number, number][];
}

/** Span lengths in characters: the paper's (μ = 4, Japanese 8), and the released code's (8 for all). Source: paper §4 and the release. */
export const PSEUDO_QUERY_MODES = {
  'as-published': {
    unit: 'characters',
    mu: { us: 4, es: 4, jp: 8 },
    minimum: { us: 8, es: 8, jp: 4 },
    longestOne: 20,
    longestTwo: 12,
  },
  'as-coded': {
    unit: 'characters',
    mu: { us: 8, es: 8, jp: 8 },
    minimum: { us: 8, es: 8, jp: 4 },
    longestOne: 20,
    longestTwo: 12,
  },
} as const satisfies Record<string, Partial<Product2QueryConfig>>;

/**
 * The length of a span: Poisson(μ) drawn again until it lies between the minimum and the longest allowed (a truncated Poisson).
 * Where the text is shorter than the minimum the whole text is the span. Far tails are not drawn but computed: P(k) ∝ μᵏ/k!.
 */
export function spanLength(mu: number, minimum: number, longest: number, random: Random): number {
  if (longest <= minimum) return longest;
  let total = 0;
  const weights: number[] = [];
  for (let k = minimum, p = 1; k <= longest; p *= mu / ++k) {
    weights.push(p);
    total += p;
  }
  let u = random.uniform() * total;
  for (let i = 0; i < weights.length; i++) if ((u -= weights[i]) < 0) return minimum + i;
  return longest;
}

/** The length of a span as min(longest, max(minimum, Poisson(μ))): short draws become the minimum, as in many re-implementations. */
export function raisedLength(mu: number, minimum: number, longest: number, random: Random): number {
  return Math.min(longest, Math.max(minimum, random.poisson(mu)));
}

/**
 * Cuts a pseudo-query (Product2Query, paper §4): with probability 1 − twoSpans one span of up to `longestOne` units, else two of up to `longestTwo` each,
 * merged where they overlap or touch, joined by a space where they do not. Null where the text is empty.
 */
export function cutPseudoQuery(text: string, locale: Locale, config: Product2QueryConfig, random: Random): PseudoQuery | null {
  const units = config.unit === 'words' ? text.split(/\s+/u).filter(Boolean) : [...text];
  if (units.length === 0) return null;
  const glue = config.unit === 'words' ? ' ' : '';
  const span = (longest: number): [number, number] => {
    const most = Math.min(longest, units.length);
    const length =
      config.belowMinimum === 'minimum'
        ? raisedLength(config.mu[locale], config.minimum[locale], most, random)
        : spanLength(config.mu[locale], config.minimum[locale], most, random);
    const start = random.int(units.length - length + 1);
    return [start, start + length];
  };
  const two = random.bernoulli(config.twoSpans);
  let spans = two ? [span(config.longestTwo), span(config.longestTwo)].sort((a, b) => a[0] - b[0]) : [span(config.longestOne)];
  if (two && spans[1][0] <= spans[0][1]) spans = [[spans[0][0], Math.max(spans[0][1], spans[1][1])]];
  const part = ([from, to]: [number, number]): string => units.slice(from, to).join(glue).trim();
  const query = spans.map(part).filter(Boolean).join(' ');
  if (!query) return null;
  const rest = units.filter((_, i) => !spans.some(([from, to]) => i >= from && i < to)).join(glue);
  return { query, rest: rest.replace(/\s+/gu, ' ').trim(), spans };
}

/**
 * Other rows' numbers for each row, drawn within groups: no row gets itself where its group has another. −1 where a row is alone in its group.
 * (Sattolo's algorithm: a random permutation that is one cycle moves everyone.)
 */
export function otherRows(groups: readonly (string | number)[], random: Random): Int32Array {
  const members = new Map<string | number, number[]>();
  groups.forEach((group, i) => {
    const own = members.get(group);
    if (own) own.push(i);
    else members.set(group, [i]);
  });
  const other = new Int32Array(groups.length).fill(-1);
  for (const rows of members.values()) {
    const cycle = [...rows];
    for (let i = cycle.length - 1; i > 0; i--) {
      const j = random.int(i);
      [cycle[i], cycle[j]] = [cycle[j], cycle[i]];
    }
    if (rows.length > 1) rows.forEach((row, i) => (other[row] = cycle[i]));
  }
  return other;
}

export function checkProduct2Query(config: Product2QueryConfig): void {
  inRange('product2query.weight', config.weight, 0, Infinity);
  inRange('product2query.twoSpans', config.twoSpans, 0, 1);
  inRange('product2query.deleted', config.deleted, 0, 1);
  inRange('product2query.brandShare', config.brandShare ?? 0, 0, 1);
  for (const [locale, mu] of Object.entries(config.mu)) ensure(mu > 0, `product2query.mu.${locale} must be > 0, got ${mu}`);
  for (const [locale, least] of Object.entries(config.minimum))
    inRange(`product2query.minimum.${locale}`, least, 1, Math.min(config.longestOne, config.longestTwo));
}
