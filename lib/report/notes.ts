import type { RunRecord } from '../experiments/record';
import { OF_PRETRAINING } from '../experiments/tables/table3';
import { computedOn } from './computed-on';
import { DAGGER, metricTitle, unevenRuns } from './formats/grid';
import { majorityWords } from './majority';
import { count, figure, plural, range, signed } from './numbers';
import { EXACT_AUC, type RenderedTable } from './rendered';

/** How each table's changes are measured. */
const changeNote = (level: number, covers: string): string =>
  `Change: against the row above or the one named, paired by seed, fold and evaluation row, with a ${level} % bootstrap interval over ${covers}. ` +
  `Detectable: the smallest true change of the table's own metric found with 80 % power. Each interval stands for itself: of 20 rows without any effect, about one excludes 0.`;

const ONE_SEED = "Rows run with one seed: their interval leaves out training's own chance, so none can be called reproduced.";
const UNEVEN =
  'Runs with *: the row and the one it is measured against were run over different seeds or folds. Its change uses only those that both have, so it is not the difference of the two means.';
const MARKED = `Changes stand in bold or with ${DAGGER} where an interval over two seeds or more excludes 0, for better or worse (a larger log loss is worse).`;
const TIMED =
  'Step time: as a multiple of the first row that it builds on, the fastest of two or more runs of each that the same code made on the same machine; – where there are none. docs/speed.md has the strategies timed side by side.';

/** What holds for every table: told once where many stand together (`guide`). */
export const GENERAL_NOTES: readonly string[] = [changeNote(95, 'queries and seeds'), MARKED, UNEVEN, ONE_SEED, TIMED];

/** A table's notes without the general ones. */
export const ownNotes = ({ notes }: Pick<RenderedTable, 'notes'>): string[] =>
  notes.filter((note) => !GENERAL_NOTES.includes(note));

/** The sentences below a table: what was run on what, what the interval covers, what may not be concluded, and anything amiss in the runs. */
export function notesOf(table: Omit<RenderedTable, 'notes'>, own: readonly string[], runs: readonly RunRecord[]): string[] {
  const notes: string[] = [];
  const shown = table.rows.filter((r) => r.runs > 0);
  if (!shown.length) return ['No run of this table is finished.', ...own];
  const folds = (r: RenderedTable['rows'][number]): string => (table.wholeRuns ? '' : ` × ${plural(r.folds, 'fold')}`);
  const over = [...new Set(shown.map((r) => plural(r.seeds, 'seed') + folds(r)))].join(' or ');
  const data = table.data.map((d) => {
    const sets = d.sha256.length > 1 ? `${d.sha256.length} sets, drawn anew for each seed, of about ` : '';
    const hash = d.sha256.length > 1 ? '' : `, sha256 ${d.sha256[0].slice(0, 12)}`;
    const sizes = d.tasks
      ? d.tasks.map((t) => `${count(t.rows)} rows and ${count(t.queries)} queries for task ${t.task}`).join(', ')
      : `${count(d.rows)} rows and ${count(d.queries)} queries`;
    return `${d.name} (${sets}${sizes}${hash})`;
  });
  notes.push(
    `Ours: mean ± sd over ${over}, scale ${table.scales.join(', ')}, computed on ${computedOn(runs)}, on ${data.join('; ')}, ` +
      `evaluated on ${[...new Set(table.data.flatMap((d) => (d.tasks ?? [d]).map((t) => count(t.evaluation))))].join(', ')} ${measuredOn(table, runs)}.`,
  );
  if (!own.some((note) => /absolute figures/i.test(note))) {
    notes.push(
      "The paper's encoder is larger and saw millions of rows: only changes can be compared here, not absolute figures.",
    );
  }
  if (table.majority) {
    notes.push(
      `Always answering ${table.majority.label}, the most frequent class, scores ${figure(table.majority.value, table.unit)}${table.majority.task === undefined ? '' : ` in task ${table.majority.task}`}: the mean over the sets of rows measured on.`,
    );
  }
  const compared = shown.filter((r) => r.change?.interval);
  if (compared.length) {
    const level = Math.round(100 * (compared[0].change?.interval?.level ?? 0.95));
    const covers = compared.every((r) => r.change?.covers.queries) ? 'queries and seeds' : 'seeds';
    notes.push(changeNote(level, covers));
  }
  notes.push(...reach(compared, table.unit));
  if (compared.some((r) => !r.change?.covers.training)) {
    notes.push(ONE_SEED);
  }
  notes.push(...unevenNote(table), ...markNote(table), ...furtherComparisons(table), ...timeNote(table), ...onceNote(table));
  notes.push(...own);
  notes.push(...vocabularyNote(runs));
  notes.push(...majorityWords(table));
  notes.push(...failedChecks(runs));
  notes.push(...uncommitted(table.rows, runs));
  return notes;
}

/** What a row is measured on: of engagement those are the impressions of a log, not judged rows. */
function measuredOn({ wholeRuns }: Pick<RenderedTable, 'wholeRuns'>, runs: readonly RunRecord[]): string {
  if (runs.some(({ experiment }) => experiment.kind === 'ranking')) return "of a held-out log's impressions a run";
  return wholeRuns ? 'rows a run' : 'held-out rows a fold';
}

/** Each self-check that failed: in how many runs, and what up to three of them saw. */
function failedChecks(runs: readonly RunRecord[]): string[] {
  const seen = new Map<string, { id: string; detail: string }[]>();
  for (const { id, checks } of runs)
    for (const { name, detail, ok } of checks) if (!ok) seen.set(name, [...(seen.get(name) ?? []), { id, detail }]);
  return [...seen].map(([name, failed]) => {
    const told = failed.slice(0, 3).map(({ id, detail }) => `${id}: ${detail}`);
    const more = failed.length > told.length ? '; …' : '';
    return `Self-check failed in ${failed.length} of ${runs.length} runs: ${name} (${told.join('; ')}${more}).`;
  });
}

/** Which rows have runs whose code is no commit. */
function uncommitted(rows: RenderedTable['rows'], runs: readonly RunRecord[]): string[] {
  const dirty = new Set(runs.filter((run) => run.code.dirty).map((run) => run.id));
  if (!dirty.size) return [];
  const found = rows
    .map(({ label, records }) => ({ label, count: records.filter((id) => dirty.has(id)).length }))
    .filter(({ count: own }) => own > 0);
  return [
    `Made from a working tree with uncommitted changes: ${found.map(({ label, count: own }) => `${plural(own, 'run')} of ${label}`).join('; ')}.`,
  ];
}

/** Where a change is not the difference of the two means that stand above each other. */
export function unevenNote(table: Pick<RenderedTable, 'rows'>): string[] {
  if (!table.rows.some((row) => unevenRuns(table, row))) return [];
  return [UNEVEN];
}

/** How changes of the metrics beside are marked. */
function markNote({ rows }: Pick<RenderedTable, 'rows'>): string[] {
  return rows.some((row) => row.besideChanges) ? [MARKED] : [];
}

/** What the ratios of step times rest on, or why there are none. */
function timeNote({ rows, stepTime }: Omit<RenderedTable, 'notes'>): string[] {
  if (!stepTime || rows.filter((row) => row.cost).length < 2) return [];
  if (rows.some((row) => row.against && row.cost?.relative !== undefined)) return [TIMED];
  return [
    'Step times are not compared: no row and the one it builds on have two runs each that the same code made on the same machine. docs/speed.md has the strategies timed side by side.',
  ];
}

/** Where fewer values than runs are behind a mean. */
function onceNote({ rows, beside }: Omit<RenderedTable, 'notes'>): string[] {
  const once = beside.filter((name) => OF_PRETRAINING.includes(name)).filter((name) => rows.some((row) => (row.beside[name]?.n ?? row.runs) < row.runs)); // prettier-ignore
  if (!once.length) return [];
  return [
    `An encoder serves all folds of its seed unless it reads the fold's own text; these count one value an encoder: ${once.map(metricTitle).join(', ')}.`,
  ];
}

/** How well the encoder's vocabulary reads the data, and which locales it does not. */
function vocabularyNote(runs: readonly RunRecord[]): string[] {
  const shares = runs.find((run) => run.data.unknownTokens)?.data.unknownTokens;
  if (!shares) return [];
  const used = new Set(runs.flatMap((run) => [...new Set(run.predictions?.locale)]));
  const list = (chosen: boolean): string =>
    Object.entries(shares)
      .filter(([locale]) => used.has(locale[0]) === chosen)
      .map(([locale, share]) => `${locale} ${figure(share, 'percent')} %`)
      .join(', ');
  const left = list(false);
  return [
    `Unknown tokens in queries and titles: ${list(true)}${left ? `; left out, since the vocabulary was not made for their language: ${left}` : ''}.`,
  ];
}

/** Which differences the table could show at all: the smallest and the largest detectable change of its rows. */
function reach(compared: RenderedTable['rows'], unit: RenderedTable['unit']): string[] {
  const found = compared.filter((r) => r.change!.detectable).sort((a, b) => a.change!.detectable! - b.change!.detectable!);
  if (found.length < 2) return [];
  const [finest, coarsest] = [found[0], found[found.length - 1]];
  const at = (row: RenderedTable['rows'][number]): string => `${figure(row.change!.detectable, unit)} (${row.label})`;
  return [
    `What these runs could show: true changes from ${at(finest)} to ${at(coarsest)} upward, by row; smaller ones would mostly go unseen.`,
  ];
}

/** One sentence for each row that others are also compared with: change, interval and verdict. */
function furtherComparisons({ rows, unit }: Omit<RenderedTable, 'notes'>): string[] {
  const names = [...new Set(rows.flatMap((row) => row.also?.map((a) => a.against) ?? []))];
  return names.map((name) => {
    const found = rows.flatMap((row) => (row.also ?? []).filter((a) => a.against === name).map((a) => ({ ...a, row })));
    const parts = found.map(
      ({ row, change, verdict }) =>
        `${row.label} ${signed(change?.value, unit)} ${range(change?.interval, unit)} ${verdict.words}`,
    );
    const auc = found.every(({ metric }) => metric === EXACT_AUC) ? ` by ${metricTitle(EXACT_AUC)}` : '';
    return `Also against ${name}${auc}: ${parts.join('; ')}.`;
  });
}
