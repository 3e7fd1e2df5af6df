import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { download } from '../../runtime/download';
import { ensure, InputError } from '../../runtime/errors';
import { namedBy } from '../../runtime/files';
import type { KnownWeights, WeightsFile } from './known';

/** Where the hub is: `HF_ENDPOINT` as for Hugging Face's own tools; one that is empty names none. */
export const hubAddress = (): string => (namedBy('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/$/, '');

/** What the hub says of a repository at a revision. */
export interface HubListing {
  /** The commit that the revision means now; null where the hub does not say. */
  commit: string | null;
  licence: string | null;
  /** By name; size and SHA-256 where the hub states them (large files). */
  files: ReadonlyMap<string, { bytes: number | null; sha256: string | null }>;
}

interface Answer {
  sha?: string;
  cardData?: { license?: string };
  tags?: string[];
  siblings?: { rfilename: string; size?: number; lfs?: { sha256?: string; oid?: string; size?: number } }[];
}

/** Asks the hub what a repository holds; undefined where this hub has no such service (a plain mirror of files). */
export async function listRepository(repository: string, revision: string, folder: string): Promise<HubListing | undefined> {
  const path = join(folder, '.listing.json');
  rmSync(path, { force: true });
  let answer: Answer;
  try {
    await download({ url: `${hubAddress()}/api/models/${repository}/revision/${revision}?blobs=true`, path, tries: 2 });
    answer = JSON.parse(readFileSync(path, 'utf8')) as Answer;
  } catch (error) {
    if (error instanceof InputError || error instanceof SyntaxError) return undefined; // the files are asked for all the same, and name what is wrong
    throw error;
  } finally {
    for (const name of [path, `${path}.part`, `${path}.part.json`]) rmSync(name, { force: true });
  }
  const digest = (text: string | undefined): string | null => (text && /^[0-9a-f]{64}$/.test(text) ? text : null);
  const tag = answer.tags?.find((t) => t.startsWith('license:'))?.slice('license:'.length);
  return {
    commit: answer.sha && /^[0-9a-f]{40}$/.test(answer.sha) ? answer.sha : null,
    licence: answer.cardData?.license ?? tag ?? null,
    files: new Map(
      (answer.siblings ?? []).map(({ rfilename, size, lfs }) => [
        rfilename,
        { bytes: lfs?.size ?? size ?? null, sha256: digest(lfs?.sha256 ?? lfs?.oid) },
      ]),
    ),
  };
}

/** `owner/name` or `owner/name@revision`, as the hub names repositories. */
const REPOSITORY = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w.-]+))?$/;

export const isRepository = (name: string): boolean => REPOSITORY.test(name);

/** What a message says of a repository without safetensors. */
export const PICKLE = 'its weights as a pickle only';
/** A model's weights in one file, and the file that names its shards. */
export const WHOLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** Weights of any repository of the hub, by its name; `@revision` pins a branch, tag or commit. Nothing is known of them before they are fetched. */
export function repositoryWeights(name: string): KnownWeights {
  const match = REPOSITORY.exec(name);
  ensure(match, `weights must be a known name, a folder, or owner/name of a repository of the hub, got ${name}`);
  const [, repository, revision = 'main'] = match;
  const file = (f: string): WeightsFile => ({ name: f, sha256: null, bytes: null });
  return {
    name,
    about: `${repository}, as the hub has it`,
    licence: 'as its model card says',
    locales: [],
    sources: [{ kind: 'hub', repository, revision }],
    files: [...['config.json', 'tokenizer.json', WHOLE_FILE].map(file), { ...file('README.md'), optional: true }],
    pickled: true,
  };
}

/**
 * The files to fetch of a repository: the weights' own list, with the sizes and checksums that the hub states where none are pinned; a sharded model's shards in
 * place of the whole one. Throws one line where the repository has its weights only as a pickle, or lacks a file.
 */
export function filesOf(weights: KnownWeights, listing: HubListing | undefined, shards: readonly string[] = []): WeightsFile[] {
  if (!listing) return [...weights.files];
  const sharded = !listing.files.has(WHOLE_FILE) && listing.files.has(INDEX_FILE);
  const wanted = sharded
    ? weights.files.flatMap((f) =>
        f.name === WHOLE_FILE ? [INDEX_FILE, ...shards].map((name) => ({ name, sha256: null, bytes: null })) : [f],
      )
    : weights.files;
  const present = wanted.filter(({ name, optional }) => !optional || listing.files.has(name));
  const missing = present.filter(({ name }) => !listing.files.has(name)).map(({ name }) => name);
  if (missing.includes(WHOLE_FILE) && listing.files.has('pytorch_model.bin'))
    throw new InputError(`it has ${PICKLE} (pytorch_model.bin), no ${WHOLE_FILE}`);
  ensure(!missing.length, `it has no ${missing.join(', no ')}`);
  return present.map((file) => {
    const stated = listing.files.get(file.name)!;
    return { ...file, sha256: file.sha256 ?? stated.sha256, bytes: file.bytes ?? stated.bytes };
  });
}

/** The shards that a fetched index names, each a plain file name. */
export function shardsOf(path: string): string[] {
  let map: Record<string, string> | undefined;
  try {
    map = (JSON.parse(readFileSync(path, 'utf8')) as { weight_map?: Record<string, string> }).weight_map;
  } catch {
    throw new InputError(`${path} is not JSON`);
  }
  const names = [...new Set(Object.values(map ?? {}))].sort();
  ensure(names.length > 0, `${path} has no weight_map`);
  for (const name of names) ensure(/^[\w.-]+\.safetensors$/.test(name), `${path} names a shard outside its folder: ${name}`);
  return names;
}
