import { spawn, spawnSync } from 'node:child_process';

const children = new Set();
let stopping = false;

/** Thrown where the set-up was interrupted; the next run goes on from what is finished. */
export class Interrupted extends Error {}

/** Stops every child process; commands that are waited for then end with `Interrupted`. */
export function stopAll() {
  stopping = true;
  for (const child of children) {
    try {
      process.kill(-child.pid, 'SIGTERM'); // its whole group: a compiler's own children too
    } catch {
      // it has ended meanwhile
    }
  }
}

export const isStopping = () => stopping;

/**
 * Runs a command to its end and returns what it printed. Its output is kept and shown only when it fails; `onLine` sees each line of its
 * standard output as it comes.
 */
export function run(command, args, { cwd, env, onLine, what = command, hint = '', tail = true } = {}) {
  if (stopping) return Promise.reject(new Interrupted());
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    children.add(child);
    let all = '';
    let line = '';
    child.stdout.on('data', (chunk) => {
      all += chunk;
      const lines = (line + chunk).split('\n');
      line = lines.pop();
      if (onLine) lines.forEach(onLine);
    });
    child.stderr.on('data', (chunk) => (all += chunk));
    child.on('error', (error) => {
      children.delete(child);
      fail(new Error(`${what}: cannot run ${command} (${error.message})`));
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      if (code === 0) return done(all);
      if (stopping || signal === 'SIGINT' || code === 130) return fail(new Interrupted());
      const lines = all.trimEnd().split('\n');
      const shown = tail ? lines.slice(-15) : lines.slice(0, 15);
      fail(new Error([`${what} failed (${signal ?? `exit code ${code}`})${hint && `; ${hint}`}`, ...shown].join('\n    ')));
    });
  });
}

/** What a quick command printed, or undefined where it could not be run or failed. */
export function ask(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 30000 });
  return status === 0 ? stdout + stderr : undefined;
}
