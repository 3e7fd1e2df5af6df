import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunRecord } from '../experiments/record';
import { writeFileAtomic } from '../runtime/files';
import { renderBench } from './bench-tables';
import type { Drift } from './blocks';
import { fillTables } from './collect';
import type { Figure } from './figures/figure';
import { renderBlocks, renderGlance, renderGuide, renderSweeps } from './verify';
import { namedFigures } from './write';

/**
 * Renders the blocks of tables, sweeps and bench records of README.md and of every Markdown file below docs/ anew and compares, and every `docs/figures/table-….svg`
 * with the figure of that name (an empty file with the name asks for one). With `write` the files are brought up
 * to date, and only what cannot be rendered (no records) is still reported.
 */
export function verifyDocuments(root: string, records: readonly RunRecord[], write: boolean) {
  const found = { drift: [] as Drift[], blocks: 0, written: [] as string[] };
  for (const path of markdownFiles(root)) {
    const text = readFileSync(path, 'utf8');
    const name = relative(root, path);
    const render = (old: string) => {
      const tables = renderBlocks(old, name, records);
      const sweeps = renderSweeps(tables.text, name, records);
      const bench = renderBench(sweeps.text, name, root);
      const guide = renderGuide(bench.text, name);
      const glance = renderGlance(guide.text, name, records);
      const all = [tables, sweeps, bench, guide, glance];
      return {
        text: glance.text,
        drift: all.flatMap(({ drift }) => drift),
        blocks: all.reduce((n, { blocks }) => n + blocks, 0),
      };
    };
    const { text: fresh, drift, blocks } = render(text);
    found.blocks += blocks;
    if (write && fresh !== text) {
      writeFileAtomic(path, fresh);
      found.written.push(name);
      found.drift.push(...render(fresh).drift);
    } else found.drift.push(...drift);
  }
  const folder = join(root, 'docs', 'figures');
  const kept = existsSync(folder) ? readdirSync(folder).filter((name) => /^table-.*\.svg$/.test(name)) : [];
  const figures = kept.length ? namedFigures(fillTables(records)) : new Map<string, Figure>();
  for (const name of kept.sort()) {
    const where = `docs/figures/${name}`;
    const figure = figures.get(name);
    if (!figure) found.drift.push({ where, what: 'no records make a figure of this name' });
    else if (readFileSync(join(folder, name), 'utf8') !== figure.svg) {
      if (write) {
        writeFileAtomic(join(folder, name), figure.svg);
        found.written.push(where);
      } else found.drift.push({ where, what: 'differs from the figure that its records make' });
    }
  }
  return { ...found, figures: kept.length };
}

function markdownFiles(root: string): string[] {
  const docs = join(root, 'docs');
  const below = existsSync(docs)
    ? (readdirSync(docs, { recursive: true }) as string[]).map((name) => join(docs, name)).sort()
    : [];
  return [join(root, 'README.md'), ...below].filter((path) => path.endsWith('.md') && existsSync(path));
}
