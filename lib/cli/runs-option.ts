import { existsSync } from 'node:fs';
import { ensure, shown } from '../runtime/errors';

/** The folders that `--runs DIR` means: that one, or all where the option is absent. Throws where the folder does not exist. */
export async function runsFolders(runs: string | undefined): Promise<string[]> {
  const { runFolders } = await import('../experiments/store');
  if (runs === undefined) return runFolders();
  ensure(existsSync(runs), `--runs must be a folder of run records, got ${shown(runs)}, which does not exist`);
  return [runs];
}
