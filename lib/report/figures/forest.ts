import { metricHeading, rowLabel, tableTitle } from '../formats/grid';
import { factor, plain, range, signed } from '../numbers';
import type { RenderedRow, RenderedTable } from '../rendered';
import type { VerdictKind } from '../verdict';
import { axis, baseLayout, figureOf, INK, MUTED, PALETTE, plotText, type Figure } from './figure';
import { approximateWidth, element, line, picture, scale, shortened, text, ticks, tickText } from './svg';

/** What a dot's colour says, in the order of the legend; each row has its verdict in words too. */
const COLOURS: readonly { name: string; colour: string; kinds: readonly VerdictKind[] }[] = [
  { name: 'reproduced or better', colour: PALETTE[2], kinds: ['reproduced', 'better', 'held'] },
  { name: 'same direction', colour: PALETTE[0], kinds: ['leaning'] },
  { name: 'differs or worse', colour: PALETTE[4], kinds: ['differs', 'worse', 'contradicted'] },
];
/** The paper's own change is a hollow diamond. */
const PAPER = { name: 'paper', colour: undefined };
const UNCERTAIN = { name: 'not certain', colour: MUTED };
const ROW = 54;
const WIDTH = 720;
/** Below the rows: ticks, the axis's title, what 0 is. */
const FOOT = 68;

/**
 * The changes of a table as a forest plot: ours with its interval (dot and bar), the paper's change (hollow diamond), a line at no
 * change. Label and verdict stand above their row on a line each, so that it reads on a phone. Undefined where no row has a change.
 */
export function forestFigure(given: RenderedTable): Figure | undefined {
  const rows = given.rows.filter((r) => r.change);
  if (!rows.length) return undefined;
  // A row's label names what it is measured against unless that is drawn right above it.
  const table = { ...given, rows };
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
  const height = ROW * rows.length + FOOT;
  return figureOf({
    title,
    alt,
    height,
    data: traces(rows, table, by),
    layout: layoutOf(rows, table, height),
    svg: drawing(rows, table, by, title, alt, height),
  });
}

const meaningOf = (row: RenderedRow): { name: string; colour: string } =>
  COLOURS.find(({ kinds }) => kinds.includes(row.verdict.kind)) ?? UNCERTAIN;
const colourOf = (row: RenderedRow): string => meaningOf(row).colour;
const verdictLine = (row: RenderedRow, table: RenderedTable): string =>
  `${signed(row.change!.value, table.unit)}  ${row.verdict.words}`;

/** The colours that these rows have, with what they say. */
const meanings = (rows: readonly RenderedRow[]): { name: string; colour: string }[] =>
  [...COLOURS, UNCERTAIN].filter(({ colour }) => rows.some((row) => colourOf(row) === colour));

/** The row that most others are measured against: said once, below the axis. Undefined where each is measured against another. */
function reference(rows: readonly RenderedRow[]): string | undefined {
  const names = rows.map((row) => row.against);
  return names.find((name) => names.filter((other) => other === name).length > Math.max(1, names.length / 2));
}

/** What 0 on the axis is. */
function zeroLine(rows: readonly RenderedRow[]): string {
  const shared = reference(rows);
  if (shared === undefined) return '0: the row above, or the one named';
  return `0: ${shared}${rows.every((row) => row.against === shared) ? '' : ', where no other is named'}`;
}

/** What the dots and the bars through them are. */
function axisTitle(rows: readonly RenderedRow[], table: RenderedTable): string {
  const level = rows.find((row) => row.change!.interval)?.change!.interval!.level;
  const bars = level === undefined ? '' : `, with ${Math.round(100 * level)} % intervals`;
  return `change of ${metricHeading(table)}${bars}`;
}

/** A row's label, with what it is measured against where the line below the axis does not say it. */
function labelOf(row: RenderedRow, rows: readonly RenderedRow[], table: RenderedTable): string {
  const shared = reference(rows);
  if (shared === undefined) return rowLabel(table, row);
  return row.against === shared ? row.label : `${row.label} (vs ${row.against})`;
}

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
      showlegend: false,
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
      showlegend: known.length > 0,
      marker: { size: 10, symbol: 'diamond-open', color: INK, line: { width: 1.6 } },
    },
    // Nothing is drawn of these but their line in the legend.
    ...meanings(rows).map(({ name, colour }) => ({
      type: 'scatter',
      mode: 'markers',
      name,
      x: [null],
      y: [null],
      hoverinfo: 'skip',
      marker: { size: 10, color: colour },
    })),
  ];
}

function layoutOf(rows: readonly RenderedRow[], table: RenderedTable, height: number): Record<string, unknown> {
  const note = (content: string, color: string, place: object): object => ({
    xref: 'paper',
    x: 0,
    xanchor: 'left',
    showarrow: false,
    text: plotText(content),
    font: { size: 12, color },
    bgcolor: '#ffffff',
    borderpad: 0,
    ...place,
  });
  const top = meanings(rows).length > 2 ? 50 : 30;
  return {
    ...baseLayout(height + top),
    margin: { l: 12, r: 12, t: top, b: FOOT },
    xaxis: axis(axisTitle(rows, table), { zeroline: true, zerolinecolor: MUTED, zerolinewidth: 1.4 }),
    yaxis: { visible: false, fixedrange: true, range: [-0.25, rows.length - 0.25] },
    annotations: [
      ...rows.flatMap((row, i) => [
        note(labelOf(row, rows, table), INK, { y: rows.length - 1 - i, yshift: 33 }),
        note(verdictLine(row, table), MUTED, { y: rows.length - 1 - i, yshift: 16 }),
      ]),
      note(zeroLine(rows), MUTED, { yref: 'paper', y: 0, yanchor: 'top', yshift: -46 }),
    ],
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
  content += text(WIDTH / 2, bottom + 34, axisTitle(rows, table), { anchor: 'middle', kind: 'muted' });
  content += text(16, bottom + 52, shortened(zeroLine(rows), WIDTH - 32), { kind: 'muted' });
  let at = 16;
  for (const { name, colour } of [...meanings(rows), ...(rows.some((r) => r.paper?.change !== undefined) ? [PAPER] : [])]) {
    content += colour ? element('circle', { cx: at + 6, cy: 14, r: 4.5, fill: colour }) : diamond(at + 6, 14);
    content += text(at + 16, 18, name);
    at += 16 + approximateWidth(name) + 16;
  }
  rows.forEach((row, i) => {
    const y = top + ROW * i + 43;
    const { value, interval } = row.change!;
    content += text(16, y - 27, shortened(labelOf(row, rows, table), WIDTH - 32), { halo: true });
    content += text(16, y - 11, verdictLine(row, table), { kind: 'muted', halo: true });
    if (interval) content += line(x(interval.low * by), y, x(interval.high * by), y, { stroke: MUTED, 'stroke-width': 2 });
    content += element('circle', { cx: x(value * by), cy: y, r: 5, fill: colourOf(row) });
    if (row.paper?.change !== undefined) content += diamond(x(row.paper.change * by), y);
  });
  return picture(WIDTH, height + 28, title, alt, content);
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
