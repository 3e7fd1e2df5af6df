import { axis, baseLayout, colour, dash, dashArray, figureOf, MUTED, plotText, type Figure } from './figure';
import { element, legend, legendRows, line, picture, scale, text, ticks, tickText } from './svg';

export interface Line {
  name: string;
  /** [x, y] in order of x. */
  points: readonly (readonly [number, number])[];
  /** The interval of each point, drawn as a bar through it; undefined for a point without one. */
  intervals?: readonly ({ low: number; high: number } | undefined)[];
  /** Number of its colour and of how it is broken; its place in the list by default. */
  colour?: number;
  markers?: boolean;
}

export interface LinesOptions {
  title: string;
  alt: string;
  x: string;
  y: string;
  /** Fixed ranges; from the data otherwise. */
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** A dashed line from corner to corner (perfect calibration). */
  diagonal?: boolean;
  height?: number;
}

const WIDTH = 720;

/** Lines over a common axis: loss curves, calibration, precision against recall. Undefined where there is nothing to draw. */
export function linesFigure(lines: readonly Line[], options: LinesOptions): Figure | undefined {
  const drawn = lines.filter((l) => l.points.length > 0);
  if (!drawn.length) return undefined;
  const { title, alt, height = 340 } = options;
  const across = extent(drawn.flatMap((l) => l.points.map((p) => p[0])));
  // Points above one another still need an axis with a tick.
  const xRange = options.xRange ?? (across[0] === across[1] ? widened(across) : across);
  const ends = drawn.flatMap((l) => (l.intervals ?? []).flatMap((i) => (i ? [i.low, i.high] : [])));
  const yRange = options.yRange ?? widened(extent([...drawn.flatMap((l) => l.points.map((p) => p[1])), ...ends]));
  const numbers = drawn.map((l, i) => l.colour ?? i);
  const shades = numbers.map(colour);
  const data = drawn.map((l, i) => ({
    type: 'scatter',
    mode: l.markers ? 'lines+markers' : 'lines',
    name: plotText(l.name),
    x: l.points.map((p) => p[0]),
    y: l.points.map((p) => p[1]),
    line: { color: shades[i], width: 2, dash: dash(numbers[i]) },
    marker: { size: 5 },
    ...(l.intervals
      ? {
          error_y: {
            type: 'data',
            symmetric: false,
            array: l.points.map(([, y], j) => (l.intervals![j]?.high ?? y) - y),
            arrayminus: l.points.map(([, y], j) => y - (l.intervals![j]?.low ?? y)),
            thickness: 1,
            width: 0,
          },
        }
      : {}),
  }));
  const key = legend(drawn.map((l, i) => ({ name: l.name, colour: shades[i], dash: dashArray(numbers[i]) })), 56, 18, WIDTH - 72); // prettier-ignore
  const layout = {
    ...baseLayout(height + 40),
    xaxis: axis(options.x, { range: [...xRange] }),
    yaxis: axis(options.y, { range: [...yRange] }),
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
    showlegend: true,
    ...legendRows(key),
    hovermode: 'closest',
    shapes: options.diagonal
      ? [
          {
            type: 'line',
            x0: xRange[0],
            y0: yRange[0],
            x1: xRange[1],
            y1: yRange[1],
            line: { color: MUTED, width: 1, dash: 'dash' },
          },
        ]
      : [],
  };
  const top = key.height + 10;
  const bottom = top + height - 70;
  const x = scale(xRange, [56, WIDTH - 16]);
  const y = scale(yRange, [bottom, top]);
  const frame = axes(x, y, xRange, yRange, options, top, bottom);
  const paths = drawn
    .map((l, i) => {
      const points = l.points.filter(([px, py]) => px >= xRange[0] && px <= xRange[1] && Number.isFinite(py));
      const path = points.map(([px, py], j) => `${j ? 'L' : 'M'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join('');
      const dots = l.markers
        ? points.map(([px, py]) => element('circle', { cx: x(px), cy: y(py), r: 2.6, fill: shades[i] }))
        : [];
      const bars = l.points.map(([px], j) => {
        const interval = l.intervals?.[j];
        return interval ? line(x(px), y(interval.low), x(px), y(interval.high), { stroke: shades[i], 'stroke-width': 1 }) : '';
      });
      return (
        element('path', {
          d: path,
          fill: 'none',
          stroke: shades[i],
          'stroke-width': 2,
          'stroke-linejoin': 'round',
          'stroke-dasharray': dashArray(numbers[i]),
        }) +
        bars.join('') +
        dots.join('')
      );
    })
    .join('');
  const dashed = options.diagonal ? line(56, bottom, WIDTH - 16, top, { stroke: MUTED, 'stroke-dasharray': '4 4' }) : '';
  return figureOf({
    title,
    alt,
    height: height + 40,
    data,
    layout,
    svg: picture(WIDTH, bottom + 46, title, alt, key.content + frame + dashed + paths),
  });
}

/** Grid, ticks and titles of a chart whose plot lies between `top` and `bottom`. */
function axes(
  x: (v: number) => number,
  y: (v: number) => number,
  xRange: readonly [number, number],
  yRange: readonly [number, number],
  names: { x: string; y: string },
  top: number,
  bottom: number,
): string {
  const [xs, ys] = [ticks(...xRange, 7), ticks(...yRange, 5)];
  return (
    ys
      .map(
        (t) => line(56, y(t), WIDTH - 16, y(t)) + text(50, y(t) + 4, tickText(t, ys), { anchor: 'end', kind: 'muted', size: 11 }),
      )
      .join('') +
    xs.map((t) => text(x(t), bottom + 17, tickText(t, xs), { anchor: 'middle', kind: 'muted', size: 11 })).join('') +
    text((56 + WIDTH - 16) / 2, bottom + 36, names.x, { anchor: 'middle', kind: 'muted' }) +
    text(14, (top + bottom) / 2, names.y, { anchor: 'middle', kind: 'muted', rotate: -90 })
  );
}

/** The smallest and largest of some numbers. */
export function extent(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  return [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function widened([low, high]: [number, number]): [number, number] {
  const pad = 0.05 * (high - low || Math.abs(high) || 1);
  return [low - pad, high + pad];
}
