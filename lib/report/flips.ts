import { LABELS, type Label, type Row } from '../data/types';
import type { RowRuns, RunRecord } from '../experiments/record';
import { ensure } from '../runtime/errors';
import { normalQuantile } from '../metrics/student';
import { className } from './class-names';
import { markup, type Markup } from './markup';
import { count, figure, plural } from './numbers';
import { tableView } from './table-view';

/** What changed between two runs on the same evaluation rows: row numbers by what happened to them. */
export interface Flips {
  /** Wrong before, right after. */
  fixed: number[];
  /** Right before, wrong after. */
  broken: number[];
  rows: number;
}

/** Two rows of a table whose runs are compared. */
export interface FlipPair {
  label: string;
  before: readonly RunRecord[];
  after: readonly RunRecord[];
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

/** Runs of the same seed and fold on the same rows. */
export function flipRuns({ before, after }: Pick<FlipPair, 'before' | 'after'>): [before: RunRecord, after: RunRecord][] {
  return before.flatMap((a) => {
    const b = after.find(
      ({ experiment: { seed, fold }, predictions }) =>
        seed === a.experiment.seed && fold === a.experiment.fold && predictions && predictions.rows === a.predictions?.rows,
    );
    return b ? [[a, b] as [RunRecord, RunRecord]] : [];
  });
}

/**
 * The noise floor: the share of rows that turn right or wrong between two runs of one row that differ in their seed alone, over all such pairs. Undefined where no
 * two seeds were measured on the same rows, as with data generated anew for each seed.
 */
export function seedFlips(runs: readonly RunRecord[]): { share: number; pairs: number } | undefined {
  const found = runs.flatMap((a, i) =>
    runs.slice(i + 1).flatMap((b) => {
      const same = a.predictions && a.predictions.rows === b.predictions?.rows && a.experiment.seed !== b.experiment.seed;
      return same ? [flips(a, b)] : [];
    }),
  );
  const rows = found.reduce((sum, f) => sum + f.rows, 0);
  if (!rows) return undefined;
  return { share: found.reduce((sum, f) => sum + f.fixed.length + f.broken.length, 0) / rows, pairs: found.length };
}

/** How many of n flips go one way in 95 of 100 cases if each goes either way with chance ½: n / 2 ± 1.96 · √n / 2. */
export function evenSplit(n: number, level = 0.95): [low: number, high: number] {
  const half = (normalQuantile((1 + level) / 2) * Math.sqrt(n)) / 2;
  return [Math.max(0, Math.ceil(n / 2 - half)), Math.min(n, Math.floor(n / 2 + half))];
}

/** Pairs of rows of a table by their ids; a pair of which a row has no run is left out. */
export function flipPairs(rows: readonly RowRuns[], ids: readonly (readonly [before: string, after: string])[]): FlipPair[] {
  const runs = (id: string) => rows.find(({ row }) => row.id === id)?.runs ?? [];
  return ids
    .map(([before, after]) => ({ label: `${before} → ${after}`, before: runs(before), after: runs(after) }))
    .filter((pair) => flipRuns(pair).length > 0);
}

/** Flips of pairs of rows over all their seeds and folds, by given class, beside what chance alone would do. */
export function flipTable(pairs: readonly FlipPair[]): { html: Markup; text: string } {
  let floors = 0;
  const lines = pairs.map(({ label, before, after }) => {
    const runs = flipRuns({ before, after });
    ensure(runs.length > 0, `flips of ${label}: expected runs of the same seed and fold on the same rows, found none`);
    const all = runs.map(([a, b]) => ({ ...flips(a, b), given: a.predictions!.given }));
    const { classes } = runs[0][0].predictions!;
    const letters = classes === 2 ? (['E', 'S'] as const) : LABELS;
    const sum = (of: (f: (typeof all)[number]) => number): number => all.reduce((total, f) => total + of(f), 0);
    const by = (way: 'fixed' | 'broken'): string => {
      const parts = letters.map(
        (l) => `${className(l, classes)} ${count(sum((f) => f[way].filter((i) => f.given[i] === l).length))}`,
      );
      return `${count(sum((f) => f[way].length))} (${parts.join(', ')})`;
    };
    const rows = sum((f) => f.rows);
    const n = sum((f) => f.fixed.length + f.broken.length);
    const floor = seedFlips(before);
    if (floor) floors++;
    const [low, high] = evenSplit(n);
    const share = (value: number): string => `${figure(value, 'percent')} %`;
    return [label, `${count(rows)} in ${plural(runs.length, 'run')}`, by('fixed'), by('broken'), `${count(low)} to ${count(high)}`, share(n / rows), floor ? share(floor.share) : '–']; // prettier-ignore
  });
  const view = tableView(
    ['change', 'rows', 'wrong → right', 'right → wrong', 'each way by chance', 'flipped', 'flipped between two seeds'],
    lines,
  );
  const notes = [
    'Right: as the given label says. Each way by chance: how many of these flips would go each way, 95 times of 100, if the change made nothing better or worse and rows were independent.',
    'Flipped between two seeds: the noise floor, rows that turn between two runs of the first row that differ in their seed alone' +
      (floors < pairs.length
        ? '; – where each seed has data of its own, so that no two of its runs predict the same rows.'
        : '.'),
  ];
  return { html: markup`${view.html}${notes.map((note) => markup`<p>${note}</p>`)}`, text: [view.text, ...notes].join('\n') };
}

/** Letters of a title that a list shows. */
const TITLE = 80;

/**
 * The first `most` rows of each direction that the named change turned: query, title, given and true label, prediction before → after. `rows` are those that both runs were
 * measured on (`evaluationRows`): generated ones, for real text is never shown.
 */
export function flippedRowsView(
  change: string,
  before: RunRecord,
  after: RunRecord,
  rows: readonly Row[],
  most = 6,
): { html: Markup; text: string } {
  const found = flips(before, after);
  ensure(before.data.name.startsWith('generated'), `flipped rows are listed of generated data only, got ${before.data.name}`);
  ensure(rows.length === found.rows, `flipped rows need the ${found.rows} rows that were predicted, got ${rows.length}`);
  const { given, truth, classes } = before.predictions!;
  const name = (letter: string): string => className(letter as Label, classes);
  const list = (way: string, numbers: readonly number[]): string[][] =>
    numbers.slice(0, most).map((i) => {
      const { query, title, locale } = rows[i];
      const [from, to] = [before, after].map(({ predictions }) => name(predictions!.predicted[i]));
      const short = [...title].slice(0, TITLE).join('');
      return [way, locale, query, short, name(given[i]), truth ? name(truth[i]) : '?', `${from} → ${to}`];
    });
  return tableView(
    [change, 'locale', 'query', 'title', 'given', 'true', 'predicted'],
    [...list('wrong → right', found.fixed), ...list('right → wrong', found.broken)],
  );
}
