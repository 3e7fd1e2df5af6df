import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { committedRuns, loadRecords } from '../../experiments/store';
import type { FilledTable } from '../../report/collect';
import { rowLabel } from '../../report/formats/grid';
import { majorityWords, noBetterThanMajority } from '../../report/majority';
import { range, signed, spread } from '../../report/numbers';
import { summarise } from '../../report/summarise';
import { concludeFrom } from '../../report/write-up/conclusions';
import { draftLatex, draftMarkdown } from '../../report/write-up/documents';
import { draftResults, type Draft } from '../../report/write-up/draft';
import { inWords, resultSentences } from '../../report/write-up/sentences';
import { hostileTable } from './hostile';
import { simulateTable } from './simulate';

const simulated = simulateTable({ seeds: 3, folds: 2, queries: 61 }, [
  { id: 'ema', label: 'EMA', effect: 0.2, paperChange: 0.0011 },
  { id: 'fgm', label: 'FGM', effect: 0, paperChange: 0.0002, against: 'base' },
]);
const fill = ({ table, rowRuns }: ReturnType<typeof hostileTable>, data: string): FilledTable => ({
  table: summarise(table, rowRuns, { draws: 300 }),
  rows: rowRuns,
  scale: 'demo',
  data,
});
const filled = fill(simulated, 'generated-x');
const [base, ema, fgm] = filled.table.rows;

test('sentences hold the figures of the table: the same numbers by two routes, each under its verdict', () => {
  const text = resultSentences(filled.table).join(' ');
  const { unit } = filled.table;
  assert.equal(ema.verdict.kind, 'reproduced');
  assert.equal(fgm.verdict.kind, 'unclear');
  assert.ok(text.startsWith(`${base.label} reaches ${spread(base.value, unit)} `), text);
  const change = `${signed(ema.change!.value, unit)} ${range(ema.change!.interval, unit)} against ${base.label}; paper +0.11`;
  assert.ok(text.includes(`In the paper's direction, with an interval that excludes 0: EMA (${change})`), text);
  assert.ok(text.includes(`Not distinguishable at this size: FGM (${signed(fgm.change!.value, unit)}).`), text);
  assert.equal(inWords(['a', 'b', 'c']), 'a, b and c');
  assert.equal(inWords(['a, x', 'b', 'c']), 'a, x; b; and c');
});

test('what can be concluded is what an interval shows; the paper’s small change, generated data and absolute figures cannot (known truth)', () => {
  const { can, cannot } = concludeFrom([filled]);
  assert.equal(can.length, 1);
  assert.match(can[0], /: EMA changes micro-F1 \(×100\) by \+.*\(reproduced\)\.$/);
  assert.ok(
    cannot.some((s) => /1 of 2 changes that the paper reports is smaller|2 of 2 changes .* are smaller/.test(s)),
    cannot.join('\n'),
  );
  assert.ok(cannot.some((s) => s.includes('generated-x is generated')));
  assert.deepEqual(concludeFrom([]).can, ['No change is certain at this size.']);
  const real = concludeFrom([{ ...filled, data: 'shop' }]).cannot.join(' ');
  assert.ok(!real.includes('generated') && real.includes('shop is one collection'));
});

test('chance is counted over the intervals that could be certain; several real data sets are several; one change is one (by hand)', () => {
  const once = filled.table.rows.map((row) => ({ ...row, change: row.change && { ...row.change, covers: { queries: true, training: false } } })); // prettier-ignore
  const many = Array.from({ length: 6 }, () => filled);
  const { can, cannot } = concludeFrom([...many, { ...filled, table: { ...filled.table, rows: once } }]);
  assert.equal(can.length, 7, 'six and one whose verdict was left as it was');
  assert.ok(
    cannot.some((s) => s.includes('of 12 intervals over two seeds or more')),
    cannot.join('\n'),
  );
  const real = concludeFrom(['shop', 'store'].map((data) => ({ ...filled, data }))).cannot.join(' ');
  assert.ok(real.includes('shop and store are single collections of judgements'), real);
  const one = { ...filled, table: { ...filled.table, rows: filled.table.rows.filter(({ id }) => id !== 'ema') } };
  assert.ok(concludeFrom([one]).cannot.some((s) => s.includes('the one change that the paper reports is smaller')));
});

test('means are compared only of one metric over the same seeds and folds; a row names a metric of its own (by hand)', () => {
  const told = (rows: typeof filled.table.rows): string => resultSentences({ ...filled.table, rows }).join(' ');
  assert.match(told(filled.table.rows), /The best mean is that of EMA/);
  assert.doesNotMatch(told([base, { ...ema, metric: 'ndcg' }, fgm]), /best mean is that of EMA/);
  assert.match(told([base, { ...ema, metric: 'ndcg' }, fgm]), /EMA \(\+.* of nDCG against Base/);
  assert.doesNotMatch(told([base, { ...ema, measuredOn: '1:0:x' }, fgm]), /best mean/);
  assert.match(told([{ ...base, metric: 'ndcg' }, ema, fgm]), /^Base reaches .* nDCG \(×100\) over/);
  assert.equal(rowLabel(filled.table, { ...ema, metric: 'ndcg' }), 'EMA (vs Base; nDCG)');
});

test('rows at the majority share or below it are named with what to read instead (by hand)', () => {
  const at = (mean: number) => ({ mean, sd: 0.01, n: 6 });
  const rows = [
    { ...base, value: at(0.5) },
    { ...ema, value: at(0.6319) },
    { ...fgm, value: at(0.6321) },
  ];
  const table = { ...filled.table, majority: { label: 'E', value: 0.63, rows: rows.map(({ id }) => id) }, rows };
  assert.deepEqual(noBetterThanMajority(table).map(({ id }) => id), ['base', 'ema']); // prettier-ignore
  assert.deepEqual(majorityWords(table), ['By micro-F1 not more than 0.2 points above always answering E (63.00): Base; EMA. Changes of micro-F1 between such rows say nothing.']); // prettier-ignore
  const lower = { ...table, rows: rows.map((row) => ({ ...row, value: at(0.6), besideChanges: { exactAuc: row.change! } })) };
  assert.match(
    majorityWords(lower)[0],
    /^By micro-F1 no row is more than 0\.2 points above .* say nothing; read AUC of exact\.$/,
  );
});

test('where AUC was measured it leads; a sure change of micro-F1 that AUC contradicts says so, and between rows no better than the largest class nothing is concluded (by hand)', () => {
  const at = (mean: number) => ({ mean, sd: 0.01, n: 6 });
  const down = { ...ema.change!, value: -0.06, interval: { ...ema.change!.interval!, low: -0.08, high: -0.05 } };
  const rows = [
    { ...base, value: at(0.6), beside: { exactAuc: at(0.65) } },
    {
      ...ema,
      paper: undefined,
      verdict: { ...ema.verdict, kind: 'better' as const },
      value: at(0.625),
      beside: { exactAuc: at(0.59) },
      besideChanges: { exactAuc: down },
    },
    { ...fgm, value: at(0.62) },
  ];
  const table = { ...filled.table, majority: { label: 'E', value: 0.63, rows: rows.map(({ id }) => id) }, rows };
  const sentences = resultSentences(table);
  assert.match(sentences[0], /^Base reaches 65\.00 ± 1\.00 AUC of exact \(×100\) and 60\.00 ± 1\.00 micro-F1 \(×100\) over/);
  assert.match(sentences[1], /^By AUC of exact \(×100\): EMA −6\.00 \[−8\.00, −5\.00\] against Base \(worse\)\.$/);
  const text = sentences.join(' ');
  assert.match(
    text,
    /Changes of micro-F1 between such rows say nothing; read AUC of exact\. By micro-F1: better than .*: EMA \(\+.* against Base; worse by AUC of exact: −6\.00\)\./,
  );
  assert.match(text, /By micro-F1: not distinguishable at this size: FGM/);
  assert.doesNotMatch(text, /best mean/);
  const above = resultSentences({ ...table, rows: rows.map((row) => (row.id === 'ema' ? { ...row, value: at(0.7) } : row)) }).join(' '); // prettier-ignore
  assert.match(above, /The best mean micro-F1 is that of EMA, 70\.00/);
  const { can, cannot } = concludeFrom([{ ...filled, table }]);
  assert.equal(can.length, 1, can.join('\n'));
  assert.match(can[0], /EMA changes AUC of exact \(×100\) by −6\.00/);
  assert.ok(cannot.some((s) => s.includes('read AUC of exact')));
  const better = { ...table, rows: rows.map((row) => (row.id === 'ema' ? { ...row, value: at(0.7) } : row)) };
  const both = concludeFrom([{ ...filled, table: better }]).can;
  assert.equal(both.length, 2, 'a row above the largest class keeps its change');
  assert.match(both[0], /AUC of exact/, 'what leads comes first');
});

test('a draft without records names every table of the papers and makes nothing up', () => {
  const draft = draftResults([]);
  assert.deepEqual(draft.sections, []);
  for (const id of ['2', '3', '7']) assert.ok(draft.absent.some((s) => s.startsWith(`Table ${id}: no records here.`)));
  assert.ok(!/\d\d\.\d\d/.test(draftMarkdown(draft)));
});

const draftOf = (table: FilledTable): Draft => ({
  setting: ['Set.'],
  sections: [{ id: '5', heading: table.table.title, sentences: resultSentences(table.table), filled: table, figures: [] }],
  absent: [],
  conclusions: concludeFrom([table]),
});

test('hostile labels stay words in Markdown and LaTeX', () => {
  const draft = draftOf(fill(hostileTable(), '<img src=x onerror=alert(1)>'));
  assert.doesNotMatch(draftMarkdown(draft), /<|(?<!\\)\]\(|:\/\/|[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
  assert.doesNotMatch(draftLatex(draft, new Set()).split('\\begin{document}')[1], /\\(input|write18|immediate|include|catcode)/);
});

const latex = spawnSync('pdflatex', ['--version']).status === 0;

test('the LaTeX document compiles with booktabs, hostile labels and all', { skip: latex ? false : 'no pdflatex here' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'esci-latex-'));
  try {
    writeFileSync(join(folder, 'a.tex'), draftLatex(draftOf(fill(hostileTable(), 'x')), new Set()));
    const { status, stdout } = spawnSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', '-no-shell-escape', 'a.tex'], { cwd: folder, encoding: 'utf8' }); // prettier-ignore
    assert.equal(status, 0, stdout.slice(-2000));
    assert.match(readFileSync(join(folder, 'a.log'), 'utf8'), /Output written on a\.pdf/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what AUC shows is told before micro-F1, with the figures of its own changes (oracle: the filled table)', () => {
  const draft = draftResults(loadRecords([committedRuns()]), { table: '3', data: 'esci-sample' });
  const [{ filled, sentences, figures }] = draft.sections;
  assert.deepEqual(
    figures.map(({ figure }) => figure.title.split(': change of ')[1]),
    ['AUC of exact ×100', 'micro-F1 ×100'],
  );
  const told = sentences.find((sentence) => sentence.startsWith('By AUC of exact (×100): '))!;
  const certain = filled.table.rows.filter((row) => {
    const interval = row.besideChanges?.exactAuc?.interval;
    return interval && (interval.low > 0.0001 || interval.high < -0.0001);
  });
  assert.ok(certain.length >= 2, 'the committed records show changes of AUC');
  for (const row of certain)
    assert.ok(told.includes(`${row.label} ${signed(row.besideChanges!.exactAuc.value, 'percent')}`), row.label);
  const told0 = sentences.findIndex((sentence) => sentence.startsWith('By micro-F1'));
  assert.ok(sentences.indexOf(told) < told0);
  const concluded = draft.conclusions.can.filter((sentence) => sentence.includes('changes AUC of exact (×100) by'));
  assert.equal(concluded.length, certain.filter((row) => row.seeds > 1).length);
});
