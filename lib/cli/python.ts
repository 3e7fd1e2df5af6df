import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';

/** A program of the project's `.venv`. Throws where the set-up has not made it. */
export function venvProgram(name: string): string {
  const path = join(projectRoot(), '.venv', 'bin', name);
  ensure(existsSync(path), `.venv has no ${name}: run npm run setup first`);
  return path;
}

/**
 * The environment for Jupyter's programs: this Node first on the PATH (the kernel is started as `node`), `.venv`'s kernels before any other's,
 * and `more` (notebooks read parameters from ESCI_* variables).
 */
export function jupyterEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), join(projectRoot(), '.venv', 'bin'), process.env.PATH ?? ''].join(delimiter);
  return { ...process.env, PATH: path, JUPYTER_PREFER_ENV_PATH: '1', JUPYTER_PLATFORM_DIRS: '1', ...more };
}
