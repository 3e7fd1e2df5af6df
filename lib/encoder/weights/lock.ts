import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../runtime/process';

/** Runs `body` while this process alone holds the lock file; waits for another that lives, takes over from one that died. */
export async function withLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  while (!take(path)) {
    if (!alive(path)) rmSync(path, { force: true });
    else await sleep(200);
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the process that wrote the lock still runs. One that has not written its number yet counts as alive. */
function alive(path: string): boolean {
  let pid: number;
  try {
    pid = Number(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
  return !pid || isRunning(pid);
}
