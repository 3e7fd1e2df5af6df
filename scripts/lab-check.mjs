/**
 * Opens JupyterLab in a real browser and does what a person does: opens a committed notebook (which the server does not trust), sees its figures;
 * opens another, restarts the kernel and runs all; presses the stop button while a model trains. Screenshots go to reports/lab.
 *   node scripts/lab-check.mjs [--out FOLDER] [--browser PATH]
 * Exit code 0: all as it should be; 1: not; 77: no Chromium here, or no JupyterLab in .venv.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { openLab } from './lab/browser.mjs';
import { workNotebook, untrustedNotebook } from './lab/notebooks.mjs';
import { inVenv, root } from './setup/paths.mjs';

const text = { type: 'string' };
const { values: asked } = parseArgs({ options: { out: text, browser: text } });
const browsers = [asked.browser, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = browsers.find((path) => path && existsSync(path));
const out = asked.out ?? join(root, 'reports', 'lab');
if (!browser || !existsSync(inVenv('jupyter'))) {
  process.stdout.write(`not checked: ${browser ? 'no JupyterLab in .venv' : 'no Chromium on this machine'}\n`);
  process.exit(77);
}
mkdirSync(out, { recursive: true });
mkdirSync(join(root, 'data', 'cache'), { recursive: true });
const scratch = mkdtempSync(join(root, 'data', 'cache', 'lab-check-')); // inside the project: cells import the library
let failures = 0;
function expect(what, holds, seen = '') {
  process.stdout.write(`${holds ? 'yes' : 'NO '}  ${what}${holds ? '' : `: ${seen}`}\n`);
  failures += holds ? 0 : 1;
}

const lab = await openLab({ browser, scratch });
try {
  await untrusted();
  await work();
  for (const line of lab.trouble) expect('no error in the page', false, line);
} finally {
  await lab.close();
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failures ? 1 : 0;

/** A notebook as it is committed, opened and not run: figures drawn by JupyterLab's own renderer, no trust needed. */
async function untrusted() {
  const page = await lab.notebook(relative(root, untrustedNotebook(scratch)));
  const figures = await page.evaluate(() => document.querySelectorAll('.jp-OutputArea-output').length);
  expect('an untrusted notebook shows its outputs', figures > 0, `${figures} outputs`);
  const live = await lab.scrollFor(page, '.jp-RenderedPlotly .main-svg, .jp-OutputArea-output .js-plotly-plot .main-svg');
  expect('its figure is drawn', live, 'no plotly figure');
  await page.screenshot({ path: join(out, 'untrusted.png') });
  await page.close();
}

/** Restart and run all; the stop button in the cell that trains; the cells after it still run. */
async function work() {
  const page = await lab.notebook(relative(root, workNotebook(scratch)));
  await lab.command(page, 'notebook:restart-run-all', { wait: false });
  await page.locator('.jp-Dialog .jp-mod-accept').click();
  const training = 3;
  await lab.until(page, `cell ${training + 1} trains`, 240, async () =>
    /\/100000 loss/.test((await lab.cells(page))[training].plain),
  );
  let cells = await lab.cells(page);
  const lines = cells[0].stream.trimEnd().split('\n');
  expect('20,000 printed lines all arrive, in order', lines.length === 20000 && lines.every((line, i) => line === `line ${i}`), `${lines.length} lines, last ${lines.at(-1)}`); // prettier-ignore
  expect('the cell that printed them has ended', /^\[\d+\]:?$/.test(cells[0].prompt), cells[0].prompt);
  expect('progress is one output, at its last state', cells[1].outputs === 1 && cells[1].plain.includes('40/40'), `${cells[1].outputs} outputs: ${cells[1].plain}`); // prettier-ignore
  expect('a figure is drawn in a cell that ran', await lab.scrollFor(page, '.jp-Cell .main-svg'), 'none');
  await page.screenshot({ path: join(out, 'ran.png') });
  await lab.showCell(page, training);
  expect('the training cell is marked as running', cells[training].prompt.includes('*'), cells[training].prompt);
  await page.screenshot({ path: join(out, 'training.png') });
  const before = cells[training].plain;
  await page.locator('button[data-command="notebook:interrupt-kernel"], [data-command="notebook:interrupt-kernel"] button').first().click(); // prettier-ignore
  await lab.until(page, 'all cells end', 120, async () => (await lab.cells(page)).every((c) => !/\*|\[ \]/.test(c.prompt)));
  cells = await lab.cells(page);
  expect('the stop button ends the training cell well', cells[training].stream.includes('stopped: true') && !cells[training].stderr, `${cells[training].stream}${cells[training].stderr}`); // prettier-ignore
  expect(
    'the progress of the training stood in one place',
    cells[training].displays === 1,
    `${cells[training].displays} displays`,
  );
  expect('the cell after it ran', cells[training + 1].stream === 'after the stop: 2\n', cells[training + 1].stream);
  process.stdout.write(`     (stopped at ${before.trim()})\n`);
  await lab.showCell(page, training + 1);
  await page.screenshot({ path: join(out, 'stopped.png') });
  await lab.command(page, 'docmanager:save');
  await page.close();
}
