import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/**
 * Writes a file piece by piece so that a reader sees the old content or the new, never a half: temporary name, fsync, rename. Makes the folder.
 * `body` is given a function that appends bytes; where it throws, nothing is left.
 */
export function writeAtomically(path: string, body: (append: (bytes: Uint8Array) => void) => void): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w');
    try {
      body((bytes) => {
        for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at, Math.min(1 << 26, bytes.byteLength - at));
      });
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes text or bytes as a whole file, atomically (`writeAtomically`). */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  writeAtomically(path, (append) => append(typeof data === 'string' ? Buffer.from(data) : data));
}

/** The project's root: the nearest folder above this package that holds `notebooks/` and `data/`. */
export function projectRoot(): string {
  for (let folder = resolve(__dirname); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'notebooks')) && existsSync(join(folder, 'environment.md'))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}

/** The folder for downloads and weights shared between clones: `ESCI_CACHE`, else XDG's cache folder. */
export function sharedCache(...parts: string[]): string {
  return join(
    process.env.ESCI_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'esci-workspace'),
    ...parts,
  );
}

/** The project's own cache (`data/cache`, ignored by git): token caches, generated data, predictions. */
export function projectCache(...parts: string[]): string {
  return join(process.env.ESCI_DATA_CACHE ?? join(projectRoot(), 'data', 'cache'), ...parts);
}
