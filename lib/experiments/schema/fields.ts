import { z } from 'zod';
import { InputError } from '../../runtime/errors';

/** The fields that configurations are made of. A field's message says what it allows; the path and what was got are added where it is printed. */

const number = (allowed: string, test: (x: number) => boolean): z.ZodType<number> =>
  z.number({ error: allowed }).refine(test, { error: allowed });

export const finite = number('a number', () => true);
export const above = (low: number): z.ZodType<number> => number(`a number > ${low}`, (x) => x > low);
export const atLeast = (low: number): z.ZodType<number> => number(`a number ≥ ${low}`, (x) => x >= low);
export const within = (low: number, high: number): z.ZodType<number> =>
  number(`a number from ${low} to ${high}`, (x) => x >= low && x <= high);
/** From 0 up to, but not, 1: a dropout rate, a moment's decay. */
export const belowOne = number('a number ≥ 0 and < 1', (x) => x >= 0 && x < 1);
/** Strictly between 0 and 1. */
export const fraction = number('a number > 0 and < 1', (x) => x > 0 && x < 1);

export const whole = (low: number, high = Infinity): z.ZodType<number> =>
  number(
    high === Infinity ? `a whole number ≥ ${low}` : `a whole number from ${low} to ${high}`,
    (x) => Number.isInteger(x) && x >= low && x <= high,
  );

export const flag: z.ZodType<boolean> = z.boolean({ error: 'true or false' });
/** A switch that is absent where it is off. */
export const onlyTrue: z.ZodType<true> = z.literal(true, { error: 'true, or absent' });
export const name: z.ZodType<string> = z.string({ error: 'text' }).min(1, { error: 'text of at least one letter' });

/** One of some words. A record instead of a list lets TypeScript prove that none is left out. */
export function choice<T extends string>(words: readonly T[] | Readonly<Record<T, true>>): z.ZodType<T> {
  const names = (Array.isArray(words) ? words : Object.keys(words)) as readonly T[];
  return z.enum(names, { error: `one of ${names.join(', ')}` });
}

export const list = <T>(item: z.ZodType<T>, least = 1): z.ZodType<T[]> =>
  z.array(item, { error: 'a list' }).min(least, { error: `a list of at least ${least}` });

/** A group of settings: exactly the members of T, no other key. */
export function settings<T extends object>(shape: { readonly [K in keyof T]-?: z.ZodType<T[K]> }): z.ZodType<T> {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `there are ${names}` : `settings {${names}}`),
  }) as unknown as z.ZodType<T>;
}

const isGroup = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);

/** A group that is one of several alternatives: `of` gives the one that the value says it is, or what may be said. */
function alternatives<T>(
  of: (value: Record<string, unknown>) => z.ZodType | undefined,
  path: string[],
  allowed: string,
): z.ZodType<T> {
  return z.unknown().superRefine((value, context) => {
    const chosen = isGroup(value) ? of(value) : undefined;
    if (!chosen) context.addIssue({ code: 'custom', path: isGroup(value) ? path : [], message: allowed });
    for (const issue of chosen?.safeParse(value).error?.issues ?? [])
      context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  }) as unknown as z.ZodType<T>;
}

/** One of several groups, told apart by the word at `tag`. */
export const tagged = <T>(tag: string, groups: Readonly<Record<string, z.ZodType>>): z.ZodType<T> =>
  alternatives((value) => groups[String(value[tag])], [tag], `one of ${Object.keys(groups).join(', ')}`);

/** One of several groups, told apart by which key they have. */
export const keyed = <T>(groups: Readonly<Record<string, z.ZodType>>): z.ZodType<T> =>
  alternatives(
    (value) => groups[Object.keys(groups).find((key) => key in value) ?? ''],
    [],
    `settings {${Object.keys(groups).join('} or {')}}`,
  );

export const orNull = <T>(schema: z.ZodType<T>): z.ZodType<T | null> => z.nullable(schema);

/** `value` as a person should see it: JSON, short. */
function got(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? text.slice(0, 57) + '…' : text;
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null)?.[key], value);

/** The first thing that is wrong with a value, in one line: the setting's path, what was got and what is allowed. Undefined where nothing is. */
export function problem(schema: z.ZodType, value: unknown): string | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) return undefined;
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return `${[...(path ? [path] : []), issue.keys[0]].join('.')} is not a setting: ${issue.message}`;
  const found = at(value, issue.path);
  return `${path || 'the configuration'}: ${found === undefined ? 'missing' : `got ${found === Infinity ? found : got(found)}`}; ${issue.message}`;
}

/** Throws an InputError unless `value` is what the schema allows. The value is only looked at: a run's name is the hash of what was given. */
export function check(schema: z.ZodType, value: unknown): void {
  const wrong = problem(schema, value);
  if (wrong !== undefined) throw new InputError(wrong);
}
