import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { destinationOf, makeFolder } from './destination';

const PIECE = 1 << 26;

/** A function that appends bytes to what is being written. */
type Append = (bytes: Uint8Array) => void;

/**
 * Writes a file piece by piece so that a reader sees the old content or the new, never a half: temporary name, fsync, rename. Makes the folder. A link stays, and
 * what it leads to is written; a pipe or a device is written to as it is. `body` is given a function that appends bytes; where it throws, nothing is left.
 */
export function writeAtomically(path: string, body: (append: Append) => void): void {
  const to = destinationOf(path);
  if ('stream' in to) return writeTo(to.stream, body);
  makeFolder(dirname(to.file));
  const temporary = temporaryName(to.file);
  try {
    writeTo(temporary, body, fsyncSync);
    renameSync(temporary, to.file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for what writes a file by its name: `write` is given a temporary one, and its result is returned. */
export async function replaceAtomically<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const to = destinationOf(path);
  const folder = 'stream' in to ? mkdtempSync(join(tmpdir(), 'esci-')) : undefined;
  const temporary = 'stream' in to ? join(folder!, 'written') : temporaryName(to.file);
  if ('file' in to) makeFolder(dirname(to.file));
  try {
    const result = await write(temporary);
    if ('stream' in to) writeTo(to.stream, (append) => copyPieces(temporary, append));
    else renameSync(temporary, to.file);
    return result;
  } finally {
    rmSync(folder ?? temporary, { recursive: true, force: true });
  }
}

/** Writes text or bytes as a whole file, atomically (`writeAtomically`). */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  writeAtomically(path, (append) => append(typeof data === 'string' ? Buffer.from(data) : data));
}

/** The name under which a file is written before it takes its own. */
export const temporaryName = (file: string): string => `${file}.${process.pid}.tmp`;

/** Writes to a file by name or to an open descriptor, which stays open. */
function writeTo(place: string | number, body: (append: Append) => void, last?: (file: number) => void): void {
  const file = typeof place === 'number' ? place : openSync(place, 'w');
  try {
    body((bytes) => {
      for (let at = 0; at < bytes.byteLength;) at += writePiece(file, bytes, at);
    });
    last?.(file);
  } catch (error) {
    // The system names no file where the disk is full or the reader of a pipe has gone.
    throw (error as NodeJS.ErrnoException).syscall === 'write' ? Object.assign(error as Error, { path: String(place) }) : error;
  } finally {
    if (file !== place) closeSync(file);
  }
}

/** Bytes written. A pipe that the reader has not emptied yet takes none (EAGAIN); this waits a little. */
function writePiece(file: number, bytes: Uint8Array, at: number): number {
  try {
    return writeSync(file, bytes, at, Math.min(PIECE, bytes.byteLength - at));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}

function copyPieces(path: string, append: Append): void {
  const file = openSync(path, 'r');
  const piece = Buffer.alloc(1 << 20);
  try {
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece)) append(piece.subarray(0, n));
  } finally {
    closeSync(file);
  }
}

/** The project's root: the nearest folder above this package that holds `notebooks/` and `data/`. */
export function projectRoot(): string {
  for (let folder = resolve(__dirname); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'notebooks')) && existsSync(join(folder, 'environment.md'))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}

/** What a variable of the environment names, a folder or an address; one that is empty names nothing, as XDG says of its own. */
export const namedBy = (variable: string): string | undefined =>
  process.env[variable] === '' ? undefined : process.env[variable];

/** The folder for downloads and weights shared between clones: `ESCI_CACHE`, else XDG's cache folder. */
export function sharedCache(...parts: string[]): string {
  return join(namedBy('ESCI_CACHE') ?? join(namedBy('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'esci-workspace'), ...parts);
}

/**
 * Where trained things are kept: pre-trained encoders, checkpoints, the models of graded runs. The project's cache, or the folder `ESCI_WORK_CACHE`, so that everything
 * is trained anew for whoever starts with an empty one.
 */
export function workCache(...parts: string[]): string {
  return join(namedBy('ESCI_WORK_CACHE') ?? projectCache(), ...parts);
}

/** The project's own cache (`data/cache`, ignored by git): token caches, generated data, predictions. */
export function projectCache(...parts: string[]): string {
  return join(namedBy('ESCI_DATA_CACHE') ?? join(projectRoot(), 'data', 'cache'), ...parts);
}
