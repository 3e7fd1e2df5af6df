import { createReadStream } from 'node:fs';
import zlib from 'node:zlib';
import { ensure } from '../runtime/errors';
import type { FileFacts } from './inspect';

const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;
const enum At {
  FieldStart,
  Plain,
  Quoted,
  QuoteInQuoted,
}

/** The character that most often parts the first line of a CSV file: comma, tab, semicolon or bar. */
export function delimiterOf(head: string): string {
  const line = head.split(/\r\n|\r|\n/, 1)[0].replace(/"[^"]*"/g, '');
  return [',', '\t', ';', '|'].reduce((best, d) => (line.split(d).length > line.split(best).length ? d : best));
}

/** The names in the first line of a CSV file, without blanks and quotes around them; a delimiter within quotes parts nothing. */
export function namesIn(line: string, delimiter: string): string[] {
  const names = [''];
  let quoted = false;
  for (const letter of line) {
    if (letter === '"') quoted = !quoted;
    if (letter === delimiter && !quoted) names.push('');
    else names[names.length - 1] += letter;
  }
  return names.map((name) => name.trim().replace(/^"(.*)"$/, (_, inner: string) => inner.replaceAll('""', '"')));
}

/**
 * Throws where a quoted value of a CSV file (RFC 4180) never ends: DuckDB would drop everything from there on and say nothing. Files packed with zstd are
 * not looked into (Node 20 cannot).
 */
export async function checkQuotes({ path, compression, head }: FileFacts): Promise<void> {
  if (compression === 'zstd') return;
  const delimiter = delimiterOf(head).charCodeAt(0);
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const bytes: AsyncIterable<Buffer> = compression === 'gzip' ? file.pipe(zlib.createGunzip()) : file;
  let at: At = At.FieldStart;
  let line = 1;
  let opened = 1;
  for await (const chunk of bytes)
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === LINE_FEED) line++;
      if (at === At.Quoted) {
        if (byte === QUOTE) at = At.QuoteInQuoted;
      } else if (byte === QUOTE && at !== At.Plain) {
        if (at === At.FieldStart) opened = line;
        at = At.Quoted;
      } else at = byte === delimiter || byte === LINE_FEED || byte === RETURN ? At.FieldStart : At.Plain;
    }
  ensure(at !== At.Quoted, `${path}: the quoted value that begins on line ${opened} never ends; the rows after it would be lost`);
}

/** A text as a cell of a CSV file, in quotes where it needs them. */
export const csvCell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
