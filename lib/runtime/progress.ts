import { SingleBar } from 'cli-progress';
import { now } from './clock';
import { kernelDisplay, type WriteDisplay } from './notebook';

/** How far something is. `update` may be called at every step: what is drawn is limited in rate. */
export interface Progress {
  /** `done` of `total` steps are done; `note` is a short remark such as the loss. */
  update(done: number, note?: string): void;
  /** Draws the last state and ends; further updates are ignored. Call it in a `finally`. */
  stop(): void;
}

/** Where progress is drawn: given in tests, found out otherwise. */
export interface ProgressTarget {
  stream?: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  display?: WriteDisplay;
  clock?: () => number;
}

const NOTEBOOK_GAP = 200; // ms between two redraws: JupyterLab's server drops floods, five a second look smooth
const LINE_GAP = 10000; // ms between two lines of a log
let displays = 0;

/**
 * Shows how far a piece of work of `total` steps is: a bar on a terminal, in place in a notebook (at most five times a second), a line every 10 s
 * in a log. It goes to stderr, never to stdout, and shows no time in a notebook (its outputs are kept under version control).
 */
export function progress(title: string, total: number, target: ProgressTarget = {}): Progress {
  const { stream = process.stderr, display = kernelDisplay(), clock = now } = target;
  if (display) return inNotebook(title, total, display, clock);
  return stream.isTTY ? onTerminal(title, total, stream) : inLog(title, total, stream, clock);
}

function onTerminal(title: string, total: number, stream: NodeJS.WritableStream): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {value}/{total} {eta_formatted} {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    fps: 5,
    hideCursor: false,
    stream,
    etaBuffer: 50,
    forceRedraw: false,
  });
  bar.start(total, 0, { note: '' });
  let running = true;
  return {
    update: (done, note = '') => void (running && bar.update(done, { note })),
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}

function inNotebook(title: string, total: number, write: WriteDisplay, clock: () => number): Progress {
  const display_id = `esci-progress-${++displays}`;
  let state = { done: 0, note: '' };
  let drawn = -1;
  let at = -Infinity;
  let running = true;
  const draw = (): void => {
    const { done, note } = state;
    const text = `${title} ${done}/${total}${note && ` ${note}`}`;
    const bar = `<progress max="${total}" value="${done}" style="width:20em"></progress>`;
    const html = `<div>${escape(title)} ${bar} ${done}/${total} ${escape(note)}</div>`;
    write({ data: { 'text/html': html, 'text/plain': text }, metadata: {}, transient: { display_id } }, drawn >= 0);
    drawn = done;
    at = clock();
  };
  draw();
  return {
    update(done, note = '') {
      if (!running) return;
      state = { done, note };
      if (clock() - at >= NOTEBOOK_GAP) draw();
    },
    stop() {
      if (running) draw();
      running = false;
    },
  };
}

function inLog(title: string, total: number, stream: NodeJS.WritableStream, clock: () => number): Progress {
  const start = clock();
  let at = start;
  let state = { done: 0, note: '' };
  let running = true;
  const line = (): void => {
    const seconds = ((clock() - start) / 1000).toFixed(0);
    stream.write(`${title} ${state.done}/${total} (${seconds} s)${state.note && ` ${state.note}`}\n`);
    at = clock();
  };
  return {
    update(done, note = '') {
      if (!running) return;
      state = { done, note };
      if (clock() - at >= LINE_GAP) line();
    },
    stop() {
      if (running) line();
      running = false;
    },
  };
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
