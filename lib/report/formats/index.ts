import type { RenderedTable } from '../rendered';
import { tablesCsv } from './csv';
import { tableHtml } from './html';
import { tableLatex } from './latex';
import { tableMarkdown } from './markdown';
import { tableText } from './text';

export const FORMATS = ['text', 'markdown', 'latex', 'csv', 'html'] as const;
export type Format = (typeof FORMATS)[number];

/** Tables in one of the formats, ready to print or paste. */
export function renderTables(tables: readonly RenderedTable[], format: Format): string {
  if (format === 'csv') return tablesCsv(tables);
  const one = {
    text: (t: RenderedTable) => tableText(t),
    markdown: (t: RenderedTable) => tableMarkdown(t),
    latex: tableLatex,
    html: (t: RenderedTable) => tableHtml(t).html,
  }[format];
  return tables.map((table) => one(table)).join('\n');
}
