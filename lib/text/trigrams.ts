import { collapse } from './html';
import { withoutPunctuation } from './names';

export interface TrigramOptions {
  /** Whether the last gram of a text is kept. The paper's words keep it (default); the released code's `range(len − 3)` drops it. */
  keepLast?: boolean;
}

/**
 * Character tri-grams of a text: lower case, punctuation and symbols removed, white space collapsed, then every window of three characters (code points), each
 * trimmed. A text of up to three characters is one gram; an empty text has none. Windows never trim to nothing, since blanks do not follow each other.
 *
 * Source: paper §5 and its released code, which removes ASCII punctuation only; here punctuation of any script goes, as the paper's words have it.
 */
export function trigrams(text: string, { keepLast = true }: TrigramOptions = {}): string[] {
  const characters = [...collapse(withoutPunctuation(text).toLowerCase())];
  if (characters.length === 0) return [];
  if (characters.length <= 3) return [characters.join('')];
  const grams: string[] = [];
  const end = characters.length - (keepLast ? 2 : 3);
  for (let i = 0; i < end; i++) grams.push((characters[i] + characters[i + 1] + characters[i + 2]).trim());
  return grams;
}
