import { LABELS, LOCALES, type Label, type Locale } from './types';

/**
 * Text as the data sets hold it: broken surrogates become U+FFFD, a line end is `\n`, NUL and other control characters become a blank
 * (tab and line end stay), blanks, byte order marks and zero-width spaces at both ends go. Nothing else changes: HTML stays, it is stripped where text is made.
 */
export function cleanText(value: string): string {
  let text = value;
  if (ODD.test(text)) {
    text = wellFormed(text)
      .replace(/\r\n?/g, '\n')
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ' ');
  }
  return text.replace(/^[\s\u200b]+|[\s\u200b]+$/g, '');
}

const ODD = /[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]/;
const wellFormed = (text: string): string =>
  text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (match) => (match.length === 2 ? match : '\ufffd'));

/** A query as folds and samples see it: clean, NFKC, lower case, each run of blanks one space. Equal here means the same query. */
export function normalizeQuery(query: string): string {
  return cleanText(query).normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

const WORDS: Record<string, Label> = { exact: 'E', substitute: 'S', complement: 'C', irrelevant: 'I' };

/** A label given as E, S, C, I or as exact, substitute, complement, irrelevant, in any case; undefined where it is none of them. */
export function parseLabel(text: string): Label | undefined {
  const lower = text.trim().toLowerCase();
  return WORDS[lower] ?? LABELS.find((label) => label.toLowerCase() === lower);
}

/** A locale in any case; undefined where it is none of us, es, jp. */
export function parseLocale(text: string): Locale | undefined {
  const lower = text.trim().toLowerCase();
  return LOCALES.find((locale) => locale === lower);
}
