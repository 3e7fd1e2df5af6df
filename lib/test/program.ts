import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { join } from 'node:path';

/** The compiled command line. */
const program = join(__dirname, '..', 'cli', 'main.js');

/** What a user sees of the command line in a process of its own: exit code, stdout, stderr. */
export function esci(words: readonly string[], folder?: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', cwd: folder });
  return { status, stdout, stderr };
}

/** The command line as a process that goes on, for tests that stop it or close what it writes to. */
export function startEsci(words: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, [program, ...words], options);
}
