import { ensure, InputError, shown } from '../runtime/errors';
import { canonicalJson } from '../runtime/hash';

/** A change of some members of a configuration, at any depth. A list or a union member (an object with another shape, null) is replaced whole. */
export type Patch<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Patch<T[K]> } : T;

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);

/** A member whose name is one of these says which alternative its object is; another value replaces the object whole. */
const TAGS = ['from', 'steps', 'epochs', 'generated', 'path'];

/**
 * `base` with `patch` laid over it. A key that the base does not have is an error, so that a typing mistake cannot pass silently; where the base is null,
 * and where an object says it is another alternative (its `from`, `steps` or `epochs` differ), the patch replaces it whole.
 */
export function applyPatch<T>(base: T, patch: Patch<T>, path = ''): T {
  if (!isObject(patch) || !isObject(base)) return patch as T;
  if (TAGS.some((tag) => tag in patch !== tag in base || (tag === 'from' && patch[tag] !== base[tag]))) {
    if (TAGS.some((tag) => tag in patch)) return patch as T;
  }
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const at = path ? `${path}.${key}` : key;
    ensure(key in base, `${at} is not a setting: ${path || 'the configuration'} has ${Object.keys(base).join(', ')}`);
    result[key] = applyPatch(base[key], value as Patch<unknown>, at);
  }
  return result as T;
}

/** A configuration without the members that have no value: a base names optional settings so that rows may set them, a run's file has no place for them. */
export const withoutAbsent = <T>(config: T): T => JSON.parse(JSON.stringify(config)) as T;

/**
 * Lays `a.b=value` settings over a configuration, type-checked against what stands there: a number stays a number, a word a word.
 * Where null or `undefined` (an optional setting that is named) stands, or the value is written as JSON (`{…}`, `[…]`, `null`, `true`), the JSON value is taken.
 */
export function applySettings<T>(base: T, settings: readonly string[]): T {
  return settings.reduce<T>((config, setting) => {
    const at = setting.indexOf('=');
    ensure(at > 0, `--set takes name=value, got ${shown(setting)}`);
    const path = setting.slice(0, at).split('.');
    return set(config, path, setting.slice(at + 1), path.join('.')) as T;
  }, base);
}

/** Switches that are absent where they are off, so that older configurations keep their names, and what else a configuration has that knows them. */
const SWITCHES: Readonly<Record<string, string>> = { recompute: 'precision', momentsOnHost: 'precision', emaOnHost: 'tricks' };

/** Whether a configuration has a setting `a.b=value` at that value: an alternative that is null, or another shape, has none of its members. */
export function hasSetting(config: unknown, setting: string): boolean {
  const at = setting.indexOf('=');
  const path = setting.slice(0, at).split('.');
  const text = setting.slice(at + 1);
  const owner = path.slice(0, -1).reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), config);
  const key = path[path.length - 1];
  if (!isObject(owner)) return false;
  if (key in SWITCHES && SWITCHES[key] in owner) return canonicalJson(owner[key] ?? false) === text;
  return key in owner && canonicalJson(owner[key]) === canonicalJson(parse(text, owner[key], path.join('.')));
}

/** Whether what a setting belongs to is null, or absent though named, so that it can only be meant for rows that have it. */
export function isSwitchedOff(config: unknown, setting: string): boolean {
  const owners = setting.slice(0, setting.indexOf('=')).split('.').slice(0, -1);
  let inner = config;
  for (const key of owners) {
    if (!isObject(inner) || !(key in inner)) return false;
    inner = inner[key];
    if (inner === null || inner === undefined) return true;
  }
  return false;
}

function set(config: unknown, [key, ...rest]: string[], text: string, path: string): unknown {
  if (isObject(config) && key in SWITCHES && SWITCHES[key] in config) {
    ensure(text === 'true' || text === 'false', `${path} must be true or false, got ${shown(text)}`);
    const others = Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));
    return text === 'true' ? { ...others, [key]: true } : others;
  }
  ensure(isObject(config) && key in config, `${path} is not a setting${whyNot(config, key, text, path)}`);
  const old = config[key];
  return { ...config, [key]: rest.length ? set(old, rest, text, path) : parse(text, old, path) };
}

/** What there is in the place of a setting that is not there. */
function whyNot(config: unknown, key: string, text: string, path: string): string {
  if (config === null || config === undefined)
    return `: what it belongs to is ${config === null ? 'null' : 'absent'} (--tricks switches a trick on)`;
  if (!isObject(config)) return '';
  const keys = Object.keys(config);
  const there = `: there are ${keys.join(', ')}`;
  const owner = path.endsWith(`.${key}`) ? path.slice(0, -key.length - 1) : '';
  const other = owner && TAGS.includes(key) && keys.length === 1 && TAGS.includes(keys[0]);
  return other ? `${there}; the other alternative is set whole: --set '${owner}={"${key}":${text}}'` : there;
}

function parse(text: string, old: unknown, path: string): unknown {
  if (typeof old === 'string') return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path} must be ${typeof old === 'number' ? 'a number' : 'JSON'}, got ${shown(text)}`);
  }
  const same =
    old === null ||
    old === undefined ||
    value === null ||
    (typeof value === typeof old && Array.isArray(value) === Array.isArray(old));
  ensure(
    same,
    `${path} must be ${Array.isArray(old) ? 'a list' : typeof old === 'object' ? 'a group of settings as JSON' : `a ${typeof old}`}, got ${shown(text)}`,
  );
  return value;
}
