import { besideView } from '../beside-view';
import { aucLeads, metricTitle, shortTitle } from '../formats/grid';
import { bothStuck, majorityWords, noBetterThanMajority } from '../majority';
import { figure, factor } from '../numbers';
import type { FilledTable } from '../collect';
import type { RenderedTable } from '../rendered';
import { SURE } from '../verdict';
import { changeWords, compared, inWords, TOLD_BESIDE } from './sentences';

/** What the records allow to be said, and what they do not, one sentence each. */
export interface Conclusions {
  can: string[];
  cannot: string[];
}

/**
 * Draws the line between what these tables show and what they cannot, from the intervals, seeds, sizes and data behind them. What leads in a table comes first;
 * a change of micro-F1 between two rows that are no better than the largest class shows nothing and stands in neither list: `stuck` names such rows.
 */
export function concludeFrom(filled: readonly FilledTable[]): Conclusions {
  const certain = (table: RenderedTable) => compared(table).filter((row) => SURE.includes(row.verdict.kind));
  const views = filled.map(({ table, scale, data }) => {
    const beside = TOLD_BESIDE.flatMap((metric) => besideView(table, metric) ?? []);
    const [first, ...rest] = beside;
    return {
      where: `${shortTitle(table)}, scale ${scale}, ${data}`,
      metrics: aucLeads(table) ? [first, table, ...rest] : [table, ...beside],
    };
  });
  const can = views.flatMap(({ where, metrics }) =>
    metrics.flatMap((table) =>
      certain(table)
        .filter((row) => !bothStuck(table, row))
        .map((row) => {
          const metric = `${metricTitle(row.metric ?? table.metric)}${table.unit === 'percent' ? ' (×100)' : ''}`;
          return `${where}: ${row.label} changes ${metric} by ${changeWords(table, row, '')} (${row.verdict.words}).`;
        }),
    ),
  );
  const sure = views.flatMap(({ metrics }) => metrics.flatMap(certain)).length;
  // Only what can be called certain counts: intervals over two seeds or more.
  const intervals = views.flatMap(({ metrics }) => metrics.flatMap(compared)).filter(({ change }) => change!.interval && change!.covers.training); // prettier-ignore
  const cannot = [
    ...filled.flatMap(({ table, scale, data }) => tooSmall(table, `${shortTitle(table)}, scale ${scale}, ${data}`)),
    ...filled.flatMap(({ table, scale, data }) => stuck(table, `${shortTitle(table)}, scale ${scale}, ${data}`)),
    ...chance(intervals.length, sure),
    ...seeds(filled),
    "Absolute figures cannot be compared: the papers' encoders are larger and saw millions of rows. Directions can be compared, sizes cannot.",
    ...world(filled),
  ];
  return { can: can.length ? can : ['No change is certain at this size.'], cannot };
}

/** Where the paper's changes lie below what these runs could have shown. */
function tooSmall(table: RenderedTable, where: string): string[] {
  const rows = compared(table).filter((row) => row.change!.detectable && row.paper?.change !== undefined);
  const below = rows.filter((row) => Math.abs(row.paper!.change!) < row.change!.detectable!);
  if (!below.length) return [];
  const paper = Math.max(...below.map((row) => Math.abs(row.paper!.change!)));
  const ours = Math.min(...below.map((row) => row.change!.detectable!));
  const points = factor(table.unit) === 100 ? ' points' : '';
  const sizes = `${figure(paper, table.unit)}${points}, and the smallest change that`;
  const seen = `could have shown is ${figure(ours, table.unit)}${points}`;
  if (rows.length === 1)
    return [
      `${where}: the one change that the paper reports is smaller than what these runs could have shown. It is ${sizes} they ${seen}.`,
    ];
  return [
    `${where}: ${below.length} of ${rows.length} changes that the paper reports ${below.length === 1 ? 'is' : 'are'} smaller than what these runs could have shown. ` +
      `The largest of those is ${sizes} any of these rows ${seen}.`,
  ];
}

/** Rows that learned no more than the most frequent class. */
function stuck(table: RenderedTable, where: string): string[] {
  return noBetterThanMajority(table).length < 2 ? [] : majorityWords(table).map((words) => `${where}: ${words}`);
}

/** How many of the intervals over two seeds or more would exclude 0 by chance alone, and how many do. */
function chance(intervals: number, sure: number): string[] {
  if (intervals < 10) return [];
  const expected = Math.round(intervals / 20);
  return [
    `It is not known which of the certain changes are chance: of ${intervals} intervals over two seeds or more (each row's by every metric told here) about ${Math.max(1, expected)} would exclude 0 if nothing had any effect; ${sure} did.`,
  ];
}

function seeds(filled: readonly FilledTable[]): string[] {
  const once = filled
    .filter(({ table }) => table.rows.some((row) => row.runs && row.seeds === 1))
    .map(({ table, scale }) => `${shortTitle(table)} (${scale})`);
  return once.length ? [`Training's own chance was not measured where rows ran with one seed: ${inWords(once)}.`] : [];
}

function world(filled: readonly FilledTable[]): string[] {
  const names = [...new Set(filled.map(({ data }) => data))];
  const made = names.filter((name) => name.startsWith('generated'));
  const real = names.filter((name) => !name.startsWith('generated'));
  return [
    ...(made.length
      ? [
          `How real shoppers and products behave was not seen where data are made up: ${inWords(made)} ${made.length === 1 ? 'is' : 'are'} generated, with known truth and noise put in on purpose.`,
        ]
      : []),
    ...(real.length
      ? [
          `Other shops and other years were not seen: ${inWords(real)} ${real.length === 1 ? 'is one collection of judgements' : 'are single collections of judgements'}.`,
        ]
      : []),
  ];
}
