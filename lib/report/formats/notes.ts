import { escapeLatex, escapeMarkdown } from '../escape';
import { markup, type Markup } from '../markup';
import { noteParts } from '../note-text';

/** A sentence as Markdown: commands as code, everything else escaped. */
export function noteMarkdown(note: string): string {
  return noteParts(note)
    .map(({ text, code }) => (code ? `\`${text}\`` : escapeMarkdown(text)))
    .join('');
}

/** A sentence as HTML. */
export function noteHtml(note: string): Markup[] {
  return noteParts(note).map(({ text, code }) => (code ? markup`<code>${text}</code>` : markup`${text}`));
}

/** A sentence as LaTeX. Hyphens of a command are kept apart: two of them would become a dash. */
export function noteLatex(note: string): string {
  return noteParts(note)
    .map(({ text, code }) => (code ? `\\texttt{${escapeLatex(text).replace(/-/g, '{-}')}}` : escapeLatex(text)))
    .join('');
}
