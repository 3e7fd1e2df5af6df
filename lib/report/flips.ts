import type { RunRecord } from '../experiments/record';
import { ensure } from '../runtime/errors';
import { markup, type Markup } from './markup';

/** What changed between two runs on the same evaluation rows: row numbers by what happened to them. */
export interface Flips {
  /** Wrong before, right after. */
  fixed: number[];
  /** Right before, wrong after. */
  broken: number[];
  rows: number;
}

/** The rows whose prediction a change turned right or wrong. Throws where the two runs were not measured on the same rows. */
export function flips(before: RunRecord, after: RunRecord): Flips {
  const [a, b] = [before.predictions, after.predictions];
  ensure(a && b, 'flips need two runs with predictions');
  ensure(a.rows === b.rows, `flips need runs on the same rows, got ${before.id} and ${after.id}`);
  const result: Flips = { fixed: [], broken: [], rows: a.given.length };
  for (let i = 0; i < a.given.length; i++) {
    const was = a.predicted[i] === a.given[i];
    const is = b.predicted[i] === b.given[i];
    if (was !== is) (is ? result.fixed : result.broken).push(i);
  }
  return result;
}

/** Flips of several pairs of runs by given label: how many rows were fixed and broken, as a table. */
export function flipTable(pairs: readonly { label: string; before: RunRecord; after: RunRecord }[]): {
  html: Markup;
  text: string;
} {
  const rows = pairs.map(({ label, before, after }) => {
    const { fixed, broken, rows } = flips(before, after);
    const given = before.predictions!.given;
    const by = (list: number[]): string =>
      ['E', 'S', 'C', 'I'].map((l) => `${l} ${list.filter((i) => given[i] === l).length}`).join(', ');
    return { label, rows, fixed: `${fixed.length} (${by(fixed)})`, broken: `${broken.length} (${by(broken)})` };
  });
  return {
    html: markup`<table><thead><tr><th>change</th><th>rows</th><th>wrong → right</th><th>right → wrong</th></tr></thead><tbody>${rows.map(
      (r) => markup`<tr><td>${r.label}</td><td>${r.rows}</td><td>${r.fixed}</td><td>${r.broken}</td></tr>`,
    )}</tbody></table>`,
    text: rows.map((r) => `${r.label}: ${r.rows} rows, wrong → right ${r.fixed}, right → wrong ${r.broken}`).join('\n'),
  };
}
