import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A data cache of this test file's own, gone after its tests; returns its folder. */
export function ownDataCache(name: string): string {
  const cache = mkdtempSync(join(tmpdir(), name));
  const before = process.env.ESCI_DATA_CACHE;
  process.env.ESCI_DATA_CACHE = cache;
  after(() => {
    if (before === undefined) delete process.env.ESCI_DATA_CACHE;
    else process.env.ESCI_DATA_CACHE = before;
    rmSync(cache, { recursive: true, force: true });
  });
  return cache;
}
