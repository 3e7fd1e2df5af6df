import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RowRuns, RunRecord } from '../../experiments/record';
import { InputError } from '../../runtime/errors';
import { scriptJson } from '../escape';
import { tableFigures } from '../figures';
import type { Figure } from '../figures/figure';
import { shortTitle, tableTitle } from '../formats/grid';
import { besideHtml, notesHtml, tableHtml } from '../formats/html';
import { guideHtml } from '../guide';
import { markup, trusted, type Markup } from '../markup';
import { ownNotes } from '../notes';
import { plural } from '../numbers';
import type { RenderedTable } from '../rendered';
import { aucCounts, glance, real, verdictCounts, verdictSentence } from '../sentences';
import { groupsOf, type Group } from './groups';
import { provenance } from './provenance';
import { SCRIPT } from './script';
import { STYLE } from './style';

/** One table on the page: rendered, with the runs behind it. */
export interface PageTable {
  table: RenderedTable;
  rows: readonly RowRuns[];
}

export interface PageOptions {
  /** The address of a run's record, relative to the page. */
  recordHref: (id: string) => string;
  /** Plotly's source; the installed basic bundle when absent, none (still pictures only) when null. */
  plotly?: string | null;
}

/**
 * The report: one self-contained page that needs no network. Every text is escaped (`markup`); the Content-Security-Policy allows
 * two scripts, by the SHA-256 of their text, and no connection anywhere. Tables stand in groups by encoder and kind of data. Further metrics, notes and all but two
 * figures of a table are folded, and of every group but the first the tables themselves. Equal records give an equal page.
 */
export function reportPage(given: readonly PageTable[], options: PageOptions): string {
  const groups = groupsOf(given);
  const tables = groups.flatMap((group) => group.tables);
  const plotly = options.plotly === undefined ? plotlySource() : options.plotly;
  const scripts = plotly === null ? [] : [inlineScript(plotly), inlineScript(SCRIPT)];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashSource).join(' ') || "'none'"}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const runs = [...new Map(tables.flatMap((t) => t.rows.flatMap((r) => r.runs.map((run) => [run.id, run] as const)))).values()];
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Results: product search, reproduced</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
${header(groups, runs)}
${bar(groups)}
<main id="results" tabindex="-1">
${groups.map((group, i) => groupSection(group, i > 0, options))}
${provenance(runs, options.recordHref)}
</main>
<footer><p>Every figure on this page is computed from the run records it links to; <span class="mono">npm run esci -- verify</span> computes them again.</p></footer>
${scripts.map((s) => markup`<script>${trusted(s)}</script>\n`)}</body>
</html>
`;
  return page.html;
}

/** Figures of a table that are seen without asking: the changes, and those of AUC where it has them. */
const OPEN_FIGURES = 2;

function header(groups: readonly Group[], runs: readonly RunRecord[]): Markup {
  const tables = groups.flatMap((group) => group.tables.map(({ table }) => table));
  return markup`<header id="top">
<h1>Product search, reproduced</h1>
<p>${plural(runs.length, 'run')}. ${verdictSentence(tables)}</p>
<h2 id="contents">What is clear in each table</h2>
<p>Changes whose 95 % interval over two seeds or more excludes 0; of 20 changes without any effect about one would be called so.</p>
<nav aria-labelledby="contents">${groups.map(groupContents)}</nav>
${more('How to read the tables', guideHtml())}</header>`;
}

/** A group in the list of contents: what was run on what, and what is clear in each of its tables. */
function groupContents(group: Group): Markup {
  return markup`<h3><a href="#${group.id}">${group.title}</a></h3>
<p class="scope">${scopeOfGroup(group)}</p>
<ul>${group.tables.map(({ table }) => contents(table))}</ul>
`;
}

/** A table's line in the list of contents, with what is clear in it. */
function contents(table: RenderedTable): Markup {
  const found = glance(table);
  const sentences = found.length ? found : [verdictCounts(table)];
  return markup`<li><a href="#${anchor(table)}">${shortTitle(table)}</a> <span class="scope">${dataOf(table)}</span>${sentences.map((sentence) => markup`<span class="glance">${sentence}</span>`)}</li>`;
}

/** What stays in reach at the top of the window: every table by name, folded, and the way back to what is clear. */
function bar(groups: readonly Group[]): Markup {
  const links = ({ id, title, tables }: Group): Markup =>
    markup`<p><a href="#${id}">${title}</a></p><ul>${tables.map(({ table }) => markup`<li><a href="#${anchor(table)}">${shortTitle(table)}</a> <span class="scope">${dataOf(table)}</span></li>`)}</ul>`;
  return markup`<nav class="bar" aria-label="Tables"><details><summary>Tables</summary><div>${groups.map(links)}<p><a href="#provenance">Provenance</a></p></div></details><a href="#contents">What is clear</a></nav>`;
}

function groupSection(group: Group, folded: boolean, options: PageOptions): Markup {
  return markup`<section class="group" id="${group.id}" aria-labelledby="${group.id}-title">
<h2 id="${group.id}-title">${group.title}</h2>
<p class="scope">${scopeOfGroup(group)}</p>
${group.tables.map((table) => tableSection(table, folded, options))}</section>
`;
}

/** The scale and data of a group. */
const scopeOfGroup = ({ scales, tables }: Group): string => {
  const data = [...new Set(tables.map(({ table }) => dataOf(table)))].filter(Boolean);
  return [scales.length && `scale ${scales.join(', ')}`, ...data, plural(tables.length, 'table')].filter(Boolean).join(' · ');
};

function tableSection({ table, rows }: PageTable, fold: boolean, options: PageOptions): Markup {
  const figures = aucFirst(table, tableFigures(table, rows));
  const folded = figures.slice(OPEN_FIGURES);
  const beside = besideHtml(table, { cards: true });
  const notes = ownNotes(table);
  // Two forests stand side by side, one alone is wide.
  const forests = figures.filter(({ title }) => CHANGES.test(title)).length;
  const id = anchor(table);
  const content = markup`<div class="scroll cards" role="group" aria-labelledby="${id}-title" tabindex="0">
${tableHtml(table, { ...options, reasons: true, bare: true, notes: false, alone: true, cards: true })}</div>
${notesHtml(notes.slice(0, 1))}${more(notes.length > 1 && 'Notes', notesHtml(notes.slice(1)), PRINTED)}${more(
    beside.length > 0 && 'Further metrics and baselines',
    beside.map(
      (grid) =>
        markup`<div class="scroll cards" role="group" aria-label="Further metrics, ${scopeOf(table)}" tabindex="0">${grid}</div>`,
    ),
    PRINTED,
  )}<div class="figures">
${figures.slice(0, OPEN_FIGURES).map((figure) => figureHtml(figure, forests === 1 && CHANGES.test(figure.title)))}</div>
${more(folded.length > 0 && plural(folded.length, 'more figure'), markup`<div class="figures">${folded.map((figure) => figureHtml(figure, false))}</div>`)}`;
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${tableTitle(table)} <span class="scope">${scopeOf(table)}</span></h3>
<p class="lead">${real(table) && aucCounts(table)}${verdictCounts(table)}</p>
${fold ? more(figures.length ? `Table and ${plural(figures.length, 'figure')}` : 'Table', content, `${PRINTED} fold`) : content}</section>
`;
}

/** The class of a fold whose content stands on paper also when it is closed. */
const PRINTED = 'printed';

/** What is folded until it is asked for; nothing where there is no title. */
function more(title: string | false, content: Markup | readonly Markup[], kind = ''): Markup | false {
  return title !== false && markup`<details class="${`more ${kind}`.trim()}"><summary>${title}</summary>${content}</details>\n`;
}

const CHANGES = /: change of /;

/** Of the changes that real data show, those of AUC before those of the table's own metric. */
function aucFirst(table: RenderedTable, figures: readonly Figure[]): Figure[] {
  const [first, second, ...others] = figures;
  return real(table) && second && CHANGES.test(second.title) ? [second, first, ...others] : [...figures];
}

function figureHtml(figure: Figure, wide: boolean): Markup {
  const spec = scriptJson({ data: figure.data, layout: figure.layout });
  return markup`<figure id="${figure.id}"${wide && trusted(' class="wide"')}>
<h4>${figure.title}</h4>
<div class="still">${trusted(figure.svg)}</div>
<div class="live" role="img" aria-label="${figure.alt}"></div>
<script type="application/json">${trusted(spec)}</script>
<details class="words"><summary>In words</summary>${figure.alt}</details>
</figure>
`;
}

/** A table's place on the page. */
function anchor(table: RenderedTable): string {
  return ['table', table.id, ...table.scales, ...table.data.map((d) => d.name)].join('-').replace(/[^A-Za-z0-9-]/g, '-');
}

/** The data of a table. */
const dataOf = (table: RenderedTable): string => table.data.map((d) => d.name).join(' · ');

/** The scale and data of a table: two tables of one number differ by them. */
function scopeOf(table: RenderedTable): string {
  return [...table.scales, ...table.data.map((d) => d.name)].join(' · ');
}

function plotlySource(): string {
  try {
    return readFileSync(require.resolve('plotly.js-basic-dist-min'), 'utf8');
  } catch {
    throw new InputError(
      'the report needs the package plotly.js-basic-dist-min: expected it installed, found none (run npm run setup)',
    );
  }
}

/** Script text that may stand inline: nothing in it ends its element, line ends as the parser will read them. */
function inlineScript(source: string): string {
  return source.replace(/\r\n?/g, '\n').replace(/<(?=\/script|script|!--)/gi, '\\x3c');
}

function hashSource(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
