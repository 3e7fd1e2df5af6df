import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/files';

/** A file of the reference data that lies beside the repository, and why a test that needs it is skipped (false: it is there). */
export function sharedFile(name: string): { path: string; skip: string | false } {
  const path = join(process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared'), name);
  return { path, skip: existsSync(path) ? false : `needs ${name} in the shared reference data (set ESCI_SHARED)` };
}
