import { DAGGER, type Grid } from './grid';

/** The text of LaTeX's article class is 345 points wide and 550 high: a table that fits there fits one column of anything wider. */
const LINE = 345;
const PAGE = 450;
/** What LaTeX leaves to the text on a page with floats is at least a fifth of it: a table in the text that may not break must fit there. */
const BELOW_FLOATS = 100;
/** Between two columns, in points. */
const GAP = 6;
/** The least that a column of words gets, in the widths of a digit. */
const WORDS = 20;

/** A size of LaTeX's; nothing smaller than \scriptsize is set. */
interface Size {
  name: 'footnotesize' | 'scriptsize';
  /** Points of a digit and of a line. */
  digit: number;
  line: number;
}
const SIZES: readonly Size[] = [
  { name: 'footnotesize', digit: 4.3, line: 9.5 },
  { name: 'scriptsize', digit: 4, line: 8 },
];

/** A grid that fits the width of a page: the letters' size, each column's share of the line (columns of figures take what they need), the cells' lines. */
export interface Laid {
  size: Size['name'];
  shares: (number | undefined)[];
  heads: string[][];
  rows: string[][][];
  /** Higher than a page, so that it must break. */
  long: boolean;
  /** Higher than the text below floats, so that it must be able to break where it stands in the text. */
  breaks: boolean;
}

/** Lays a grid out for a page: in small letters, then smaller, then with intervals below their changes; what still is too wide goes on in further tables with the same rows. */
export function layOut(grid: Grid): Laid[] {
  const full = withoutEmpty(grid);
  if (!full.rows.length || full.columns.length < 2) return [];
  for (const size of SIZES) if (needed(full, size, false) <= LINE) return [laid(full, size, false)];
  const size = SIZES[SIZES.length - 1];
  const all = full.columns.length;
  let end = all;
  while (end > 2 && needed(part(full, 1, end), size, true) > LINE) end--;
  // Columns of one kind are shared out evenly; where one holds words, the first table keeps as many as it can.
  if (full.columns.slice(1).every(({ align }) => align === 'right'))
    end = 1 + Math.ceil((all - 1) / Math.ceil((all - 1) / (end - 1)));
  return [laid(part(full, 1, end), size, true), ...layOut(part(full, end, all))];
}

/** The grid without columns in which no row says anything, and then without rows that say nothing. */
function withoutEmpty({ columns, rows }: Grid): Grid {
  const kept = columns.flatMap((_, i) => (i === 0 || rows.some(({ cells }) => cells[i] !== '–') ? [i] : []));
  return {
    columns: kept.map((i) => columns[i]),
    rows: rows
      .map(({ row, cells }) => ({ row, cells: kept.map((i) => cells[i]) }))
      .filter(({ cells }) => cells.slice(1).some((cell) => cell !== '–')),
  };
}

/** The first column and those from `first` to before `end`. */
function part({ columns, rows }: Grid, first: number, end: number): Grid {
  const own = <T>(list: readonly T[]): T[] => [list[0], ...list.slice(first, end)];
  return { columns: own(columns), rows: rows.map(({ row, cells }) => ({ row, cells: own(cells) })) };
}

function needed(grid: Grid, size: Size, stacked: boolean): number {
  return grid.columns.reduce((sum, _, i) => sum + least(grid, i, size, stacked), 0) + GAP * (grid.columns.length - 1);
}

/** The least width of a column: of figures the widest line, of words enough for a few of them, or less where the cells are short. */
function least(grid: Grid, at: number, size: Size, stacked: boolean): number {
  const cells = grid.rows.map(({ cells: own }) => own[at]);
  if (grid.columns[at].align === 'left') {
    const word = Math.max(...[...cells, grid.columns[at].title].flatMap((cell) => cell.split(/[ -]/)).map(width));
    return size.digit * Math.max(word, Math.min(at ? 0 : WORDS, Math.max(...cells.map(width))));
  }
  const figures = Math.max(...cells.flatMap((cell) => linesOf(cell, stacked)).map(width));
  return size.digit * Math.max(figures, ...wrapped(grid.columns[at].title, figures).map(width));
}

function laid(grid: Grid, size: Size, stacked: boolean): Laid {
  const widths = grid.columns.map((_, i) => least(grid, i, size, stacked));
  // Room that is left goes to the words, the first column first.
  grid.columns.forEach(({ align }, i) => {
    const free = LINE - widths.reduce((a, b) => a + b, 0) - GAP * (widths.length - 1);
    const wish = size.digit * Math.max(...grid.rows.map(({ cells }) => width(cells[i]))) * 1.05;
    if (align === 'left') widths[i] += Math.max(0, Math.min(free, wish - widths[i]));
  });
  const words = grid.columns.map(({ align }) => align === 'left');
  const height = grid.rows.reduce((sum, { cells }) => {
    const lines = cells.map((cell, i) =>
      words[i] ? Math.ceil((1.15 * size.digit * width(cell)) / widths[i]) : linesOf(cell, stacked).length,
    );
    return sum + size.line * Math.max(...lines);
  }, 4 * size.line);
  return {
    size: size.name,
    shares: widths.map((w, i) => (words[i] ? Math.floor((1000 * w) / LINE) / 1000 : undefined)),
    heads: grid.columns.map(({ title }, i) => (words[i] ? [title] : wrapped(title, widths[i] / size.digit))),
    rows: grid.rows.map(({ cells }) => cells.map((cell, i) => (words[i] ? [cell] : linesOf(cell, stacked)))),
    long: height > PAGE,
    breaks: height > BELOW_FLOATS,
  };
}

/** A change and its interval, with the dagger of a sure one. */
const STACKED = new RegExp(`^(\\S+) (\\[.*\\]${DAGGER}?)$`);

/** A change and its interval below it, where they are stacked. */
function linesOf(cell: string, stacked: boolean): string[] {
  const [, change, interval] = (stacked && STACKED.exec(cell)) || [];
  return change ? [change, interval] : [cell];
}

/** A heading in lines no wider than `room` where its words allow. */
function wrapped(title: string, room: number): string[] {
  return title.split(' ').reduce<string[]>((lines, word) => {
    const last = lines[lines.length - 1];
    if (last === undefined || width(`${last} ${word}`) > room) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

/** The estimated width of text in the widths of a digit, in Computer Modern. */
function width(text: string): number {
  return [...text].reduce((sum, c) => {
    if (/[\d–]/.test(c)) return sum + 1;
    if (/[.,:;'|iljI ()[\]]/.test(c)) return sum + 0.68;
    if (/[+−±×><=]/.test(c)) return sum + 1.6;
    return sum + (/[mwA-Z%@&]/.test(c) ? 1.55 : 1);
  }, 0);
}
