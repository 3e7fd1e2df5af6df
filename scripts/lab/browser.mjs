/** JupyterLab, started as `npm run lab` starts it, in a headless Chromium. The end of a cell is read from the cell, never from the kernel's status: tslab says idle too early. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { root } from '../setup/paths.mjs';

/** Starts server and browser; settings and workspaces lie in `scratch`, so nothing of the user's is read or changed. */
export async function openLab({ browser, scratch }) {
  const [port, token] = [await freePort(), randomBytes(16).toString('hex')];
  const server = startServer(port, token, scratch);
  const address = `http://127.0.0.1:${port}`;
  await until('JupyterLab answers', 90, async () => {
    if (server.exitCode !== null) throw new Error(`JupyterLab ended with code ${server.exitCode}:\n${server.said()}`);
    return (await fetch(`${address}/api?token=${token}`).catch(() => undefined))?.ok;
  });
  const window = await chromium.launch({
    executablePath: browser,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  const trouble = [];
  const lab = {
    trouble,
    until: (_page, what, seconds, holds) => until(what, seconds, holds),
    /** Opens a notebook and waits until its kernel is there. */
    async notebook(path) {
      const page = await window.newPage({ viewport: { width: 1200, height: 900 } });
      page.on('pageerror', (error) => trouble.push(error.message));
      await page.goto(`${address}/lab/tree/${path}?token=${token}&reset`);
      await page.locator('.jp-NotebookPanel .jp-Cell').first().waitFor({ timeout: 90_000 });
      await until('the kernel is there', 90, () =>
        page.evaluate(() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'),
      );
      return page;
    },
    command: (page, name, { wait = true } = {}) =>
      page.evaluate(
        async ([id, all]) => {
          const done = globalThis.jupyterapp.commands.execute(id);
          if (all) await done;
        },
        [name, wait],
      ),
    /** What each cell holds: its prompt, its printed text, the plain text of its last display, how many outputs it has. */
    cells: (page) =>
      page.evaluate(() =>
        globalThis.jupyterapp.shell.currentWidget.content.widgets.map((widget) => {
          const outputs = widget.model.sharedModel.outputs ?? [];
          const joined = (name) =>
            outputs
              .filter((o) => o.output_type === 'stream' && o.name === name)
              .map((o) => [o.text].flat().join(''))
              .join('');
          const displays = outputs.filter((o) => o.output_type === 'display_data');
          const count = widget.model.executionState === 'running' ? '*' : (widget.model.executionCount ?? ' ');
          return {
            prompt: `[${count}]`,
            stream: joined('stdout'),
            stderr: joined('stderr'),
            outputs: outputs.length,
            displays: displays.length,
            plain: [displays.at(-1)?.data['text/plain'] ?? ''].flat().join(''),
          };
        }),
      ),
    showCell: async (page, index) => {
      await page.evaluate((i) => {
        const { content } = globalThis.jupyterapp.shell.currentWidget;
        content.activeCellIndex = i;
        return content.scrollToItem(i, 'center');
      }, index);
      await sleep(700);
    },
    /** Scrolls through the notebook until something that `selector` names is there; JupyterLab draws cells as they come into view. */
    async scrollFor(page, selector) {
      const many = await page.evaluate(() => globalThis.jupyterapp.shell.currentWidget.content.widgets.length);
      for (let i = 0; i < many; i++) {
        await lab.showCell(page, i);
        for (let tries = 0; tries < 5; tries++) {
          const found = page.locator(selector).first();
          if (await found.count()) {
            await found.scrollIntoViewIfNeeded();
            await sleep(500);
            if (await found.isVisible()) return true;
          }
          await sleep(200);
        }
      }
      return false;
    },
    async close() {
      await window.close();
      server.kill('SIGTERM');
      await Promise.race([server.ended, sleep(10_000)]);
      if (server.exitCode === null) server.kill('SIGKILL');
    },
  };
  return lab;
}

function startServer(port, token, scratch) {
  const own = (name) => (mkdirSync(join(scratch, name), { recursive: true }), join(scratch, name));
  const env = {
    ...process.env,
    ESCI_DATA_CACHE: own('cache'),
    JUPYTER_CONFIG_DIR: own('config'),
    JUPYTER_RUNTIME_DIR: own('runtime'),
    JUPYTERLAB_SETTINGS_DIR: own('settings'),
    JUPYTERLAB_WORKSPACES_DIR: own('workspaces'),
  };
  const main = join(root, 'lib', 'dist', 'cli', 'main.js');
  const options = [`--IdentityProvider.token=${token}`, '--LabApp.expose_app_in_browser=True'];
  const child = spawn(process.execPath, [main, 'lab', '--no-browser', '--port', String(port), '--', ...options], { env, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said = (said + bytes).slice(-4000)));
  child.said = () => said;
  child.ended = new Promise((done) => child.on('close', done));
  return child;
}

async function until(what, seconds, holds) {
  for (const end = Date.now() + 1000 * seconds; ;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await sleep(100);
  }
}

const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
