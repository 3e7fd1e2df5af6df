import type { Label } from '../data/types';

/** The four labels in words. */
export const LABEL_WORDS: Readonly<Record<Label, string>> = {
  E: 'exact',
  S: 'substitute',
  C: 'complement',
  I: 'irrelevant',
};

/** The classes that predictions distinguish, by the letter that a record keeps: with 2 classes (task 3) E holds every row that is no substitute. */
export function classWords(letter: Label, classes: number): string {
  return classes === 2 && letter === 'E' ? 'not a substitute' : LABEL_WORDS[letter];
}

/** A class as tables name it: the letter where it is a label, words where it holds several. */
export function className(letter: Label, classes: number): string {
  return classes === 2 ? `“${classWords(letter, classes)}”` : letter;
}
