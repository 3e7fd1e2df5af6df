import { metricHeading, rowLabel, tableTitle } from '../formats/grid';
import { factor, plain, range, signed } from '../numbers';
import type { RenderedRow, RenderedTable } from '../rendered';
import type { VerdictKind } from '../verdict';
import { axis, baseLayout, figureOf, INK, MUTED, PALETTE, plotText, type Figure } from './figure';
import { element, line, picture, scale, text, ticks, tickText } from './svg';

const COLOURS: Partial<Record<VerdictKind, string>> = {
  reproduced: PALETTE[2],
  better: PALETTE[2],
  held: PALETTE[2],
  contradicted: PALETTE[4],
  leaning: PALETTE[0],
  differs: PALETTE[4],
  worse: PALETTE[4],
};
const ROW = 46;
const WIDTH = 720;

/**
 * The changes of a table as a forest plot: ours with its interval (dot and bar), the paper's change (hollow diamond), a line at no
 * change. Labels stand above their row, so that it reads on a phone. Undefined where no row has a change.
 */
export function forestFigure(table: RenderedTable): Figure | undefined {
  const rows = table.rows.filter((r) => r.change);
  if (!rows.length) return undefined;
  const by = factor(table.unit);
  const title = `${tableTitle(table)}: change of ${metricHeading(table)}`;
  const alt =
    `Change of ${metricHeading(table)} with intervals. ` +
    rows
      .map((r) => {
        const paper = r.paper?.change === undefined ? '' : `, paper ${signed(r.paper.change, table.unit)}`;
        return `${rowLabel(table, r)}: ${signed(r.change!.value, table.unit)} ${range(r.change!.interval, table.unit)}${paper}, ${r.verdict.words}.`;
      })
      .join(' ');
  const height = 16 + ROW * rows.length + 48;
  return figureOf({
    title,
    alt,
    height,
    data: traces(rows, table, by),
    layout: layoutOf(rows, table, height),
    svg: drawing(rows, table, by, title, alt, height),
  });
}

const colourOf = (row: RenderedRow): string => COLOURS[row.verdict.kind] ?? MUTED;
const verdictLine = (row: RenderedRow, table: RenderedTable): string =>
  `${signed(row.change!.value, table.unit)}  ${row.verdict.words}`;

function traces(rows: readonly RenderedRow[], table: RenderedTable, by: number): object[] {
  const places = rows.map((_, i) => rows.length - 1 - i);
  const hover = rows.map((r) =>
    plotText(`${rowLabel(table, r)}: ${signed(r.change!.value, table.unit)} ${range(r.change!.interval, table.unit)}`),
  );
  const known = rows.flatMap((r, i) => (r.paper?.change === undefined ? [] : [{ row: r, y: places[i], x: r.paper.change * by }]));
  return [
    {
      type: 'scatter',
      mode: 'markers',
      name: 'ours, with interval',
      x: rows.map((r) => r.change!.value * by),
      y: places,
      text: hover,
      hovertemplate: '%{text}<extra></extra>',
      marker: { size: 10, color: rows.map(colourOf) },
      error_x: {
        type: 'data',
        symmetric: false,
        array: rows.map((r) => by * ((r.change!.interval?.high ?? r.change!.value) - r.change!.value)),
        arrayminus: rows.map((r) => by * (r.change!.value - (r.change!.interval?.low ?? r.change!.value))),
        color: MUTED,
        thickness: 2,
        width: 0,
      },
    },
    {
      type: 'scatter',
      mode: 'markers',
      name: 'paper',
      x: known.map((k) => k.x),
      y: known.map((k) => k.y),
      text: known.map((k) => plotText(`paper: ${signed(k.row.paper!.change, table.unit)} (${k.row.paper!.source})`)),
      hovertemplate: '%{text}<extra></extra>',
      marker: { size: 10, symbol: 'diamond-open', color: INK, line: { width: 1.6 } },
    },
  ];
}

function layoutOf(rows: readonly RenderedRow[], table: RenderedTable, height: number): Record<string, unknown> {
  const label = (row: RenderedRow, i: number, right: boolean): object => ({
    xref: 'paper',
    x: right ? 1 : 0,
    xanchor: right ? 'right' : 'left',
    y: rows.length - 1 - i,
    yshift: 17,
    showarrow: false,
    text: plotText(right ? verdictLine(row, table) : rowLabel(table, row)),
    font: { size: 12, color: right ? MUTED : INK },
    bgcolor: '#ffffff',
    borderpad: 0,
  });
  return {
    ...baseLayout(height + 24),
    margin: { l: 12, r: 12, t: 30, b: 44 },
    xaxis: axis(`change of ${metricHeading(table)}`, { zeroline: true, zerolinecolor: MUTED, zerolinewidth: 1.4 }),
    yaxis: { visible: false, fixedrange: true, range: [-0.5, rows.length - 0.25] },
    annotations: rows.flatMap((row, i) => [label(row, i, false), label(row, i, true)]),
    legend: { orientation: 'h', x: 0, y: 1, yanchor: 'bottom' },
    showlegend: true,
  };
}

function drawing(
  rows: readonly RenderedRow[],
  table: RenderedTable,
  by: number,
  title: string,
  alt: string,
  height: number,
): string {
  const ends = rows.flatMap((r) => [
    r.change!.value,
    r.change!.interval?.low ?? 0,
    r.change!.interval?.high ?? 0,
    r.paper?.change ?? 0,
    0,
  ]);
  const [low, high] = [Math.min(...ends) * by, Math.max(...ends) * by];
  const pad = 0.06 * (high - low || 1);
  const x = scale([low - pad, high + pad], [16, WIDTH - 16]);
  const marks = ticks(low - pad, high + pad, 7);
  const top = 28;
  const bottom = top + ROW * rows.length;
  let content = marks
    .map((t) => line(x(t), top, x(t), bottom) + text(x(t), bottom + 16, tickText(t, marks), { anchor: 'middle', kind: 'muted' }))
    .join('');
  content += line(x(0), top, x(0), bottom, { class: 'muted-line', stroke: MUTED, 'stroke-width': 1.4 });
  content += text(WIDTH / 2, bottom + 34, `change of ${metricHeading(table)}`, { anchor: 'middle', kind: 'muted' });
  content += element('circle', { cx: 22, cy: 14, r: 4.5, fill: MUTED }) + text(32, 18, 'ours, with interval');
  if (rows.some((r) => r.paper?.change !== undefined)) content += diamond(170, 14) + text(180, 18, 'paper');
  rows.forEach((row, i) => {
    const y = top + ROW * i + 32;
    const { value, interval } = row.change!;
    content += text(16, y - 13, rowLabel(table, row), { halo: true });
    content += text(WIDTH - 16, y - 13, verdictLine(row, table), { anchor: 'end', kind: 'muted', halo: true });
    if (interval) content += line(x(interval.low * by), y, x(interval.high * by), y, { stroke: MUTED, 'stroke-width': 2 });
    content += element('circle', { cx: x(value * by), cy: y, r: 5, fill: colourOf(row) });
    if (row.paper?.change !== undefined) content += diamond(x(row.paper.change * by), y);
  });
  return picture(WIDTH, height + 16, title, alt, content);
}

function diamond(x: number, y: number): string {
  const points = [[0, -6], [6, 0], [0, 6], [-6, 0]].map(([dx, dy]) => `${plain(x + dx, 1)},${plain(y + dy, 1)}`); // prettier-ignore
  return element('polygon', {
    points: points.join(' ').replace(/−/g, '-'),
    fill: 'none',
    class: 'ink-line',
    stroke: INK,
    'stroke-width': 1.6,
  });
}
