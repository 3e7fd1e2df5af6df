/** A stretch of a note: words, or a command to be set as code. */
export interface NotePart {
  text: string;
  code: boolean;
}

// Between two backticks, letters, digits, blanks and . = - _ only: whatever the text's origin, that is no markup in any format.
const COMMAND = /(?<![`\\])`([A-Za-z][A-Za-z0-9 .=_-]{0,99})`(?!`)/g;

/** Splits a note into words and commands (`npm run bench`, between backticks); what could act as markup stays among the words, to be escaped. */
export function noteParts(note: string): NotePart[] {
  const pieces = note.split(COMMAND);
  return pieces.map((text, i) => ({ text, code: i % 2 === 1 })).filter(({ text }) => text !== '');
}
