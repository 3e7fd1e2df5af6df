import type { Random } from '../../runtime/key';

/** Zipf's law over ranks 1…n: P(r) = r⁻ˢ / Σ k⁻ˢ. `draw` returns r − 1, by binary search in the cumulative weights. */
export class Zipf {
  private readonly cumulative: Float64Array;

  constructor(n: number, exponent: number) {
    this.cumulative = new Float64Array(n);
    let total = 0;
    for (let i = 0; i < n; i++) this.cumulative[i] = total += Math.pow(i + 1, -exponent);
  }

  draw(random: Random): number {
    const { cumulative } = this;
    const u = random.uniform() * cumulative[cumulative.length - 1];
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > u) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
