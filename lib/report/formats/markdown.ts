import { escapeMarkdown } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrids, gridOf, tableTitle, type Grid } from './grid';
import { noteMarkdown } from './notes';

/** A table in GitHub's Markdown: title, table, the metrics beside it, notes (the table's own unless said). Text from outside cannot become markup, a link or HTML. */
export function tableMarkdown(table: RenderedTable, notes: readonly string[] = table.notes): string {
  return [
    `**${escapeMarkdown(tableTitle(table))}**`,
    '',
    ...gridMarkdown(gridOf(table)),
    ...besideGrids(table).flatMap(gridMarkdown),
    ...notes.map((note) => `- ${noteMarkdown(note)}`),
    '',
  ].join('\n');
}

/** A grid as the lines of a Markdown table and an empty one. */
export function gridMarkdown({ columns, rows }: Grid): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const cell = (text: string, sure?: boolean): string => (sure ? `**${escapeMarkdown(text)}**` : escapeMarkdown(text));
  return [
    line(columns.map((c) => cell(c.title))),
    `| ${columns.map((c) => (c.align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...rows.map(({ cells, sure }) => line(cells.map((text, i) => cell(text, sure?.[i])))),
    '',
  ];
}
