import { escapeHtml } from '../escape';
import { FONT, INK, MUTED, RULE } from './figure';

type Value = string | number | undefined;

/** One SVG element as a string; attribute values are escaped, numbers rounded to a hundredth. `content` is SVG already. */
export function element(tag: string, attributes: Record<string, Value>, content = ''): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeHtml(String(value))}"`);
  return content ? `<${tag}${list.join('')}>${content}</${tag}>` : `<${tag}${list.join('')}/>`;
}

/** A line of text. `anchor` is start, middle or end; `kind` sets its colour: ink or muted; `halo` keeps it readable over lines. */
export function text(
  x: number,
  y: number,
  content: string,
  options: {
    anchor?: string;
    kind?: 'ink' | 'muted';
    size?: number;
    weight?: number;
    fill?: string;
    rotate?: number;
    halo?: boolean;
  } = {},
): string {
  const { anchor = 'start', kind = 'ink', size = 12, weight, fill, rotate, halo } = options;
  return element(
    'text',
    {
      x,
      y,
      class: fill ? undefined : halo ? `${kind} halo` : kind,
      fill: fill ?? (kind === 'ink' ? INK : MUTED),
      'font-size': size,
      'font-weight': weight,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      ...(halo ? { stroke: '#ffffff', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' } : {}),
      transform: rotate === undefined ? undefined : `rotate(${rotate} ${round(x)} ${round(y)})`,
    },
    escapeHtml(content) || ' ',
  );
}

/** A straight line; `rule` is the quiet one of grids. */
export function line(x1: number, y1: number, x2: number, y2: number, more: Record<string, Value> = {}): string {
  return element('line', { x1, y1, x2, y2, class: more.stroke ? undefined : 'rule', stroke: RULE, ...more });
}

/** A whole SVG document with a title and description for screen readers, white paper below, one font. */
export function picture(width: number, height: number, title: string, description: string, content: string): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${round(width)} ${round(height)}`,
      width,
      height,
      role: 'img',
      'font-family': FONT,
    },
    element('title', {}, escapeHtml(title)) +
      element('desc', {}, escapeHtml(description)) +
      element('rect', { class: 'paper', width, height, fill: '#ffffff' }) +
      content,
  );
}

/** Round tick positions that cover [low, high]: steps of 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= wanted) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A tick as text, with the digits its step needs and a true minus. */
export function tickText(value: number, all: readonly number[]): string {
  const step = all.length > 1 ? Math.abs(all[1] - all[0]) : 1;
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');
}

/** A linear scale from data to pixels. */
export function scale(domain: readonly [number, number], pixels: readonly [number, number]): (value: number) => number {
  const span = domain[1] - domain[0] || 1;
  return (value) => pixels[0] + ((value - domain[0]) / span) * (pixels[1] - pixels[0]);
}

/** An approximate width of text at a font size, in pixels: enough to place a legend. */
export function approximateWidth(content: string, size = 12): number {
  return (
    [...content].reduce(
      (w, c) => w + (/[\u1100-\uffff]/.test(c) ? 1 : /[ilj.,'|:; ]/.test(c) ? 0.3 : /[mwMW]/.test(c) ? 0.85 : 0.56),
      0,
    ) * size
  );
}

/** Text cut to an estimated width, with an ellipsis where something was cut. */
export function shortened(content: string, width: number, size = 12): string {
  if (approximateWidth(content, size) <= width) return content;
  const letters = [...content];
  while (letters.length && approximateWidth(`${letters.join('')}…`, size) > width) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}

/** Pixels from one row of a legend to the next. */
const LEGEND_ROW = 18;

/** The legend as rows of swatches that wrap at `width`; `height` is what it takes. Lines that are broken (`dash`) make every swatch longer, to show how. */
export function legend(
  names: readonly { name: string; colour: string; mark?: 'line' | 'box'; dash?: string }[],
  left: number,
  top: number,
  width: number,
) {
  let x = left;
  let y = top;
  let content = '';
  const swatch = names.some(({ dash }) => dash) ? 30 : 14;
  for (const { name, colour, mark, dash } of names) {
    const needed = swatch + 8 + approximateWidth(name) + 14;
    if (x > left && x + needed > left + width) [x, y] = [left, y + LEGEND_ROW];
    content +=
      mark === 'box'
        ? element('rect', { x, y: y - 9, width: 12, height: 9, fill: colour })
        : line(x, y - 4, x + swatch, y - 4, { stroke: colour, 'stroke-width': 2.5, 'stroke-dasharray': dash });
    content += text(x + swatch + 5, y, name);
    x += needed;
  }
  return { content, height: y - top + LEGEND_ROW };
}

/** What a figure's layout says of a legend of several rows: who puts a title above it must leave room for them. */
export function legendRows({ height }: { height: number }): { meta?: { legendRows: number } } {
  const rows = height / LEGEND_ROW;
  return rows > 1 ? { meta: { legendRows: rows } } : {};
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
