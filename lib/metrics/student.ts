import { inRange } from '../runtime/errors';

/** Cells of the quadrature, Simpson’s rule over the angle: relative error below 1e-5 (worst for df between 1 and 2), 1e-9 from df 3 up. */
const CELLS = 4096;

/**
 * Quantile of Student's t with `df` ≥ 1 degrees of freedom (need not be whole; Infinity is the normal distribution).
 * With t = √df · tan θ the density is proportional to cos(θ)^(df − 1); its integral is inverted by bisection.
 */
export function studentQuantile(probability: number, df: number): number {
  inRange('probability', probability, Number.MIN_VALUE, 1 - Number.EPSILON);
  if (probability < 0.5) return -studentQuantile(1 - probability, df);
  if (!(df <= 1e6)) return normalQuantile(probability);
  const { step, slice, slices, area } = density(Math.max(1, df) - 1);
  let wanted = (probability - 0.5) * 2 * area;
  let cell = 0;
  while (cell < CELLS - 1 && slices[cell] < wanted) wanted -= slices[cell++];
  let low = 0;
  let high = step;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slice(cell * step, middle) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(Math.max(1, df)) * Math.tan(cell * step + low);
}

interface Density {
  power: number;
  /** Width of a cell of the angle, and its area from Simpson's rule. */
  step: number;
  slice: (from: number, width: number) => number;
  slices: Float64Array;
  area: number;
}

/** The last density asked for: an interval and its smallest visible change ask for several quantiles of the same one. */
let last: Density | undefined;

/** cos(θ)^power cut into cells; of large powers all mass lies near 0: they are integrated to 40 standard deviations. */
function density(power: number): Density {
  if (last?.power === power) return last;
  const step = Math.min(Math.PI / 2, 40 / Math.sqrt(power + 1)) / CELLS;
  const height = (theta: number): number => (power === 0 ? 1 : Math.max(0, Math.cos(theta)) ** power);
  const slice = (from: number, width: number): number =>
    (width / 6) * (height(from) + 4 * height(from + width / 2) + height(from + width));
  const slices = Float64Array.from({ length: CELLS }, (_, i) => slice(i * step, step));
  return (last = { power, step, slice, slices, area: slices.reduce((a, b) => a + b, 0) });
}

/** Quantile of the standard normal distribution, by bisection on Φ(x) = ½ + ∫φ (Simpson), to about 1e-10. */
export function normalQuantile(probability: number): number {
  if (probability < 0.5) return -normalQuantile(1 - probability);
  const step = 1 / 512;
  const height = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const slice = (from: number, width: number): number =>
    (width / 6) * (height(from) + 4 * height(from + width / 2) + height(from + width));
  let wanted = probability - 0.5;
  let from = 0;
  for (let area = slice(from, step); area < wanted && from < 9; area = slice(from, step)) {
    wanted -= area;
    from += step;
  }
  let low = 0;
  let high = step;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (slice(from, middle) < wanted) low = middle;
    else high = middle;
  }
  return from + low;
}
