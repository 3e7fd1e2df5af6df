import { ensure, inRange } from '../runtime/errors';
import type { Key } from '../runtime/key';
import type { ClickModelOptions, ClickModelTruth, RankingData } from './types';

/** The simulator's defaults: about one click in five shown products, one cart in sixteen, one purchase in a hundred. */
export const CLICK_MODEL: Readonly<ClickModelOptions> = {
  positions: 20,
  top: 1,
  severity: 0.8,
  floor: 0.02,
  attractionBias: -2.6,
  attractionGrade: 3.6,
  attractionPrice: -0.25,
  attractionPopularity: 0.35,
  attractionSpread: 0.3,
  cartBias: -2,
  cartGrade: 1.2,
  cartPrice: -0.2,
  cartPopularity: 0.1,
  purchaseGrade: 1.5,
  purchasePrice: -0.5,
  purchasePopularity: 0.1,
  purchaseRate: 0.01,
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The position-based model's truth for lists (Craswell et al. 2008, "examination hypothesis"), carried down the funnel as ESMM has it (Ma et al. 2018, eq. 2):
 *
 *   P(click at k) = e_k · a,   e_k = floor + (top − floor)·k^(−severity),   a = σ(b + g·grade + p·z(price) + o·z(popularity) + s·ε_pair)
 *   P(cart | click) = σ(…),    P(purchase | cart) = σ(…): the same sum with parameters of their own
 *
 * z(price) standardises log price among the products of the query, z(popularity) log popularity over the catalogue; ε_pair is a standard normal number
 * drawn once per pair from the key. Carts and purchases depend on the position only through the click. An unjudged pair counts as grade 0.
 * The purchase bias is found by bisection, so that `purchaseRate` is the expected share of impressions that end in a purchase; throws an InputError
 * where there are not as many carts.
 */
export function clickModel(data: RankingData, options: Partial<ClickModelOptions>, key: Key): ClickModelTruth {
  const full = { ...CLICK_MODEL, ...options };
  check(full);
  const { pairs, offsets } = data;
  const prices = priceScores(data);
  const popularity = standard(data.products.map((product) => Math.log(product.popularity)));
  const attractiveness = new Float64Array(pairs.length);
  const cartGivenClick = new Float64Array(pairs.length);
  const purchaseLogit = new Float64Array(pairs.length);
  pairs.forEach(({ query, product, grade }, i) => {
    const g = Number.isNaN(grade) ? 0 : grade;
    const [price, demand] = [prices[i], popularity[product]];
    const { locale, queryId } = data.queries[query];
    const own = key.fold('pair', locale, queryId, data.products[product].productId).random().normal();
    attractiveness[i] = sigmoid(
      full.attractionBias +
        full.attractionGrade * g +
        full.attractionPrice * price +
        full.attractionPopularity * demand +
        full.attractionSpread * own,
    );
    cartGivenClick[i] = sigmoid(full.cartBias + full.cartGrade * g + full.cartPrice * price + full.cartPopularity * demand);
    purchaseLogit[i] = full.purchaseGrade * g + full.purchasePrice * price + full.purchasePopularity * demand;
  });
  const examination = Float64Array.from(
    { length: Math.min(full.positions, longest(offsets)) },
    (_, k) => full.floor + (full.top - full.floor) * Math.pow(k + 1, -full.severity),
  );
  // The chance that an impression of the pair ends in a cart, and how often the pair is shown, with lists in random order.
  const weights = new Float64Array(pairs.length);
  const mean = runningMean(examination);
  let shown = 0;
  for (let q = 0; q < data.queries.length; q++) {
    const size = offsets[q + 1] - offsets[q];
    const length = Math.min(size, examination.length);
    shown += length;
    for (let i = offsets[q]; i < offsets[q + 1]; i++)
      weights[i] = (length / size) * mean[length] * attractiveness[i] * cartGivenClick[i];
  }
  const purchaseBias = solveBias(weights, purchaseLogit, full.purchaseRate * shown, full.purchaseRate, shown);
  const purchaseGivenCart = purchaseLogit.map((logit) => sigmoid(purchaseBias + logit));
  return { options: full, examination, attractiveness, cartGivenClick, purchaseGivenCart, purchaseBias };
}

/**
 * The true probability of each pair's signal given that the product is examined (position out of the way): click a, cart a·c, purchase a·c·p. [pairs] each.
 * This is what a ranking of each task should sort by.
 */
export function trueProbabilities(truth: ClickModelTruth): { click: Float64Array; cart: Float64Array; purchase: Float64Array } {
  const click = truth.attractiveness.slice();
  const cart = click.map((p, i) => p * truth.cartGivenClick[i]);
  return { click, cart, purchase: cart.map((p, i) => p * truth.purchaseGivenCart[i]) };
}

function check(options: ClickModelOptions): void {
  inRange('positions', options.positions, 1, 65535);
  ensure(Number.isInteger(options.positions), `positions must be a whole number, got ${options.positions}`);
  inRange('top', options.top, 0, 1);
  inRange('floor', options.floor, 0, options.top);
  inRange('severity', options.severity, 0, 100);
  inRange('attractionSpread', options.attractionSpread, 0, 100);
  inRange('purchaseRate', options.purchaseRate, 0, 1);
  for (const [name, value] of Object.entries(options)) {
    ensure(
      name in CLICK_MODEL,
      `click model option ${name} is not known; expected one of ${Object.keys(CLICK_MODEL).join(', ')}`,
    );
    inRange(name, value as number, -Infinity, Infinity);
  }
}

/** The bias b at which Σ w·σ(b + logit) = target, by bisection to the last bit that matters. */
function solveBias(weights: Float64Array, logits: Float64Array, target: number, rate: number, shown: number): number {
  if (target === 0) return -Infinity;
  const most = weights.reduce((a, b) => a + b, 0);
  ensure(
    target < most,
    `purchaseRate must be below the expected carts per impression, ${(most / Math.max(1, shown)).toFixed(4)} with these parameters, got ${rate}`,
  );
  let [low, high] = [-60, 60];
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i] * sigmoid(middle + logits[i]);
    if (sum < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function longest(offsets: Int32Array): number {
  let most = 0;
  for (let q = 0; q + 1 < offsets.length; q++) most = Math.max(most, offsets[q + 1] - offsets[q]);
  return most;
}

/** mean[n] is the mean of the first n values. */
function runningMean(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length + 1);
  let sum = 0;
  values.forEach((value, i) => (out[i + 1] = (sum += value) / (i + 1)));
  return out;
}

/** Log prices standardised within each query's products, [pairs]. */
function priceScores({ products, pairs, offsets }: RankingData): Float64Array {
  const out = new Float64Array(pairs.length);
  for (let q = 0; q + 1 < offsets.length; q++) {
    const own = pairs.slice(offsets[q], offsets[q + 1]).map((pair) => Math.log(products[pair.product].price));
    out.set(standard(own), offsets[q]);
  }
  return out;
}

/** Values less their mean, over their standard deviation; 0 where all are equal. */
function standard(values: readonly number[]): Float64Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return Float64Array.from(values, (value) => (deviation > 1e-12 ? (value - mean) / deviation : 0));
}
