/** A 51-bit hash of text (two 32-bit multiplicative hashes, cyrb53 by bryc): of 2.6 million different texts, two share one with probability 0.0015. */
export function hash51(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (0x7ffff & b) + (a >>> 0);
}

/** Counts distinct things in 8 bytes per occurrence: a whole number below 2^51 names each, and a tag of 0 to 3 says in what form it was met. */
export class Distinct {
  private keys = new Float64Array(1024);
  private count = 0;

  add(name: number, tag = 0): void {
    if (this.count === this.keys.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.keys);
      this.keys = larger;
    }
    this.keys[this.count++] = name * 4 + tag;
  }

  /** Calls back once for each distinct name: how often it was added, and its tags as bits. Returns how many there are. */
  each(visit: (times: number, tags: number) => void): number {
    const sorted = this.keys.subarray(0, this.count).sort();
    let distinct = 0;
    for (let at = 0; at < sorted.length;) {
      const name = Math.floor(sorted[at] / 4);
      let times = 0;
      let tags = 0;
      for (; at < sorted.length && Math.floor(sorted[at] / 4) === name; at++, times++) tags |= 1 << (sorted[at] - name * 4);
      visit(times, tags);
      distinct++;
    }
    return distinct;
  }
}
