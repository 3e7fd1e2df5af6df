import { escapeHtml, scriptJson } from './escape';
import { plotText, type Figure } from './figures/figure';
import { tableHtml } from './formats/html';
import { tableLatex } from './formats/latex';
import { tableMarkdown } from './formats/markdown';
import { tableText } from './formats/text';
import { Markup } from './markup';
import type { RenderedTable } from './rendered';

/** What one output of a notebook holds: the same thing by MIME type, of which the reader's program shows the best it can. */
export type Bundle = Record<string, unknown>;

/** Pixels that the first line of a legend takes, and each further one. */
const LEGEND = 52;
const FURTHER = 20;

/** The figure with its title above it, on white paper: notebooks have no heading for it, and some have dark pages. */
function titled({ title, layout }: Figure): Record<string, unknown> {
  const given = { l: 48, r: 16, t: 8, b: 44, ...(layout.margin as Record<string, number>) };
  // A legend above the plot needs its own lines below the title, which makes room for itself alone. Where it wraps, plotly may take a row more than ours.
  const more = (layout.meta as { legendRows?: number } | undefined)?.legendRows ?? 0;
  const margin = { ...given, t: layout.showlegend ? Math.max(given.t, LEGEND + FURTHER * more) : given.t };
  const heading = { text: plotText(title), x: 0, xref: 'paper', xanchor: 'left', y: 1, yref: 'container', yanchor: 'top' };
  return {
    ...layout,
    title: { ...heading, automargin: true, pad: { t: 10, b: 10 }, font: { size: 14 } },
    margin,
    height: Number(layout.height) + 28 + margin.t - given.t,
    paper_bgcolor: '#ffffff',
  };
}

/**
 * A figure for notebooks: live in JupyterLab (plotly's own MIME type), a picture where scripts are dropped, live again on an exported page whose
 * head holds plotly, an SVG and words elsewhere. The same figure gives the same bytes.
 */
export function figureBundle(figure: Figure): Bundle {
  const { id, data, svg, alt } = figure;
  const layout = titled(figure);
  const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  const spec = scriptJson({ data, layout });
  return {
    'application/vnd.plotly.v1+json': { data, layout },
    'text/html':
      `<div id="${escapeHtml(id)}"><div>${escapeHtml(figure.title)}</div><img alt="${escapeHtml(alt)}" src="${image}"></div><script>(function(){` +
      `var e=document.getElementById("${id}"),s=${spec};if(window.Plotly&&e){e.textContent="";Plotly.newPlot(e,s.data,s.layout,{responsive:true,displaylogo:false})}})()</script>`,
    'image/svg+xml': svg,
    'text/plain': `${figure.title}. ${alt}`,
  };
}

/**
 * A table for notebooks: HTML, Markdown, LaTeX (for exports to PDF, which take the Markdown where it is left out), and Markdown again as plain text: columns set with
 * blanks would be three times as long.
 */
export function tableBundle(table: RenderedTable, { latex = true } = {}): Bundle {
  const markdown = tableMarkdown(table);
  return {
    'text/html': tableHtml(table, { reasons: true }).html,
    'text/markdown': markdown,
    ...(latex ? { 'text/latex': tableLatex(table) } : {}),
    'text/plain': markdown,
  };
}

/** Shows a figure as a notebook cell's output; outside a notebook, prints what it says. */
export function showFigure(figure: Figure): void {
  show(figureBundle(figure));
}

/** Shows a table as a notebook cell's output; outside a notebook, prints it. */
export function showTable(table: RenderedTable, options: { latex?: boolean } = {}): void {
  if (kernelDisplay()) show(tableBundle(table, options));
  else process.stdout.write(`${tableText(table).trimEnd()}\n`);
}

/** Shows HTML made by `markup` (so that text within it is escaped), with the same in plain words for programs that show no HTML. */
export function showHtml(html: Markup, text: string): void {
  show({ 'text/html': html.html, 'text/plain': text });
}

/** Sends a bundle to the notebook that runs this code; plain text to stdout where there is none. */
export function show(bundle: Bundle): void {
  const write = kernelDisplay();
  if (write) write({ data: bundle, metadata: {}, transient: {} }, false);
  else process.stdout.write(`${String(bundle['text/plain']).trimEnd()}\n`);
}

type DisplayData = (message: { data: Bundle; metadata: object; transient: object }, update: boolean) => void;

/** tslab's inner display function: set while a kernel of this process runs a cell, undefined in any other program. */
function kernelDisplay(): DisplayData | undefined {
  const loaded = Object.keys(require.cache).find((path) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(path));
  return loaded ? (require(loaded) as { lastWriteDisplayData?: DisplayData }).lastWriteDisplayData : undefined;
}
