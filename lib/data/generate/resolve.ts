import { ensure, inRange, oneOf, shown } from '../../runtime/errors';
import { LABELS, LOCALES } from '../types';
import { CATEGORIES_PER_DEPARTMENT, COLORS, DEPARTMENTS, DISTRACTORS, MAX_BRANDS, TYPES, VALUES_PER_TYPE } from './lexicon';
import { DEFAULTS, WORLDS, type Confusion, type GeneratorOptions } from './options';

// Integers with their bounds, and the numbers that are neither these nor probabilities.
const COUNTS: Partial<Record<keyof GeneratorOptions, readonly [number, number]>> = {
  queries: [1, 100_000_000],
  departments: [1, DEPARTMENTS.length],
  categoriesPerDepartment: [1, CATEGORIES_PER_DEPARTMENT],
  attributeTypes: [1, TYPES.length],
  valuesPerType: [2, VALUES_PER_TYPE],
  typesPerCategory: [1, TYPES.length],
  colors: [2, COLORS],
  brands: [2, MAX_BRANDS],
  distractors: [2, DISTRACTORS],
};
const PAIRS: Partial<Record<keyof GeneratorOptions, readonly [number, number]>> = {
  productsPerQuery: [1, 1000],
  bullets: [1, 20],
  sentences: [1, 20],
};
const NUMBERS: Partial<Record<keyof GeneratorOptions, readonly [number, number]>> = {
  brandZipf: [0, 4],
  categoryZipf: [0, 4],
  titleDistractors: [0, 20],
  reuseShare: [0, 0.9],
  duplicateShare: [0, 0.9],
  unjudgedShare: [0, 10],
};

/** The full options: the named world's (default `demo`) with the given ones in place. Throws InputError for an unknown name or a value out of range. */
export function resolveOptions(options: Partial<GeneratorOptions>): GeneratorOptions {
  const world = oneOf('world', options.world ?? 'demo', WORLDS);
  const known = Object.keys(DEFAULTS.demo);
  for (const name of Object.keys(options))
    ensure(known.includes(name), `unknown generator option ${shown(name)}: expected one of ${known.join(', ')}`);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const full: GeneratorOptions = { ...DEFAULTS[world], ...given, world };
  for (const name of known as (keyof GeneratorOptions)[]) check(name, full[name]);
  ensure(full.departments * full.categoriesPerDepartment >= 2, 'departments × categoriesPerDepartment must be ≥ 2, got 1');
  ensure(
    full.typesPerCategory <= full.attributeTypes,
    `typesPerCategory must be ≤ attributeTypes (${full.attributeTypes}), got ${full.typesPerCategory}`,
  );
  return full;
}

function check(name: keyof GeneratorOptions, value: unknown): void {
  if (name === 'world') return;
  if (name === 'localeShares') return shares(name, value, LOCALES);
  if (name === 'labelShares') return shares(name, value, LABELS);
  if (name === 'askedAttributes') return shares(name, value, ['0', '1', '2', '3']);
  if (name === 'confusion') {
    members(name, value, LABELS);
    for (const label of LABELS) {
      const row = (value as Confusion)[label];
      const others = LABELS.filter((other) => other !== label);
      ensure(row && typeof row === 'object', `confusion.${label} must be an object of probabilities, got ${shown(row)}`);
      ensure(!(label in row), `confusion.${label}.${label} must be absent: a flipped label is another one`);
      shares(`confusion.${label}`, Object.fromEntries(others.map((other) => [other, row[other] ?? 0])), others);
      for (const other of Object.keys(row)) oneOf(`a name in confusion.${label}`, other, others);
    }
    return;
  }
  if (name === 'missing') {
    members(name, value, Object.keys(DEFAULTS.demo.missing));
    for (const [field, rate] of Object.entries(value as Record<string, number>)) inRange(`missing.${field}`, rate, 0, 1);
    return;
  }
  const pair = PAIRS[name];
  if (pair) {
    ensure(Array.isArray(value) && value.length === 2, `${name} must be a pair [least, most], got ${shown(value)}`);
    for (const bound of value) whole(name, bound as number, pair);
    ensure(value[0] <= value[1], `${name} must have least ≤ most, got ${shown(value)}`);
    return;
  }
  const count = COUNTS[name];
  if (count) return whole(name, value as number, count);
  const [low, high] = NUMBERS[name] ?? [0, 1];
  inRange(name, value as number, low, high);
}

function whole(name: string, value: number, [low, high]: readonly [number, number]): void {
  ensure(Number.isInteger(inRange(name, value, low, high)), `${name} must be a whole number, got ${shown(value)}`);
}

function members(name: string, value: unknown, names: readonly string[]): void {
  ensure(value && typeof value === 'object', `${name} must be an object with ${names.join(', ')}, got ${shown(value)}`);
  for (const key of Object.keys(value)) oneOf(`a name in ${name}`, key, names);
  for (const key of names) ensure(key in value, `${name}.${key} is missing`);
}

function shares(name: string, value: unknown, names: readonly string[]): void {
  members(name, value, names);
  const sum = Object.entries(value as Record<string, number>).reduce(
    (total, [key, x]) => total + inRange(`${name}.${key}`, x, 0, 1),
    0,
  );
  ensure(Math.abs(sum - 1) < 1e-6, `${name} must sum to 1, got ${Number(sum.toFixed(6))}`);
}
