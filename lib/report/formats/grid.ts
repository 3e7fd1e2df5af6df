import { count, figure, plain, range, resolution, signed, spread } from '../numbers';
import type { Change } from '../change';
import { majorityLabel } from '../majority';
import { baselineGrids } from './baseline-grid';
import { EXACT_AUC, type RenderedRow, type RenderedTable } from '../rendered';
import { excludesZero } from '../verdict';

/** A column of a printed table. */
export interface Column {
  title: string;
  align: 'left' | 'right';
}

/** A table as cells of plain text, the same for every format; escaping is the format's own business. */
export interface Grid {
  columns: Column[];
  rows: {
    cells: string[];
    row?: RenderedRow;
    /** Which cells hold a change that is sure: an interval over two seeds or more that excludes 0. Formats set them apart. */
    sure?: readonly boolean[];
  }[];
}

/** The heading of the column of verdicts, or its first word. */
export const VERDICT = 'Verdict';

/** What sets a sure change apart where letters cannot be bold. */
export const DAGGER = '†';

/** The cells of a row for formats without bold letters. */
export function daggered({ cells, sure }: Grid['rows'][number]): string[] {
  return cells.map((cell, i) => (sure?.[i] ? `${cell}${DAGGER}` : cell));
}

/** Names that a reader knows, for the metrics that tables print. */
const METRICS: Record<string, string> = {
  microF1: 'micro-F1',
  macroF1: 'macro-F1',
  ndcg: 'nDCG',
  ndcg10: 'nDCG@10',
  chosenRate: 'rate chosen, in 1e-5',
  chosenShare: 'share chosen',
  mlmLoss: 'MLM loss',
  product2queryLoss: 'Product2Query loss',
  product2brandLoss: 'Product2Brand loss',
  trueNdcgClick: 'nDCG@10 click',
  trueNdcgCart: 'nDCG@10 cart',
  trueNdcgPurchase: 'nDCG@10 purchase',
  ndcgRelevance: 'nDCG@10 relevance',
  ndcgRelevanceGap: 'nDCG@10 relevance, gap queries',
  mrrClick: 'MRR click',
  mrrCart: 'MRR cart',
  mrrPurchase: 'MRR purchase',
  mrrRelevance: 'MRR relevance',
  aucClick: 'AUC click',
  aucCart: 'AUC cart',
  aucPurchase: 'AUC purchase',
  eceClick: 'ECE click',
  eceCart: 'ECE cart',
  ecePurchase: 'ECE purchase',
  examinationError: 'examination error',
  examinationErrorEm: 'examination error of EM',
  examinationErrorNaive: 'examination error of the click rate',
  auc: 'AUC',
  ece: 'ECE',
  mrr: 'MRR',
  exactAuc: 'AUC of exact',
  exactAccuracy: 'accuracy of exact or not',
  logLoss: 'log loss',
  calibrationError: 'calibration error',
  pairAccuracy: 'query–product accuracy',
  mlmAccuracy: 'masked-token accuracy',
  brandAccuracy: 'brand top-1',
  brandTopFive: 'brand top-5',
  contrastiveAccuracy: 'in-batch retrieval',
  recallE: 'recall E',
  recallS: 'recall S',
  recallC: 'recall C',
  recallI: 'recall I',
  trueMicroF1: 'micro-F1 on true labels',
  taskMetric: 'nDCG (task 1) or micro-F1 (2, 3)',
  ndcgRandom: 'nDCG of random order',
  ndcgBestMember: 'nDCG of the best member',
  ndcgMeanMember: 'mean nDCG of the members',
  noiseAuc: 'AUC of flipped labels',
  removedShareE: 'removed of E',
  removedShareS: 'removed of S',
  removedShareC: 'removed of C',
  removedShareI: 'removed of I',
  removedShareOther: 'removed of not S',
};

/** A metric as headings call it. */
export function metricTitle(name: string): string {
  return (
    METRICS[name] ??
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .replace(/\/|:/g, ' ')
      .toLowerCase()
  );
}

/** The metric's heading with its unit: `micro-F1 ×100`. */
export function metricHeading(table: Pick<RenderedTable, 'metric' | 'unit'>): string {
  return metricTitle(table.metric) + (table.unit === 'percent' ? ' ×100' : '');
}

/** What a row's figures are where its metric is not the one that the table's heading names. */
export function ownMetric(table: Pick<RenderedTable, 'metric'>, row: RenderedRow): string | undefined {
  return row.metric === undefined || table.metric === 'taskMetric' ? undefined : metricTitle(row.metric);
}

/** A row's label, with the row it is measured against where that is not the one above, and its metric where that is not the table's. */
export function rowLabel(table: RenderedTable, row: RenderedRow): string {
  const above = table.rows[table.rows.indexOf(row) - 1];
  const versus = row.against && row.against !== above?.label ? [`vs ${row.against}`] : [];
  const more = [...versus, ...[ownMetric(table, row)].filter((name) => name !== undefined)];
  return more.length ? `${row.label} (${more.join('; ')})` : row.label;
}

/** Whether a row and the one it is measured against have different seeds or folds: its change is over those that both have. */
export function unevenRuns({ rows }: Pick<RenderedTable, 'rows'>, { change, runs, against }: RenderedRow): boolean {
  const other = rows.find((row) => row.label === against);
  return change !== undefined && (change.pairs !== runs || (other !== undefined && change.pairs !== other.runs));
}

/** How many runs a row has; a star where its change does not use all of them or of the other row's. */
export const runsCell = (table: RenderedTable, row: RenderedRow): string =>
  `${count(row.runs)}${unevenRuns(table, row) ? ' *' : ''}`;

/** How a metric beside the leading one is printed: a loss with three digits, a share in the table's units. */
export function besideUnit(name: string, table: RenderedTable): RenderedTable['unit'] {
  if (/loss|perplexity|seconds|nats/i.test(name)) return 'loss';
  return table.unit === 'loss' ? 'fraction' : table.unit;
}

export const right = (title: string): Column => ({ title, align: 'right' });
export const left = (title: string): Column => ({ title, align: 'left' });

/** The heading of a metric beside the leading one, with its unit. */
export const besideHeading = (name: string, table: RenderedTable): string =>
  metricTitle(name) + (besideUnit(name, table) === 'percent' ? ' ×100' : '');

/** A change with its interval where it has one: `+0.28 [−1.79, +2.16]`. */
export const changeCell = (change: Change | undefined, unit: RenderedTable['unit']): string =>
  change ? `${signed(change.value, unit)}${change.interval ? ` ${range(change.interval, unit)}` : ''}` : '–';

/** Whether changes of AUC of exact were measured: it then stands before micro-F1, which alone cannot tell models from always answering the largest class. */
export const aucLeads = ({ rows }: Pick<RenderedTable, 'rows'>): boolean => rows.some((row) => row.besideChanges?.[EXACT_AUC]);

/** AUC of exact and its change as the first columns after the label, where it leads; else nothing. The `sure` flag is of the change. */
export function aucColumns(table: RenderedTable): {
  columns: Column[];
  cells: (row: RenderedRow) => string[];
  sure: (row: RenderedRow) => boolean[];
} {
  if (!aucLeads(table)) return { columns: [], cells: () => [], sure: () => [] };
  const unit = besideUnit(EXACT_AUC, table);
  return {
    columns: [right(besideHeading(EXACT_AUC, table)), right(changeHeading(table))],
    cells: ({ beside, besideChanges }) => [spread(beside[EXACT_AUC], unit), changeCell(besideChanges?.[EXACT_AUC], unit)],
    sure: ({ besideChanges }) => [false, isSure(besideChanges?.[EXACT_AUC], unit)],
  };
}

/** The heading of a column of changes, with the intervals' level. */
export function changeHeading(table: RenderedTable): string {
  const level = table.rows.find((r) => r.change?.interval)?.change?.interval?.level ?? 0.95;
  return `${aucLeads(table) ? 'Its change' : 'Change'} [${Math.round(100 * level)} %]`;
}

/** Lays a rendered table out as cells: the leading metrics, their changes, the paper and the verdict. */
export function gridOf(table: RenderedTable): Grid {
  const { unit } = table;
  const times = table.rows.some((row) => row.against && row.cost?.relative !== undefined);
  const auc = aucColumns(table);
  const lead = auc.columns.length > 0;
  const columns = [
    left('Row'),
    ...auc.columns,
    right(metricHeading(table)),
    right(changeHeading(table)),
    right('Detectable'),
    right('Paper'),
    right("Paper's change"),
    left(lead ? `${VERDICT} on ${table.metric === 'taskMetric' ? "the task's metric" : metricTitle(table.metric)}` : VERDICT),
    ...(times ? [right('Step time')] : []),
    right('Runs'),
  ];
  const rows: Grid['rows'] = table.rows.map((row) => ({
    row,
    cells: [
      rowLabel(table, row),
      ...auc.cells(row),
      spread(row.value, unit),
      changeCell(row.change, unit),
      row.change?.detectable ? figure(row.change.detectable, unit) : '–',
      figure(row.paper?.value, unit),
      row.paper?.claim !== undefined ? (table.higherIsBetter ? '> 0' : '< 0') : signed(row.paper?.change, unit),
      row.verdict.words,
      ...(times ? [row.cost?.relative === undefined ? '–' : `${plain(row.cost.relative, 2)}×`] : []),
      runsCell(table, row),
    ],
    ...(lead ? { sure: [false, ...auc.sure(row), false, isSure(row.change, unit)] } : {}),
  }));
  if (table.majority) {
    const cells = columns.map(() => '–');
    cells[0] = `${majorityLabel(table.majority)} (majority share)`;
    if (lead) cells[1] = figure(0.5, besideUnit(EXACT_AUC, table));
    cells[1 + auc.columns.length] = figure(table.majority.value, unit);
    rows.unshift({ cells });
  }
  return { columns, rows };
}

/** Metrics in one table of further ones: more stand in a second one below. */
const BESIDE_COLUMNS = 7;

/** Whether no row above has the very same runs: then it has the same metrics, only another one leads. */
const firstOfRuns = ({ rows }: RenderedTable, at: number): boolean =>
  rows.findIndex((row) => String(row.records) === String(rows[at].records)) === at;

/** Whether a value is there and not 0 in every run: a row that removes nothing has no shares removed. */
const says = (value: RenderedRow['value']): boolean => value !== undefined && !(value.mean === 0 && !(value.sd > 0));

/** The metrics printed beside the leading ones, as tables of their own below it, at most `most` metrics in each, each with the rows that have any of its columns. */
export function besideGrids(table: RenderedTable, most = BESIDE_COLUMNS): Grid[] {
  const led = aucLeads(table) ? [EXACT_AUC] : [];
  const beside = table.beside.filter((name) => !led.includes(name) && table.rows.some((r) => r.beside[name]));
  const changed = beside.filter((name) => table.rows.some((r) => r.besideChanges?.[name]));
  const parts = Math.ceil(beside.length / most);
  const each = Math.ceil(beside.length / Math.max(1, parts));
  const spreads = Array.from({ length: parts }, (_, part): Grid => {
    const names = beside.slice(part * each, (part + 1) * each);
    return {
      columns: [left('Also measured'), ...names.map((name) => right(besideHeading(name, table)))],
      rows: table.rows
        .filter((row, i) => row.runs > 0 && firstOfRuns(table, i) && names.some((name) => says(row.beside[name])))
        .map((row) => ({ row, cells: [row.label, ...names.map((name) => spread(row.beside[name], besideUnit(name, table)))] })),
    };
  });
  return [...spreads, ...(changed.length ? [changesGrid(table, changed)] : []), ...baselineGrids(table)];
}

/** The changes of the metrics beside, with their intervals. */
function changesGrid(table: RenderedTable, names: readonly string[]): Grid {
  const rows = table.rows.filter((row) => row.besideChanges);
  return {
    columns: [left('Their change [95 %]'), ...names.map((name) => right(besideHeading(name, table)))],
    rows: rows.map((row) => ({
      row,
      cells: [
        rowLabel({ ...table, rows }, row),
        ...names.map((name) => changeCell(row.besideChanges?.[name], besideUnit(name, table))),
      ],
      sure: sureCells(table, names, row.besideChanges ?? {}),
    })),
  };
}

/** Whether a change has an interval over two seeds or more that excludes 0. */
const isSure = (change: Change | undefined, unit: RenderedTable['unit']): boolean =>
  change?.interval !== undefined && change.covers?.training === true && excludesZero(change.interval, resolution(unit));

/** Which cells of a row of changes, its label first, hold one that is sure. */
export function sureCells(
  table: RenderedTable,
  names: readonly string[],
  changes: Partial<Record<string, Change>>,
): readonly boolean[] {
  const sure = names.map((name) => isSure(changes[name], besideUnit(name, table)));
  return [false, ...sure];
}

/** `Table 5: strategies`: a table's title, with its number where the title does not begin with it. */
export function tableTitle(table: Pick<RenderedTable, 'id' | 'title'>): string {
  return /^\d/.test(table.id) && !/^table/i.test(table.title) ? `Table ${table.id}: ${table.title}` : table.title;
}

/** The title's part before its colon: how figures call the table. */
export function shortTitle(table: Pick<RenderedTable, 'id' | 'title'>): string {
  return tableTitle(table).split(/[:.(]/)[0].trim();
}
