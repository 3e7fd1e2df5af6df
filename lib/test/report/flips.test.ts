// Oracle: worked arithmetic on eight rows; the generator, which must make the very rows that a committed record predicted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Label, Row } from '../../data/types';
import type { RowRuns, RunRecord } from '../../experiments/record';
import { evaluationRows } from '../../experiments/evaluation-rows';
import { loadRecords } from '../../experiments/store';
import { evenSplit, flipPairs, flippedRowsView, flipRuns, flips, flipTable, seedFlips } from '../../report/flips';
import { simulateRecord } from './simulate';

const GIVEN = 'EEESSCII';
const TRUTH = 'EEESSCIE';
/** A run of these predictions; seeds of one `set` were measured on the same rows. */
function run(seed: number, predicted: string, { set = 'one', given = GIVEN, classes = 4 } = {}): RunRecord {
  const record = simulateRecord({ seeds: 1, queries: 2, perQuery: 4 }, 0.7, seed, 0, {});
  const predictions = { ...record.predictions!, rows: set, given, truth: TRUTH, predicted, classes };
  return { ...record, data: { ...record.data, name: 'generated-demo' }, predictions };
}
//            given  E E E S S C I I
const before = run(1, 'ESESECES'); // right: 0, 2, 3, 5
const after = run(1, 'EESSSEES'); //  right: 0, 1, 3, 4

test('rows that turned right and rows that turned wrong', () => {
  assert.deepEqual(flips(before, after), { fixed: [1, 4], broken: [2, 5], rows: 8 });
  assert.throws(() => flips(before, run(1, 'EESSSEES', { set: 'other' })), /same rows/);
});

test('runs are paired by seed, fold and rows', () => {
  const two = run(2, 'EEEEEEEE', { set: 'two' });
  assert.deepEqual(flipRuns({ before: [before, two], after: [two, after] }), [[before, after], [two, two]]); // prettier-ignore
  assert.deepEqual(flipRuns({ before: [two], after: [run(2, 'EEEEEEEE')] }), []);
});

test('the noise floor is what turns between two seeds of one row on the same rows', () => {
  // Right of `before`: 0, 2, 3, 5. Seed 2: 0, 2, 3, 4 (two turn). Seed 3: as seed 1 (none; two against seed 2). 4 of 24.
  const runs = [before, run(2, 'ESESSEES'), run(3, 'ESESECES')];
  assert.deepEqual(seedFlips(runs), { share: 4 / 24, pairs: 3 });
  assert.equal(seedFlips([before, run(2, 'ESESSEES', { set: 'its own' })]), undefined, 'other rows cannot be compared');
  assert.equal(seedFlips([before]), undefined);
});

test('flips that go either way by chance: n / 2 ± 1.96 · √n / 2', () => {
  // 100: 50 ± 9.8; 4: 2 ± 1.96; 1: .5 ± .98, and no less than none.
  assert.deepEqual([evenSplit(100), evenSplit(4), evenSplit(1), evenSplit(0)], [[41, 59], [1, 3], [0, 1], [0, 0]]); // prettier-ignore
});

test('the table counts over seeds, by given class, beside chance and the noise floor', () => {
  const second = run(2, 'ESESSEES');
  const pairs = [{ label: 'base → trick', before: [before, second], after: [after, run(2, 'EEEEEEEE')] }];
  // Seed 2: right 0, 2, 3, 4 → 0, 1, 2: fixed 1 (E), broken 3 and 4 (S, S). In all fixed E 2, S 1; broken E 1, C 1, S 2; 7 of 16 flip; two seeds: 2 of 8.
  assert.match(
    flipTable(pairs).text,
    /base → trick {2}\| {2}16 in 2 runs {2}\| {2}3 \(E 2, S 1, C 0, I 0\) {2}\| {2}4 \(E 1, S 2, C 1, I 0\) {2}\| {2}1 to 6 {2}\| {2}43\.75 % {2}\| {2}25\.00 %/,
  );
  const own = [{ ...pairs[0], before: [before], after: [after] }];
  assert.match(flipTable(own).text, /50\.00 % {2}\| {2}–\n.*\n.*data of its own/);
  const rows = [
    { row: { id: 'base' }, runs: [before] },
    { row: { id: 'ema' }, runs: [after] },
    { row: { id: 'none' }, runs: [] },
  ] as unknown as RowRuns[];
  assert.deepEqual(flipPairs(rows, [['base', 'ema'], ['base', 'none']]), [{ label: 'base → ema', before: [before], after: [after] }]); // prettier-ignore
});

test('task 3: classes are named for what they hold', () => {
  const binary = { given: 'EEESSEEE', classes: 2 };
  const pair = { label: 'a → b', before: [run(1, 'SEEEEEEE', binary)], after: [run(1, 'EEESEEEE', binary)] };
  assert.match(flipTable([pair]).text, /2 \(“not a substitute” 1, “substitute” 1\)/);
});

const row = (title: string, label: Label): Row =>
  ({ locale: 'us', query: '<b>shoe</b>', title, label, trueLabel: label }) as unknown as Row;
const catalogue = [...GIVEN].map((label, i) => row(`${i} <script>alert(1)</script>\u001b[31m ${'x'.repeat(90)}`, label as Label));

test('the list shows query, title, given and true label, before → after, of the first rows of each direction, escaped', () => {
  const { html, text } = flippedRowsView('base → ema', before, after, catalogue, 1);
  const lines = text.split('\n').map((line) => line.split('  |  '));
  assert.equal(lines.length, 3);
  assert.deepEqual(lines[0], ['base → ema', 'locale', 'query', 'title', 'given', 'true', 'predicted']);
  assert.deepEqual(lines[1].slice(0, 3), ['wrong → right', 'us', '<b>shoe</b>']);
  assert.deepEqual([lines[1][3][0], ...lines[1].slice(4)], ['1', 'E', 'E', 'S → E']);
  assert.deepEqual([lines[2][0], lines[2][3][0], ...lines[2].slice(4)], ['right → wrong', '2', 'E', 'E', 'E → S']);
  assert.ok(lines[1][3].includes('⟨U+001B⟩') && lines[1][3].length < 100, 'no control acts, long titles are cut');
  assert.ok(!/<script|<b>|\u001b/.test(html.html), html.html);
  assert.match(html.html, /&lt;b&gt;shoe&lt;\/b&gt;/);
  assert.equal(flippedRowsView('base → ema', before, after, catalogue).text.split('\n').length, 5);
});

test('real text is never listed', async () => {
  const real = { ...before, data: { ...before.data, name: 'esci-sample' } };
  assert.throws(() => flippedRowsView('base → ema', real, real, catalogue), /generated data only/);
  await assert.rejects(evaluationRows(real), /own generated data only/);
  await assert.rejects(
    evaluationRows({
      ...real,
      experiment: { ...real.experiment, scale: 'minilm' },
      data: { ...real.data, name: 'generated-minilm' },
    }),
    /own generated data only/,
  );
});

test('the generator makes the very rows that a committed record predicted, with the labels it was given', async () => {
  const record = loadRecords().find(
    ({ data, experiment: { kind, scale, config } }) =>
      kind === 'finetune' && scale === 'demo' && data.name === 'generated-demo' && (config as { task: number }).task === 2,
  )!;
  const rows = await evaluationRows(record);
  assert.equal(rows.map(({ label }) => label).join(''), record.predictions!.given);
  assert.equal(rows.map(({ trueLabel }) => trueLabel).join(''), record.predictions!.truth);
  const other = { ...record, data: { ...record.data, sha256: '0'.repeat(64) } };
  await assert.rejects(evaluationRows(other), /makes other data/);
});
