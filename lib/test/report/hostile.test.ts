import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { Parser } from 'htmlparser2';
import { figureBundle, tableBundle } from '../../report/display';
import { escapeCsv, escapeHtml, escapeLatex, escapeMarkdown, scriptJson, visible } from '../../report/escape';
import { tableFigures } from '../../report/figures';
import { tablesCsv } from '../../report/formats/csv';
import { tableHtml } from '../../report/formats/html';
import { tableLatex } from '../../report/formats/latex';
import { tableMarkdown } from '../../report/formats/markdown';
import { tableText } from '../../report/formats/text';
import { reportPage } from '../../report/page/page';
import { summarise } from '../../report/summarise';
import { HOSTILE, hostileTable } from './hostile';

const { table, rowRuns } = hostileTable();
const rendered = summarise(table, rowRuns, { draws: 50 });
const figures = tableFigures(rendered, rowRuns);
// Two groups: the tables of the second are folded.
const leading = { ...rendered, scales: ['first'] };
const page = reportPage([{ table: leading, rows: [] }, { table: rendered, rows: rowRuns }], { recordHref: (id) => `../data/runs/${id}.json` }); // prettier-ignore

/** Elements and attributes of some markup, as a browser's parser sees them. */
function elements(html: string, xmlMode = false): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const parser = new Parser(
    { onopentag: (name, attributes) => found.push({ name, attributes }) },
    { xmlMode, decodeEntities: true },
  );
  parser.end(html);
  return found;
}

function assertHarmless(html: string, allowed: RegExp): void {
  for (const { name, attributes } of elements(html)) {
    assert.match(name, allowed, `element <${name}>`);
    for (const [key, value] of Object.entries(attributes)) {
      assert.doesNotMatch(key, /^on/i, `handler ${key} on <${name}>`);
      if (/^(href|src|xlink:href|action)$/.test(key)) {
        assert.match(value, /^(#|\.\.\/data\/runs\/[0-9a-f]{16}\.json$|data:image\/svg\+xml;base64,)/, `${key}=${value}`);
      }
    }
  }
}

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

test('HTML tables: hostile text makes no element, no handler, no link', () => {
  const html = tableHtml(rendered, { reasons: true }).html;
  assertHarmless(html, /^(table|caption|thead|tbody|tr|th|td|span|small|ul|li|code)$/);
  assert.doesNotMatch(html, CONTROL);
  assert.ok(html.includes('&lt;script&gt;window.hacked=1&lt;/script&gt;'), 'the text is still there to read');
});

test('the page: only its own elements, its links only to records and places on itself, and no control characters', () => {
  assertHarmless(page.replace(/<script>[\s\S]*?<\/script>\n/g, ''), /^(html|head|meta|title|style|body|a|header|h[1-4]|p|nav|ul|li|main|section|div|table|caption|thead|tbody|tr|th|td|span|small|code|details|dl|dt|dd|summary|figure|script|svg|desc|rect|line|text|circle|polygon|path|footer)$/); // prettier-ignore
  const scripts = elements(page).filter((e) => e.name === 'script');
  assert.equal(scripts.filter((s) => s.attributes.type !== 'application/json').length, 2);
  assert.equal(scripts.length, 2 + figures.length + tableFigures(leading, []).length);
  assert.doesNotMatch(page.replace(/<script>[\s\S]*?<\/script>/g, ''), CONTROL);
});

test('figures: SVG is well-formed with no foreign element, and plotly is given no tag', () => {
  for (const figure of figures) {
    const names = new Set(elements(figure.svg, true).map((e) => e.name));
    for (const name of names) assert.match(name, /^(svg|title|desc|rect|line|text|circle|polygon|path)$/);
    assert.doesNotMatch(JSON.stringify([figure.data, figure.layout]), /<(?!extra>|\/extra>)/);
  }
});

test('notebook outputs: the script holds its data as data, the same bytes every time', () => {
  for (const figure of figures) {
    const html = figureBundle(figure)['text/html'] as string;
    assert.deepEqual(
      elements(html).map((e) => e.name),
      ['div', 'div', 'img', 'script'],
    );
    assert.equal(html.match(/<\/script/gi)!.length, 1);
    assert.deepEqual(figureBundle(figure), figureBundle(structuredClone(figure)));
  }
  assertHarmless(tableBundle(rendered)['text/html'] as string, /^(table|caption|thead|tbody|tr|th|td|span|small|ul|li|code)$/);
});

test('terminal: no escape sequence, no override, no line break gets through', () => {
  const text = tableText(rendered);
  assert.doesNotMatch(text.replace(/\n/g, ''), CONTROL);
  assert.equal(visible('\u001b[31mred\u202e'), '⟨U+001B⟩[31mred⟨U+202E⟩');
  assert.equal(visible('a\tb\r\nc\ud800'), 'a b c⟨U+D800⟩');
  assert.equal(visible('日本語 ñ é 🙂'), '日本語 ñ é 🙂', 'ordinary text is left alone');
});

test('Markdown: one line a row, no HTML, no link, no bare address, code only around harmless characters', () => {
  const markdown = tableMarkdown(rendered);
  assert.doesNotMatch(markdown, /<|>/);
  assert.doesNotMatch(markdown, /(?<!\\)\]\(|:\/\/|www\.e/);
  assert.doesNotMatch(markdown.replace(/(?<!\\)`[A-Za-z0-9 .=_-]+`/g, ''), /(?<!\\)`/);
  assert.ok(
    markdown.split('\n').every((l) => !l.startsWith('|') || !/(?<!\\)`/.test(l)),
    'no code in cells',
  );
  const rows = markdown.split('\n').filter((l) => l.startsWith('|'));
  assert.equal(new Set(rows.map((l) => l.split(/(?<!\\)\|/).length)).size, 1);
  assert.equal(rows.length, rendered.rows.length + 3);
  assert.equal(escapeMarkdown('[x](javascript:1)'), '[x\\](javascript:1)');
});

test('LaTeX: every active character is written as a command', () => {
  const latex = tableLatex(rendered);
  assert.doesNotMatch(latex, /\\(input|write18|immediate|include|catcode)/);
  assert.equal(escapeLatex('\\a{b}$&#^_~%'), '\\textbackslash{}a\\{b\\}\\$\\&\\#\\textasciicircum{}\\_\\textasciitilde{}\\%');
  assert.equal(escapeLatex('日'), '{[}U+65E5{]}');
  assert.equal(escapeLatex('γ → L₁₀'), '$\\gamma$ $\\rightarrow$ L\\textsubscript{1}\\textsubscript{0}');
  assert.equal(escapeLatex('ħé'), '{[}U+0127{]}é', 'T1 fonts have no ħ');
  for (const text of HOSTILE) {
    const bare = escapeLatex(text).replace(/\\[\\{}$&#_%]|\\[a-z]+\{\}|\$\\[a-z]+\$|\{\[\}|\{\]\}|\$-\$/gi, '');
    assert.doesNotMatch(bare, /[\\{}$&#^_~%]/, text);
  }
});

test('CSV: nothing that a spreadsheet would run as a formula; numbers stay numbers', () => {
  for (const line of tablesCsv([rendered]).split('\r\n')) {
    const fields = [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map((m) => m[1].replace(/^"|"$/g, ''));
    for (const field of fields)
      if (!/^-?[\d.]+(e-?\d+)?$/.test(field)) assert.doesNotMatch(field, /^\s*[=+\-@\t\r＝＋－＠]/, field);
  }
  assert.equal(escapeCsv('=1+1'), `"'=1+1"`);
  assert.equal(escapeCsv(' @x'), `"' @x"`);
  assert.equal(escapeCsv(-0.25), '-0.25');
  assert.equal(escapeCsv('a"b,c'), '"a""b,c"');
  assert.equal(escapeCsv(NaN), '');
});

test('escapes: the worked cases', () => {
  assert.equal(escapeHtml(`<a href="x" o='y'>&`), '&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;');
  assert.equal(scriptJson({ a: '</script><!--\u2028' }), '{"a":"\\u003c/script\\u003e\\u003c!--\\u2028"}');
  assert.deepEqual(JSON.parse(scriptJson([...HOSTILE])), [...HOSTILE]);
});

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

test(
  'in a real browser nothing runs but the page’s own scripts, nothing is fetched, and the figures draw',
  { skip: chromium ? false : 'no Chromium on this machine' },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esci-page-'));
    const { chromium: browser } = await import('playwright-core');
    const window = await browser.launch({
      executablePath: chromium,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    try {
      const bundles = figures.map((f) => figureBundle(f)['text/html'] as string).join('\n');
      const pages = { report: page, notebook: `<!doctype html><meta charset="utf-8">${tableHtml(rendered).html}${bundles}` };
      for (const [name, html] of Object.entries(pages)) {
        const path = join(folder, `${name}.html`);
        writeFileSync(path, html);
        const tab = await window.newPage({ viewport: { width: 390, height: 844 } });
        const trouble: string[] = [];
        tab.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
        tab.on('pageerror', (error) => trouble.push(error.message));
        tab.on('dialog', (dialog) => (trouble.push(dialog.message()), void dialog.dismiss()));
        tab.on('request', (request) => /^(file|data):/.test(request.url()) || trouble.push(request.url()));
        await tab.goto(pathToFileURL(path).href);
        if (name === 'report') {
          await tab.evaluate('document.querySelectorAll("details").forEach((d) => (d.open = true))');
          await tab.evaluate('document.querySelector("figure:last-of-type").scrollIntoView()');
          const drawn = 'document.querySelectorAll("figure.drawn .main-svg").length >= 3';
          for (let tries = 0; tries < 100 && !(await tab.evaluate(drawn)); tries++) await tab.waitForTimeout(100);
          assert.ok(await tab.evaluate(drawn), 'figures are drawn');
        }
        if (name === 'report') {
          // A table that is folded opens where a link leads to it, and the list of tables closes.
          await tab.evaluate('document.querySelectorAll("details").forEach((d) => (d.open = false))');
          const place = await tab.getAttribute('section:has(> details.fold)', 'id');
          await tab.click('.bar summary');
          await tab.click(`.bar a[href="#${place}"]`);
          const opened = 'document.querySelector("details.fold").open && !document.querySelector(".bar details").open';
          for (let tries = 0; tries < 100 && !(await tab.evaluate(opened)); tries++) await tab.waitForTimeout(50);
          assert.ok(await tab.evaluate(opened), 'the table is unfolded');
          // A card says which metric its verdict is about; on paper tables and notes that are folded stand too.
          const verdict = 'getComputedStyle(document.querySelector("td.outcome:not(.empty)"), "::before").content';
          assert.match(await tab.evaluate<string>(verdict), /Verdict/);
          await tab.evaluate('document.querySelectorAll("details").forEach((d) => (d.open = false))');
          await tab.emulateMedia({ media: 'print' });
          const printed =
            'Array.from(document.querySelectorAll("details.printed"), (e) => getComputedStyle(e, "::details-content").contentVisibility)';
          assert.deepEqual([...new Set(await tab.evaluate<string[]>(printed))], ['visible']);
          await tab.emulateMedia({ media: 'screen' });
        }
        assert.equal(await tab.evaluate('window.hacked'), undefined, name);
        assert.deepEqual(trouble, [], name);
        assert.equal(await tab.evaluate('document.querySelectorAll("iframe, img[src=x], svg[onload]").length'), 0);
        assert.ok(
          (await tab.evaluate<number>('document.documentElement.scrollWidth')) <= (name === 'report' ? 390 : 1e9),
          'fits a phone',
        );
        await tab.close();
      }
      // The policy itself: a script that was added to the page afterwards does not run.
      const tab = await window.newPage();
      writeFileSync(
        join(folder, 'added.html'),
        page.replace('<main', '<script>window.hacked=9</script><img src="x" onerror="window.hacked=10"><main'),
      );
      await tab.goto(pathToFileURL(join(folder, 'added.html')).href);
      assert.equal(await tab.evaluate('window.hacked'), undefined, 'Content-Security-Policy');
      assert.equal(await tab.evaluate('typeof window.Plotly'), 'object', 'its own scripts run');
    } finally {
      await window.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
