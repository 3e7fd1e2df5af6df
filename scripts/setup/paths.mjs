import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root: two folders above this file. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The cache shared between clones, as in `lib/runtime/files.ts`: ESCI_CACHE, else XDG's cache folder. */
export const cache = process.env.ESCI_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'esci-workspace');

/** The project's virtual environment, and a program inside it. */
export const venv = join(root, '.venv');
export const inVenv = (program) => join(venv, 'bin', program);

/** A file's parsed JSON, or undefined where it is missing or damaged. */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes JSON so that a reader sees the old file or the new one, never half of it. */
export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  writeSync(file, JSON.stringify(value, null, 2) + '\n');
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
}

export const hash = (...parts) => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
