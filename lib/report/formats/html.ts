import { markup, trusted, type Markup } from '../markup';
import type { RenderedRow, RenderedTable } from '../rendered';
import { besideGrids, gridOf, tableTitle, VERDICT, type Column, type Grid } from './grid';
import { noteHtml } from './notes';

export interface HtmlTableOptions {
  /** The address of a run's record (relative); without it rows carry no links. */
  recordHref?: (id: string) => string;
  /** Put below each verdict what its columns do not say of the reason. */
  reasons?: boolean;
  /** Leave the caption out (the page has a heading instead). */
  bare?: boolean;
  notes?: boolean;
  /** Leave the tables of further metrics out (the page folds them). */
  alone?: boolean;
  /** Each cell names its column, which the page's style sheet shows where a phone has rows as cards. */
  cards?: boolean;
}

/** A table as HTML: caption, scoped headings, notes; all text escaped. Looks plain without a style sheet. */
export function tableHtml(table: RenderedTable, options: HtmlTableOptions = {}): Markup {
  const { columns, rows } = gridOf(table);
  const verdictColumn = columns.findIndex((c) => c.title.startsWith(VERDICT));
  const head = columns.map((c) => markup`<th scope="col" class="${c.align}"${leftward(c)}>${c.title}</th>`);
  const body = rows.map(({ cells, row, sure }) => {
    const [first, ...others] = cells;
    const tds = others.map((cell, i) => {
      const column = columns[i + 1];
      const inside = i + 1 === verdictColumn && row ? verdictCell(row, options) : strongIf(sure?.[i + 1], cell);
      const extra = i + 1 === verdictColumn ? ' outcome' : '';
      return markup`<td class="${column.align}${extra}${cell === '–' && ' empty'}"${named(options.cards, column)}${leftward(column)}>${inside}</td>`;
    });
    return markup`<tr${row ? undefined : trusted(' class="reference"')}><th scope="row"${leftward(columns[0])}>${first}${row && recordLinks(row, options)}</th>${tds}</tr>\n`;
  });
  const caption = options.bare ? undefined : markup`<caption>${tableTitle(table)}</caption>\n`;
  const notes = options.notes === false ? undefined : notesHtml(table.notes);
  return markup`<table${options.bare && markup` aria-label="${nameOf(table)}"`}>
${caption}<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table>
${!options.alone && besideHtml(table, options)}${notes}`;
}

/** What a screen reader calls a table that has no caption to be seen: its title, scale and data. */
const nameOf = (table: RenderedTable): string =>
  [tableTitle(table), ...table.scales, ...table.data.map(({ name }) => name)].join(', ');

/** The tables of further metrics, their changes and baselines. */
export function besideHtml(table: RenderedTable, options: Pick<HtmlTableOptions, 'cards'> = {}): Markup[] {
  return besideGrids(table).map((grid) => gridHtml(grid, `${grid.columns[0].title}: ${nameOf(table)}`, options.cards));
}

const strongIf = (sure: boolean | undefined, cell: string): Markup | string => (sure ? markup`<strong>${cell}</strong>` : cell);

const named = (cards: boolean | undefined, { title }: Column): Markup | false => !!cards && markup` data-title="${title}"`;

function gridHtml({ columns, rows }: Grid, name: string, cards?: boolean): Markup {
  const row = ({ cells, sure }: (typeof rows)[number]): Markup => {
    const [first, ...others] = cells;
    return markup`<tr><th scope="row"${leftward(columns[0])}>${first}</th>${others.map((cell, i) => markup`<td class="right"${named(cards, columns[i + 1])}>${strongIf(sure?.[i + 1], cell)}</td>`)}</tr>\n`;
  };
  return markup`<table class="beside" aria-label="${name}">
<thead><tr>${columns.map((c) => markup`<th scope="col" class="${c.align}"${leftward(c)}>${c.title}</th>`)}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table>
`;
}

/** Notebooks set every cell to the right unless it says otherwise itself; there is no style sheet of ours there. */
const leftward = (column: Column): Markup | false => column.align === 'left' && trusted(' style="text-align:left"');

/** Notes as a list. */
export function notesHtml(notes: readonly string[]): Markup {
  return markup`<ul class="notes">${notes.map((note) => markup`<li>${noteHtml(note)}</li>`)}</ul>\n`;
}

function verdictCell(row: RenderedRow, options: HtmlTableOptions): Markup {
  const { more } = row.verdict;
  const reason = options.reasons && more !== undefined ? markup`<small class="reason"> ${more}</small>` : undefined;
  return markup`<span class="verdict ${row.verdict.kind}">${row.verdict.words}</span>${reason}`;
}

function recordLinks(row: RenderedRow, options: HtmlTableOptions): Markup | undefined {
  if (!options.recordHref || !row.records.length) return undefined;
  const links = row.records.map((id) => markup` <a href="${options.recordHref!(id)}">${id.slice(0, 8)}</a>`);
  const what = `${row.records.length} ${row.records.length === 1 ? 'record' : 'records'}`;
  return markup`<details><summary>${what}</summary>${links}</details>`;
}
