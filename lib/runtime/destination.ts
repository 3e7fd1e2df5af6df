import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ensure, fileProblem, InputError } from './errors';

/** Where what is written to a path goes: a plain file, replaced as a whole, or a stream (a pipe, a device, a descriptor of this process), written to as it is. */
export type Destination = { file: string } | { stream: string | number };

const MOST_LINKS = 40;

/** Where a path leads, through links. Throws an InputError, which calls the path `what`, where that is a folder or a link into no folder. */
export function destinationOf(path: string, what = path): Destination {
  ensure(path !== '', 'a file to write must have a name, got ""');
  const places = alongLinks(path, what);
  const descriptor = places.slice(0, -1).find((at) => /^\d+$/.test(basename(at)) && dirname(at) === `/proc/${process.pid}/fd`);
  if (descriptor !== undefined) return { stream: Number(basename(descriptor)) };
  const file = places[places.length - 1];
  const stat = statAt(file);
  if (stat?.isFIFO() || stat?.isCharacterDevice()) return { stream: file };
  ensure(!stat?.isDirectory() && !path.endsWith(sep), `${what} is a folder; expected a file`);
  ensure(!stat || stat.isFile(), `${what} is neither a file, a pipe nor a character device; expected one of them`);
  const led = places.length === 1 || statAt(dirname(file))?.isDirectory();
  ensure(led, `${what} is a link to ${file}, whose folder does not exist`);
  return { file };
}

/** Throws an InputError unless a file can be written at `path`. Nothing is left there. */
export function checkFile(path: string, what = path): void {
  const to = destinationOf(path, what);
  if ('file' in to) checkFolder(dirname(to.file), what);
}

/** Throws an InputError unless there is, or can be, a folder at `path` in which files can be made. Nothing is left there. */
export function checkFolder(path: string, what = path): void {
  const standing = standingFolder(path, what);
  try {
    rmdirSync(mkdtempSync(join(standing, '.esci-')));
  } catch (error) {
    throw new InputError(`${what}: nothing can be written in ${standing} (${fileProblem(error) ?? (error as Error).message})`);
  }
}

/** Makes a folder and those above it. Not by Node's `recursive`, which tries for ever where a folder refuses new ones as /proc does (ENOENT). */
export function makeFolder(path: string): void {
  let at = standingFolder(path, path);
  for (const part of relative(at, resolve(path)).split(sep).filter(Boolean)) {
    at = join(at, part);
    try {
      mkdirSync(at);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!statAt(at)?.isDirectory()) throw error;
    }
  }
}

/** The nearest folder at or above `path` that is there. Throws an InputError where something else stands in its way. */
function standingFolder(path: string, what: string): string {
  ensure(path !== '', 'a folder to write to must have a name, got ""');
  const folder = resolve(path);
  for (let at = folder; ; at = dirname(at)) {
    const stat = statAt(at);
    if (stat?.isDirectory()) return at;
    const inTheWay = at === folder && what.endsWith(path) ? what : `${what}: ${at}`;
    ensure(!stat, `${inTheWay} is a file; expected a folder`);
    const link = linkAt(at);
    ensure(link === undefined, `${inTheWay} is a link to ${link}, which does not exist; expected a folder`);
  }
}

/** A path and what its links lead to, in turn; the last is no link. */
function alongLinks(path: string, what: string): string[] {
  const places = [located(resolve(path))];
  for (let link = linkAt(places[0]); link !== undefined; link = linkAt(places[places.length - 1])) {
    ensure(places.length < MOST_LINKS, `${what}: its links lead in a circle`);
    places.push(located(resolve(dirname(places[places.length - 1]), link)));
  }
  return places;
}

/** A path in its folder's own name, where the folder is there. */
function located(path: string): string {
  return statAt(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : path;
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function statAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
