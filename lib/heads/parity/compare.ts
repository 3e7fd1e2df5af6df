/** One compared quantity: how far this library is from the reference, and how far it may be. */
export interface ParityResult {
  /** Which model and which of its numbers. */
  quantity: string;
  largestError: number;
  /** Where the largest error is, for quantities with names. */
  at?: string;
  bound: number;
  /** `rows`: how many rows are not equal. */
  kind: 'absolute' | 'relative' | 'rows';
  ok: boolean;
}

/** Collects comparisons of one golden file. An error that is not a number is never ok. */
export class Comparison {
  readonly results: ParityResult[] = [];

  constructor(private readonly model: string) {}

  private push(quantity: string, largestError: number, bound: number, kind: ParityResult['kind'], at?: string): void {
    this.results.push({ quantity: `${this.model}: ${quantity}`, largestError, at, bound, kind, ok: largestError <= bound });
  }

  /** max |got − expected| over the entries that `counts` (one flag for each row of `width` numbers). */
  absolute(
    quantity: string,
    got: ArrayLike<number>,
    expected: ArrayLike<number>,
    bound: number,
    counts?: ArrayLike<number>,
  ): void {
    const width = counts ? expected.length / counts.length : 1;
    let largest = got.length === expected.length ? 0 : NaN;
    for (let i = 0; i < expected.length; i++)
      if (!counts || counts[Math.floor(i / width)]) largest = worse(largest, Math.abs(got[i] - expected[i]));
    this.push(quantity, largest, bound, 'absolute');
  }

  /** The number of rows that are not the same numbers; none may differ. */
  rows(quantity: string, got: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): void {
    const same = (a: ArrayLike<number> | undefined, b: ArrayLike<number>): boolean =>
      a?.length === b.length && Array.from(b).every((x, i) => a[i] === x);
    const differ = expected.flatMap((row, i) => (same(got[i], row) ? [] : [i]));
    const length = got.length === expected.length ? 0 : 1;
    this.push(quantity, differ.length + length, 0, 'rows', differ.length ? `first row ${differ[0]}` : undefined);
  }

  /**
   * max |got − expected| / max(|expected|, 10⁻⁵·L) by name, L the largest expected value; a name that was not computed counts as infinitely far.
   * Float32 leaves about 10⁻⁸·L of rounding noise in both implementations, hence the floor; and some gradients are nothing else (a key's bias
   * shifts all scores of a row alike, which softmax ignores), so an expected value below 10⁻⁶·L asks only that ours is that small too.
   */
  relative(
    quantity: string,
    got: Readonly<Record<string, number>>,
    expected: Readonly<Record<string, number>>,
    bound: number,
  ): void {
    const scale = Math.max(...Object.values(expected).map(Math.abs));
    let largest = Object.keys(expected).length ? 0 : NaN;
    let at: string | undefined;
    for (const [name, value] of Object.entries(expected)) {
      const ours = name in got ? got[name] : Infinity;
      const isNoise = Math.abs(value) < 1e-6 * scale && Math.abs(ours) < 1e-6 * scale;
      const error = isNoise ? 0 : Math.abs(ours - value) / Math.max(Math.abs(value), 1e-5 * scale);
      if (!(error <= largest)) at = name;
      largest = worse(largest, error);
    }
    this.push(quantity, largest, bound, 'relative', at);
  }
}

const worse = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));

/** Euclidean norm, in float64. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}
