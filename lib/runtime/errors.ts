/** A mistake in what the user gave (a file, an option, a value). The command line prints its message in one line and exits with code 2. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Throws an InputError unless `condition` holds. The message names the thing, what was got and what was expected. */
export function ensure(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InputError(message);
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the quota is used up',
  EEXIST: 'it is there already',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** What the system found wrong with a file, in words; undefined for another error. */
export function fileProblem(error: unknown): string | undefined {
  return FILE_PROBLEMS[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
}

/** `value` as a person should see it in an error message: short, quoted where it is text. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? text.slice(0, 77) + '…' : text;
}

/** Throws unless `value` is one of `choices`; returns it typed. */
export function oneOf<T extends string>(what: string, value: string, choices: readonly T[]): T {
  ensure((choices as readonly string[]).includes(value), `${what} must be one of ${choices.join(', ')}, got ${shown(value)}`);
  return value as T;
}

/** Throws unless `value` is a finite number within [low, high]. */
export function inRange(what: string, value: number, low: number, high: number): number {
  const bounds =
    low === -Infinity && high === Infinity
      ? 'finite'
      : high === Infinity
        ? `≥ ${low}`
        : low === -Infinity
          ? `≤ ${high}`
          : `between ${low} and ${high}`;
  ensure(Number.isFinite(value) && value >= low && value <= high, `${what} must be ${bounds}, got ${shown(value)}`);
  return value;
}

/** Ends a choice that has no further case. Where TypeScript cannot see the value (a file, the command line) it throws instead of taking the last branch. */
export function unknownChoice(what: string, value: never): never {
  throw new InputError(`${what}: got ${shown(value)}, which is none of its choices`);
}
