import type { RunRecord } from '../../experiments/record';
import { visible } from '../escape';
import type { Difference, RunDifference } from '../difference';
import { plain } from '../numbers';
import { textWidth } from './text';

/** What differs between two runs, for the terminal: settings, metrics, circumstances. */
export function differenceText(first: RunRecord, second: RunRecord, difference: RunDifference): string {
  const { experiment, metrics, circumstances, sameRows } = difference;
  const number = (x: number | undefined): string => (x === undefined ? '–' : plain(x, 5));
  const settings = experiment.length ? columns(experiment.map(fields)) : '  none: both are the same experiment\n';
  const figures = metrics.map((m) => [
    m.name,
    number(m.first),
    number(m.second),
    m.change === undefined ? '–' : (m.change > 0 ? '+' : '') + number(m.change),
  ]);
  const rows = sameRows ? 'both predicted the same rows' : 'they predicted different rows: their difference must not be paired';
  return (
    `${first.id} (first) and ${second.id} (second)\n\n` +
    `Settings that differ\n${settings}\n` +
    `Metrics: first, second, second − first (${rows})\n${columns(figures, true)}\n` +
    `Circumstances that differ\n${circumstances.length ? columns(circumstances.map(fields)) : '  none\n'}`
  );
}

function fields({ field, first, second }: Difference): string[] {
  const shown = (value: unknown): string => {
    const text = value === undefined ? '–' : (JSON.stringify(value) ?? '–');
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  };
  return [field, shown(first), shown(second)];
}

function columns(lines: readonly (readonly string[])[], numbers = false): string {
  const safe = lines.map((cells) => cells.map(visible));
  const widths = (safe[0] ?? []).map((_, i) => Math.max(...safe.map((cells) => textWidth(cells[i]))));
  return safe
    .map((cells) => {
      const padded = cells.map((cell, i) => {
        const gap = ' '.repeat(widths[i] - textWidth(cell));
        return numbers && i ? gap + cell : cell + gap;
      });
      return `  ${padded.join('  ').trimEnd()}\n`;
    })
    .join('');
}
