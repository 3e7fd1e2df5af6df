import { argsort } from './order';

/** Row numbers, labels and scores, growing as rows are flagged. */
export class Flagged {
  private rows = new Int32Array(1024);
  private labels = new Int32Array(1024);
  private scores = new Float64Array(1024);
  private size = 0;

  add(row: number, label: number, score: number): void {
    if (this.size === this.rows.length) {
      this.rows = twice(this.rows, Int32Array);
      this.labels = twice(this.labels, Int32Array);
      this.scores = twice(this.scores, Float64Array);
    }
    this.rows[this.size] = row;
    this.labels[this.size] = label;
    this.scores[this.size++] = score;
  }

  /** All of them, as added or from the lowest score up; equal scores in NumPy's order (see `order.ts`). */
  ordered(byScore: boolean): { issues: Int32Array; issueLabels: Int32Array; scores: Float64Array } {
    const issues = this.rows.slice(0, this.size);
    const issueLabels = this.labels.slice(0, this.size);
    const scores = this.scores.slice(0, this.size);
    if (!byScore) return { issues, issueLabels, scores };
    const order = argsort(scores);
    return {
      issues: issues.map((_, i) => issues[order[i]]),
      issueLabels: issueLabels.map((_, i) => issueLabels[order[i]]),
      scores: scores.map((_, i) => scores[order[i]]),
    };
  }
}

function twice<A extends Int32Array | Float64Array>(array: A, make: new (length: number) => A): A {
  const larger = new make(array.length * 2);
  larger.set(array);
  return larger;
}
