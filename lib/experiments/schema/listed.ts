import type { z } from 'zod';
import { problem } from './fields';

/** A setting as `--set` takes it, and in words what it may be. */
export interface Setting {
  name: string;
  value: string;
  allowed: string;
}

/** Every setting of a configuration, in its order. What one allows is asked of the schema, by offering it what nothing allows. */
export function listSettings(schema: z.ZodType, config: object): Setting[] {
  return leaves(config).map(({ path, value }) => {
    const refused = (offer: unknown): string => {
      const said = problem(schema, replaced(config, path, offer)) ?? '';
      return said.slice(said.indexOf('; ') + 2);
    };
    const allowed = Array.isArray(value) ? `a list; each ${refused([NaN])}` : refused(NaN);
    return {
      name: path.join('.'),
      value: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
      allowed: value === null ? `null, or as JSON ${allowed}` : value === undefined ? `absent, or as JSON ${allowed}` : allowed,
    };
  });
}

const isGroup = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);

/** The members that are no groups, with their paths. */
function leaves(value: unknown, path: readonly string[] = []): { path: readonly string[]; value: unknown }[] {
  return isGroup(value) ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key])) : [{ path, value }];
}

function replaced(config: unknown, [key, ...rest]: readonly string[], offer: unknown): unknown {
  if (key === undefined) return offer;
  return { ...(config as object), [key]: replaced((config as Record<string, unknown>)[key], rest, offer) };
}
