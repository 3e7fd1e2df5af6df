/**
 * Randomness as an argument. A `Key` names a stream of random numbers; folding a purpose, step, layer or pass into it gives an independent one.
 * The same key gives the same digits on every platform: integer arithmetic, and `Math.log/cos/exp` that V8 computes in software.
 * Tensor code uses `words()` as the seed of TensorFlow's stateless generators; host code draws from `random()`.
 */
export class Key {
  private constructor(
    private readonly high: number,
    private readonly low: number,
  ) {}

  static from(seed: number | string): Key {
    return new Key(0x9e3779b9, 0x7f4a7c15).fold(seed);
  }

  /** An independent key for each list of parts; the order of parts matters. */
  fold(...parts: (number | string)[]): Key {
    let { high, low } = this;
    for (const part of parts) {
      const text = typeof part === 'number' ? `#${part}` : `$${part}`;
      for (let i = 0; i < text.length; i++) {
        high = mix(high ^ text.charCodeAt(i), 0x85ebca6b);
        low = mix(low + high, 0xc2b2ae35);
      }
      high = mix(high ^ low, 0x27d4eb2f);
    }
    return new Key(high >>> 0, low >>> 0);
  }

  /** Two signed 32-bit words: the seed of a stateless TensorFlow generator. */
  words(): [number, number] {
    return [this.high | 0, this.low | 0];
  }

  /** A fresh stream of numbers for this key. */
  random(): Random {
    return new Random(this.high, this.low);
  }
}

const mix = (x: number, m: number): number => {
  x = Math.imul(x ^ (x >>> 15), m);
  x = Math.imul(x ^ (x >>> 13), 0x165667b1);
  return (x ^ (x >>> 16)) >>> 0;
};

/** A stream of pseudo-random numbers (sfc32 by Chris Doty-Humphrey: 128 bits of state, passes PractRand). */
export class Random {
  private a: number;
  private b: number;
  private c = 0x2545f491;
  private counter = 1;

  constructor(high: number, low: number) {
    this.a = high | 0;
    this.b = low | 0;
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, n), without modulo bias. */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** A standard normal number (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Poisson(μ) by inversion (Knuth), for μ up to a few hundred. */
  poisson(mu: number): number {
    const limit = Math.exp(-mu);
    let k = 0;
    for (let p = this.uniform(); p > limit; p *= this.uniform()) k++;
    return k;
  }

  /** Gamma(shape, 1) after Marsaglia and Tsang (2000). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * Math.pow(1 - this.uniform(), 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(a, b) as a ratio of gammas. */
  beta(a: number, b: number): number {
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y === 0 ? Number(this.bernoulli(a / (a + b))) : x / (x + y);
  }

  choice<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  /** An index drawn in proportion to non-negative weights. */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i];
    let u = this.uniform() * total;
    for (let i = 0; i < weights.length; i++) if ((u -= weights[i]) < 0) return i;
    return weights.length - 1;
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<A extends { length: number; [i: number]: unknown }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const t = items[i];
      items[i] = items[j];
      items[j] = t;
    }
    return items;
  }

  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }
}
