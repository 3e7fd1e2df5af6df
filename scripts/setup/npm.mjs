import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './paths.mjs';
import { run } from './run.mjs';

/** True where every package that `package-lock.json` asks for is installed in that version (npm's own record, and the folders themselves). */
export function npmInStep(folder = root) {
  const lock = readJson(join(folder, 'package-lock.json'))?.packages;
  const installed = readJson(join(folder, 'node_modules/.package-lock.json'))?.packages;
  if (!lock || !installed) return false;
  for (const [path, want] of Object.entries(lock)) {
    if (!/(^|\/)node_modules\//.test(path)) continue;
    const have = installed[path];
    if (!have) {
      if (want.optional || want.peer) continue; // another platform's
      return false;
    }
    if (have.version !== want.version || have.integrity !== want.integrity || Boolean(have.link) !== Boolean(want.link))
      return false;
    if (!existsSync(join(folder, path, 'package.json'))) return false;
  }
  return true;
}

/** Installs exactly what the lock file says; no package runs code of its own. */
export async function npmCi() {
  const cli = process.env.npm_execpath;
  const [command, first] = cli && /npm-cli\.c?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
  await run(command, [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    what: 'npm ci',
    hint: 'is the network there? has package-lock.json been changed?',
  });
}
