import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from 'htmlparser2';
import { groupsOf } from '../../report/page/groups';
import { reportPage } from '../../report/page/page';
import type { RenderedTable } from '../../report/rendered';
import { glance, verdictSentence } from '../../report/sentences';
import { summarise } from '../../report/summarise';
import { simulateTable } from './simulate';

const { table, rowRuns } = simulateTable({ seeds: 3, folds: 2, queries: 61 }, [
  { id: 'ema', effect: 0.2, paperChange: 0.0011 },
  { id: 'fgm', effect: 0, paperChange: 0.0002 },
]);
const rendered = summarise({ ...table, beside: ['macroF1'] }, rowRuns, { draws: 200 });
const href = (id: string): string => `../data/runs/${id}.json`;

/** The same table as if its data had this name. */
const on = (name: string, rows = rendered.rows): RenderedTable => ({ ...rendered, rows, data: [{ ...rendered.data[0], name }] });

test('a change that several scales and data sets hold is counted once, on real data first (by hand)', () => {
  const [base, ema, fgm] = rendered.rows;
  assert.deepEqual([ema.verdict.kind, fgm.verdict.kind], ['reproduced', 'unclear']);
  const unsure = [base, { ...ema, verdict: fgm.verdict }, fgm];
  const both = verdictSentence([on('generated-x'), on('shop', unsure)]);
  assert.match(both, /Of 2 changes that the paper reports.*\(2 at scale \w+ on shop\): 2 not distinguishable/);
  // Of one kind of data, the one with the most paired runs.
  const fewer = unsure.map((row) => (row.change ? { ...row, change: { ...row.change, pairs: 1 } } : row));
  assert.match(verdictSentence([on('generated-y', fewer), on('generated-x')]), /\(2 at scale \w+ on generated-x\)/);
});

test('a direction whose size lies outside our interval is not called reproduced alone', () => {
  const [base, ema, fgm] = rendered.rows;
  assert.ok(ema.change!.interval!.low > ema.paper!.change!);
  assert.match(verdictSentence([on('x')]), /: 1 direction reproduced, 1 not distinguishable/);
  const sized = { ...ema, paper: { ...ema.paper!, change: ema.change!.value } };
  assert.match(verdictSentence([on('x', [base, sized, fgm])]), /: 1 reproduced, 1 not distinguishable/);
});

test('real data lead with AUC', () => {
  const [base, ema, fgm] = rendered.rows;
  const rows = [base, { ...ema, besideChanges: { exactAuc: ema.change! } }, fgm];
  assert.match(
    verdictSentence([on('shop', rows)]),
    /^By AUC of exact, .* of 1 change on real data \(1 at scale \w+ on shop\): 1 better\. Of 2 /,
  );
  assert.doesNotMatch(verdictSentence([on('generated-x', rows)]), /AUC/);
});

test('a table at a glance: AUC before its own metric, which changes are clear and of how many, none that one seed shows (by hand)', () => {
  const [base, ema, fgm] = rendered.rows;
  const size = (ema.change!.value * 100).toFixed(2);
  assert.deepEqual(glance(on('x')), [`micro-F1 ×100: 1 of 2 changes clear: ${ema.label} +${size}.`]);
  const once = { ...ema, verdict: { ...ema.verdict, kind: 'betterOnce' } } as typeof ema;
  assert.deepEqual(glance(on('x', [base, once, fgm])), ['micro-F1 ×100: none of 2 changes clear.']);
  assert.deepEqual(glance(on('x', [base, fgm])), ['micro-F1 ×100: its one change is not clear.']);
  const low = on('x').rows.map((row) => ({ ...row, value: { mean: 0.1, sd: 0, n: 3 } }));
  const stuck = { ...on('x', low), majority: { label: 'E', value: 0.63, rows: low.map(({ id }) => id) } };
  assert.match(glance(stuck)[0], / \(between rows no better than always E\)\.$/);
  assert.deepEqual(glance(on('x', [base])), []);
  const auc = glance(on('x', [base, { ...ema, besideChanges: { exactAuc: fgm.change! } }, { ...fgm, besideChanges: { exactAuc: ema.change! } }])); // prettier-ignore
  assert.deepEqual(auc[0], `AUC of exact ×100: 1 of 2 changes clear: ${fgm.label} +${size}.`);
  const many = Array.from({ length: 8 }, (_, i) => ({ ...ema, id: `e${i}`, label: `E${i}` }));
  assert.match(glance(on('x', [base, ...many]))[0], /: 8 of 8 changes clear: E0 \+.*; E5 \+[\d.]+; 2 more\.$/);
});

test('every table of the page has a name; all but two figures, further metrics and notes are folded, and nothing is lost', () => {
  const other = { ...rendered, id: 'other', rows: rendered.rows.map(({ paper: _, ...row }) => row) };
  const page = reportPage(
    [
      { table: other, rows: rowRuns },
      { table: rendered, rows: rowRuns },
    ],
    { recordHref: href, plotly: null },
  );
  assert.ok(page.indexOf('id="table-other') > page.indexOf(`id="table-${rendered.id}-`), 'tables of the paper stand first');
  for (const sentence of glance(rendered)) assert.ok(page.split('</nav>')[0].includes(sentence), sentence);
  let folds = 0;
  let open = 0;
  let unnamed = 0;
  const figures = { seen: 0, folded: 0 };
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === 'details') folds++;
      if (name === 'details' && 'open' in attributes) open++;
      if (name === 'figure') figures[folds ? 'folded' : 'seen']++;
      if (name === 'table' && !attributes['aria-label']) unnamed++;
      if (name === 'caption') unnamed--;
    },
    onclosetag: (name) => name === 'details' && folds--,
  });
  parser.end(page);
  assert.deepEqual([open, unnamed, figures.seen], [0, 0, 4]);
  assert.ok(figures.folded >= 4);
  for (const note of rendered.notes.filter((n) => !/["'`&<>]/.test(n))) assert.ok(page.includes(note), note);
});

test('provenance lists each part of a file that was used, and no classes where rows are graded', () => {
  const runs = rowRuns[0].runs.map((run, i) => ({ ...run, data: { ...run.data, name: 'shop', sha256: 'a'.repeat(64), rows: i ? 2734 : 1756, labels: { E: 0, S: 0, C: 0, I: 0 } } })); // prettier-ignore
  const page = reportPage([{ table: rendered, rows: [{ ...rowRuns[0], runs }] }], { recordHref: href, plotly: null });
  const data = page.split('<caption>Data</caption>')[1].split('</table>')[0];
  const rows = [...data.matchAll(/<tr><th scope="row">(.*?)<\/tr>/g)].map(([, cells]) =>
    cells.split(/<\/?t[hd]>/).filter(Boolean),
  );
  assert.deepEqual(rows.map((cells) => [cells[0], cells[2], ...cells.slice(4, 8)]), [
    ['shop', '1,756', '–', '–', '–', '–'],
    ['shop', '2,734', '–', '–', '–', '–'],
  ]); // prettier-ignore
});

/** The start tags of some markup. */
function tags(html: string): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const parser = new Parser({ onopentag: (name, attributes) => found.push({ name, attributes }) });
  parser.end(html);
  return found;
}

const grouped = [
  { ...on('generated-x'), scales: ['demo'] },
  { ...on('shop'), scales: ['demo'] },
  { ...on('shop'), scales: ['minilm'], rows: rendered.rows.map(({ change: _, ...row }) => row) },
  { ...on('shop'), id: 'later', scales: ['minilm'] },
].map((table) => ({ table, rows: rowRuns }));
const groupedPage = reportPage(grouped, { recordHref: href, plotly: null });

test('tables stand by encoder and kind of data, a scale’s own kind first, and those that compare nothing last (by hand)', () => {
  const groups = groupsOf([...grouped.slice(2), ...grouped.slice(0, 2)]);
  assert.deepEqual(
    groups.map(({ title, tables }) => [title, tables.map(({ table }) => table.id)]),
    [
      ['all-MiniLM-L6-v2, a real pre-trained encoder, on real data', ['later', rendered.id]],
      ['A 2-layer, 128-wide encoder from scratch, on generated data', [rendered.id]],
      ['A 2-layer, 128-wide encoder from scratch, on real data', [rendered.id]],
    ],
  );
  assert.equal(
    groupsOf([{ table: { ...on('shop'), scales: ['larger'] }, rows: rowRuns }])[0].title,
    'scale larger, on real data',
  );
});

test('of every group but the first the tables are folded; two lists lead to each table, and every link on the page leads somewhere', () => {
  const found = tags(groupedPage);
  const folds = found.filter(({ name, attributes }) => name === 'details' && /\bfold\b/.test(attributes.class ?? ''));
  assert.equal(folds.length, 3);
  // Equal figures have equal ids: these tables are all of the same runs.
  const ids = found.flatMap(({ name, attributes }) => (name === 'figure' ? [] : (attributes.id ?? [])));
  assert.equal(new Set(ids).size, ids.length);
  const places = found.flatMap(({ attributes }) => (attributes.href?.startsWith('#') ? [attributes.href.slice(1)] : []));
  for (const place of places) assert.ok(ids.includes(place), place);
  for (const id of ids.filter((name) => /^(table|group)-.*(?<!-title)$/.test(name)))
    assert.equal(places.filter((place) => place === id).length, 2, id);
});

test('headings go down one level at a time, and every landmark is called otherwise', () => {
  const found = tags(groupedPage);
  const levels = found.flatMap(({ name }) => (/^h\d$/.test(name) ? [Number(name[1])] : []));
  levels.reduce((before, level) => (assert.ok(level <= before + 1, `h${level} after h${before}`), level), 0);
  const names = found.flatMap(({ name, attributes: a }) =>
    name === 'nav' || name === 'section' || a.role === 'region' ? [a['aria-label'] ?? a['aria-labelledby']] : [],
  );
  assert.equal(new Set(names).size, names.length, String(names));
});
