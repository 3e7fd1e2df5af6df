import { escapeLatex } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrid, gridOf, tableTitle, type Grid } from './grid';

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
  const beside = besideGrid(table);
  return [
    '% needs \\usepackage[T1]{fontenc}, textcomp, booktabs and graphicx',
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(tableTitle(table))}}`,
    `\\label{tab:${table.id.replace(/[^A-Za-z0-9-]/g, '-')}}`,
    ...tabular(gridOf(table)),
    ...(beside ? ['\\par\\medskip', ...tabular(beside)] : []),
    '\\par\\smallskip',
    `\\parbox{\\linewidth}{\\footnotesize ${table.notes.map(escapeLatex).join(' \\par ')}}`,
    '\\end{table}',
    '',
  ].join('\n');
}

function tabular({ columns, rows }: Grid): string[] {
  const line = (cells: readonly string[]): string => `  ${cells.map(escapeLatex).join(' & ')} \\\\`;
  return [
    '\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%',
    `\\begin{tabular}{${columns.map((c) => (c.align === 'right' ? 'r' : 'l')).join('')}}`,
    '  \\toprule',
    line(columns.map((c) => c.title)),
    '  \\midrule',
    ...rows.map((r) => line(r.cells)),
    '  \\bottomrule',
    '\\end{tabular}}',
  ];
}

/** A whole document around tables: compiles as it is. */
export function latexDocument(tables: readonly RenderedTable[]): string {
  const body = tables.map(tableLatex).join('\n');
  return `\\documentclass{article}\n${LATEX_PREAMBLE}\n\\begin{document}\n${body}\\end{document}\n`;
}
