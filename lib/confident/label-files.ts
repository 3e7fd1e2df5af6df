import { inspectFile } from '../data/inspect';
import { parseLabel } from '../data/normalize';
import { LABELS } from '../data/types';
import { ensure, InputError, shown } from '../runtime/errors';
import { LABEL_NAMES, namesOf, probabilityColumns } from './class-columns';
import { readJsonNumbers, type NumberChunk } from './json-numbers';
import type { Block } from './inputs';
import { readTableNumbers, type Column } from './table-numbers';

/** Where labels and probabilities lie. */
export interface LabelFiles {
  labels: string;
  probs: string;
  /** Class names, where labels are texts; without them E, S, C, I are known, also as words. They are in the order of the probabilities, unless columns bear these names. */
  classNames?: readonly string[];
  labelColumn?: string;
  probColumns?: readonly string[];
}

/** How many classes there are, and their names where they were given or labels are E, S, C, I. */
export interface Classes {
  K: number;
  classNames?: readonly string[];
}

const PROB_NAMES = ['pred_probs', 'probs', 'probabilities'];

/**
 * Labels and probabilities from files, block by block and in bounded memory: JSON, CSV, TSV, JSON lines or parquet, each in its own format.
 * Every call reads the files again. Throws an InputError where a file, a column or a length does not fit.
 */
export async function* readLabelBlocks(files: LabelFiles): AsyncGenerator<Block & Classes> {
  for (const path of [files.labels, files.probs]) inspectFile(path);
  // The first labels are read before the first probabilities, whose columns depend on what labels are.
  const seen = { names: false };
  const labels = new Rows(readLabels(files, seen));
  const probs = new Rows(readProbs(files, seen));
  let row = 0;
  for (;;) {
    await labels.fill();
    await probs.fill();
    const n = Math.min(labels.rows, probs.rows);
    if (n === 0) break;
    ensure(labels.width === 1, `${files.labels}: labels must be one number each, got rows of ${labels.width}`);
    const K = probs.width;
    ensure(
      K >= 2,
      `${files.probs}: probabilities must be rows of one number for each class, got single numbers${files.classNames ? '' : '; a flat list needs --classes'}`,
    );
    ensure(
      !files.classNames || files.classNames.length === K,
      `${files.probs}: got ${K} probabilities a row, expected one for each of ${files.classNames?.length} classes`,
    );
    const classNames = files.classNames ?? (seen.names ? LABELS.slice(0, K) : undefined);
    yield { labels: labels.take(n), probs: probs.take(n), K, ...(classNames ? { classNames } : {}) };
    row += n;
  }
  const [a, b] = [row + (await labels.countRest()), row + (await probs.countRest())];
  ensure(
    a === b,
    `labels and probs must describe the same rows: got ${a} labels in ${files.labels} and ${b} rows in ${files.probs}${Math.abs(a - b) === 1 ? '; is the first line of one of them a header of numbers, or no header?' : ''}`,
  );
  ensure(row > 0, `${files.labels}: no labels`);
}

/** All blocks of the files in memory. // labels [N], probs [N, K] */
export async function readLabelArrays(files: LabelFiles): Promise<{ labels: Float64Array; probs: Float64Array } & Classes> {
  const labels = new Growing();
  const probs = new Growing();
  let classes: Classes = { K: 0 };
  for await (const { labels: own, probs: of, ...found } of readLabelBlocks(files)) {
    labels.add(own as Float64Array);
    probs.add(of as Float64Array);
    classes = found;
  }
  return { labels: labels.all(), probs: probs.all(), ...classes };
}

/** Labels as class ids; `seen.names` becomes true where one is the name of a class. */
function readLabels({ labels, classNames, labelColumn }: LabelFiles, seen: { names: boolean }): AsyncGenerator<NumberChunk> {
  const nameToId = (name: string): number => {
    const index = classNames ? classNames.indexOf(name) : LABELS.findIndex((label) => label === parseLabel(name));
    seen.names ||= index >= 0;
    if (index >= 0) return index;
    const id = Number(name.trim() || NaN);
    if (Number.isFinite(id)) return id;
    throw new InputError(
      `${labels}: label ${shown(name)} is not a number${classNames ? ` nor one of the classes ${classNames.join(', ')}` : '; name the classes in the order of the probabilities with --classes'}`,
    );
  };
  const read = (toId: (name: string) => number): AsyncGenerator<NumberChunk> =>
    isJson(labels)
      ? readJsonNumbers(labels, labelColumn ? [labelColumn] : LABEL_NAMES, toId)
      : readTableNumbers(labels, (columns) => [pickLabel(labels, columns, labelColumn)], toId);
  return classNames?.some(isNumber) ? byNumericNames(labels, classNames, read) : read(nameToId);
}

const isNumber = (name: string): boolean => Number.isFinite(Number(name.trim() || NaN));

/**
 * Labels where a class is called by a number: every label is then a name, whether the file holds it as text or as a number, never a position. Two readings of one
 * number would otherwise depend on the file's format.
 */
async function* byNumericNames(
  path: string,
  classNames: readonly string[],
  read: (toId: (name: string) => number) => AsyncGenerator<NumberChunk>,
): AsyncGenerator<NumberChunk> {
  const numbers = new Map(classNames.flatMap((name, id) => (isNumber(name) ? [[Number(name), id]] : [])));
  const refuse = (label: string | number): never => {
    throw new InputError(`${path}: label ${shown(label)} is none of the classes ${classNames.join(', ')}`);
  };
  // Texts are looked up as they are read and come as ids above this; what lies below was a number in the file.
  const above = 2 ** 52;
  const text = (name: string): number => {
    const id = classNames.indexOf(name);
    return above + (id >= 0 ? id : ((isNumber(name) ? numbers.get(Number(name)) : undefined) ?? refuse(name)));
  };
  const known = (x: number): number => (x >= above ? x - above : Number.isNaN(x) ? x : (numbers.get(x) ?? refuse(x)));
  for await (const chunk of read(text)) yield { ...chunk, values: chunk.values.map(known) };
}

function readProbs(files: LabelFiles, seen: Readonly<{ names: boolean }>): AsyncGenerator<NumberChunk> {
  const { probs, classNames } = files;
  if (isJson(probs)) return folded(readJsonNumbers(probs, PROB_NAMES), classNames?.length);
  return readTableNumbers(probs, (columns) => probabilityColumns(probs, columns, { ...files, namedLabels: seen.names }));
}

const isJson = (path: string): boolean => path.toLowerCase().endsWith('.json');

function pickLabel(path: string, columns: readonly Column[], wanted?: string): Column {
  const found = wanted
    ? columns.find((c) => c.name === wanted)
    : (columns.find((c) => LABEL_NAMES.includes(c.name.toLowerCase())) ?? (columns.length === 1 ? columns[0] : undefined));
  if (found) return found;
  throw new InputError(
    `${path}: no column ${wanted ?? LABEL_NAMES.join(' or ')} (say which with --label-column); it has ${namesOf(columns)}`,
  );
}

/** A flat list of numbers as rows of `width`, where it is known. */
async function* folded(chunks: AsyncGenerator<NumberChunk>, width?: number): AsyncGenerator<NumberChunk> {
  let rest = new Float64Array(0);
  for await (const chunk of chunks) {
    if (chunk.width > 1 || !width) {
      yield chunk;
      continue;
    }
    const values = new Float64Array(rest.length + chunk.values.length);
    values.set(rest);
    values.set(chunk.values, rest.length);
    const whole = values.length - (values.length % width);
    rest = values.slice(whole);
    if (whole) yield { values: values.subarray(0, whole), width };
  }
  ensure(rest.length === 0, `probs: a flat list must hold ${width} numbers for each row, got ${rest.length} left over`);
}

/** Rows taken from chunks of other sizes. */
class Rows {
  private values = new Float64Array(0);
  width = 1;

  constructor(private readonly chunks: AsyncGenerator<NumberChunk>) {}

  get rows(): number {
    return this.values.length / this.width;
  }

  async fill(): Promise<void> {
    while (this.values.length === 0) {
      const next = await this.chunks.next();
      if (next.done) return;
      this.values = next.value.values;
      this.width = next.value.width;
    }
  }

  take(rows: number): Float64Array {
    const taken = this.values.subarray(0, rows * this.width);
    this.values = this.values.subarray(rows * this.width);
    return taken;
  }

  async countRest(): Promise<number> {
    let rest = this.rows;
    for await (const chunk of this.chunks) rest += chunk.values.length / chunk.width;
    return rest;
  }
}

class Growing {
  private values = new Float64Array(1 << 16);
  private size = 0;

  add(more: Float64Array): void {
    if (this.size + more.length > this.values.length) {
      const larger = new Float64Array(Math.max(this.size + more.length, this.values.length * 1.5));
      larger.set(this.values.subarray(0, this.size));
      this.values = larger;
    }
    this.values.set(more, this.size);
    this.size += more.length;
  }

  all(): Float64Array {
    return this.values.subarray(0, this.size);
  }
}
