import { visible } from '../escape';
import { contentId } from '../summarise';

/** A figure, live and still: what plotly draws, the same as a picture, and the same in words. */
export interface Figure {
  /** A name made from the content: equal figures have equal ids, so that pages and notebooks do not change without reason. */
  id: string;
  title: string;
  /** What a reader who cannot see it must know, in a sentence or two. */
  alt: string;
  data: object[];
  layout: Record<string, unknown>;
  /** A complete, self-contained SVG document. */
  svg: string;
  height: number;
}

/** Colours that hold on white and on near-black. */
export const PALETTE = ['#3b78c9', '#d0722a', '#3c9270', '#8a63c8', '#b8514f', '#7c7f86', '#b08b1e', '#2f94a8'];
export const INK = '#222426';
export const MUTED = '#6b6f76';
export const RULE = '#d9dbdf';
export const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

/** The colour of the i-th series. */
export function colour(i: number): string {
  return PALETTE[i % PALETTE.length];
}

/** How the line of the i-th series is broken, in pixels drawn and left out: lines of one brightness are told apart without colour. */
const BROKEN = ['', '8px,3px', '2px,3px', '9px,3px,2px,3px', '14px,4px', '5px,5px', '14px,3px,2px,3px,2px,3px', '2px,6px'];

/** The pattern of the i-th series as plotly takes it; `solid` for the first. */
export function dash(i: number): string {
  return BROKEN[i % BROKEN.length] || 'solid';
}

/** The same as an attribute of SVG; undefined for the first. */
export function dashArray(i: number): string | undefined {
  return BROKEN[i % BROKEN.length].replace(/px/g, '').replace(/,/g, ' ') || undefined;
}

/** Text for plotly, which reads a little HTML: shown as it is, never as a tag. */
export function plotText(text: string): string {
  return visible(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Plotly's layout as all figures share it: no frame, no background, one font, a quiet grid. */
export function baseLayout(height: number): Record<string, unknown> {
  return {
    height,
    margin: { l: 48, r: 16, t: 8, b: 44 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: FONT, size: 12, color: INK },
    hoverlabel: { font: { family: FONT, size: 12 } },
    dragmode: false,
    colorway: PALETTE,
  };
}

/** An axis without frame: light grid, muted ticks. */
export function axis(title: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: { text: plotText(title), font: { size: 12, color: MUTED }, standoff: 8 },
    tickfont: { color: MUTED },
    gridcolor: RULE,
    zeroline: false,
    linecolor: RULE,
    fixedrange: true,
    automargin: true,
    ...more,
  };
}

/** Completes a figure with the id that its content gives it. */
export function figureOf(parts: Omit<Figure, 'id'>): Figure {
  return { id: contentId('figure', parts), ...parts };
}
