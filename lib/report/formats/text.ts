import { visible } from '../escape';
import type { RenderedTable } from '../rendered';
import { besideGrids, daggered, gridOf, tableTitle, type Grid } from './grid';

/** A table for the terminal: aligned plain text without colour or control characters, notes below, wrapped at `width` (100). */
export function tableText(table: RenderedTable, width = 100): string {
  const notes = table.notes.map((note) => wrap(visible(note), width));
  return (
    [visible(tableTitle(table)), block(gridOf(table)), ...besideGrids(table).flatMap((grid) => ['', block(grid)]), ...notes].join(
      '\n',
    ) + '\n'
  );
}

function block({ columns, rows }: Grid): string {
  const lines = [columns.map((c) => c.title), ...rows.map(daggered)].map((cells) => cells.map(visible));
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => textWidth(cells[i]))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const gap = ' '.repeat(widths[i] - textWidth(cell));
        return columns[i].align === 'right' ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  return [rule, line(lines[0]), rule, ...lines.slice(1).map(line), rule].join('\n');
}

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
