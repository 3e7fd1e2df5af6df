import type { SkippedRow } from './types';

/** What a reader could not use: counts of every reason, and the first thousand rows one by one. */
export class ReadReport {
  readonly skipped: Record<string, number> = {};
  readonly skippedRows: SkippedRow[] = [];
  /** Rows looked at, used and not. */
  rows = 0;

  skip(file: string, row: number, reason: string, got = ''): void {
    this.count(reason);
    if (this.skippedRows.length < 1000)
      this.skippedRows.push({ file, row, reason, got: got.length > 60 ? got.slice(0, 59) + '…' : got });
  }

  count(reason: string, times = 1): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + times;
  }

  /** One line for an error message: the reasons, most frequent first, each with an example. */
  summary(): string {
    const reasons = Object.entries(this.skipped).sort((a, b) => b[1] - a[1]);
    return reasons
      .slice(0, 3)
      .map(([reason, times]) => {
        const got = this.skippedRows.find((row) => row.reason === reason && row.got)?.got;
        return `${reason} (${times}${got ? `, for example ${JSON.stringify(got)}` : ''})`;
      })
      .join('; ');
  }
}
