import { ensure, inRange } from '../runtime/errors';
import type { Key, Random } from '../runtime/key';
import type { ClickModelTruth, Impression, LogColumns, RankingData, RankingSplit } from './types';

/** How a shop of the simulator shows its lists. Who buys what is the click model's part (`clickModel`). */
export interface SimulationOptions {
  /** Rows to draw; the last list is shown whole, so that a few more may come. */
  impressions: number;
  /** Only queries of these parts; default all. */
  splits: readonly RankingSplit[];
  /** Share of lists in uniformly random order; the others follow the logging policy. Default 0.1. */
  randomShare: number;
  /**
   * The logging policy draws an order by Plackett and Luce: products sorted by relevance·grade + popularity·ln(popularity) + noise·Gumbel. What it puts
   * first is better, so that clicks by position mix position and quality. Defaults 2, 0.3, 1; with relevance and popularity 0 it is random order.
   */
  policyRelevance: number;
  policyPopularity: number;
  policyNoise: number;
  /** Exponent s of Zipf's law over queries, in the order of the data: P(query r) ∝ r⁻ˢ; default 0.3. */
  queryZipf: number;
  /** Mean number of lists after the first in a session (Poisson), and the chance that such a list is the last one's query again. Defaults 0.8, 0.4. */
  moreLists: number;
  sameQuery: number;
  /** Mean seconds between the lists of a session, and between the starts of sessions (exponential). Defaults 45, 20. */
  secondsInSession: number;
  secondsBetweenSessions: number;
  /** When the first session starts, milliseconds since 1970; default 2024-01-01 UTC. */
  start: number;
}

export const SIMULATION: Readonly<Omit<SimulationOptions, 'impressions'>> = {
  splits: ['train', 'dev', 'test'],
  randomShare: 0.1,
  policyRelevance: 2,
  policyPopularity: 0.3,
  policyNoise: 1,
  queryZipf: 0.3,
  moreLists: 0.8,
  sameQuery: 0.4,
  secondsInSession: 45,
  secondsBetweenSessions: 20,
  start: Date.UTC(2024, 0, 1),
};

/** One list as it was shown: indices of pairs from the top, and a signal each. */
export interface ShownList {
  query: number;
  pairs: Int32Array;
  click: Uint8Array;
  cart: Uint8Array;
  purchase: Uint8Array;
  session: number;
  timestamp: number;
}

/**
 * Draws an engagement log a shown list at a time, in any size and constant memory. Sessions follow each other in time; each looks at one or more queries'
 * lists, some of them again in another order. At position k a shopper examines with e_k, clicks what is examined with a, puts a clicked product in the
 * cart with c, buys it with p, each independently. Equal data, truth, options and key give the same log, and a longer log begins with the shorter one.
 * Throws InputError for a value out of range, and where no query of `splits` has a product.
 */
export function* simulateLists(
  data: RankingData,
  truth: ClickModelTruth,
  options: Partial<SimulationOptions> & { impressions: number },
  key: Key,
): Generator<ShownList> {
  const full: SimulationOptions = { ...SIMULATION, ...options };
  check(full);
  const { offsets } = data;
  const queries = data.queries.flatMap(({ split }, q) => (full.splits.includes(split) && offsets[q + 1] > offsets[q] ? [q] : []));
  ensure(queries.length > 0, `no query of the split ${full.splits.join(', ')} has a product to show`);
  const drawQuery = byZipf(queries, full.queryZipf);
  const random = key.fold('log').random();
  const wait = (seconds: number): number => Math.round(-1000 * seconds * Math.log(1 - random.uniform()));
  let start = full.start;
  for (let rows = 0, session = 0; rows < full.impressions; session++) {
    start += wait(full.secondsBetweenSessions);
    let timestamp = start;
    let query = -1;
    for (let more = random.poisson(full.moreLists); more >= 0 && rows < full.impressions; more--) {
      if (query < 0 || !random.bernoulli(full.sameQuery)) query = drawQuery(random);
      const pairs = orderOf(data, query, full, random).subarray(0, truth.examination.length);
      yield { query, pairs, ...behaviour(pairs, truth, random), session, timestamp };
      rows += pairs.length;
      timestamp += 1 + wait(full.secondsInSession);
    }
  }
}

/** A shown list as plain rows of the log. */
export function impressionsOf(data: RankingData, list: ShownList): Impression[] {
  const { queryId, query, locale } = data.queries[list.query];
  const session = `s${String(list.session).padStart(7, '0')}`;
  return Array.from(list.pairs, (pair, at) => ({
    queryId,
    query,
    locale,
    productId: data.products[data.pairs[pair].product].productId,
    position: at + 1,
    click: list.click[at] as 0 | 1,
    cart: list.cart[at] as 0 | 1,
    purchase: list.purchase[at] as 0 | 1,
    session,
    timestamp: list.timestamp,
  }));
}

/** The log of `simulateLists` as plain rows, one at a time. */
export function* simulateImpressions(...args: Parameters<typeof simulateLists>): Generator<Impression> {
  for (const list of simulateLists(...args)) yield* impressionsOf(args[0], list);
}

/** The log of `simulateLists` as columns in memory. */
export function simulateLog(...args: Parameters<typeof simulateLists>): LogColumns {
  const lists: ShownList[] = [];
  let rows = 0;
  for (const list of simulateLists(...args)) {
    lists.push(list);
    rows += list.pairs.length;
  }
  const log: LogColumns = {
    rows,
    pair: new Int32Array(rows),
    position: new Uint16Array(rows),
    click: new Uint8Array(rows),
    cart: new Uint8Array(rows),
    purchase: new Uint8Array(rows),
    list: new Int32Array(rows),
    lists: lists.length,
  };
  let at = 0;
  lists.forEach((list, number) => {
    log.pair.set(list.pairs, at);
    for (const signal of ['click', 'cart', 'purchase'] as const) log[signal].set(list[signal], at);
    for (let k = 0; k < list.pairs.length; k++) log.position[at + k] = k + 1;
    log.list.fill(number, at, (at += list.pairs.length));
  });
  return log;
}

function check(options: SimulationOptions): void {
  for (const name of Object.keys(options))
    ensure(
      name === 'impressions' || name in SIMULATION,
      `simulation option ${name} is not known; expected impressions, ${Object.keys(SIMULATION).join(', ')}`,
    );
  inRange('impressions', options.impressions, 1, Infinity);
  for (const name of ['randomShare', 'sameQuery'] as const) inRange(name, options[name], 0, 1);
  for (const name of ['policyNoise', 'queryZipf', 'moreLists', 'secondsInSession', 'secondsBetweenSessions', 'start'] as const)
    inRange(name, options[name], 0, name === 'moreLists' ? 100 : Infinity);
  for (const name of ['policyRelevance', 'policyPopularity'] as const) inRange(name, options[name], -Infinity, Infinity);
}

/** Pairs of a query in the order in which they are shown. */
function orderOf(data: RankingData, query: number, options: SimulationOptions, random: Random): Int32Array {
  const from = data.offsets[query];
  const pairs = Int32Array.from({ length: data.offsets[query + 1] - from }, (_, i) => from + i);
  if (random.bernoulli(options.randomShare)) return random.shuffle(pairs);
  const scores = Float64Array.from(pairs, (pair) => {
    const { grade, product } = data.pairs[pair];
    const known = options.policyRelevance * (grade || 0) + options.policyPopularity * Math.log(data.products[product].popularity);
    return known - options.policyNoise * Math.log(-Math.log(1 - random.uniform()) || Number.MIN_VALUE);
  });
  return pairs.sort((a, b) => scores[b - from] - scores[a - from]);
}

function behaviour(pairs: Int32Array, truth: ClickModelTruth, random: Random): Pick<ShownList, 'click' | 'cart' | 'purchase'> {
  const click = new Uint8Array(pairs.length);
  const cart = new Uint8Array(pairs.length);
  const purchase = new Uint8Array(pairs.length);
  pairs.forEach((pair, k) => {
    if (!random.bernoulli(truth.examination[k] * truth.attractiveness[pair])) return;
    click[k] = 1;
    if (!random.bernoulli(truth.cartGivenClick[pair])) return;
    cart[k] = 1;
    purchase[k] = Number(random.bernoulli(truth.purchaseGivenCart[pair]));
  });
  return { click, cart, purchase };
}

/** Draws one of the queries, number r from the front with probability ∝ (r + 1)^−s, by bisection in the cumulative sums. */
function byZipf(queries: readonly number[], exponent: number): (random: Random) => number {
  let total = 0;
  const sums = Float64Array.from(queries, (_, r) => (total += Math.pow(r + 1, -exponent)));
  return (random) => {
    const u = random.uniform() * total;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > u) high = middle;
      else low = middle + 1;
    }
    return queries[low];
  };
}
