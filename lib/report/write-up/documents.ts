import { escapeLatex, escapeMarkdown } from '../escape';
import { latexDocument, tableLatex } from '../formats/latex';
import { tableMarkdown } from '../formats/markdown';
import { noteLatex, noteMarkdown } from '../formats/notes';
import type { Draft, NamedFigure, Section } from './draft';

/** The parts of a draft that are words only, in the order of a results section. */
const CLOSING = { can: 'What can be concluded at this scale', cannot: 'What cannot be concluded at this scale' } as const;

/** A section's sentences as one paragraph of Markdown. */
export const paragraph = (sentences: readonly string[]): string => sentences.map(noteMarkdown).join(' ');

/** Sentences as a Markdown list. */
export const bullets = (sentences: readonly string[]): string => sentences.map((s) => `- ${noteMarkdown(s)}\n`).join('');

/** The draft as Markdown; figures are linked as `figures/NAME.svg`. */
export function draftMarkdown(draft: Draft): string {
  const section = (s: Section): string =>
    `## ${escapeMarkdown(s.heading)}\n\n${paragraph(s.sentences)}\n\n${tableMarkdown(s.filled.table)}\n` +
    s.figures.map(({ name, figure }) => `![${escapeMarkdown(figure.title)}](figures/${name}.svg)\n\n`).join('');
  return [
    `# Results (draft)\n\n${paragraph(draft.setting)}\n\n`,
    ...draft.sections.map(section),
    ...(draft.absent.length ? [`## Not here\n\n${bullets(draft.absent)}\n`] : []),
    ...(['can', 'cannot'] as const).map((kind) => `## ${CLOSING[kind]}\n\n${bullets(draft.conclusions[kind])}\n`),
  ].join('');
}

/** The draft as a LaTeX document that pdfLaTeX compiles; `pictures` says which figures have a PNG in `figures/`. */
export function draftLatex(draft: Draft, pictures: ReadonlySet<string>): string {
  const list = (sentences: readonly string[]): string =>
    `\\begin{itemize}\n${sentences.map((s) => `\\item ${noteLatex(s)}\n`).join('')}\\end{itemize}\n`;
  const picture = ({ name, figure }: NamedFigure): string =>
    pictures.has(name)
      ? `\\begin{figure}[htbp]\n\\centering\\includegraphics[width=\\linewidth,height=0.8\\textheight,keepaspectratio]{figures/${name}.png}\n\\caption{${escapeLatex(figure.title)}}\n\\end{figure}\n`
      : '';
  const section = (s: Section): string =>
    `\\subsection{${escapeLatex(s.heading)}}\n${s.sentences.map(noteLatex).join(' ')}\n\n${tableLatex(s.filled.table)}${s.figures.map(picture).join('')}\\clearpage\n`;
  return latexDocument([
    `\\section{Results}\n${draft.setting.map(noteLatex).join(' ')}\n\n`,
    ...draft.sections.map(section),
    ...(draft.absent.length ? [`\\subsection{Not here}\n${list(draft.absent)}`] : []),
    ...(['can', 'cannot'] as const).map((kind) => `\\subsection{${CLOSING[kind]}}\n${list(draft.conclusions[kind])}`),
  ]);
}
