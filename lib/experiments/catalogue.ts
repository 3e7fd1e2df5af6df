import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCatalogue } from '../data';
import type { Product } from '../data/types';
import type { CatalogueSource } from '../pretrain/config';
import { ensure } from '../runtime/errors';
import { sha256File } from '../runtime/hash';
import { LOOKED_FOR, placeOf } from './dataset';
import type { Experiment } from './experiment';

const loaded = new Map<string, Promise<Product[]>>();

/** The file of a catalogue by name or path: a file as it is, or the file `products.*` of a folder. Undefined where there is none. */
export function catalogueFile(name: string): string | undefined {
  const place = placeOf(name);
  if (!place || !statSync(place).isDirectory()) return place;
  const file = readdirSync(place).sort().find((entry) => /^products\.(jsonl|csv|parquet)(\.gz|\.zst)?$/.test(entry)); // prettier-ignore
  return file === undefined ? undefined : join(place, file);
}

const absent = (name: string): string =>
  `catalogue ${name}: no such file or folder; expected ${LOOKED_FOR} (data/README.md says what it is), or --set 'pretrain.extra=[]' to pre-train without it`;

/** What is to be said of catalogues that these runs pre-train on and that are not here: a line each. */
export function absentCatalogues(experiments: readonly Experiment[]): string[] {
  const models = experiments.flatMap((experiment) => {
    if (experiment.kind === 'ensemble') return experiment.config.members;
    return experiment.kind === 'finetune' || experiment.kind === 'out-of-fold' ? [experiment.config] : [];
  });
  const names = models.flatMap(({ pretrain }) => (pretrain?.extra ?? []).map(({ name }) => name));
  return [...new Set(names)].filter((name) => catalogueFile(name) === undefined).map(absent);
}

/** The products of a catalogue, read once in this process. Throws an InputError where it is not there, or is another than the checksum says. */
export function openCatalogue({ name, sha256 }: CatalogueSource): Promise<Product[]> {
  const key = `${name}\t${sha256}`;
  if (!loaded.has(key)) loaded.set(key, open(name, sha256));
  return loaded.get(key)!;
}

async function open(name: string, sha256: string): Promise<Product[]> {
  const path = catalogueFile(name);
  ensure(path && existsSync(path), absent(name));
  const found = await sha256File(path);
  ensure(found === sha256, `catalogue ${name}: ${path} has SHA-256 ${found}, expected ${sha256}`);
  return readCatalogue(path);
}
