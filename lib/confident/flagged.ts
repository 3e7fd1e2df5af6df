import { argsort } from './order';

/** Row numbers and their scores, growing as rows are flagged. */
export class Flagged {
  private rows = new Int32Array(1024);
  private scores = new Float64Array(1024);
  private size = 0;

  add(row: number, score: number): void {
    if (this.size === this.rows.length) {
      this.rows = grown(this.rows, Int32Array);
      this.scores = grown(this.scores, Float64Array);
    }
    this.rows[this.size] = row;
    this.scores[this.size++] = score;
  }

  /** All of them, as added or from the lowest score up; equal scores in NumPy's order (see `order.ts`). */
  ordered(byScore: boolean): { issues: Int32Array; scores: Float64Array } {
    const rows = this.rows.subarray(0, this.size);
    const scores = this.scores.subarray(0, this.size);
    if (!byScore) return { issues: rows.slice(), scores: scores.slice() };
    const order = argsort(scores);
    return { issues: rows.map((_, i) => rows[order[i]]), scores: scores.map((_, i) => scores[order[i]]) };
  }
}

function grown<A extends Int32Array | Float64Array>(array: A, make: new (length: number) => A): A {
  const twice = new make(array.length * 2);
  twice.set(array);
  return twice;
}
