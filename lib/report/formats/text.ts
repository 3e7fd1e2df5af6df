import { visible } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrids, daggered, gridOf, tableTitle, type Grid } from './grid';

/** The width of a line of figures where no terminal says its own. */
const WIDE = 160;

/**
 * A table for the terminal: aligned plain text without colour or control characters, notes below, wrapped at `width` (100). Columns beyond `room` (the terminal's,
 * 160 where there is none) go on below, each part with the rows' labels.
 */
export function tableText(table: RenderedTable, width = 100, room = process.stdout.columns ?? WIDE): string {
  const notes = table.notes.map((note) => wrap(visible(note), width));
  const parts = [gridOf(table), ...besideGrids(table)].flatMap((grid) => blocks(grid, room));
  return `${[visible(tableTitle(table)), parts.join('\n\n'), ...notes].join('\n')}\n`;
}

/** A grid as lines, in as many parts as the room asks for. */
function blocks({ columns, rows }: Grid, room: number): string[] {
  const lines = [columns.map((c) => c.title), ...rows.map(daggered)].map((cells) => cells.map(visible));
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => textWidth(cells[i]))));
  const parts: number[][] = [];
  for (let i = 1; i < columns.length; i++) {
    const last = parts.at(-1);
    const used = (last ?? []).reduce((sum, at) => sum + GAP + widths[at], widths[0]);
    if (last && used + GAP + widths[i] <= room) last.push(i);
    else parts.push([i]);
  }
  return parts.map((part) => {
    const shown = [0, ...part];
    const line = (cells: readonly string[]): string =>
      shown
        .map((i) => {
          const gap = ' '.repeat(widths[i] - textWidth(cells[i]));
          return columns[i].align === 'right' ? gap + cells[i] : cells[i] + gap;
        })
        .join(' '.repeat(GAP))
        .trimEnd();
    const rule = '─'.repeat(shown.reduce((sum, i) => sum + widths[i] + GAP, -GAP));
    return [rule, line(lines[0]), rule, ...lines.slice(1).map(line), rule].join('\n');
  });
}

/** Spaces between two columns. */
const GAP = 2;

/** Columns that text takes in a terminal: two for East Asian wide characters and emoji, none for combining marks. */
export function textWidth(text: string): number {
  let width = 0;
  for (const c of text) {
    if (/\p{Mark}/u.test(c)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        c,
      )
        ? 2
        : 1;
  }
  return width;
}

function wrap(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last && textWidth(last) + 1 + textWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join('\n');
}
