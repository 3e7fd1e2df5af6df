import { LABELS, type Label } from '../data/types';
import type { RowRuns, RunRecord, Table } from '../experiments/record';
import { configHash } from '../runtime/hash';
import { className } from './class-names';
import { isStored, mean, pairedChange, type Change, type ChangeOptions } from './change';
import { resolution, signed } from './numbers';
import { notesOf } from './notes';
import { EXACT_AUC, type RenderedRow, type RenderedTable, type Spread } from './rendered';
import { spreadOf } from './spread';
import { costOf } from './step-time';
import { taskOf } from './task-of';
import { judge } from './verdict';

/** What `summarise` needs of a table: any configuration type will do. */
export type TableLike = Omit<Table<unknown>, 'rows'> & { rows: readonly RowRuns['row'][] };

/**
 * Fills a table from the runs of its rows: per row mean ± sd over seeds × folds, the paired change from the row it builds on with its
 * bootstrap interval and smallest detectable change (`pairedChange`), the paper's figures, the verdict (`judge`), and the time of
 * a step against the first row that it builds on. Once a table has runs, rows without any stay in it only where the paper has a figure and they need not be asked for. The same records give the same digits, in every table that compares them.
 */
export function summarise(table: TableLike, rowRuns: readonly RowRuns[], options: ChangeOptions = {}): RenderedTable {
  const runsOf = new Map(rowRuns.map((r) => [r.row.id, r.runs]));
  const every = table.rows.map((row) => renderRow(table, row, runsOf, options));
  const started = every.some((row) => row.runs > 0);
  const rows = every.filter(
    (row, i) => row.runs > 0 || (!table.rows[i].group && ((row.paper && row.paper.claim === undefined) || !started)),
  );
  const all = rowRuns.flatMap((r) => r.runs);
  // Rows that need to know the truth cannot be run where nobody does.
  const known = !all.length || all.some(({ data }) => data.name.startsWith('generated'));
  const absent = table.rows.filter((row) => !rows.some((shown) => shown.id === row.id) && (known || !row.truth));
  const rendered: Omit<RenderedTable, 'notes'> = {
    id: table.id,
    title: table.title,
    metric: table.metric,
    beside: table.beside,
    unit: table.unit,
    higherIsBetter: table.higherIsBetter,
    ...(table.wholeRuns ? { wholeRuns: true } : {}),
    ...(table.stepTime ? { stepTime: true } : {}),
    scales: [...new Set(all.map((r) => r.experiment.scale))],
    data: [...new Set(all.map((r) => r.data.name))].map((name) => dataOf(all.filter((r) => r.data.name === name))),
    majority: majorityOf(table, rowRuns),
    rows,
  };
  return {
    ...rendered,
    notes: notesOf(rendered, [...table.notes, ...(table.notesFrom?.(rowRuns) ?? []), ...notRun(table.id, absent)], all),
  };
}

/** Which rows the table has besides: those that could have run, and those that wait to be asked for. */
function notRun(table: string, absent: TableLike['rows']): string[] {
  const labels = absent.filter((row) => !row.group).map((row) => row.label);
  const groups = [...new Set(absent.flatMap((row) => row.group ?? []))].map((group) => {
    const rows = absent.filter((row) => row.group === group).map((row) => row.label);
    return `\`reproduce --table ${table} --rows ${group}\` adds ${rows.join('; ')}.`;
  });
  return [...(labels.length ? [`Also in this table, not run: ${labels.join('; ')}.`] : []), ...groups];
}

function renderRow(
  table: TableLike,
  row: RowRuns['row'],
  runsOf: ReadonlyMap<string, readonly RunRecord[]>,
  options: ChangeOptions,
): RenderedRow {
  const metric = row.metric ?? table.metric;
  const runs = (runsOf.get(row.id) ?? []).filter((r) => r.metrics[metric] !== undefined);
  const other = row.againstBest ? best(row.againstBest, metric, runsOf, table.higherIsBetter) : row.against;
  const against = other === undefined ? undefined : table.rows.find((r) => r.id === other);
  const changeFrom = (id: string, of = metric) => pairedChange(of, runs, runsOf.get(id) ?? [], options);
  const change = against && changeFrom(against.id);
  const besideChanges = Object.fromEntries(
    table.beside.flatMap((name): [string, Change][] => {
      const other = against && isStored(name) ? runsOf.get(against.id) : undefined;
      const found = other && pairedChange(name, runs, other, options);
      return found ? [[name, found]] : [];
    }),
  );
  const paperChange = paperChangeOf(row, against);
  const print = (value: number): string => signed(value, table.unit);
  const judged = { run: runs.length > 0, higherIsBetter: table.higherIsBetter, resolution: resolution(table.unit), print };
  const leading = besideChanges[EXACT_AUC] ? EXACT_AUC : metric;
  const also = (row.also ?? []).flatMap((id) => {
    const label = table.rows.find((r) => r.id === id)?.label;
    const own = changeFrom(id, leading);
    if (!label || !own) return [];
    return [{ against: label, metric: leading, change: own, verdict: judge({ ...judged, compared: true, change: own }) }];
  });
  return {
    id: row.id,
    label: row.label,
    ...(metric === table.metric ? {} : { metric }),
    against: against?.label,
    runs: runs.length,
    seeds: new Set(runs.map((r) => r.experiment.seed)).size,
    folds: new Set(runs.map((r) => r.experiment.fold)).size,
    measuredOn: runs.map(placeOf).sort().join(' '),
    value: spreadOf(runs, metric),
    beside: Object.fromEntries(
      table.beside.flatMap((name): [string, Spread][] => {
        const value = spreadOf(runs, name);
        return value ? [[name, value]] : [];
      }),
    ),
    ...(Object.keys(besideChanges).length ? { besideChanges } : {}),
    change,
    paper: row.paper && { value: row.paper.value, change: paperChange, claim: row.paper.claim, source: row.paper.source },
    verdict: judge({ ...judged, compared: against !== undefined, change, paperChange, claimed: row.paper?.claim !== undefined }),
    ...(also.length ? { also } : {}),
    cost: costOf(table, row, runsOf),
    records: runs.map((r) => r.id),
  };
}

/** The row with the best mean of the metric, of those that have runs. */
function best(
  ids: readonly string[],
  metric: string,
  runsOf: ReadonlyMap<string, readonly RunRecord[]>,
  higherIsBetter: boolean,
): string | undefined {
  const sign = higherIsBetter ? 1 : -1;
  const means = ids.flatMap((id) => {
    const value = spreadOf(runsOf.get(id) ?? [], metric);
    return value ? [{ id, value: sign * value.mean }] : [];
  });
  return means.sort((a, b) => b.value - a.value)[0]?.id;
}

/** The paper's change: as given, else the difference of its two figures (free of binary dust). */
function paperChangeOf(row: RowRuns['row'], against: RowRuns['row'] | undefined): number | undefined {
  const [value, base] = [row.paper?.value, against?.paper?.value];
  const change = row.paper?.change ?? (value !== undefined && base !== undefined ? value - base : undefined);
  return change === undefined ? undefined : Number(change.toFixed(9));
}

/** The seed and fold of a run, and the rows or queries that it was measured on. */
function placeOf({ experiment: { seed, fold }, predictions, rankings }: RunRecord): string {
  return [seed, fold, predictions?.rows ?? rankings?.queries ?? ''].join(':');
}

function dataOf(runs: readonly RunRecord[]): RenderedTable['data'][number] {
  const tasks = [...new Set(runs.map(taskOf))].sort().map((task) => ({
    task,
    ...sizesOf(runs.filter((r) => taskOf(r) === task)),
  }));
  const largest = tasks.reduce((a, b) => (b.rows > a.rows ? b : a));
  const { rows, queries, train, evaluation } = largest;
  return {
    name: runs[0].data.name,
    sha256: [...new Set(runs.map((r) => r.data.sha256))],
    rows,
    queries,
    train,
    evaluation,
    ...(tasks.length > 1 ? { tasks } : {}),
  };
}

function sizesOf(runs: readonly RunRecord[]): Record<'rows' | 'queries' | 'train' | 'evaluation', number> {
  const over = (key: 'rows' | 'queries' | 'train' | 'evaluation'): number => Math.round(mean(runs.map((r) => r.data[key])));
  return { rows: over('rows'), queries: over('queries'), train: over('train'), evaluation: over('evaluation') };
}

/** The majority class of the rows that micro-F1 measures: all of them, or those of task 2 where each row has its task's metric. */
function majorityOf(table: TableLike, rowRuns: readonly RowRuns[]): RenderedTable['majority'] {
  const several = table.metric === 'taskMetric';
  const rows = rowRuns.filter(
    ({ row, runs }) =>
      runs.length > 0 && (row.metric ?? table.metric) === 'microF1' && (!several || runs.every((run) => taskOf(run) === 2)),
  );
  const share = majorityShare(rows.flatMap(({ runs }) => runs));
  return share && { ...share, rows: rows.map(({ row }) => row.id), ...(several ? { task: 2 } : {}) };
}

/** The most frequent given class over the distinct evaluation rows of these runs, and its share: the mean over those sets, as rows have theirs over folds. Undefined where the runs are of tasks with other classes. */
function majorityShare(runs: readonly RunRecord[]): { label: string; value: number } | undefined {
  const sets = new Map(runs.flatMap(({ predictions: p }) => (p ? [[`${p.classes === 2} ${p.rows}`, p]] : [])));
  const [binary, ...others] = new Set([...sets.values()].map((p) => p.classes === 2));
  if (others.length) return undefined;
  const letters = new Map<string, number>();
  for (const { given } of sets.values()) for (const letter of given) letters.set(letter, (letters.get(letter) ?? 0) + 1);
  const [top] = [...letters].sort((a, b) => b[1] - a[1]);
  if (!top) return undefined;
  const shares = [...sets.values()].map(({ given }) => [...given].filter((letter) => letter === top[0]).length / given.length);
  return { label: className(top[0] as Label, binary ? 2 : LABELS.length), value: mean(shares) };
}

/** A short name for a rendered table's content: what ids on a page are made from. */
export function contentId(prefix: string, content: unknown): string {
  return `${prefix}-${configHash(content)}`;
}
