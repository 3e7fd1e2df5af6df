import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { wallTime } from './clock';
import { makeFolder } from './destination';
import { isRunning } from './process';

/** How often a holder touches its lock, and how long a lock may lie untouched before it counts as left behind, in milliseconds. */
const TOUCHED_EVERY = 20_000;
const LEFT_BEHIND_AFTER = 600_000;

/**
 * Takes the lock file `path` for this process and returns what lets go of it; undefined where another holds it. Folders may be shared between machines: on this one
 * a holder is dead when its process is gone, on another when its lock has not been touched for ten minutes. A dead holder's lock is taken over.
 */
export function tryLock(path: string): (() => void) | undefined {
  makeFolder(dirname(path));
  const mine = `${process.pid} ${hostname()}`;
  while (!take(path, mine)) {
    const holder = read(path);
    if (holder === undefined) continue; // let go of just now
    if (!isDead(path, holder)) return undefined;
    breakStale(path, holder);
  }
  const touch = setInterval(() => {
    try {
      utimesSync(path, new Date(wallTime()), new Date(wallTime()));
    } catch {
      // somebody removed the file: nothing to keep fresh
    }
  }, TOUCHED_EVERY).unref();
  return () => {
    clearInterval(touch);
    if (read(path) === mine) rmSync(path, { force: true });
  };
}

/** Runs `body` while this process alone holds the lock file, and waits for another holder; `onWait` is called at every look, and may throw to wait no longer. */
export async function withLock<T>(path: string, body: () => Promise<T>, onWait?: () => void): Promise<T> {
  let release = tryLock(path);
  for (; !release; release = tryLock(path)) {
    onWait?.();
    await sleep(200);
  }
  try {
    return await body();
  } finally {
    release();
  }
}

/** Creates the lock in one step with its holder in it (a file linked to its name). Returns false where it exists. */
function take(path: string, mine: string): boolean {
  const own = `${path}.${process.pid}.tmp`;
  writeFileSync(own, mine);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isDead(path: string, holder: string): boolean {
  const [pid, host] = holder.split(' ');
  if (host === hostname() && Number(pid) > 0) return !isRunning(Number(pid));
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && wallTime() - mtimeMs > LEFT_BEHIND_AFTER;
}

/** Takes a dead holder's lock away. Should another process have done so and hold it by now, its lock is put back. */
function breakStale(path: string, holder: string): void {
  const aside = `${path}.stale-${process.pid}.tmp`;
  try {
    renameSync(path, aside);
    if (read(aside) !== holder) linkSync(aside, path);
  } catch {
    // somebody else was quicker
  }
  rmSync(aside, { force: true });
}
