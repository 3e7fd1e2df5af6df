import { LABELS } from '../data/types';
import { ensure, InputError } from '../runtime/errors';
import type { Column } from './table-numbers';

/** What is known of the classes whose probabilities a table holds. */
export interface KnownClasses {
  /** Class names in the order of the probabilities, and columns in class order, as the user gave them. */
  classNames?: readonly string[];
  probColumns?: readonly string[];
  labelColumn?: string;
  /** Labels are texts (E, S, C, I), so that a column must be of the class that its name says; a label k is else the k-th column. */
  namedLabels: boolean;
}

/** Names that a label's column goes by. */
export const LABEL_NAMES = ['labels', 'label', 'given_label', 'esci_label', 'y'];

const FRACTION = /^(FLOAT|DOUBLE|DECIMAL)/;
const NUMBER = /^(FLOAT|DOUBLE|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT)/;
const LIST = /^(FLOAT|DOUBLE|DECIMAL).*\[\d*\]$/;
const LETTERS = LABELS.map((label) => label.toLowerCase());
const WORDS = ['exact', 'substitute', 'complement', 'irrelevant'];

/**
 * The columns of a table that hold the probabilities, in class order: those asked for, those named as the classes are (also `p_E` or `E_prob`), a list, or all
 * fractions in the order of the numbers in their names (`p0`, `p1`, …), else of the file. Throws an InputError where names are missing or tell of classes in
 * an order that nothing confirms.
 */
export function probabilityColumns(path: string, columns: readonly Column[], known: KnownClasses): readonly Column[] {
  const { classNames, probColumns, labelColumn } = known;
  if (probColumns) return probColumns.map((name) => columns.find((c) => c.name === name) ?? noColumn(path, name, columns));
  const asked = classNames?.map((name) => columns.find((c) => c.name === name));
  if (asked?.every((c) => c !== undefined)) return asked;
  const lists = columns.filter((c) => LIST.test(c.type));
  if (lists.length === 1) return lists;
  const values = columns.filter(
    (c) => NUMBER.test(c.type) && c.name !== labelColumn && !LABEL_NAMES.includes(c.name.toLowerCase()),
  );
  const fractions = values.filter((c) => FRACTION.test(c.type) && !c.type.endsWith(']'));
  for (const names of spellings(classNames ?? LABELS)) {
    const named = carrying(path, fractions, names) ?? carrying(path, values, names);
    if (named) return classNames ? named : confirmed(path, columns, named, known.namedLabels);
  }
  // A class that is never likely is a column of zeros, whole numbers like those of ids; its number tells it from them.
  const single = values.filter((c) => !c.type.endsWith(']') && !/^column\d+$/.test(c.name));
  const numbered = single.length >= 2 ? byNumber(single) : undefined;
  if (numbered && fractions.every((c) => numbered.includes(c))) return numbered;
  ensure(
    fractions.length >= 2,
    `${path}: expected two or more columns of probabilities (say which with --prob-columns); it has ${namesOf(columns)}`,
  );
  return unnamed(path, fractions, known);
}

/** Names and types of columns, for messages. */
export const namesOf = (columns: readonly Column[]): string => columns.map((c) => `${c.name} (${c.type})`).join(', ');

/** Columns named as E, S, C and I are, in that order. Labels that are numbers say nothing of names: then the file must have that order too. */
function confirmed(path: string, columns: readonly Column[], named: readonly Column[], namedLabels: boolean): readonly Column[] {
  const found = columns.filter((c) => named.includes(c)).map((c) => c.name);
  const wanted = named.map((c) => c.name);
  ensure(
    namedLabels || found.join() === wanted.join(),
    `${path}: labels are numbers and the columns stand in the order ${found.join(', ')}, expected ${wanted.join(', ')}; give the classes in the order of the numbers with --classes`,
  );
  return named;
}

/** Columns whose names are neither asked for nor those of E, S, C and I. */
function unnamed(path: string, columns: readonly Column[], { classNames, namedLabels }: KnownClasses): readonly Column[] {
  const numbered = byNumber(columns);
  if (numbered) return numbered;
  const first = carrying(path, columns, LETTERS.slice(0, columns.length));
  const sure = classNames !== undefined || !namedLabels || first?.every((c, k) => c === columns[k]);
  ensure(
    sure,
    `${path}: labels are names and columns ${columns.map((c) => c.name).join(', ')} do not say which class each is of; give the classes in the order of the columns with --classes`,
  );
  return columns;
}

/** Names of classes in lower case, and where they are E, S, C and I also in words, or the other way round. */
function spellings(names: readonly string[]): string[][] {
  const lower = names.map((name) => name.toLowerCase());
  const other = lower.map((name) => WORDS[LETTERS.indexOf(name)] ?? LETTERS[WORDS.indexOf(name)]);
  return other.every((name) => name !== undefined) ? [lower, other] : [lower];
}

/** The columns named `names` (lower case), in any case and each with the same text around it; undefined where there are none. Throws where there are several. */
function carrying(path: string, columns: readonly Column[], names: readonly string[]): Column[] | undefined {
  const found = new Map<string, Column[]>();
  const byName = new Map(columns.map((c) => [c.name.toLowerCase(), c]));
  for (const name of byName.keys())
    for (let at = name.indexOf(names[0]); at >= 0; at = name.indexOf(names[0], at + 1)) {
      const [before, after] = [name.slice(0, at), name.slice(at + names[0].length)];
      const all = names.map((other) => byName.get(before + other + after));
      if (all.every((c) => c !== undefined)) found.set(all.map((c) => c.name).join(), all);
    }
  const [one, ...more] = found.keys();
  ensure(
    !more.length,
    `${path}: columns ${one} and columns ${more[0]} both are named as the classes; say which with --prob-columns`,
  );
  return found.get(one);
}

/** Columns whose names differ in a number alone, by that number: from 0 or 1 without a gap in any order, or ascending. Undefined for others. */
function byNumber(columns: readonly Column[]): Column[] | undefined {
  const parts = columns.map((c) => /^(.*?)(\d+)(\D*)$/.exec(c.name));
  if (parts.some((part) => !part || part[1] !== parts[0]?.[1] || part[3] !== parts[0]?.[3])) return undefined;
  const numbers = parts.map((part) => Number(part?.[2]));
  const sorted = columns.map((column, i) => ({ column, number: numbers[i] })).sort((a, b) => a.number - b.number);
  const whole = sorted[0].number <= 1 && sorted.every(({ number }, i) => number === sorted[0].number + i);
  return whole || sorted.every(({ column }, i) => column === columns[i]) ? sorted.map(({ column }) => column) : undefined;
}

function noColumn(path: string, name: string, columns: readonly Column[]): never {
  throw new InputError(`${path}: no column ${name}; it has ${namesOf(columns)}`);
}
