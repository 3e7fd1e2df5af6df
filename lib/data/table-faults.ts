import { isUtf8 } from 'node:buffer';
import { InputError } from '../runtime/errors';
import { literal } from './duck';
import { inspectFile, textBytes, verifiedSha256, type FileFacts } from './inspect';
import { delimiterOf, namesIn } from './quotes';

const QUOTE = 34;
const HASH = 35;
const LINE_FEED = 10;
const RETURN = 13;
const DELIMITER = /[,;\t|]/;
/** Lines before the header that are passed over: comments and blank ones. */
const COMMENTS = /^((#.*)?(\r\n|\r|\n))+/;

/**
 * DuckDB's options for a CSV file that begins with `head`: all that it would guess of its form, where a guess loses rows without a word. It takes lines that
 * begin with # for comments, apostrophes for quotes, and quotes for letters where the first lines have none.
 */
export function csvOptions({ compression }: FileFacts, head: string): string {
  const comments = COMMENTS.exec(head)?.[0] ?? '';
  const skip = comments.split(/\r\n|\r|\n/).length - 1;
  const delimiter = delimiterOf(head.slice(comments.length));
  return `delim = ${literal(delimiter)}, quote = '"', comment = '', skip = ${skip}, compression = '${compression}'`;
}

/** The names in a CSV file's first line that is neither blank nor a comment, and what follows that line, as far as `head` goes. */
export function csvHeader(head: string): { names: string[]; body: string } {
  const text = head.replace(COMMENTS, '');
  const line = text.split(/[\r\n]/, 1)[0];
  return { names: namesIn(line, delimiterOf(text)), body: text.slice(line.length) };
}

/**
 * `inspectFile` for a file that DuckDB is to read as a table. A packed file is followed to its end first: of one that is cut DuckDB reads what there is
 * and says nothing.
 */
export async function checkedTable(path: string): Promise<FileFacts> {
  const facts = inspectFile(path);
  if (facts.compression !== 'none') await verifiedSha256(facts);
  return facts;
}

/**
 * Throws where DuckDB took a CSV file's lines for what they are not, and names the line: one with a field too many or too few makes it guess another
 * delimiter or begin further down. That shows in a delimiter within a column's name or, where a column is `missing`, in a number of columns that is not the
 * first line's.
 */
export async function refuseMisread(facts: FileFacts, columns: readonly string[], missing = false): Promise<void> {
  if (facts.format !== 'csv') return;
  const { names } = csvHeader(facts.head);
  const fewer = missing ? columns.length !== names.length : columns.length === 1 && names.length > 1;
  if (!fewer && !columns.some((name) => DELIMITER.test(name))) return;
  const fault = await textFault(facts);
  if (fault) throw new InputError(fault);
}

/** DuckDB's complaint about a file as a user's mistake: one line that names what is wrong with the file, where that is found, else what DuckDB said. */
export async function unreadable(path: string, error: unknown): Promise<InputError> {
  if (error instanceof InputError) return error;
  return new InputError((await textFault(inspectFile(path))) ?? `${path} cannot be read: ${complaint((error as Error).message)}`);
}

/** The first line of DuckDB's message; of one about a CSV line its number and the reason. */
function complaint(message: string): string {
  const csv = /CSV Error on Line: (\d+)\n(?:Original Line: .*\n)?(.*)/.exec(message);
  return csv ? `line ${csv[1]}: ${csv[2]}` : message.split('\n')[0];
}

/**
 * The first thing wrong with the text of a table: a line that is not UTF-8, a CSV line with another number of fields than the first, a quoted value that
 * never ends. Undefined where none is found; zstd files are not looked into (Node 20 cannot).
 */
export async function textFault(facts: FileFacts): Promise<string | undefined> {
  const { path, format, compression } = facts;
  if (compression === 'zstd' || (format !== 'csv' && format !== 'json-lines')) return undefined;
  const line = await foreignLine(facts);
  if (line) return `${path}, line ${line}: is not UTF-8, save the file as UTF-8 text`;
  return format === 'csv' ? unevenLine(facts) : undefined;
}

/** Number of the first line, from 1, that is not UTF-8. */
async function foreignLine(facts: FileFacts): Promise<number | undefined> {
  let line = 1;
  let begun: Buffer[] = [];
  for await (const chunk of textBytes(facts)) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      if (!isUtf8(Buffer.concat([...begun, chunk.subarray(from, end)]))) return line;
      begun = [];
      from = end + 1;
      line++;
    }
    begun.push(chunk.subarray(from));
  }
  return isUtf8(Buffer.concat(begun)) ? undefined : line;
}

/** What is wrong with the first CSV line that has not as many fields as the header. An empty field more at the end is let be, as DuckDB does. */
async function unevenLine(facts: FileFacts): Promise<string | undefined> {
  let expected = 0;
  for await (const { line, fields, kind } of records(facts)) {
    if (kind === 'open') return `${facts.path}: the quoted value that begins on line ${line} never ends`;
    if (!expected) expected = kind === 'comment' || kind === 'blank' ? 0 : fields;
    else if (fields !== expected && kind !== 'blank' && !(kind === 'trailing' && fields === expected + 1))
      return `${facts.path}, line ${line}: ${fields} field${fields === 1 ? '' : 's'}, expected ${expected}`;
  }
  return undefined;
}

/** A record of a CSV file and the line it begins on. A trailing one ends with an empty field; an open one is a quoted value that never ends. */
interface CsvRecord {
  line: number;
  fields: number;
  kind: 'blank' | 'comment' | 'trailing' | 'plain' | 'open';
}

/** The records of a CSV file (RFC 4180), parted by the delimiter of its header. */
async function* records(facts: FileFacts): AsyncGenerator<CsvRecord> {
  const delimiter = delimiterOf(facts.head.replace(COMMENTS, '')).charCodeAt(0);
  let [line, fields, opened, previous, mark] = [1, 1, 1, 0, facts.bom ? 3 : 0];
  let [fieldStart, quoted, closed, comment] = [true, false, false, false];
  let begun = line;
  const record = (): CsvRecord => {
    const kind = comment ? 'comment' : !fieldStart ? 'plain' : fields === 1 ? 'blank' : 'trailing';
    return { line: begun, fields, kind };
  };
  for await (const chunk of textBytes(facts))
    for (const byte of chunk) {
      if (mark && mark--) continue;
      const secondHalf = byte === LINE_FEED && previous === RETURN;
      previous = byte;
      if (secondHalf) continue;
      const ends = byte === LINE_FEED || byte === RETURN;
      if (ends) line++;
      if (quoted) {
        quoted = byte !== QUOTE;
        closed = !quoted;
      } else if (byte === QUOTE && (fieldStart || closed)) {
        if (fieldStart) opened = line;
        quoted = true;
        fieldStart = false;
      } else if (ends) {
        yield record();
        begun = line;
        fields = 1;
        fieldStart = true;
        closed = comment = false;
      } else {
        if (fields === 1 && fieldStart) comment = byte === HASH;
        if (byte === delimiter) fields++;
        fieldStart = byte === delimiter;
        closed = false;
      }
    }
  if (quoted) yield { line: opened, fields, kind: 'open' };
  else yield record();
}
