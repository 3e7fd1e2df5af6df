import { besideView } from '../beside-view';
import { aucLeads, changeCell, metricTitle, ownMetric } from '../formats/grid';
import { majorityWords, noBetterThanMajority } from '../majority';
import { figure, plural, signed, spread } from '../numbers';
import { EXACT_AUC, type RenderedRow, type RenderedTable } from '../rendered';
import { ONCE, SURE, type VerdictKind } from '../verdict';

/** What introduces the rows of a verdict, in the order in which they are told. */
const GROUPS: readonly [VerdictKind, string][] = [
  ['reproduced', "In the paper's direction, with an interval that excludes 0"],
  ['held', 'As the paper claims without a figure, with an interval that excludes 0'],
  ['leaning', "In the paper's direction, though the interval contains 0 or rests on one seed"],
  ['differs', "Other than the paper's"],
  ['contradicted', "Against the paper's claim"],
  ['better', 'Better than what it is measured against, where the paper has no change'],
  ['worse', 'Worse than what it is measured against, where the paper has no change'],
  ['betterOnce', 'Better in the one seed that was run; trained again it may differ'],
  ['worseOnce', 'Worse in the one seed that was run; trained again it may differ'],
];

/** A list in words: `a, b and c`; `a, of b; and c` where an item holds a comma itself. */
export function inWords(items: readonly string[]): string {
  const [comma, and] = items.some((item) => item.includes(',')) ? ['; ', '; and '] : [', ', ' and '];
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(comma)}${and}${items[items.length - 1]}`;
}

/** Rows that were run and are measured against another. */
export const compared = (table: RenderedTable): RenderedRow[] => table.rows.filter((row) => row.change);

/** The metrics beside its own by which a table's comparisons are told: both tell models from the majority class where micro-F1 cannot. */
export const TOLD_BESIDE = [EXACT_AUC, 'logLoss'] as const;

/** `+1.76 [+0.79, +2.76] against Mask LM`, in the table's units, with the paper's change where there is one, and the metric where it is the row's own. */
export function changeWords(table: RenderedTable, row: RenderedRow, own = ownMetric(table, row)): string {
  const { change, paper, against } = row;
  return `${changeCell(change, table.unit)}${own ? ` of ${own}` : ''} against ${against}${paper?.change === undefined ? '' : `; paper ${signed(paper.change, table.unit)}`}`;
}

/**
 * The results of one table as sentences; every figure is computed from its records. Where AUC of exact was measured it leads, as in the table itself: micro-F1 alone
 * cannot tell a model from always answering the largest class. What the table's own metric says follows, with what that class scores before it.
 */
export function resultSentences(table: RenderedTable): string[] {
  const run = table.rows.filter((row) => row.runs > 0);
  if (!run.length) return ['No run of this table is finished.'];
  const base = run.find((row) => row.value && !row.change) ?? run[0];
  const auc = aucLeads(table) ? besideView(table, EXACT_AUC) : undefined;
  const first = auc?.rows.find((row) => row.id === base.id && row.value);
  const reached = [...(auc && first ? [valueWords(auc, first)] : []), valueWords(table, base)];
  const sentences = [`${base.label} reaches ${inWords(reached)} over ${runsWords(base)}.`];
  if (auc) sentences.push(...by(table, EXACT_AUC));
  const best = bestOf(table, run);
  // No best is named among rows that are no better than the largest class.
  if (best && best !== base && !noBetterThanMajority(table).some(({ id }) => id === best.id))
    sentences.push(
      `The best mean${auc ? ` ${metricTitle(table.metric)}` : ''} is that of ${best.label}, ${spread(best.value, table.unit)}.`,
    );
  sentences.push(...majority(table));
  const own = auc ? `By ${metricTitle(table.metric)}: ` : '';
  for (const [kind, words] of GROUPS) {
    const rows = compared(table).filter((row) => row.verdict.kind === kind);
    const told = rows.map((row) => `${row.label} (${changeWords(table, row)}${contrary(table, auc, row)})`);
    if (rows.length) sentences.push(`${introduced(own, words)}: ${told.join('; ')}.`);
  }
  sentences.push(...unclear(table, own));
  sentences.push(...TOLD_BESIDE.filter((metric) => !auc || metric !== EXACT_AUC).flatMap((metric) => by(table, metric)));
  const missing = table.rows.filter((row) => !row.runs).map((row) => row.label);
  if (missing.length) sentences.push(`Not run: ${inWords(missing)}.`);
  return sentences;
}

/** `62.54 ± 3.68 micro-F1 (×100)`. */
function valueWords(table: RenderedTable, row: RenderedRow): string {
  return `${spread(row.value, table.unit)} ${metricTitle(row.metric ?? table.metric)}${table.unit === 'percent' ? ' (×100)' : ''}`;
}

/** What always answering the largest class scores; where rows are no better, that their changes of micro-F1 say nothing. */
function majority(table: RenderedTable): string[] {
  if (!table.majority) return [];
  const stuck = majorityWords(table);
  if (stuck.length) return stuck;
  const { label, value, task } = table.majority;
  return [
    `Always answering ${label} scores ${figure(value, table.unit)}${task === undefined ? '' : ` in task ${task} (micro-F1)`}.`,
  ];
}

/** A group's words behind the metric that they are of. */
const introduced = (own: string, words: string): string => (own ? own + words[0].toLowerCase() + words.slice(1) : words);

/** `; worse by AUC of exact: −6.07`, where AUC is as sure as the row's own metric and says the contrary. */
function contrary(table: RenderedTable, auc: RenderedTable | undefined, row: RenderedRow): string {
  const other = auc?.rows.find(({ id }) => id === row.id);
  if (!auc || !row.change || !other?.change || ![row, other].every(({ verdict }) => SURE.includes(verdict.kind))) return '';
  const up = row.change.value > 0 === table.higherIsBetter;
  const otherUp = other.change.value > 0 === auc.higherIsBetter;
  return up === otherUp ? '' : `; ${other.verdict.words} by ${metricTitle(auc.metric)}: ${signed(other.change.value, auc.unit)}`;
}

/** The row of the best mean of the table's metric; undefined where rows are of several tasks, or were not run over the same seeds, folds and evaluation rows. */
function bestOf(table: RenderedTable, run: readonly RenderedRow[]): RenderedRow | undefined {
  if (table.metric === 'taskMetric') return undefined;
  const sign = table.higherIsBetter ? 1 : -1;
  const rows = run.filter((row) => row.value && row.metric === undefined);
  if (new Set(rows.map((row) => row.measuredOn)).size > 1) return undefined;
  return rows.sort((a, b) => sign * (b.value!.mean - a.value!.mean))[0];
}

/** What could not be seen, and how large it would have had to be. */
function unclear(table: RenderedTable, own: string): string[] {
  const rows = compared(table).filter((row) => row.verdict.kind === 'unclear');
  if (!rows.length) return [];
  const seen = rows.flatMap((row) => (row.change!.detectable ? [row.change!.detectable] : []));
  const size = seen.length
    ? `. Only a true change of ${figure(Math.min(...seen), table.unit)}${seen.length > 1 ? ` to ${figure(Math.max(...seen), table.unit)}, depending on the row,` : ''} would have been found four times out of five`
    : '';
  return [
    `${introduced(own, 'Not distinguishable at this size')}: ${rows.map((row) => `${row.label} (${signed(row.change!.value, table.unit)})`).join('; ')}${size}.`,
  ];
}

/** The same comparisons by a metric beside the table's own. */
function by(table: RenderedTable, metric: string): string[] {
  const view = besideView(table, metric);
  if (!view) return [];
  const rows = compared(view).filter((row) => [...SURE, ...ONCE].includes(row.verdict.kind));
  const heading = `By ${metricTitle(view.metric)}${view.unit === 'percent' ? ' (×100)' : ''}`;
  if (!rows.length) return [`${heading} no interval excludes 0.`];
  return [
    `${heading}: ${rows.map((row) => `${row.label} ${changeWords(view, row)} (${row.verdict.words})`).join('; ')}${rows.length < compared(view).length ? '; the other intervals hold 0' : ''}.`,
  ];
}

function runsWords(row: RenderedRow): string {
  return `${plural(row.seeds, 'seed')} and ${plural(row.folds, 'fold')}`;
}
