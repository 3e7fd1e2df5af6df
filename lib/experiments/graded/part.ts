import { existsSync, readFileSync } from 'node:fs';
import { workCache, writeFileAtomic } from '../../runtime/files';
import { configHash } from '../../runtime/hash';

/** What a part of a run (one fold's model) leaves: scores of the rows it was asked for, and figures by name. */
export interface Part {
  scores: number[];
  figures: Record<string, number>;
}

/**
 * The part of this identity: read from the cache where it was made before, so that a run of several models that was stopped goes on with the next one; made and kept
 * otherwise.
 */
export async function cachedPart(identity: unknown, make: () => Promise<Part>): Promise<Part> {
  const path = workCache('graded', `${configHash(identity)}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Part;
  const part = await make();
  writeFileAtomic(path, JSON.stringify(part));
  return part;
}
