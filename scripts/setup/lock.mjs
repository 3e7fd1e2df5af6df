import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { Interrupted, isStopping } from './run.mjs';

const held = new Map();
const me = () => JSON.stringify({ pid: process.pid, host: hostname() });

/** True where the lock's owner is gone: its process has ended (same machine), or the lock has not been touched for two minutes. */
function isStale(path, text) {
  try {
    const { pid, host } = JSON.parse(text);
    if (host === hostname()) {
      try {
        process.kill(pid, 0);
      } catch (error) {
        if (error.code === 'ESRCH') return true;
      }
    }
  } catch {
    // written by halves: judged by its age alone
  }
  try {
    return Date.now() - statSync(path).mtimeMs > 120000;
  } catch {
    return false;
  }
}

/** Takes a stale lock away. Should another process have renewed it meanwhile, its lock is put back. */
function breakStale(path, text) {
  const aside = `${path}.stale-${process.pid}.tmp`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path);
  } catch {
    // somebody else was quicker
  }
  rmSync(aside, { force: true });
}

/** Creates the lock in one step with its content in it (a file linked to its name). Returns false where it exists. */
function take(path) {
  const own = `${path}.${process.pid}.tmp`;
  writeFileSync(own, me());
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Runs `work` while holding the lock file `path`; waits for another holder, and takes over from one that has died. */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  for (let said = false; !take(path);) {
    if (isStopping()) throw new Interrupted();
    let text = '';
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      continue;
    }
    if (isStale(path, text)) {
      breakStale(path, text);
      continue;
    }
    if (!said) onWait(text);
    said = true;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  const touch = setInterval(() => utimesSync(path, new Date(), new Date()), 20000).unref();
  held.set(path, touch);
  try {
    return await work();
  } finally {
    release(path);
  }
}

function release(path) {
  if (!held.has(path)) return;
  clearInterval(held.get(path));
  held.delete(path);
  rmSync(path, { force: true });
}

export const releaseAll = () => [...held.keys()].forEach(release);
