import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, test } from 'node:test';
import { projectCache, projectRoot } from '../../runtime/files';
import { esci as runProgram } from '../program';
import { HOSTILE } from './hostile';

const jupyter = existsSync(join(projectRoot(), '.venv', 'bin', 'jupyter'));
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
mkdirSync(projectCache(), { recursive: true });
const folder = mkdtempSync(projectCache('hostile-test-')); // inside the project: cells import the library
after(() => rmSync(folder, { recursive: true, force: true }));

/** A catalogue whose every text is hostile. */
const catalogue = join(folder, 'catalogue.jsonl');
writeFileSync(
  catalogue,
  HOSTILE.map((text, i) =>
    JSON.stringify({
      query: `${text} query ${i}`,
      product_id: `P${i}`,
      product_locale: 'us',
      esci_label: 'ESCI'[i % 4],
      product_title: `${text} ${HOSTILE[(i + 1) % HOSTILE.length]}`,
      product_brand: text,
      product_color: HOSTILE[(i + 2) % HOSTILE.length],
    }),
  ).join('\n'),
);
const esci = (...args: string[]) => runProgram(args);

test('terminal: what a hostile catalogue holds is told without one character that acts', () => {
  const { status, stdout, stderr } = esci('data', 'describe', catalogue);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /17/);
  assert.doesNotMatch((stdout + stderr).replace(/\n/g, ''), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
});

const CELLS = [
  `import * as esci from 'esci';
import { progress } from 'esci/dist/runtime/progress';
const dataset = await esci.experiments.openDataset({ path: ${JSON.stringify(catalogue)} }, 0);
const rows = dataset.rows;
for (const row of rows) console.log(row.query, '|', row.title);`,
  `const view = esci.report.tableView(['query', rows[0].title], rows.map((row) => [row.query, row.title]));
esci.showHtml(view.html, view.text);`,
  `const examples = esci.report.pseudoQueryExamples(dataset.products, esci.notebookStart().scale.pretrain.product2query!, esci.Key.from('x'));
esci.showHtml(examples.html, examples.text);`,
  `esci.showFigure(esci.report.barsFigure([{ name: rows[0].title, values: rows.map(() => ({ value: 0.5 })) }], { title: rows.map((row) => row.title).join(' '), alt: rows.map((row) => row.title).join(' '), y: rows[3].query, categories: rows.map((row) => row.title) })!);`,
  `const bar = progress(rows.map((row) => row.title).join(' '), 2);
bar.update(1, rows.map((row) => row.query).join(' '));
bar.stop();`,
];

test(
  'a notebook over a hostile catalogue, exported and opened in a real browser: nothing runs, nothing is fetched, the figure draws',
  { skip: !jupyter ? '.venv has no Jupyter' : !chromium ? 'no Chromium on this machine' : false },
  async () => {
    const path = join(folder, 'hostile.ipynb');
    const cells = CELLS.map((source, i) => ({ cell_type: 'code', id: `c${i}`, metadata: {}, execution_count: null, outputs: [], source })); // prettier-ignore
    const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript' } };
    writeFileSync(path, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
    const { status, stderr } = esci('notebooks', path, '--scale', 'smoke', '--html', folder);
    assert.equal(status, 0, stderr);
    const page = join(folder, 'hostile.html');
    assert.ok(readFileSync(page, 'utf8').includes('window.hacked=1'), 'the text is there to read');
    const { chromium: browser } = await import('playwright-core');
    const window = await browser.launch({
      executablePath: chromium,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    try {
      const tab = await window.newPage();
      const trouble: string[] = [];
      tab.on('pageerror', (error) => trouble.push(error.message));
      tab.on('dialog', (dialog) => (trouble.push(dialog.message()), void dialog.dismiss()));
      tab.on('request', (request) => /^(file|data|blob):/.test(request.url()) || trouble.push(request.url()));
      await tab.goto(pathToFileURL(page).href, { timeout: 120_000 });
      await tab.locator('.js-plotly-plot .main-svg').first().waitFor({ timeout: 60_000 });
      assert.equal(await tab.evaluate('window.hacked'), undefined);
      const acting = 'a[href^="javascript"], .jp-OutputArea iframe, .jp-OutputArea img[src=x], .jp-OutputArea svg[onload]';
      assert.equal(await tab.locator(acting).count(), 0);
      assert.deepEqual(trouble, []);
    } finally {
      await window.close();
    }
  },
);
