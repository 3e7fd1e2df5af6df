import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { download, type Downloaded } from '../runtime/download';
import { ensure, InputError, oneOf } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { inspectFile } from './inspect';

/** One file of a public data set; size and checksum are null where the source does not publish them. */
export interface ManifestFile {
  name: string;
  source: string;
  bytes: number | null;
  sha256: string | null;
  columns: readonly string[];
}

/** A public data set: where it comes from and under which licence. */
export interface ManifestSet {
  title: string;
  licence: string;
  cite: string;
  home: string;
  rows?: number;
  queries?: number;
  files: readonly ManifestFile[];
}

/** Reads `data/manifest.json`, or another. */
export function readManifest(path = join(projectRoot(), 'data', 'manifest.json')): Record<string, ManifestSet> {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { sets: Record<string, ManifestSet> }).sets;
  } catch (error) {
    throw new InputError(`manifest ${path} cannot be read: ${(error as Error).message}`);
  }
}

export interface FetchOptions {
  /** Default `data/raw/<name>`. */
  folder?: string;
  manifest?: string;
  onProgress?: (file: string, received: number, total: number | undefined) => void;
  /** For tests and slow networks: see `DownloadRequest`. */
  tries?: number;
  waitMilliseconds?: number;
}

/**
 * Downloads a public data set named in the manifest, resuming what is half there; a file that is there and right is not fetched again. Each file is verified:
 * by SHA-256 where the manifest knows it, otherwise by its size as the server gives it and its form. Errors as in `download`.
 */
export async function fetchDataset(name: string, options: FetchOptions = {}): Promise<{ folder: string; files: Downloaded[] }> {
  const sets = readManifest(options.manifest);
  const { files } = sets[oneOf('data set', name, Object.keys(sets))];
  const folder = options.folder ?? join(projectRoot(), 'data', 'raw', name);
  const done: Downloaded[] = [];
  for (const file of files) {
    ensure(!/[/\\]/.test(file.name), `manifest: file name ${file.name} must not hold a path`);
    const path = join(folder, file.name);
    const known = { ...(file.sha256 && { sha256: file.sha256 }), ...(file.bytes && { bytes: file.bytes }) };
    const there = Object.keys(known).length ? undefined : whole(path);
    done.push(
      there ??
        (await download({
          url: file.source,
          path,
          ...known,
          ...(options.tries !== undefined && { tries: options.tries }),
          ...(options.waitMilliseconds !== undefined && { waitMilliseconds: options.waitMilliseconds }),
          onProgress: (received, total) => options.onProgress?.(file.name, received, total),
        })),
    );
    inspectFile(path);
  }
  return { folder, files: done };
}

/** A file without a known checksum that is there and has a sound form is taken as it is (`download` renames only whole files into place). */
function whole(path: string): Downloaded | undefined {
  try {
    return { path, bytes: inspectFile(path).bytes, sha256: '', already: true };
  } catch {
    return undefined;
  }
}
