import { createReadStream } from 'node:fs';
import { InputError, shown } from '../runtime/errors';

/** Numbers row after row: `width` to a row; 1 for a plain list. */
export interface NumberChunk {
  values: Float64Array;
  width: number;
}

const CHUNK = 1 << 16;
const WORD_END = new Set([0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d]);
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * Reads a JSON file of any size as a stream of numbers: a list of numbers, a list of equally long lists, or an object in which one of `names` is such a list.
 * `nameToId` turns texts into numbers (class names); `null` and `NaN` become NaN, for whoever checks values to refuse with the row's number.
 * Throws an InputError for any other shape.
 */
export async function* readJsonNumbers(
  path: string,
  names: readonly string[],
  nameToId?: (name: string) => number,
): AsyncGenerator<NumberChunk> {
  const parser = new NumberParser(path, names, nameToId);
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 22 })) {
    const text = rest.length ? Buffer.concat([rest, piece as Buffer]) : (piece as Buffer);
    rest = text.subarray(parser.read(text));
    yield* parser.ready(CHUNK);
  }
  parser.end(rest);
  yield* parser.ready(1);
}

class NumberParser {
  private values = new Float64Array(CHUNK * 2);
  private size = 0;
  private width = 0;
  private inRow = 0;
  /** '[' and '{' that are open. */
  private readonly open: number[] = [];
  /** Depth of the wanted list, 0 before it. */
  private target = 0;
  private done = false;
  private lastText = '';

  constructor(
    private readonly path: string,
    private readonly names: readonly string[],
    private readonly nameToId?: (name: string) => number,
  ) {}

  /** Reads all whole tokens and returns where the last, cut one starts. */
  read(text: Buffer): number {
    let i = 0;
    while (i < text.length) {
      const c = text[i];
      if (c === 0x22) {
        const end = stringEnd(text, i);
        if (end < 0) return i;
        this.text(text, i, end);
        i = end;
      } else if (WORD_END.has(c)) {
        if (c === 0x5b || c === 0x7b) this.enter(c);
        else if (c === 0x5d || c === 0x7d) this.leave();
        i++;
      } else {
        let end = i + 1;
        while (end < text.length && !WORD_END.has(text[end]) && text[end] !== 0x22) end++;
        if (end === text.length) return i;
        if (this.target && !this.done) this.value(parseNumber(text, i, end));
        i = end;
      }
    }
    return i;
  }

  /** What is complete, where it is `least` numbers or more. */
  *ready(least: number): Generator<NumberChunk> {
    const width = this.width || 1;
    const whole = this.size - (this.inRow > 0 ? this.inRow : 0);
    if (whole < least) return;
    yield { values: this.values.slice(0, whole), width };
    this.values.copyWithin(0, whole, this.size);
    this.size -= whole;
  }

  end(rest: Buffer): void {
    if (!this.target) this.fail(`expected a list of numbers, or an object with one named ${this.names.join(' or ')}`);
    if (this.open.length || rest.toString().trim()) this.fail('the file ends in the middle');
  }

  private enter(c: number): void {
    this.open.push(c);
    const depth = this.open.length;
    if (!this.target) {
      const named = depth === 2 && this.open[0] === 0x7b && this.names.includes(this.lastText);
      if (c === 0x5b && (depth === 1 || named)) this.target = depth;
      return;
    }
    if (this.done) return;
    if (c === 0x7b || depth > this.target + 1) this.fail('expected numbers or lists of numbers');
    if (this.width === 0 && this.size > 0) this.fail('numbers and lists are mixed');
    this.inRow = 0;
  }

  private leave(): void {
    const depth = this.open.length;
    this.open.pop();
    if (!this.target || this.done) return;
    if (depth === this.target) this.done = true;
    else {
      if (this.width === 0) this.width = this.inRow;
      if (this.inRow !== this.width || this.inRow === 0)
        this.fail(`every row must be as long as the first, ${this.width}; got one of ${this.inRow}`);
      this.inRow = 0;
    }
  }

  private text(text: Buffer, from: number, to: number): void {
    if (this.target && this.done) return;
    const word = JSON.parse(text.toString('utf8', from, to)) as string;
    if (!this.target) this.lastText = this.open.length === 1 ? word : this.lastText;
    else if (this.nameToId) this.value(this.nameToId(word));
    else this.fail(`expected numbers, got the text ${shown(word)}`);
  }

  private value(x: number): void {
    if (this.open.length > this.target) this.inRow++;
    else if (this.width > 0) this.fail('numbers and lists are mixed');
    if (this.size === this.values.length) {
      const twice = new Float64Array(this.size * 2);
      twice.set(this.values);
      this.values = twice;
    }
    this.values[this.size++] = x;
  }

  private fail(why: string): never {
    throw new InputError(`${this.path}: ${why}`);
  }
}

function stringEnd(text: Buffer, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === 0x5c) i++;
    else if (text[i] === 0x22) return i + 1;
  }
  return -1;
}

/** A JSON number, exactly rounded: up to 15 digits are one integer over one power of ten, both exact; others go the long way. */
function parseNumber(text: Buffer, from: number, to: number): number {
  let i = from;
  const negative = text[i] === 0x2d;
  if (negative) i++;
  let mantissa = 0;
  let digits = 0;
  let fraction = -1;
  for (; i < to; i++) {
    const c = text[i];
    if (c >= 0x30 && c <= 0x39) {
      mantissa = mantissa * 10 + (c - 0x30);
      if (mantissa > 0) digits++;
      if (fraction >= 0) fraction++;
    } else if (c === 0x2e && fraction < 0) fraction = 0;
    else break;
  }
  if (i === to && digits <= 15 && fraction <= 22) {
    const value = fraction > 0 ? mantissa / POWERS[fraction] : mantissa;
    return negative ? -value : value;
  }
  const word = text.toString('latin1', from, to);
  return word === 'null' ? NaN : Number(word);
}
