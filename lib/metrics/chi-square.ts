import { ensure, inRange } from '../runtime/errors';

/**
 * Quantile of the chi-square distribution with a whole number `df` ≥ 1 of degrees of freedom: P(df / 2, x / 2) = probability, by bisection
 * on the series P(a, x) = xᵃ e⁻ˣ Σₖ xᵏ / Γ(a + k + 1).
 */
export function chiSquareQuantile(probability: number, df: number): number {
  inRange('probability', probability, Number.MIN_VALUE, 1 - Number.EPSILON);
  ensure(Number.isInteger(df) && df >= 1, `degrees of freedom must be a whole number ≥ 1, got ${df}`);
  let low = 0;
  let high = df + 20 * Math.sqrt(2 * df) + 60;
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (lowerGamma(df / 2, middle / 2) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised lower incomplete gamma function P(a, x), for a a multiple of ½. */
function lowerGamma(a: number, x: number): number {
  // ln Γ(a + 1) from Γ(1) = 1 or Γ(½) = √π.
  let logGamma = Number.isInteger(a) ? 0 : Math.log(Math.PI) / 2;
  for (let k = Number.isInteger(a) ? 1 : 0.5; k <= a; k++) logGamma += Math.log(k);
  let term = Math.exp(a * Math.log(x) - x - logGamma);
  let sum = 0;
  for (let k = 1; term > 0 && (k < x || term > sum * Number.EPSILON); k++) {
    sum += term;
    term *= x / (a + k);
  }
  return Math.min(1, sum);
}

/** The factors that an sd over `n` ≥ 2 normal values is multiplied with for its interval at `level`: √(df / χ²). */
export function sdFactors(n: number, level = 0.95): [low: number, high: number] {
  const df = n - 1;
  const at = (probability: number): number => Math.sqrt(df / chiSquareQuantile(probability, df));
  return [at((1 + level) / 2), at((1 - level) / 2)];
}
