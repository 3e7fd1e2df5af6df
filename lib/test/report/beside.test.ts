import assert from 'node:assert/strict';
import { test } from 'node:test';
import { besideView } from '../../report/beside-view';
import { besideGrids, gridOf } from '../../report/formats/grid';
import { tableHtml } from '../../report/formats/html';
import { tableLatex } from '../../report/formats/latex';
import { tableMarkdown } from '../../report/formats/markdown';
import { tableText } from '../../report/formats/text';
import type { RenderedTable } from '../../report/rendered';

const spread = (mean: number) => ({ mean, sd: 0.01, n: 4 });
const change = (value: number, half: number) => ({
  value,
  interval: {
    low: value - half,
    high: value + half,
    level: 0.95,
    standardError: half / 2,
    freedom: { seeds: 9, queries: 9, share: 1 },
  },
  pairs: 4,
  seeds: 2,
  folds: 2,
  covers: { queries: true, training: true },
});
const row = { runs: 4, seeds: 2, folds: 2, verdict: { kind: 'base', words: 'base', reason: '' }, records: [] } as const;
const table = {
  id: '3',
  title: 'Table 3',
  metric: 'microF1',
  beside: ['exactAuc', 'logLoss'],
  unit: 'percent',
  higherIsBetter: true,
  scales: ['demo'],
  data: [],
  rows: [
    { ...row, id: 'none', label: 'None', beside: { exactAuc: spread(0.64), logLoss: spread(0.97) } },
    {
      ...row,
      id: 'p2q',
      label: 'Pairs',
      against: 'None',
      beside: { exactAuc: spread(0.74), logLoss: spread(1.02) },
      besideChanges: { exactAuc: change(0.1, 0.02), logLoss: change(0.05, 0.03) },
      paper: { change: 0.0008, source: 'row 2' },
    },
  ],
  notes: [],
} as unknown as RenderedTable;

test('a metric beside the leading one is judged by its own change and direction (worked)', () => {
  const auc = besideView(table, 'exactAuc')!;
  assert.equal(auc.rows[1].verdict.words, 'better');
  assert.equal(auc.rows[1].value!.mean, 0.74);
  assert.equal(auc.rows[1].paper, undefined, "the paper's change is of another metric");
  assert.equal(besideView(table, 'logLoss')!.rows[1].verdict.words, 'worse', 'a larger loss is worse');
  assert.equal(besideView(table, 'macroF1'), undefined);
});

test('a change is set apart where its interval over two seeds excludes 0, in each format in its own way (worked)', () => {
  const once = { ...change(0.1, 0.02), covers: { queries: true, training: false } };
  const rows = [
    table.rows[0],
    { ...table.rows[1], besideChanges: { exactAuc: once, logLoss: change(0.05, 0.03) } },
    { ...table.rows[1], id: 'more', besideChanges: { exactAuc: change(-0.1, 0.02), logLoss: change(0.05, 0.06) } },
  ];
  const shown = { ...table, rows };
  assert.deepEqual(besideGrids(shown).at(-1)!.rows.map(({ sure }) => sure), [[false, true], [false, false]]); // prettier-ignore
  assert.deepEqual(gridOf(shown).rows.map(({ sure }) => sure?.[2]), [false, false, true], 'the change of AUC of exact'); // prettier-ignore
  const markdown = tableMarkdown(shown);
  assert.ok(markdown.includes('| 74.00 ± 1.00 | +10.00 [+8.00, +12.00] |'), markdown);
  assert.ok(markdown.includes('| **−10.00 [−12.00, −8.00]** |'), markdown);
  assert.ok(markdown.includes('| **+0.050 [+0.020, +0.080]** |') && markdown.includes('| +0.050 [−0.010, +0.110] |'), markdown);
  assert.ok(tableHtml(shown).html.includes('<strong>−10.00 [−12.00, −8.00]</strong>'));
  assert.ok(tableHtml(shown).html.includes('<strong>+0.050 [+0.020, +0.080]</strong>'));
  assert.match(tableText(shown), /\+0\.050 \[\+0\.020, \+0\.080\]†/);
  assert.ok(tableLatex(shown).includes('+0.080{]}$\\dagger$'));
});

test('AUC of exact stands first where its changes were measured, the other metrics in a grid of their own', () => {
  const lead = gridOf(table);
  assert.deepEqual(lead.columns.slice(1, 5).map(({ title }) => title), ['AUC of exact ×100', 'Its change [95 %]', 'micro-F1 ×100', 'Its change [95 %]']); // prettier-ignore
  assert.ok(lead.columns.some(({ title }) => title === 'Verdict on micro-F1'));
  assert.deepEqual(lead.rows[1].cells.slice(1, 3), ['74.00 ± 1.00', '+10.00 [+8.00, +12.00]']);
  const { columns, rows } = besideGrids(table).at(-1)!;
  assert.deepEqual(columns.map(({ title }) => title).slice(1), ['log loss']); // prettier-ignore
  assert.deepEqual(rows.map(({ cells }) => cells.slice(1)), [['+0.050 [+0.020, +0.080]']]); // prettier-ignore
  const without = { ...table, rows: table.rows.map(({ besideChanges: _, ...row }) => row) };
  assert.deepEqual(gridOf(without).columns.slice(0, 3).map(({ title }) => title), ['Row', 'micro-F1 ×100', 'Change [95 %]']); // prettier-ignore
  assert.ok(besideGrids(without)[0].columns.some(({ title }) => title === 'AUC of exact ×100'));
});
