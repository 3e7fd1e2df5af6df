import { scales as known } from '../../experiments/scales';
import { tableIds } from '../../experiments/tables';
import type { RunRecord } from '../../experiments/record';
import { besideView } from '../beside-view';
import { fillTables, type FilledTable, type Wanted } from '../collect';
import type { Figure } from '../figures/figure';
import { forestFigure } from '../figures/forest';
import { aucLeads, tableTitle } from '../formats/grid';
import { count, plain } from '../numbers';
import { EXACT_AUC } from '../rendered';
import { namedFigures } from '../write';
import { concludeFrom, type Conclusions } from './conclusions';
import { inWords, resultSentences } from './sentences';

/** A figure and what its files are called, without ending. */
export interface NamedFigure {
  name: string;
  figure: Figure;
}

/** One table of the draft: its heading, its sentences, the table and, where rows are compared, the figures of their changes: by its own metric and by AUC, the one that leads first. */
export interface Section {
  id: string;
  heading: string;
  sentences: string[];
  filled: FilledTable;
  figures: NamedFigure[];
}

/** A draft results section: everything in it is computed from run records. */
export interface Draft {
  /** What was run on what, by which machine. */
  setting: string[];
  sections: Section[];
  /** Tables of the papers that no record fills, and how to make them. */
  absent: string[];
  conclusions: Conclusions;
}

/** Drafts a results section from run records: real data first, then by table, each table at the largest scale of each data set unless a scale is wanted. Tables without records are named, nothing is made up for them. */
export function draftResults(records: readonly RunRecord[], wanted: Wanted = {}): Draft {
  const found = fillTables(records, wanted);
  // The largest scale of each table and data set, which stand in that order; a smaller one where it is asked for.
  const first = (own: FilledTable): FilledTable =>
    found.find(({ table, data }) => table.id === own.table.id && data === own.data)!;
  const all = wanted.scale === undefined ? found.filter((own) => first(own) === own) : found;
  const real = ({ data }: FilledTable): boolean => !data.startsWith('generated');
  const filled = [...all.filter(real), ...all.filter((table) => !real(table))];
  const present = new Set(filled.map(({ table }) => table.id));
  const asked = wanted.table === undefined ? tableIds : [wanted.table];
  return {
    setting: settingOf(filled, records),
    sections: filled.map(sectionOf),
    absent: asked
      .filter((id) => !present.has(id))
      .map((id) => `Table ${id}: no records here. \`npm run reproduce -- --table ${id}\` makes them.`),
    conclusions: concludeFrom(filled),
  };
}

function sectionOf(filled: FilledTable): Section {
  const { table, scale, data } = filled;
  const auc = besideView(table, EXACT_AUC);
  const forests = [forestFigure(table), auc && forestFigure(auc)].flatMap((forest) => forest?.id ?? []);
  if (aucLeads(table)) forests.reverse();
  return {
    id: table.id,
    heading: `${tableTitle(table)}: scale ${scale}, ${data}`,
    sentences: resultSentences(table),
    filled,
    figures: [...namedFigures([filled])]
      .filter(([, { id }]) => forests.includes(id))
      .sort(([, a], [, b]) => forests.indexOf(a.id) - forests.indexOf(b.id))
      .map(([name, figure]) => ({ name: name.replace(/\.svg$/, ''), figure })),
  };
}

function settingOf(filled: readonly FilledTable[], records: readonly RunRecord[]): string[] {
  const used = new Set(filled.flatMap(({ table }) => table.rows.flatMap((row) => row.records)));
  const runs = records.filter(({ id }) => used.has(id));
  if (!runs.length) return ['No run record fills a table.'];
  const scales = [...new Set(filled.map(({ scale }) => scale))];
  const machines = [
    ...new Set(
      runs.map(({ environment: e }) => `${e.device.toUpperCase()} (${e.cpu}), TensorFlow ${e.tensorflow}, ${e.precision}`),
    ),
  ];
  const hours = runs.reduce((sum, run) => sum + run.cost.wallSeconds, 0) / 3600;
  const failed = runs.filter((run) => run.checks.some((check) => !check.ok)).length;
  return [
    `The draft rests on ${count(runs.length)} runs, ${plain(hours, hours < 10 ? 1 : 0)} hours of computing in all, on ${inWords(machines)}.`,
    ...Object.values(known)
      .filter(({ name }) => scales.includes(name))
      .map(({ name, describes }) => `Scale ${name}: ${describes}.`),
    failed
      ? `Self-checks failed in ${count(failed)} runs: see the notes below each table.`
      : 'Every self-check of these runs passed.',
  ];
}
