/**
 * Runs the compiled tests and the set-up's own: `npm test`, or `npm test -- metrics encoder/attention` for the files whose path holds one of the
 * words. Options (`--test-name-pattern=…`) go on to Node. A list of files, since Node 20 takes folders there and Node 22 only patterns.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './setup/paths.mjs';

const options = process.argv.slice(2).filter((a) => a.startsWith('-'));
const words = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const list = (folder) => readdirSync(join(root, folder), { recursive: true }).map((f) => join(folder, f));
const files = [...list('lib/dist/test'), ...list('scripts')]
  .filter((f) => /\.test\.m?js$/.test(f))
  .filter((f) => !words.length || words.some((w) => relative('lib/dist/test', f).includes(w)))
  .sort();
if (!files.length) {
  process.stderr.write(`test: no test file matches ${words.join(', ') || 'lib/dist/test/**/*.test.js'}\n`);
  process.exit(1);
}
const concurrency = `--test-concurrency=${Math.max(1, Math.min(2, availableParallelism()))}`;
const child = spawn(process.execPath, ['--test', concurrency, ...options, ...files], { cwd: root, stdio: 'inherit' });
child.on('close', (code, signal) => (process.exitCode = code ?? (signal ? 1 : 0)));
