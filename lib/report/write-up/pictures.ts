import { existsSync } from 'node:fs';
import type { Figure } from '../figures/figure';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Figures as PNG, twice their size in pixels, by their names. Drawn by the Chromium of this machine through playwright-core; undefined where either
 * is missing (LaTeX without it keeps its tables and leaves the pictures out).
 */
export async function figurePictures(figures: ReadonlyMap<string, Figure>): Promise<Map<string, Uint8Array> | undefined> {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  const playwright = executablePath ? await import('playwright-core').catch(() => undefined) : undefined;
  if (!playwright) return undefined;
  const browser = await playwright.chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 2, javaScriptEnabled: false });
    const pictures = new Map<string, Uint8Array>();
    for (const [name, { svg }] of figures) {
      await page.setContent(`<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block}</style>${svg}`);
      pictures.set(name, await page.locator('svg').screenshot());
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
