import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/files';

/** The folder of reference numbers (transformers, torch, float32), which is not part of the project; null where it is missing. */
export function goldenFolder(...parts: string[]): string | null {
  const folder = join(process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared'), 'golden', ...parts);
  return existsSync(folder) ? folder : null;
}
