import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { escapeLatex } from '../../report/escape';
import { latexDocument, tableLatex } from '../../report/formats/latex';
import { layOut } from '../../report/formats/latex-layout';
import { draftLatex } from '../../report/write-up/documents';
import { resultSentences } from '../../report/write-up/sentences';
import { committedTables } from './committed';

const filled = committedTables();
const latex = spawnSync('pdflatex', ['--version']).status === 0;

/** Compiles twice, so that references are known, and gives the log with its lines joined again. */
function compile(document: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'esci-latex-'));
  try {
    writeFileSync(join(folder, 'a.tex'), document);
    for (const _ of [1, 2]) {
      const run = spawnSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', '-no-shell-escape', 'a.tex'], { cwd: folder, encoding: 'utf8' }); // prettier-ignore
      assert.equal(run.status, 0, run.stdout.slice(-2000));
    }
    return readFileSync(join(folder, 'a.log'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('no character of a committed table or its notes is without a command in LaTeX', () => {
  for (const { table } of filled) assert.doesNotMatch(tableLatex(table), /U\+[0-9A-F]{4}/, table.title);
});

test('every letter and sign that is not written as its number has a glyph', { skip: latex ? false : 'no pdflatex here' }, () => {
  const all = Array.from({ length: 0x2200 - 0xa1 }, (_, i) => escapeLatex(String.fromCodePoint(0xa1 + i))).filter(
    (c) => !c.includes('U+'),
  );
  assert.ok(all.length > 250, `${all.length} characters`);
  const log = compile(
    `\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{textcomp}\\begin{document}${all.join(' ')}\\end{document}`,
  );
  assert.doesNotMatch(log, /Missing character|Unicode character|undefined/);
});

function assertFits(log: string): void {
  assert.doesNotMatch(log, /Float too large|multiply defined|undefined references|Too many unprocessed/);
  const wide = [...log.matchAll(/Overfull \\[hv]box \(([\d.]+)pt.*/g)].filter(([, points]) => Number(points) > 3);
  assert.deepEqual(wide.map(([line]) => line), []); // prettier-ignore
}

test(
  'every committed table fits a page of the article class, each with a label of its own',
  { skip: latex ? false : 'no pdflatex here' },
  () => {
    assert.ok(filled.length >= 10);
    assertFits(compile(latexDocument(filled.map(({ table }) => table))));
  },
);

test('the exported draft of all of them fits too', { skip: latex ? false : 'no pdflatex here' }, () => {
  const sections = filled.map((own) => ({
    id: own.table.id,
    heading: `${own.table.title}: scale ${own.scale}, ${own.data}`,
    sentences: resultSentences(own.table),
    filled: own,
    figures: [],
  }));
  assertFits(compile(draftLatex({ setting: [], sections, absent: [], conclusions: { can: ['One.'], cannot: ['Two.'] } }, new Set()))); // prettier-ignore
});

test('captions say scale and data, labels name table, scale and data, and no letters are smaller than \\scriptsize', () => {
  const labels = new Set<string>();
  for (const { table, scale, data } of filled) {
    const text = tableLatex(table);
    assert.ok(text.includes(`\\label{tab:${table.id}-${scale}-${data}}`), table.title);
    for (const [, caption, label] of text.matchAll(/\\caption\{(.*)\}\\label\{(.*?)\}/g)) {
      assert.ok(caption.includes(`scale ${scale}, ${data}`), caption);
      assert.ok(!labels.has(label), label);
      labels.add(label);
    }
    assert.doesNotMatch(text, /\\resizebox|\\tiny|\\begin\{table\}[^]*Notes to Table[^]*\\end\{table\}/);
  }
});

test('a column of dashes is dropped, what is too wide goes on below with the same rows, and figures keep their room (by hand)', () => {
  const right = (title: string) => ({ title, align: 'right' as const });
  const wide = Array.from({ length: 12 }, (_, i) => right(`m${i}`));
  const grid = {
    columns: [{ title: 'Row', align: 'left' as const }, right('Empty'), ...wide],
    rows: ['a', 'b'].map((label) => ({ cells: [label, '–', ...wide.map(() => '75.08 ± 0.12')] })),
  };
  const parts = layOut(grid);
  assert.deepEqual(parts.map((p) => p.heads.length - 1), [6, 6]); // prettier-ignore
  assert.ok(!parts.some((p) => p.heads.flat().includes('Empty')));
  for (const { rows } of parts) assert.deepEqual(rows.map(([first]) => first), [['a'], ['b']]); // prettier-ignore
  const stacked = layOut({ columns: [grid.columns[0], ...wide.slice(0, 4)], rows: [{ cells: ['a', ...wide.slice(0, 4).map(() => '+0.1809 [+0.1239, +0.2388]')] }] }); // prettier-ignore
  assert.deepEqual([stacked.length, stacked[0].rows[0][1]], [1, ['+0.1809', '[+0.1239, +0.2388]']]);
});

test('a table in the text that a page with floats may have no room for can break, a low one stays whole, and only what is higher than a page is no float (by hand)', () => {
  const grid = (rows: number) => ({
    columns: [
      { title: 'Row', align: 'left' as const },
      { title: 'AUC', align: 'right' as const },
    ],
    rows: Array.from({ length: rows }, (_, i) => ({ cells: [`r${i}`, '75.08'] })),
  });
  const shape = (rows: number) => layOut(grid(rows)).map(({ breaks, long }) => [breaks, long]);
  assert.deepEqual([shape(4), shape(12), shape(60)], [[[false, false]], [[true, false]], [[true, true]]]);
});
