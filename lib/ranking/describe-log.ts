import { ensure } from '../runtime/errors';
import { SIGNALS, type Impression, type Signal } from './types';

/** What is in a log. */
export interface LogDescription {
  impressions: number;
  /** Shown lists: rows of one session, query and time. */
  lists: number;
  sessions: number;
  queries: number;
  products: number;
  /** Distinct (query, product) pairs, and how many of them have each signal at least once. */
  pairs: number;
  pairsWith: Record<Signal, number>;
  /** Rows with each signal. */
  signals: Record<Signal, number>;
  /** First and last time, milliseconds since 1970. */
  from: number;
  to: number;
  /** [positions] Impressions and clicks at each position, from the top. */
  shown: number[];
  clicks: number[];
}

/** Counts a log in one pass over its pieces. Throws an InputError where there are no rows. */
export async function describeLog(
  pieces: AsyncIterable<readonly Impression[]> | Iterable<readonly Impression[]>,
): Promise<LogDescription> {
  const [lists, sessions, queries, products] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const pairs = new Map<string, number>();
  const signals = { click: 0, cart: 0, purchase: 0 };
  const [shown, clicks]: number[][] = [[], []];
  let [impressions, from, to] = [0, Infinity, -Infinity];
  for await (const piece of pieces)
    for (const row of piece) {
      const { locale, query, queryId, productId, session, timestamp } = row;
      impressions++;
      lists.add(`${session}\t${queryId}\t${timestamp}`);
      sessions.add(session);
      queries.add(`${locale}\t${query}`);
      products.add(`${locale}\t${productId}`);
      const pair = `${locale}\t${query}\t${productId}`;
      const flags = row.click + 2 * row.cart + 4 * row.purchase;
      pairs.set(pair, (pairs.get(pair) ?? 0) | flags);
      for (const signal of SIGNALS) signals[signal] += row[signal];
      for (let k = shown.length; k < row.position; k++) [shown[k], clicks[k]] = [0, 0];
      shown[row.position - 1]++;
      clicks[row.position - 1] += row.click;
      from = Math.min(from, timestamp);
      to = Math.max(to, timestamp);
    }
  ensure(impressions > 0, 'the log has no rows');
  const pairsWith = { click: 0, cart: 0, purchase: 0 };
  for (const flags of pairs.values()) SIGNALS.forEach((signal, bit) => (pairsWith[signal] += (flags >> bit) & 1));
  const sizes = { lists: lists.size, sessions: sessions.size, queries: queries.size, products: products.size, pairs: pairs.size };
  return { impressions, ...sizes, pairsWith, signals, from, to, shown, clicks };
}
