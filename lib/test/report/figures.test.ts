import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from 'htmlparser2';
import { figureBundle, showFigure, showTable } from '../../report/display';
import { classPanels, leadingForest, tableFigures } from '../../report/figures';
import { barsFigure } from '../../report/figures/bars';
import { curveFigure } from '../../report/figures/curves';
import { forestFigure } from '../../report/figures/forest';
import { linesFigure } from '../../report/figures/lines';
import { noiseCurve } from '../../report/figures/noise';
import { approximateWidth, scale, shortened, ticks, tickText } from '../../report/figures/svg';
import { besideView } from '../../report/beside-view';
import { signed } from '../../report/numbers';
import { summarise } from '../../report/summarise';
import { committedTables } from './committed';
import { simulatePredictions, simulateTable } from './simulate';

const { table, rowRuns } = simulateTable({ seeds: 3, queries: 61, noise: 0.1 }, [
  { id: 'ema', effect: 0.05, paperChange: 0.0011 },
  { id: 'fgm', effect: 0, paperChange: 0 },
]);
const rendered = summarise(table, rowRuns, { draws: 200 });
const figures = tableFigures(rendered, rowRuns);

interface Trace {
  x: number[];
  y: number[];
  error_x?: { array: number[]; arrayminus: number[] };
}

test('ticks and scale: arithmetic by hand', () => {
  assert.deepEqual(ticks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(-0.31, 0.42, 7), [-0.2, 0, 0.2, 0.4]);
  assert.equal(tickText(-0.2, [-0.2, 0]), '−0.2');
  assert.equal(tickText(20, [0, 20]), '20');
  assert.equal(scale([10, 30], [100, 200])(15), 125);
});

test('the forest plot draws each change, both ends of its interval and the paper’s change, in points, live and still alike', () => {
  const [forest] = figures;
  const [ours, paper] = forest.data as Trace[];
  const changes = rendered.rows.flatMap((r) => (r.change ? [r.change] : []));
  changes.forEach((change, i) => {
    assert.ok(Math.abs(ours.x[i] - 100 * change.value) < 1e-9);
    assert.ok(Math.abs(ours.x[i] + ours.error_x!.array[i] - 100 * change.interval!.high) < 1e-9);
    assert.ok(Math.abs(ours.x[i] - ours.error_x!.arrayminus[i] - 100 * change.interval!.low) < 1e-9);
  });
  assert.deepEqual(paper.x.map((x) => Number(x.toFixed(6))), [0.11, 0]); // prettier-ignore
  assert.deepEqual(ours.y, [1, 0], 'the first row on top');
  const circles = [...forest.svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="5"/g)].map((m) => [Number(m[1]), Number(m[2])]);
  assert.equal(circles.length, changes.length);
  assert.equal(circles[0][0] > circles[1][0], changes[0].value > changes[1].value, 'the larger change stands to the right');
  assert.match(forest.alt, /\+ ema \(vs Base\): \+\d/);
});

test('no two texts of a forest of any committed table overlap by their estimated widths, and none leaves the picture', () => {
  const seen = committedTables().flatMap(({ table: own }) => [own, besideView(own, 'exactAuc')].flatMap((t) => (t && forestFigure(t)) ?? [])); // prettier-ignore
  assert.ok(seen.length >= 15);
  for (const { svg, title } of seen) {
    const width = Number(/viewBox="0 0 (\d+)/.exec(svg)![1]);
    const boxes = [...svg.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)"([^>]*)>([^<]*)</g)].map(([, x, y, more, words]) => {
      const content = words.replace(/&[a-z#0-9]+;/g, 'x');
      const wide = approximateWidth(content);
      const left = Number(x) - (more.includes('"middle"') ? wide / 2 : more.includes('"end"') ? wide : 0);
      return { content, left, right: left + wide, top: Number(y) - 10, bottom: Number(y) + 3 };
    });
    boxes.forEach((a, i) => {
      assert.ok(a.left >= 0 && a.right <= width, `${title}: ${a.content}`);
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        assert.ok(apart, `${title}: ${a.content} | ${b.content}`);
      }
    });
  }
});

test('what most rows are measured against is said once, below the axis, and each row has its verdict in words (by hand)', () => {
  const rows = [...rendered.rows, { ...rendered.rows[2], label: '++ both', against: '+ ema' }];
  const { svg, layout, data } = forestFigure({ ...rendered, rows })!;
  const words = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, t]) => t);
  assert.ok(words.includes('0: Base, where no other is named') && words.includes('+ fgm') && words.includes('++ both (vs + ema)'), words.join('\n')); // prettier-ignore
  const live = (layout.annotations as { text: string }[]).map(({ text }) => text);
  for (const { change, verdict } of rows.filter((row) => row.change)) {
    const line = `${signed(change!.value, 'percent')}  ${verdict.words}`;
    assert.ok(words.includes(line) && live.includes(line), line);
  }
  const names = (data as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ['ours, with interval', 'paper', 'reproduced or better', 'not certain']);
  assert.equal(shortened('abcdefgh', 40), 'abcd…');
});

test('a label names what the row is measured against where that row is not drawn above it; no whisker leaves the axis, no figure says NaN', () => {
  const [first, second, third] = rendered.rows;
  // Two of three rows against different ones: nothing is shared, so the first drawn row has nothing above it.
  const rows = [first, second, { ...third, against: second.label }];
  const drawn = [...forestFigure({ ...rendered, rows })!.svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, t]) => t);
  assert.ok(drawn.includes(`${second.label} (vs ${first.label})`) && drawn.includes(third.label), drawn.join('\n'));
  const bars = barsFigure([{ name: 'a', values: [{ value: 5, sd: 12 }, { value: 50, sd: 1 }] }], { title: 't', y: 'y', categories: ['C', 'E'], alt: '' }); // prettier-ignore
  const bottoms = [...bars!.svg.matchAll(/<rect[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g)].map(
    ([, y, h]) => Number(y) + Number(h),
  );
  const whiskers = [...bars!.svg.matchAll(/<line [^>]*y2="([\d.]+)"[^>]*stroke-width="1.2"/g)].map(([, y]) => Number(y));
  assert.ok(
    whiskers.length === 2 && Math.max(...whiskers) <= Math.max(...bottoms.filter(Number.isFinite)) + 1e-6,
    `${whiskers} ${bottoms}`,
  );
  const elsewhere = rowRuns.map((own, i) => ({ ...own, runs: own.runs.map((run) => ({ ...run, predictions: { ...run.predictions!, locale: run.predictions!.locale.replaceAll(i ? 'u' : 'j', 'e') } })) })); // prettier-ignore
  for (const { alt } of tableFigures(rendered, elsewhere)) assert.doesNotMatch(alt, /NaN/);
});

test('calibration, classes, locales and noise are drawn where predictions allow, and nothing without runs', () => {
  assert.deepEqual(
    figures.map((f) => f.title.split(': ')[1].split(' (')[0]),
    [
      'Training strategies',
      'loss during training',
      'F1 of each class',
      'micro-F1 of each locale',
      'calibration',
      'finding flipped labels',
    ],
  );
  const bars = figures[3].data as { y: number[] }[];
  const runs = rowRuns[0].runs;
  const us = runs.map(({ predictions: p }) => {
    const rows = [...p!.locale].flatMap((l, i) => (l === 'u' ? [Number(p!.given[i] === p!.predicted[i])] : []));
    return (100 * rows.reduce((a, b) => a + b, 0)) / rows.length;
  });
  assert.ok(Math.abs(bars[0].y[0] - us.reduce((a, b) => a + b, 0) / us.length) < 1e-9);
  assert.deepEqual(tableFigures(summarise(table, []), []), []);
});

test('loss curves are the mean over runs at the steps that all recorded', () => {
  const lines = figures[1].data as Trace[];
  const at = 7;
  const values = rowRuns[0].runs.map((r) => r.curves.loss[at][1]);
  assert.equal(lines[0].x[at], rowRuns[0].runs[0].curves.loss[at][0]);
  assert.ok(Math.abs(lines[0].y[at] - values.reduce((a, b) => a + b) / values.length) < 1e-12);
});

test('finding noise: a perfect order has precision 1 up to full recall; the injected noise is found better than by chance', () => {
  const noisy = simulatePredictions({ seeds: 1, queries: 97, noise: 0.12 }, 0.95, 3, 0, 'base');
  const oracle = { ...noisy, probabilities: perfect(noisy.truth!) };
  const best = noiseCurve([oracle], 'margin')!;
  for (const [recall, precision] of best.points) if (recall < 1) assert.equal(precision, 1);
  const found = noiseCurve([noisy], 'margin')!;
  assert.ok(found.atPaper.precision > 3 * found.noise, `${found.atPaper.precision} against ${found.noise}`);
  const flipped = [...noisy.given].filter((g, i) => g !== noisy.truth![i]).length;
  assert.equal(found.noise, flipped / noisy.given.length);
  assert.equal(noiseCurve([{ ...noisy, truth: undefined }], 'margin'), undefined);
});

function perfect(truth: string): string {
  const p = new Uint16Array(truth.length * 4);
  [...truth].forEach((letter, i) => (p[i * 4 + 'ESCI'.indexOf(letter)] = 65535));
  return Buffer.from(p.buffer).toString('base64');
}

test('every figure is well-formed SVG with a title and a description, inside its own frame', () => {
  for (const { svg, alt, title } of figures) {
    const open: string[] = [];
    const parser = new Parser(
      {
        onopentagname: (name) => open.push(name),
        onclosetag: (name, implied) => {
          assert.equal(implied, false, `${name} left open`);
          assert.equal(open.pop(), name);
        },
      },
      { xmlMode: true, recognizeSelfClosing: true },
    );
    parser.end(svg.replace(/<([a-z]+)([^<>]*)\/>/g, '<$1$2></$1>'));
    assert.deepEqual(open, []);
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number);
    for (const [, x, y] of svg.matchAll(/ cx="([-\d.]+)" cy="([-\d.]+)"/g)) {
      assert.ok(Number(x) >= 0 && Number(x) <= width && Number(y) >= 0 && Number(y) <= height, `${title}: point at ${x}, ${y}`);
    }
    assert.ok(!/NaN|Infinity|undefined/.test(svg), title);
    assert.ok(alt.length > 20 && !alt.includes('NaN'));
  }
});

test('equal records give equal figures, ids included; other records give other ids', () => {
  const again = tableFigures(summarise(table, rowRuns, { draws: 200 }), rowRuns);
  assert.deepEqual(again, figures);
  assert.equal(new Set(figures.map((f) => f.id)).size, figures.length);
});

test('a notebook output holds the live figure, the picture and the words', () => {
  const bundle = figureBundle(figures[0]);
  assert.deepEqual(Object.keys(bundle), ['application/vnd.plotly.v1+json', 'text/html', 'image/svg+xml', 'text/plain']);
  const encoded = /base64,([A-Za-z0-9+/=]+)"/.exec(bundle['text/html'] as string)![1];
  assert.equal(Buffer.from(encoded, 'base64').toString(), figures[0].svg);
});

test('outside a notebook, showFigure and showTable print words', (t) => {
  const written: string[] = [];
  t.mock.method(process.stdout, 'write', (text: string) => (written.push(text), true));
  showFigure(figures[0]);
  showTable(rendered);
  t.mock.restoreAll();
  assert.ok(written.some((text) => text.includes(figures[0].alt)));
  assert.ok(written.some((text) => text.includes('Base') && text.includes('─')));
});

test('lines are told apart without colour, live and still, and the legend shows how (by hand)', () => {
  const names = Array.from({ length: 8 }, (_, i) => `line ${i}`);
  const { data, svg } = linesFigure(names.map((name) => ({ name, points: [[0, 1], [1, 2]] })), { title: 't', alt: '', x: 'x', y: 'y' })!; // prettier-ignore
  const live = (data as { line: { dash: string } }[]).map(({ line }) => line.dash);
  assert.deepEqual([live[0], new Set(live).size], ['solid', 8]);
  const still = [...svg.matchAll(/<path[^>]*>/g)].map(([path]) => /stroke-dasharray="([\d ]+)"/.exec(path)?.[1]);
  assert.deepEqual(still, live.map((dash) => (dash === 'solid' ? undefined : dash.replace(/px/g, '').replace(/,/g, ' ')))); // prettier-ignore
  const key = [...svg.matchAll(/<line [^>]*stroke-width="2.5"[^>]*>/g)].map(
    ([line]) => /stroke-dasharray="([\d ]+)"/.exec(line)?.[1],
  );
  assert.deepEqual(key, still);
});

test('rows whose curves are the same are one line, and the legend says so (by hand)', () => {
  const same = (label: string, end: number) => ({ ...rowRuns[0], row: { ...rowRuns[0].row, label }, runs: rowRuns[0].runs.map((run) => ({ ...run, curves: { loss: [[1, 3], [2, end]] as [number, number][] } })) }); // prettier-ignore
  const names = (rows: ReturnType<typeof same>[]) => (curveFigure(rows, 'loss', 'Table 5')!.data as { name: string }[]).map(({ name }) => name); // prettier-ignore
  assert.deepEqual(names([same('a', 2), same('b', 2), same('c', 2)]), ['the same for all 3 rows']);
  assert.deepEqual(names([same('a', 2), same('b', 1), same('c', 2)]), ['a = c', 'b']);
  assert.deepEqual(names([same('a', 2)]), ['a']);
});

test('of many rows those of the paper are drawn, each with the row it is measured against; uneven runs stand in the legend (by hand)', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({
    ...rowRuns[0],
    row: { ...rowRuns[0].row, id: `r${i}`, label: `row ${i}`, against: i ? `r${i === 8 ? 7 : 0}` : undefined, paper: undefined },
    runs: rowRuns[0].runs.slice(0, i > 6 ? 2 : 3),
  }));
  const paper = { value: 0.75, change: 0.001, source: 'x' };
  const rows = many.map((one, i) => ({ ...one, row: { ...one.row, paper: [2, 8].includes(i) ? paper : undefined } }));
  const [byClass] = classPanels(rows, 'T');
  const drawn = (byClass.data as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(drawn, ['row 0 (3 runs)', 'row 2 (3 runs)', 'row 7 (2 runs)', 'row 8 (2 runs)']);
  assert.match(byClass.svg, /F1 ×100, mean ± sd over runs/);
});

test('one figure of a table is of AUC where that leads, of its own metric where rows are of several tasks (by hand)', () => {
  const rows = rendered.rows.map((row) => ({ ...row, besideChanges: row.change && { exactAuc: row.change } }));
  assert.match(leadingForest({ ...rendered, rows })!.title, /: change of AUC of exact ×100$/);
  assert.match(leadingForest({ ...rendered, rows, metric: 'taskMetric' })!.title, /: change of nDCG \(task 1\)/);
  assert.match(leadingForest(rendered)!.title, /: change of micro-F1 ×100$/);
});

test('the axis of a forest says how sure its intervals are', () => {
  assert.match(figures[0].svg, />change of micro-F1 ×100, with 95 % intervals</);
});

test('a curve of pre-training is called by its metric and by when it was recorded', () => {
  const runs = rowRuns.map((own) => ({ ...own, runs: own.runs.map((run) => ({ ...run, curves: { 'pretrain.mlmLoss': [[1, 3], [2, 2]] as [number, number][] } })) })); // prettier-ignore
  const { title, layout } = curveFigure(runs, 'pretrain.mlmLoss', 'Table 5')!;
  assert.equal(title, 'Table 5: MLM loss during pre-training');
  assert.equal((layout.yaxis as { title: { text: string } }).title.text, 'MLM loss');
});

test('the two lines above a row of a live forest plot do not cover one another', () => {
  const shifts = (figures[0].layout.annotations as { yshift: number; y: number; font: { size: number } }[]).slice(0, 2);
  assert.ok(shifts[0].y === shifts[1].y && shifts[0].yshift - shifts[1].yshift >= 1.4 * shifts[0].font.size);
});
