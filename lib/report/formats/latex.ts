import { escapeLatex } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrids, daggered, gridOf, tableTitle, type Grid } from './grid';
import { noteLatex } from './notes';

/** What a document needs before a table of ours compiles under pdfLaTeX. */
export const LATEX_PREAMBLE = [
  '\\usepackage[T1]{fontenc}',
  '\\usepackage[utf8]{inputenc}',
  '\\usepackage{textcomp}',
  '\\usepackage{booktabs}',
  '\\usepackage{graphicx}',
].join('\n');

/** A table as a LaTeX float with booktabs rules, as wide as the page at most; the comment at its top names the packages it needs. */
export function tableLatex(table: RenderedTable): string {
  return [
    '% needs \\usepackage[T1]{fontenc}, textcomp, booktabs and graphicx',
    '\\begin{table}',
    '\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}',
    `\\caption{${escapeLatex(captionOf(table))}}`,
    `\\label{tab:${table.id.replace(/[^A-Za-z0-9-]/g, '-')}}`,
    ...tabular(gridOf(table)),
    ...besideGrids(table).flatMap((grid) => ['\\par\\medskip', ...tabular(grid)]),
    '\\par\\smallskip',
    `\\parbox{\\linewidth}{\\footnotesize ${table.notes.map(noteLatex).join(' \\par ')}}`,
    '\\end{table}',
    '',
  ].join('\n');
}

function tabular({ columns, rows }: Grid): string[] {
  const cell = (text: string, i: number): string => (columns[i].align === 'left' ? '\\raggedright ' : '') + escapeLatex(text);
  const line = (cells: readonly string[]): string => `  ${cells.map(cell).join(' & ')} \\tabularnewline`;
  return [
    '\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%',
    `\\begin{tabular}{@{}${columns.map(columnOf).join('')}@{}}`,
    '  \\toprule',
    line(columns.map((c) => c.title)),
    '  \\midrule',
    ...rows.map((r) => line(daggered(r))),
    '  \\bottomrule',
    '\\end{tabular}}',
  ];
}

/** Words wrap, figures do not: so the table stays as narrow as it can. */
function columnOf(column: Grid['columns'][number]): string {
  if (column.align === 'right') return 'r';
  return column.title === 'Verdict' ? 'p{2.1cm}' : 'p{3.1cm}';
}

/** A document numbers its tables itself: the paper's number goes to the end. */
function captionOf(table: RenderedTable): string {
  const [, number, rest] = /^(Table \S+?): (.*)$/.exec(tableTitle(table)) ?? [];
  return number ? `${rest.charAt(0).toUpperCase()}${rest.slice(1)}; ${number} of the paper` : tableTitle(table);
}

/** A whole document around tables, and around other LaTeX given as text: compiles as it is. */
export function latexDocument(parts: readonly (RenderedTable | string)[]): string {
  const body = parts.map((part) => (typeof part === 'string' ? part : tableLatex(part))).join('\n');
  return `\\documentclass{article}\n${LATEX_PREAMBLE}\n\\begin{document}\n${body}\\end{document}\n`;
}
