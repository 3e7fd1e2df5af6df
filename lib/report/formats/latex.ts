import { escapeLatex } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrids, daggered, gridOf, tableTitle, type Grid } from './grid';
import { layOut, type Laid } from './latex-layout';
import { noteLatex } from './notes';

/** What a document needs before a table of ours compiles under pdfLaTeX. */
export const LATEX_PREAMBLE = [
  '\\usepackage[T1]{fontenc}',
  '\\usepackage[utf8]{inputenc}',
  '\\usepackage{textcomp}',
  '\\usepackage{booktabs}',
  '\\usepackage{longtable}',
  '\\usepackage{graphicx}',
].join('\n');

/** Columns that go last: the first to move to a table of their own where the page is too narrow. */
const LAST = ['Runs', 'Detectable', 'Step time'];

/**
 * A table for LaTeX with booktabs rules: the rows and their verdicts as a float, what was measured besides as tables in the text below it, and
 * the notes as a paragraph; what is higher than a page, or than the text below floats, breaks (longtable). All fit the text of the article class, none in letters below \scriptsize; the comment at the top names the packages.
 */
export function tableLatex(table: RenderedTable): string {
  const caption = captionOf(table);
  const label = `tab:${slug([table.id, ...table.scales, ...table.data.map(({ name }) => name)].join(' '))}`;
  const used = new Map<string, number>();
  /** A grid's tables with what their captions add to the table's and their labels: unlike each other, also where one grid went on in several. */
  const named = (grid: Grid, what: string): { laid: Laid; what: string; label: string }[] =>
    layOut(grid).map((laid) => {
      const n = (used.get(what) ?? 0) + 1;
      used.set(what, n);
      const more = n > 1 ? `${what} (${n})` : what;
      return { laid, what: more, label: `${label}-${slug(what).split('-').slice(0, 2).join('-')}${n > 1 ? `-${n}` : ''}` };
    });
  const [main, ...further] = layOut(mainGrid(table));
  const others = [
    ...further.map((laid, i) => ({ laid, what: 'further columns', label: `${label}-further${i || ''}` })),
    ...besideGrids(table, table.beside.length).flatMap((grid) =>
      named(marked(grid), grid.columns[0].title.replace(/ \[.*\]$/, '')),
    ),
  ];
  return [
    '% needs \\usepackage[T1]{fontenc}, textcomp, booktabs, longtable and graphicx; a longtable needs \\onecolumn',
    ...(main ? (main.long ? longtable(main, caption, label) : float(main, caption, label)) : []),
    ...others.flatMap(({ laid, what, label: own }) =>
      (laid.breaks ? longtable : inText)(laid, `${caption}: ${lower(what)}`, own),
    ),
    `{\\footnotesize\\sloppy\\noindent ${main ? `Notes to Table~\\ref{${label}}. ` : ''}${table.notes.map(noteLatex).join(' ')}\\par}`,
    '',
  ].join('\n');
}

/** A grid with a dagger at changes that are sure: letters of a cell are not set apart here. */
const marked = (grid: Grid): Grid => ({ ...grid, rows: grid.rows.map((row) => ({ ...row, cells: daggered(row) })) });

/** The leading grid with the columns that can be spared at its end. */
function mainGrid(table: RenderedTable): Grid {
  const { columns, rows } = marked(gridOf(table));
  const place = (i: number): number => LAST.indexOf(columns[i].title);
  const order = columns.map((_, i) => i).sort((a, b) => place(a) - place(b) || a - b);
  return {
    columns: order.map((i) => columns[i]),
    rows: rows.map(({ row, cells }) => ({ row, cells: order.map((i) => cells[i]) })),
  };
}

function float(laid: Laid, caption: string, label: string): string[] {
  return ['\\begin{table}[htbp]', ...captioned(laid, caption, label), '\\end{table}'];
}

/** A low table with caption and number that stays in its place: further grids as floats would be more than a page of text can carry. */
function inText(laid: Laid, caption: string, label: string): string[] {
  return [
    '\\par\\medskip\\noindent\\begin{minipage}{\\linewidth}',
    '\\expandafter\\def\\csname @captype\\endcsname{table}',
    ...captioned(laid, caption, label),
    '\\end{minipage}\\par\\medskip',
  ];
}

function captioned(laid: Laid, caption: string, label: string): string[] {
  return [
    `\\centering\\${laid.size}\\setlength{\\tabcolsep}{3pt}`,
    `\\caption{${escapeLatex(caption)}}\\label{${label}}`,
    `\\begin{tabular}{${columnsOf(laid)}}`,
    ...headOf(laid),
    ...rowsOf(laid),
    '  \\bottomrule',
    '\\end{tabular}',
  ];
}

/** A table that breaks across pages, its heading on each and no last row alone; LaTeX has none of these in two columns. */
function longtable(laid: Laid, caption: string, label: string): string[] {
  return [
    `{\\${laid.size}\\setlength{\\tabcolsep}{3pt}\\setlength{\\LTcapwidth}{\\linewidth}`,
    `\\begin{longtable}{${columnsOf(laid)}}`,
    `\\caption{${escapeLatex(caption)}}\\label{${label}}\\tabularnewline`,
    ...headOf(laid),
    '\\endfirsthead',
    ...headOf(laid),
    '\\endhead',
    '  \\bottomrule',
    '\\endlastfoot',
    ...rowsOf(laid).map((row, i, { length }) => (i === length - 2 ? `${row}*` : row)),
    '\\end{longtable}}',
  ];
}

/** Words wrap at their share of the line, figures do not. */
const columnsOf = ({ shares }: Laid): string =>
  `@{}${shares.map((share) => (share === undefined ? 'r' : `p{${share}\\linewidth}`)).join('')}@{}`;

const headOf = (laid: Laid): string[] => ['  \\toprule', line(laid.heads, laid, 'b'), '  \\midrule'];
const rowsOf = (laid: Laid): string[] => laid.rows.map((cells) => line(cells, laid, 't'));

function line(cells: readonly (readonly string[])[], { shares }: Laid, place: 'b' | 't'): string {
  const cell = (lines: readonly string[], i: number): string => {
    const [first, ...more] = lines.map(escapeLatex);
    if (shares[i] !== undefined) return `\\raggedright ${first}`;
    return more.length ? `\\begin{tabular}[${place}]{@{}r@{}}${[first, ...more].join('\\\\')}\\end{tabular}` : first;
  };
  return `  ${cells.map(cell).join(' & ')} \\tabularnewline`;
}

/** A document numbers its tables itself: the paper's number goes to the end, with the scale and the data, by which tables of one number differ. */
function captionOf(table: RenderedTable): string {
  const [, number, rest] = /^(Table \S+?): (.*)$/.exec(tableTitle(table)) ?? [];
  const title = number ? `${rest.charAt(0).toUpperCase()}${rest.slice(1)}; ${number} of the paper` : tableTitle(table);
  const scope = [...table.scales.map((scale) => `scale ${scale}`), ...table.data.map(({ name }) => name)];
  return [title, ...(scope.length ? [scope.join(', ')] : [])].join('; ');
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** A whole document around tables, and around other LaTeX given as text: compiles as it is. */
export function latexDocument(parts: readonly (RenderedTable | string)[]): string {
  const body = parts.map((part) => (typeof part === 'string' ? part : tableLatex(part))).join('\n');
  return `\\documentclass{article}\n${LATEX_PREAMBLE}\n\\setlength{\\emergencystretch}{3em}\n\\begin{document}\n${body}\\end{document}\n`;
}
