import { axis, baseLayout, colour, figureOf, MUTED, plotText, type Figure } from './figure';
import { element, legend, legendRows, line, picture, scale, text, ticks, tickText } from './svg';

export interface BarSeries {
  name: string;
  /** One value per category, with its sd over runs where there is more than one. */
  values: readonly { value: number; sd?: number }[];
}

export interface BarsOptions {
  title: string;
  alt: string;
  y: string;
  categories: readonly string[];
  height?: number;
}

const WIDTH = 720;

/** Grouped bars from 0: one group per category, one bar per series, whiskers of ± sd, which the axis's title then says. */
export function barsFigure(series: readonly BarSeries[], options: BarsOptions): Figure | undefined {
  if (!series.length || !options.categories.length) return undefined;
  const { title, alt, categories, height = 320 } = options;
  const yName = series.some((s) => s.values.some(({ sd }) => sd)) ? `${options.y}, mean ± sd over runs` : options.y;
  const top = Math.max(...series.flatMap((s) => s.values.map((v) => (Number.isFinite(v.value) ? v.value + (v.sd || 0) : 0))));
  const high = (top || 1) * 1.04;
  const data = series.map((s, i) => ({
    type: 'bar',
    name: plotText(s.name),
    x: categories.map(plotText),
    y: s.values.map((v) => (Number.isFinite(v.value) ? v.value : null)),
    marker: { color: colour(i) },
    error_y: { type: 'data', array: s.values.map((v) => v.sd || 0), color: MUTED, thickness: 1.2, width: 2 },
  }));
  const key = legend(series.map((s, i) => ({ name: s.name, colour: colour(i), mark: 'box' as const })), 56, 18, WIDTH - 72); // prettier-ignore
  const layout = {
    ...baseLayout(height + 40),
    barmode: 'group',
    bargap: 0.25,
    xaxis: axis('', { type: 'category' }),
    yaxis: axis(yName, { range: [0, high] }),
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
    showlegend: true,
    ...legendRows(key),
  };
  const from = key.height + 10;
  const bottom = from + height - 60;
  const y = scale([0, high], [bottom, from]);
  const marks = ticks(0, high, 5);
  const group = (WIDTH - 72) / categories.length;
  const width = Math.min(34, (group * 0.78) / series.length);
  let content = key.content;
  for (const t of marks) {
    content +=
      line(56, y(t), WIDTH - 16, y(t)) + text(50, y(t) + 4, tickText(t, marks), { anchor: 'end', kind: 'muted', size: 11 });
  }
  content += text(14, (from + bottom) / 2, yName, { anchor: 'middle', kind: 'muted', rotate: -90 });
  categories.forEach((name, c) => {
    const middle = 56 + group * (c + 0.5);
    content += text(middle, bottom + 17, name, { anchor: 'middle' });
    series.forEach((s, i) => {
      const { value, sd } = s.values[c];
      if (!Number.isFinite(value)) return;
      const left = middle + (i - series.length / 2) * width;
      content += element('rect', { x: left + 0.5, y: y(value), width: width - 1, height: bottom - y(value), fill: colour(i) });
      if (sd)
        content += line(left + width / 2, y(Math.max(0, value - sd)), left + width / 2, y(value + sd), {
          stroke: MUTED,
          'stroke-width': 1.2,
        });
    });
  });
  return figureOf({ title, alt, height: height + 40, data, layout, svg: picture(WIDTH, bottom + 30, title, alt, content) });
}
