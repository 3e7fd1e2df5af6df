import type { RowRuns } from '../../experiments/record';
import type { TableLike } from '../../report/summarise';
import { simulateTable } from './simulate';

/** Text that would act instead of being read, if any format let it: what a hostile catalogue, data set or label could hold. */
export const HOSTILE = [
  '<script>window.hacked=1</script>',
  '"><img src=x onerror="window.hacked=2">',
  "'><svg onload='window.hacked=3'>",
  '</script><script>window.hacked=4</script>',
  '</style><iframe src="javascript:parent.hacked=5"></iframe>',
  '[click](javascript:window.hacked=6)',
  '![x](https://example.invalid/beacon.png)',
  '<javascript:alert(7)> https://example.invalid/8 www.example.invalid',
  '\u001b]0;owned\u0007\u001b[2J\u001b[31mred',
  '\u202egnp.exe\u202c \u2066x\u2069 \u200bhidden\ufeff',
  '=HYPERLINK("https://example.invalid","click")',
  "+1+cmd|' /C calc'!A0",
  '@SUM(1+1)*cmd',
  '-2+3+cmd',
  'a | b\n\n# heading\r\n| c |',
  '\\input{/etc/passwd} $x^2$ \\write18{ls} %& #1 ~ ^^M',
  '`code` **bold** <!-- comment --> &lt;b&gt; \u2028 line',
] as const;

/** A simulated table whose title, labels, data name, curve name, notes and checks are all hostile. */
export function hostileTable(): { table: TableLike; rowRuns: RowRuns[] } {
  const name = HOSTILE.join(' ');
  const world = { seeds: 2, queries: 31, perQuery: 3, noise: 0.1, name };
  const { table, rowRuns } = simulateTable(
    world,
    HOSTILE.map((label, i) => ({ id: `row${i}`, label, effect: 0.05 * (i % 2), paperChange: i % 3 ? 0.001 : undefined })),
  );
  const wicked = rowRuns.map(({ row, runs }, i) => ({
    row: { ...row, paper: row.paper && { ...row.paper, source: HOSTILE[i % HOSTILE.length] } },
    runs: runs.map((run) => ({
      ...run,
      curves: { ...run.curves, [HOSTILE[0]]: run.curves.loss },
      checks: [{ name: HOSTILE[3], ok: false, detail: HOSTILE[1] }],
      environment: { ...run.environment, cpu: HOSTILE[1], device: HOSTILE[8] },
      code: { ...run.code, version: HOSTILE[2] },
    })),
  }));
  return { table: { ...table, title: HOSTILE.join(' '), notes: [...HOSTILE], rows: wicked.map((r) => r.row) }, rowRuns: wicked };
}
