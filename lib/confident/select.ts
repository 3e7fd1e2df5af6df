import { argsort } from './order';

/** Up to so many keys are put in NumPy's order when equal keys meet the cut (32 MB). */
const ORDERED_TIES = 2 ** 22;

/**
 * Which rows have the `want` smallest keys, found in three passes with memory that does not grow with the rows: count keys by bin, look closer at the
 * bin where the cut falls, then take. Keys lie in [−1, 1]. Where some but not all of the keys that equal the cut are wanted, one more pass over the selection's keys finds those that
 * `numpy.argsort` would put first, as cleanlab does; beyond four million keys the first rows are taken.
 */
export class SmallestKeys {
  private readonly counts: Uint32Array;
  private cutBin = -1;
  private wantInBin = 0;
  private readonly inBin = new Map<number, number>();
  private cut = -Infinity;
  private atCut = 0;
  private ties?: { keys: Float64Array; seen: number; taken: Uint8Array };

  /** @param want how many rows to take @param total how many rows there are @param bins more bins, fewer keys to look at closely */
  constructor(
    private readonly want: number,
    private readonly total: number,
    private readonly bins = 65536,
  ) {
    const some = want > 0 && want < total;
    this.counts = new Uint32Array(some ? bins + 1 : 0);
    if (want > 0 && !some) this.cut = Infinity;
    this.wantInBin = want;
  }

  /** Whether the first two passes are needed: all or no rows are known without. */
  get needsCounting(): boolean {
    return this.counts.length > 0;
  }

  private bin(key: number): number {
    const bin = Math.floor((key + 1) * 0.5 * this.bins);
    return bin < 0 ? 0 : bin > this.bins ? this.bins : bin;
  }

  /** First pass. */
  count(key: number): void {
    this.counts[this.bin(key)]++;
  }

  /** Between the first pass and the second. */
  findBin(): void {
    if (!this.needsCounting) return;
    let bin = 0;
    for (; this.wantInBin > this.counts[bin]; bin++) this.wantInBin -= this.counts[bin];
    this.cutBin = bin;
  }

  /** Second pass. */
  look(key: number): void {
    if (this.bin(key) === this.cutBin) this.inBin.set(key, (this.inBin.get(key) ?? 0) + 1);
  }

  /** Between the second pass and the third. */
  findCut(): void {
    if (!this.needsCounting) return;
    const keys = Float64Array.from(this.inBin.keys()).sort();
    this.atCut = this.wantInBin;
    for (const key of keys) {
      this.cut = key;
      const count = this.inBin.get(key)!;
      if (this.atCut <= count) {
        if (this.atCut < count && this.total <= ORDERED_TIES)
          this.ties = { keys: new Float64Array(this.total), seen: 0, taken: new Uint8Array(count) };
        break;
      }
      this.atCut -= count;
    }
    this.inBin.clear();
  }

  /** Whether a pass is needed in which every key is kept. */
  get needsOrder(): boolean {
    return this.ties !== undefined;
  }

  /** That pass. */
  keep(key: number): void {
    if (this.ties) this.ties.keys[this.ties.seen++] = key;
  }

  /** After that pass. */
  orderTies(): void {
    if (!this.ties) return;
    const { keys, taken } = this.ties;
    const first = new Uint8Array(keys.length);
    for (const i of argsort(keys).subarray(0, this.want)) first[i] = 1;
    let tie = 0;
    for (let i = 0; i < keys.length; i++) if (keys[i] === this.cut) taken[tie++] = first[i];
    this.ties = { keys: new Float64Array(0), seen: 0, taken };
  }

  /** Last pass, every row once and in order: whether this row is taken. */
  take(key: number): boolean {
    if (key !== this.cut) return key < this.cut;
    return this.ties ? this.ties.taken[this.ties.seen++] === 1 : this.atCut-- > 0;
  }
}
