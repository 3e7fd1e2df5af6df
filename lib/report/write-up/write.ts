import { join } from 'node:path';
import { projectRoot, writeFileAtomic } from '../../runtime/files';
import { tablesCsv } from '../formats/csv';
import { draftLatex, draftMarkdown } from './documents';
import type { Draft } from './draft';
import { figurePictures } from './pictures';

/** What `writeDraft` wrote: the paths, relative to the folder. */
export interface WrittenDraft {
  folder: string;
  files: string[];
  /** Whether figures were written as PNG too. */
  pictures: boolean;
}

/**
 * Writes a draft to paste from: `results.md`, `results.tex` (compiles with pdfLaTeX), `tables.csv`, and each figure as `figures/NAME.svg` and, where this machine has
 * a Chromium, `.png`. The folder is `reports/write-up` in the project unless given.
 */
export async function writeDraft(draft: Draft, folder = join(projectRoot(), 'reports', 'write-up')): Promise<WrittenDraft> {
  const figures = new Map(draft.sections.flatMap(({ figures: own }) => own.map(({ name, figure }) => [name, figure] as const)));
  const pictures = await figurePictures(figures);
  const files = new Map<string, string | Uint8Array>([
    ['results.md', draftMarkdown(draft)],
    ['results.tex', draftLatex(draft, new Set(pictures?.keys()))],
    ['tables.csv', tablesCsv(draft.sections.map(({ filled }) => filled.table))],
    ...[...figures].map(([name, { svg }]) => [`figures/${name}.svg`, svg] as const),
    ...[...(pictures ?? [])].map(([name, png]) => [`figures/${name}.png`, png] as const),
  ]);
  for (const [name, content] of files) writeFileAtomic(join(folder, name), content);
  return { folder, files: [...files.keys()], pictures: pictures !== undefined };
}
