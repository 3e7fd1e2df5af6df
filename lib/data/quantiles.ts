/** Numbers gathered one at a time in little memory, and their summary. */
export class Gather {
  private values = new Float64Array(1024);
  private count = 0;

  add(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }

  summary(): Quantiles {
    const sorted = this.values.slice(0, this.count).sort();
    const at = (p: number): number => (this.count ? sorted[Math.max(0, Math.ceil(p * this.count) - 1)] : 0);
    const mean = this.count ? sorted.reduce((sum, value) => sum + value, 0) / this.count : 0;
    return {
      count: this.count,
      mean,
      min: at(0),
      p5: at(0.05),
      p25: at(0.25),
      p50: at(0.5),
      p75: at(0.75),
      p95: at(0.95),
      p99: at(0.99),
      max: at(1),
    };
  }
}

/** Mean and nearest-rank quantiles: the p-quantile of n sorted numbers is the ⌈p·n⌉-th. All 0 where there are none. */
export interface Quantiles {
  count: number;
  mean: number;
  min: number;
  p5: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  p99: number;
  max: number;
}
