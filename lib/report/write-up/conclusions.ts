import { besideView } from '../beside-view';
import { metricTitle, shortTitle } from '../formats/grid';
import { figure, factor } from '../numbers';
import type { FilledTable } from '../collect';
import { EXACT_AUC, type RenderedTable } from '../rendered';
import { SURE } from '../verdict';
import { changeWords, compared, inWords } from './sentences';

/** What the records allow to be said, and what they do not, one sentence each. */
export interface Conclusions {
  can: string[];
  cannot: string[];
}

/** Draws the line between what these tables show and what they cannot, from the intervals, seeds, sizes and data behind them. */
export function concludeFrom(filled: readonly FilledTable[]): Conclusions {
  const certain = (table: RenderedTable) => compared(table).filter((row) => SURE.includes(row.verdict.kind));
  const views = filled.map(({ table, scale, data }) => {
    const auc = besideView(table, EXACT_AUC);
    return { where: `${shortTitle(table)}, scale ${scale}, ${data}`, metrics: [table, ...(auc ? [auc] : [])] };
  });
  const can = views.flatMap(({ where, metrics }) =>
    metrics.flatMap((table, i) =>
      certain(table).map(
        (row) =>
          `${where}: ${row.label} ${changeWords(table, row)}${i ? `, by ${metricTitle(table.metric)}` : ''} (${row.verdict.words}).`,
      ),
    ),
  );
  const all = views.flatMap(({ metrics }) => metrics.flatMap(compared));
  const cannot = [
    ...filled.flatMap(({ table, scale, data }) => tooSmall(table, `${shortTitle(table)}, scale ${scale}, ${data}`)),
    ...filled.flatMap(({ table, scale, data }) => stuck(table, `${shortTitle(table)}, scale ${scale}, ${data}`)),
    ...chance(all.length, can.length),
    ...seeds(filled),
    "Absolute figures: the papers' encoders are larger and saw millions of rows. Directions can be compared, sizes cannot.",
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
  return [
    `${where}: ${below.length} of ${rows.length} changes that the paper reports ${below.length === 1 ? 'is' : 'are'} smaller than what these runs could have shown. ` +
      `The largest of those is ${figure(paper, table.unit)}${points}, and the smallest change that any of these rows could have shown is ${figure(ours, table.unit)}${points}.`,
  ];
}

/** Rows that learned no more than the most frequent class. */
function stuck(table: RenderedTable, where: string): string[] {
  const { majority } = table;
  const rows = table.rows.filter((row) => row.value && majority && Math.abs(row.value.mean - majority.value) < 0.002);
  if (rows.length < 2) return [];
  return [
    `${where}: ${rows.map((row) => row.label).join('; ')} do no better than always answering ${majority!.label}, so changes between them say nothing.`,
  ];
}

/** How many intervals would exclude 0 by chance alone. */
function chance(intervals: number, sure: number): string[] {
  if (intervals < 10) return [];
  const expected = Math.round(intervals / 20);
  return [
    `Which of the certain changes is chance: ${intervals} rows were compared, and of so many without any effect about ${Math.max(1, expected)} would exclude 0. ${sure} did.`,
  ];
}

function seeds(filled: readonly FilledTable[]): string[] {
  const once = filled
    .filter(({ table }) => table.rows.some((row) => row.runs && row.seeds === 1))
    .map(({ table, scale }) => `${shortTitle(table)} (${scale})`);
  return once.length ? [`Training's own chance, where rows ran with one seed: ${inWords(once)}.`] : [];
}

function world(filled: readonly FilledTable[]): string[] {
  const names = [...new Set(filled.map(({ data }) => data))];
  const made = names.filter((name) => name.startsWith('generated'));
  const real = names.filter((name) => !name.startsWith('generated'));
  return [
    ...(made.length
      ? [`How real shoppers and products behave: ${inWords(made)} is generated, with known truth and noise put in on purpose.`]
      : []),
    ...(real.length ? [`Other shops and other years: ${inWords(real)} is one collection of judgements.`] : []),
  ];
}
