import { escapeMarkdown } from '../escape';
import type { RenderedTable } from '../rendered';
import { gridOf, tableTitle } from './grid';

/** A table in GitHub's Markdown: title, table, notes. Text from outside cannot become markup, a link or HTML. */
export function tableMarkdown(table: RenderedTable): string {
  const { columns, rows } = gridOf(table);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [
    `**${escapeMarkdown(tableTitle(table))}**`,
    '',
    line(columns.map((c) => c.title)),
    `| ${columns.map((c) => (c.align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((r) => line(r.cells)),
    '',
    ...table.notes.map((note) => `- ${escapeMarkdown(note)}`),
    '',
  ].join('\n');
}
