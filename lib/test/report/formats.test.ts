import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '../../experiments/record';
import { metricsOf } from '../../metrics/named';
import { classFigure } from '../../report/figures/classes';
import { briefGrid, briefMarkdown } from '../../report/formats/brief';
import { tablesCsv } from '../../report/formats/csv';
import { gridOf } from '../../report/formats/grid';
import { tableHtml } from '../../report/formats/html';
import { tableLatex } from '../../report/formats/latex';
import { tableMarkdown } from '../../report/formats/markdown';
import { tableText, textWidth } from '../../report/formats/text';
import { figure, range, signed, spread } from '../../report/numbers';
import { spreadOf } from '../../report/spread';
import { stepRatio } from '../../report/step-time';
import { summarise } from '../../report/summarise';
import { resultSentences } from '../../report/write-up/sentences';
import { simulateTable } from './simulate';

const { table, rowRuns } = simulateTable({ seeds: 3, folds: 2, queries: 61 }, [
  { id: 'ema', effect: 0.03, paperChange: 0.0011 },
  { id: 'fgm', effect: 0, paperChange: 0, against: 'ema' },
]);
const rendered = summarise(table, rowRuns, { draws: 300 });

test('figures are printed as their table prints them (by hand)', () => {
  assert.equal(figure(0.75079, 'percent'), '75.08');
  assert.equal(figure(0.90251, 'fraction'), '0.9025');
  assert.equal(figure(1.9661, 'loss'), '1.966');
  assert.equal(figure(undefined, 'loss'), '–');
  assert.equal(signed(0.0011, 'percent'), '+0.11');
  assert.equal(signed(-0.003, 'fraction'), '−0.0030');
  assert.equal(signed(-0.00001, 'percent'), '±0.00');
  assert.equal(range({ low: -0.01, high: 0.02 }, 'percent'), '[−1.00, +2.00]');
  assert.equal(spread({ mean: 0.75, sd: NaN, n: 1 }, 'percent'), '75.00');
});

test('mean, sd, paper’s change, majority share and cost equal a plain recomputation from the runs', () => {
  const [base, ema, fgm] = rendered.rows;
  const values = rowRuns[1].runs.map((r) => r.metrics.microF1);
  const mean = values.reduce((a, b) => a + b) / 6;
  assert.ok(Math.abs(ema.value!.mean - mean) < 1e-12);
  assert.ok(Math.abs(ema.value!.sd - Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / 5)) < 1e-12);
  assert.ok(Math.abs(ema.change!.value - (mean - base.value!.mean)) < 1e-12);
  assert.equal(ema.paper!.change, 0.0011);
  assert.equal(fgm.paper!.change, 0);
  assert.equal(fgm.against, '+ ema');
  assert.deepEqual([ema.seeds, ema.folds, ema.runs, ema.records.length], [3, 2, 6, 6]);
  const given = [...new Set(rowRuns.flatMap((r) => r.runs.map((x) => x.predictions!.given)))].join('');
  assert.equal(rendered.majority!.label, 'E');
  assert.ok(Math.abs(rendered.majority!.value - [...given].filter((g) => g === 'E').length / given.length) < 1e-12);
  const fastest = (r: (typeof rowRuns)[number]) => Math.min(...r.runs.map((run) => run.cost.stepMilliseconds));
  assert.equal(ema.cost!.relative, fastest(rowRuns[1]) / fastest(rowRuns[0]));
  const across = fgm.cost!.relative!;
  assert.equal(across, fastest(rowRuns[2]) / fastest(rowRuns[0]), 'against the first row that it builds on');
  assert.equal(base.cost!.stepMilliseconds, fastest(rowRuns[0]));
});

test('step times are compared only between two runs each of one commit on one machine, and only where the table asks (by hand)', () => {
  const timed = (run: RunRecord, milliseconds: number, commit: string | null, cpu: string): RunRecord => ({
    ...run,
    code: { ...run.code, commit },
    environment: { ...run.environment, cpu },
    cost: { ...run.cost, stepMilliseconds: milliseconds },
  });
  const [a, b] = [rowRuns[1].runs, rowRuns[0].runs];
  const own = [timed(a[0], 30, 'x', 'one'), timed(a[1], 33, 'x', 'one'), timed(a[2], 1, 'x', 'two'), timed(a[3], 2, 'y', 'one')];
  const base = [timed(b[0], 10, 'x', 'one'), timed(b[1], 12, 'x', 'one'), timed(b[2], 9, 'y', 'one'), timed(b[3], 9, 'y', 'one')];
  assert.equal(stepRatio(own, base), 3);
  const quiet = [timed(a[4], 10, 'z', 'one'), timed(a[5], 12, 'z', 'one')];
  const fast = [timed(b[4], 5, 'z', 'one'), timed(b[5], 6, 'z', 'one')];
  assert.equal(stepRatio([...own, ...quiet], [...base, ...fast]), 2, 'the commit whose reference was fastest');
  assert.equal(stepRatio(own.slice(1), base), undefined, 'one run of that commit on that machine');
  assert.equal(stepRatio([timed(a[0], 3, null, 'one'), timed(a[1], 3, null, 'one')], [timed(b[0], 3, null, 'one'), timed(b[1], 3, null, 'one')]), undefined); // prettier-ignore
  const short = (runs: RunRecord[]): RunRecord[] => runs.map((run) => ({ ...run, cost: { ...run.cost, steps: 24 } }));
  assert.equal(stepRatio(short(own), short(base)), undefined, 'too few updates to time');
  const plain = summarise({ ...table, stepTime: false }, rowRuns, { draws: 100 });
  assert.ok(!gridOf(plain).columns.some(({ title }) => title === 'Step time'));
  assert.equal(plain.rows[1].cost!.stepMilliseconds, rendered.rows[1].cost!.stepMilliseconds, 'milliseconds stay in the CSV');
  const alone = rowRuns.map(({ row, runs }) => ({ row, runs: runs.slice(0, 1) }));
  assert.ok(
    summarise(table, alone, { draws: 100 }).notes.some((note) => /^Step times are not compared.*docs\/speed\.md/.test(note)),
  );
});

test('rows over other seeds than the row they build on are marked, and what their change means is told (by hand)', () => {
  const fewer = rowRuns.map(({ row, runs }) => ({ row, runs: row.id === 'base' ? runs : runs.slice(0, 4) }));
  const uneven = summarise(table, fewer, { draws: 100 });
  const runs = gridOf(uneven).columns.length - 1;
  assert.deepEqual(gridOf(uneven).rows.map(({ cells }) => cells[runs]), ['–', '6', '4 *', '4']); // prettier-ignore
  assert.ok(uneven.notes.some((note) => note.startsWith('Runs with *: ')));
  assert.ok(briefMarkdown(uneven).includes('Runs with \\*: '));
  assert.ok(!rendered.notes.some((note) => note.startsWith('Runs with *: ')));
});

test('a metric of pre-training counts once an encoder, which folds of a seed may share, not once for each run (by hand)', () => {
  const of = (values: number[]) => values.map((mlmLoss, i) => ({ ...rowRuns[0].runs[i], experiment: { ...rowRuns[0].runs[i].experiment, seed: i >> 1 }, metrics: { mlmLoss, microF1: mlmLoss / 10 } })); // prettier-ignore
  const runs = of([4, 4, 6, 6]);
  assert.deepEqual(spreadOf(runs, 'mlmLoss'), { mean: 5, sd: Math.SQRT2, n: 2 });
  assert.equal(spreadOf(runs, 'microF1')!.n, 4);
  assert.deepEqual(spreadOf(of([4, 6, 5, 5]), 'mlmLoss'), { mean: 5, sd: 1, n: 3 }, 'an encoder for each fold');
  assert.equal(spreadOf(of([5, 5, 5, 5]), 'mlmLoss')!.n, 2, 'two seeds that agree are two');
  assert.ok(Number.isNaN(spreadOf(runs.slice(0, 2), 'mlmLoss')!.sd));
});

test('the majority share is the mean over the sets of rows, as a row has its mean over folds (by hand)', () => {
  const [{ row, runs }] = rowRuns;
  const given = ['EEES', 'ES'];
  const cut = given.map((letters, i) => ({ ...runs[i], predictions: { ...runs[i].predictions!, given: letters } }));
  assert.equal(summarise(table, [{ row, runs: cut }]).majority!.value, (0.75 + 0.5) / 2);
});

test('task 3: the majority class is named for what it holds, wherever it is printed, and never pooled with the labels of another task', () => {
  // Records of two classes keep S for a substitute and E for exact, complement and irrelevant alike.
  const binary = (run: RunRecord): RunRecord => ({
    ...run,
    predictions: {
      ...run.predictions!,
      classes: 2,
      given: run.predictions!.given.replace(/[CI]/g, 'E'),
      predicted: run.predictions!.predicted.replace(/[CI]/g, 'E'),
      probabilities: Buffer.alloc(4 * run.predictions!.given.length).toString('base64'),
    },
  });
  const rows = rowRuns.map((r) => ({ ...r, runs: r.runs.map(binary) }));
  const task3 = summarise(table, rows, { draws: 100 });
  assert.equal(task3.majority!.label, '“not a substitute”');
  const given = [...new Set(rows.flatMap((r) => r.runs.map((x) => x.predictions!.given)))].join('');
  assert.ok(Math.abs(task3.majority!.value - given.replaceAll('S', '').length / given.length) < 1e-12);
  assert.ok(
    task3.notes.some((note) => note.startsWith('Always answering “not a substitute”, the most frequent class')),
    String(task3.notes),
  );
  assert.match(tableMarkdown(task3), /\| Always “not a substitute” \(majority share\) \|/);
  assert.match(tableLatex(task3), /Always \\textquotedblleft\{\}not a substitute\\textquotedblright\{\} \(majority share\)/);
  assert.ok(briefGrid(task3).rows.some(({ cells }) => cells[0] === 'Always “not a substitute”'));
  assert.ok(resultSentences(task3).some((words) => words.includes('always answering “not a substitute” (')));
  // A row that does no better than it, and a note that says so.
  const stuck = task3.majority!.value;
  const equal = rows.map((r) => ({ ...r, runs: r.runs.map((run) => ({ ...run, metrics: { microF1: stuck } })) }));
  assert.ok(
    summarise(table, equal, { draws: 20 }).notes.some((note) =>
      /^By micro-F1 .* above always answering “not a substitute”/.test(note),
    ),
  );
  assert.doesNotMatch(tableMarkdown(task3) + tableText(task3), /lways (answering )?E\b/);
  assert.match(classFigure(rows, 'Task 3')!.alt, /not a substitute \d.*, substitute \d/);

  const mixed = [rows[0], ...rowRuns.slice(1)];
  assert.equal(summarise(table, mixed, { draws: 20 }).majority, undefined, 'E of two tasks is not one class');
});

test('the paper’s change is taken from its figures where only those are printed', () => {
  const rows = table.rows.map((r) => (r.id === 'ema' ? { ...r, paper: { value: 0.7519, source: 'Table 5, row 1' } } : r));
  const other = summarise({ ...table, rows }, rowRuns.map((r, i) => ({ ...r, row: rows[i] })), { draws: 100 }); // prettier-ignore
  assert.equal(other.rows[1].paper!.change, 0.0011);
});

test('the brief form holds the rows that have runs, with the same cells as the whole table', () => {
  const withAuc = (run: RunRecord): RunRecord => ({
    ...run,
    metrics: { ...run.metrics, exactAuc: metricsOf(run.predictions!).auc },
  });
  const runs = rowRuns.map((r, i) => ({ ...r, runs: i === 2 ? [] : r.runs.map(withAuc) }));
  const partial = summarise({ ...table, beside: [...table.beside, 'exactAuc'] }, runs, { draws: 100 });
  const [brief, whole] = [briefGrid(partial), gridOf(partial)];
  const auc = brief.columns.findIndex((c) => c.title.startsWith('AUC of exact'));
  const micro = brief.columns.findIndex((c) => c.title.startsWith('micro-F1'));
  assert.ok(auc === 1 && micro === 3, brief.columns.map((c) => c.title).join(' | '));
  assert.deepEqual(
    brief.rows.map((r) => r.cells[0]),
    ['Base', '+ ema', 'Always E'],
  );
  for (const row of brief.rows.filter((r) => r.row)) {
    const same = whole.rows.find((r) => r.row === row.row)!;
    assert.deepEqual(row.cells.slice(1, 5), same.cells.slice(1, 5));
  }
  assert.match(brief.rows[1].cells[2], /^[+−]\d+\.\d\d \[/);
  const hostile = { ...partial, title: 'a | b <script>', rows: partial.rows.map((r) => ({ ...r, label: '[x](javascript:1)|' })) };
  const text = briefMarkdown(hostile);
  assert.ok(!text.includes('<script>') && !text.includes('[x](javascript:1)|'), text);
});

test('a table without runs says so everywhere and invents nothing', () => {
  const empty = summarise(table, []);
  assert.deepEqual(
    empty.rows.map((r) => r.verdict.words),
    ['not run', 'not run', 'not run'],
  );
  assert.ok(!/\d\d\.\d\d ±/.test(tableText(empty)));
  assert.equal(empty.notes[0], 'No run of this table is finished.');
});

test('a failed self-check and a dirty tree are told below the table', () => {
  const runs = rowRuns[0].runs.map((r, i) =>
    i ? r : { ...r, code: { ...r.code, dirty: true }, checks: [{ name: 'KL', ok: false, detail: 'is 0' }] },
  );
  const { notes } = summarise(table, [{ ...rowRuns[0], runs }]);
  assert.ok(notes.includes(`Self-check failed in 1 of ${runs.length} runs: KL (${runs[0].id}: is 0).`));
  const all = runs.map((run) => ({ ...run, checks: runs[0].checks }));
  const [told] = summarise(table, [{ ...rowRuns[0], runs: all }]).notes.filter((n) => n.startsWith('Self-check'));
  assert.ok(told.startsWith(`Self-check failed in ${all.length} of ${all.length} runs: KL (`) && told.endsWith('; …).'), told);
  assert.equal(told.match(/is 0/g)!.length, 3, 'three are told, the rest counted');
  assert.ok(notes.some((n) => n.includes('uncommitted')));
});

test('every format holds the same cells', () => {
  const { rows, columns } = gridOf(rendered);
  const text = tableText(rendered);
  const html = tableHtml(rendered).html;
  const latex = tableLatex(rendered);
  const markdown = tableMarkdown(rendered);
  for (const { cells } of rows) {
    assert.equal(cells.length, columns.length);
    const value = cells[1].split(' ')[0];
    for (const out of [text, html, latex, markdown]) assert.ok(out.includes(value), value);
  }
  const lines = markdown.split('\n').filter((l) => l.startsWith('|'));
  for (const line of lines) assert.equal(line.split(/(?<!\\)\|/).length, columns.length + 2, line);
  const [float] = latex.split('\\end{table}');
  assert.equal(float.match(/\\tabularnewline$/gm)!.length, rows.length + 1);
  assert.ok(['toprule', 'midrule', 'bottomrule'].every((rule) => latex.includes(`\\${rule}`)));
  const cells = text.split('\n').filter((l) => l.includes('reproduced') || l.includes('base'));
  assert.ok(cells.length >= 2);
});

test('a command in a note is set as code, its hyphens kept, and whatever else stands between backticks is words (by hand)', () => {
  const noted = { ...rendered, notes: ['See `npm run bench -- --tricks` and `<b>`.'] };
  const last = (text: string): string => text.trimEnd().split('\n').pop()!;
  assert.equal(last(tableMarkdown(noted)), '- See `npm run bench -- --tricks` and \\`&lt;b&gt;\\`.');
  assert.ok(tableHtml(noted).html.includes('<li>See <code>npm run bench -- --tricks</code> and &#96;&lt;b&gt;&#96;.</li>'));
  assert.ok(tableLatex(noted).includes('\\texttt{npm run bench {-}{-} {-}{-}tricks} and \\textasciigrave{}'));
});

test('terminal columns line up, also with wide letters', () => {
  assert.equal(textWidth('日本'), 4);
  assert.equal(textWidth('a\u0301b'), 2);
  const odd = { ...rendered, rows: rendered.rows.map((r, i) => (i === 1 ? { ...r, label: '+ 指数移動平均' } : r)), notes: [] };
  const lines = tableText(odd, 100, 1000).trimEnd().split('\n').slice(1);
  const widths = lines.filter((l) => /\d$/.test(l)).map(textWidth);
  assert.equal(new Set(widths).size, 1, String(widths));
});

test('columns beyond the terminal go on below, under the same labels, and none is lost', () => {
  const { columns, rows } = gridOf(rendered);
  const text = tableText({ ...rendered, notes: [] }, 100, 70);
  const lines = text.split('\n').slice(1);
  assert.ok(
    lines.every((line) => textWidth(line) <= 70),
    text,
  );
  const parts = lines.filter((line) => line.startsWith('Row')).length;
  assert.ok(parts > 1, text);
  for (const { title } of columns.slice(1)) assert.ok(lines.some((line) => line.includes(title)), title); // prettier-ignore
  for (const { cells } of rows) {
    assert.equal(lines.filter((line) => line.startsWith(`${cells[0]} `)).length, parts, cells[0]);
    for (const cell of cells) assert.ok(text.includes(cell), cell);
  }
});

test('CSV: numbers are bare with all digits, one line per row and metric, each with every field', () => {
  const withMacro = summarise(
    { ...table, beside: ['macroF1'] },
    rowRuns.map((r) => ({ ...r, runs: r.runs.map((x) => ({ ...x, metrics: { ...x.metrics, macroF1: 0.5 } })) })),
    { draws: 100 },
  );
  const lines = tablesCsv([withMacro]).trimEnd().split('\r\n');
  assert.equal(lines.length, 1 + 6);
  const fields = (line: string): string[] => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map((m) => m[1]);
  const head = fields(lines[0]);
  for (const line of lines) assert.equal(fields(line).length, head.length, line);
  assert.equal(Number(fields(lines[3])[head.indexOf('mean')]), withMacro.rows[1].value!.mean);
  assert.equal(fields(lines[4])[head.indexOf('metric')], 'macroF1');
});
