import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunRecord } from '../experiments/record';
import { writeFileAtomic } from '../runtime/files';
import { renderBlocks, type Drift } from './verify';

/**
 * Renders the table blocks of README.md and of every Markdown file below docs/ anew and compares. With `write` the files are brought up
 * to date, and only what cannot be rendered (no records) is still reported.
 */
export function verifyDocuments(root: string, records: readonly RunRecord[], write: boolean) {
  const found = { drift: [] as Drift[], blocks: 0, written: [] as string[] };
  for (const path of markdownFiles(root)) {
    const text = readFileSync(path, 'utf8');
    const name = relative(root, path);
    const { text: fresh, drift, blocks } = renderBlocks(text, name, records);
    found.blocks += blocks;
    if (write && fresh !== text) {
      writeFileAtomic(path, fresh);
      found.written.push(name);
      found.drift.push(...renderBlocks(fresh, name, records).drift);
    } else found.drift.push(...drift);
  }
  return found;
}

function markdownFiles(root: string): string[] {
  const docs = join(root, 'docs');
  const below = existsSync(docs)
    ? (readdirSync(docs, { recursive: true }) as string[]).map((name) => join(docs, name)).sort()
    : [];
  return [join(root, 'README.md'), ...below].filter((path) => path.endsWith('.md') && existsSync(path));
}
