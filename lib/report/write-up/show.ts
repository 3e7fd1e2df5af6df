import { committedRuns, loadRecords, runFolders } from '../../experiments/store';
import type { Wanted } from '../collect';
import { figureBundle, show, showTable } from '../display';
import { escapeMarkdown } from '../escape';
import type { Figure } from '../figures/figure';
import type { RenderedTable } from '../rendered';
import { bullets, paragraph } from './documents';
import { draftResults, type Draft } from './draft';

/**
 * The draft that a notebook shows: from the committed records alone, so that it says the same on every machine; with `ESCI_RUNS=all` also from
 * this machine's own runs. `ESCI_DRAFT_SCALE` and `ESCI_DRAFT_DATA` narrow it to one scale or
 * data set (`ESCI_SCALE` says what other notebooks run; nothing is run here).
 */
export function openDraft(): Draft {
  const { ESCI_RUNS, ESCI_DRAFT_SCALE: scale, ESCI_DRAFT_DATA: data } = process.env;
  const folders = ESCI_RUNS === 'all' ? runFolders() : [committedRuns()];
  const wanted: Wanted = { ...(scale ? { scale } : {}), ...(data ? { data } : {}) };
  return draftResults(loadRecords(folders), wanted);
}

/** Shows words in a notebook: Markdown for those who read it there, the same as plain text elsewhere. */
function showMarkdown(markdown: string, plain: string): void {
  show({ 'text/markdown': markdown, 'text/plain': plain });
}

/** The draft's first paragraph: what was run on what. */
export function showSetting({ setting, absent }: Draft): void {
  showMarkdown(`${paragraph(setting)}\n\n${bullets(absent)}`, [...setting, ...absent].join('\n'));
}

/** A figure as a picture and in words: a draft is printed, and this keeps the notebook small. */
function showPicture(figure: Figure): void {
  show(
    Object.fromEntries(
      Object.entries(figureBundle(figure)).filter(([type]) => type === 'image/svg+xml' || type === 'text/plain'),
    ),
  );
}

/** Metrics beside the leading one that a draft shows where none of them has changes of its own. */
const FEW = 7;

/** The table with those metrics beside the leading one whose changes were measured; the written files and the report have them all. */
function forReading(table: RenderedTable): RenderedTable {
  const measured = table.beside.filter((name) => table.rows.some((row) => row.besideChanges?.[name]));
  return { ...table, beside: measured.length ? measured : table.beside.slice(0, FEW) };
}

/** The sections of one of the papers' tables: words, table and figure for each scale and data set. Says so where no record fills it. */
export function showSections({ sections, absent }: Draft, id: string): void {
  const own = sections.filter((section) => section.id === id);
  const missing = absent.find((sentence) => sentence.startsWith(`Table ${id}:`)) ?? `Table ${id}: not among what was asked for.`;
  if (!own.length) showMarkdown(paragraph([missing]), missing);
  for (const { heading, sentences, filled, figures } of own) {
    showMarkdown(`### ${escapeMarkdown(heading)}\n\n${paragraph(sentences)}`, `${heading}\n${sentences.join(' ')}`);
    showTable(forReading(filled.table), { latex: false });
    for (const { figure } of figures) showPicture(figure);
  }
}

/** What can and what cannot be concluded. */
export function showConclusions({ conclusions: { can, cannot } }: Draft): void {
  showMarkdown(
    `**What can be concluded at this scale**\n\n${bullets(can)}\n**What cannot**\n\n${bullets(cannot)}`,
    [...can, '', ...cannot].join('\n'),
  );
}
