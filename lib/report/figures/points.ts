import { axis, baseLayout, colour, figureOf, MUTED, plotText, type Figure } from './figure';
import { extent } from './lines';
import { element, legend, legendRows, line, picture, scale, text, ticks, tickText } from './svg';

/** Points of one colour. */
export interface PointGroup {
  name: string;
  /** x, y and what hovering shows. */
  points: readonly (readonly [number, number, string])[];
  /** The group of everything else: grey, drawn first. */
  rest?: boolean;
}

export interface PointsOptions {
  title: string;
  alt: string;
  x: string;
  y: string;
  height?: number;
}

const WIDTH = 720;

/** A cloud of points by group: a map of products. Undefined where there is nothing to draw. */
export function pointsFigure(
  groups: readonly PointGroup[],
  { title, alt, x: xName, y: yName, height = 460 }: PointsOptions,
): Figure | undefined {
  const drawn = groups.filter((g) => g.points.length > 0).sort((a, b) => Number(b.rest ?? false) - Number(a.rest ?? false));
  if (!drawn.length) return undefined;
  let next = 0;
  const shades = drawn.map((g) => (g.rest ? '#c3c6cc' : colour(next++)));
  const all = drawn.flatMap((g) => g.points);
  const [xRange, yRange] = [0, 1].map((axis) => extent(all.map((p) => p[axis] as number)));
  const data = drawn.map((g, i) => ({
    type: 'scatter',
    mode: 'markers',
    name: plotText(g.name),
    x: g.points.map((p) => rounded(p[0])),
    y: g.points.map((p) => rounded(p[1])),
    text: g.points.map((p) => plotText(p[2])),
    hoverinfo: 'text',
    marker: { size: 5, color: shades[i], opacity: 0.75 },
  }));
  const key = legend(drawn.map((g, i) => ({ name: g.name, colour: shades[i], mark: 'box' as const })), 56, 18, WIDTH - 72); // prettier-ignore
  const layout = {
    ...baseLayout(height + 40),
    dragmode: 'pan',
    xaxis: axis(xName, { fixedrange: false }),
    yaxis: axis(yName, { fixedrange: false }),
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
    showlegend: true,
    ...legendRows(key),
    hovermode: 'closest',
  };
  const top = key.height + 10;
  const bottom = top + height - 70;
  const px = scale(xRange, [62, WIDTH - 22]);
  const py = scale(yRange, [bottom - 6, top + 6]);
  const [xs, ys] = [ticks(...xRange, 7), ticks(...yRange, 5)];
  const frame =
    ys
      .map(
        (t) =>
          line(56, py(t), WIDTH - 16, py(t)) + text(50, py(t) + 4, tickText(t, ys), { anchor: 'end', kind: 'muted', size: 11 }),
      )
      .join('') +
    xs.map((t) => text(px(t), bottom + 17, tickText(t, xs), { anchor: 'middle', kind: 'muted', size: 11 })).join('') +
    text((40 + WIDTH) / 2, bottom + 36, xName, { anchor: 'middle', fill: MUTED }) +
    text(14, (top + bottom) / 2, yName, { anchor: 'middle', fill: MUTED, rotate: -90 });
  const dots = drawn
    .map((g, i) =>
      g.points.map(([a, b]) => element('circle', { cx: px(a), cy: py(b), r: 2, fill: shades[i], 'fill-opacity': 0.75 })).join(''),
    )
    .join('');
  return figureOf({
    title,
    alt,
    height: height + 40,
    data,
    layout,
    svg: picture(WIDTH, bottom + 46, title, alt, key.content + frame + dots),
  });
}

const rounded = (x: number): number => Math.round(x * 1e4) / 1e4;
