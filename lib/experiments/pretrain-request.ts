import { cpSync, existsSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readCatalogue } from '../data';
import type { Dataset } from '../data/types';
import { weightsDigest } from '../encoder';
import { TASKS, type PretrainConfig } from '../pretrain/config';
import { checkFolder, makeFolder } from '../runtime/destination';
import { ensure, oneOf, shown } from '../runtime/errors';
import { temporaryName, writeFileAtomic } from '../runtime/files';
import { sha256File } from '../runtime/hash';
import { Key } from '../runtime/key';
import { codeVersion, environment } from '../runtime/provenance';
import type { EncoderStart } from './config';
import { checkPretrain } from './check-config';
import { catalogueFile } from './catalogue';
import { openDataset } from './dataset';
import { applySettings } from './patch';
import { pretrain, type Pretrained, type PretrainHooks, type Pretraining } from './pretrain-run';
import { scaleNamed } from './scales';
import { resolveWeights, startingEncoder } from './start';
import { withTasks } from './tables/pretrained';

/** What a user asks of one pre-training run. */
export interface PretrainRequest {
  /** Task names, separated by commas. */
  tasks: string;
  scale: string;
  /** Judged data, or a catalogue alone; the scale's own data when absent. */
  data?: string;
  /** A model folder or known weights to go on from; the scale's own start when absent. */
  from?: string;
  set?: readonly string[];
  seed: number;
  out: string;
}

/** The start that `--from` means: its folder or name, with the digest of its weights, and the scale's dropout. */
export async function startFrom(name: string, { dropout, attentionDropout }: EncoderStart): Promise<EncoderStart> {
  const { folder } = await resolveWeights(name);
  return { from: 'weights', name, sha256: await weightsDigest(folder), dropout, attentionDropout };
}

/** The pre-training that a request means. Throws an InputError where it cannot be run. */
export function pretrainConfig({ scale, tasks, set }: Pick<PretrainRequest, 'scale' | 'tasks' | 'set'>): PretrainConfig {
  const names = tasks.split(',').map((task) => oneOf('--tasks', task.trim(), TASKS));
  const config = applySettings(withTasks(scaleNamed(scale), names), set ?? []);
  checkPretrain(config);
  return config;
}

/**
 * Pre-trains one encoder and leaves it in a folder that transformers loads: encoder, tokenizer, heads, brand and colour names, and `record.json` with the run's
 * configuration, held-out figures and curves. A killed or stopped run goes on where it was; a finished one is not run again.
 */
export async function pretrainInto(request: PretrainRequest, hooks: PretrainHooks = {}): Promise<Pretrained> {
  const scale = scaleNamed(request.scale);
  const config = pretrainConfig(request);
  ensure(Number.isInteger(request.seed) && request.seed >= 0, `--seed must be a whole number ≥ 0, got ${request.seed}`);
  checkOut(request.out, 'pretraining.json');
  const dataset = await productsOf(request.data, scale.data, request.seed);
  const start = request.from === undefined ? scale.base.start : await startFrom(request.from, scale.base.start);
  const run: Pretraining = {
    start,
    config,
    pooling: scale.base.head.pooling === 'mean' ? 'mean' : 'first',
    seed: request.seed,
    data: { name: dataset.name, sha256: dataset.sha256 },
  };
  const encoder = await startingEncoder(start, dataset, dataset.rows, config.maxLength, Key.from('start').fold(request.seed));
  const done = await pretrain(run, encoder, dataset, dataset.rows, hooks);
  const record = {
    schema: 1,
    id: done.id,
    kind: 'pretrain',
    scale: scale.name,
    run,
    products: dataset.products.length,
    code: codeVersion(),
    environment: environment(config.precision),
    metrics: done.metrics,
    curves: done.curves,
    checks: done.checks,
  };
  publish(done.folder, request.out, JSON.stringify(record) + '\n');
  return { ...done, folder: request.out };
}

/** Judged data with its catalogue, or (where `data` names a file or folder of products) a catalogue without judgements. */
async function productsOf(data: string | undefined, own: Parameters<typeof openDataset>[0], seed: number): Promise<Dataset> {
  if (data === undefined) return openDataset(own, seed);
  const file = catalogueFile(data);
  if (!file || !/(^|[^a-z])products[^/]*\.(jsonl|csv|parquet)(\.gz|\.zst)?$/.test(file) || holdsJudgements(file))
    return openDataset({ path: data }, seed);
  const products = await readCatalogue(file);
  return { name: basename(file), sha256: await sha256File(file), rows: [], products, skipped: {} };
}

/** Whether upstream's file of judgements lies beside a file of products. */
const holdsJudgements = (file: string): boolean => readdirSync(dirname(file)).some((name) => name.includes('examples'));

/** Refuses a folder that cannot be written to, or holds something else than a finished run's, so that nothing of the user's is overwritten. */
export function checkOut(out: string, marker: string): void {
  checkFolder(out, `--out ${out}`);
  const used = existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, marker));
  ensure(!used, `--out must be a new folder or an earlier run's, got ${shown(out)}, which holds other files`);
}

/** Copies a finished folder to where the user wants it, or where a link there leads; it appears whole or not at all. */
function publish(from: string, out: string, record: string): void {
  const folder = existsSync(out) ? realpathSync(out) : out;
  const temporary = temporaryName(folder);
  makeFolder(dirname(folder));
  rmSync(temporary, { recursive: true, force: true });
  cpSync(from, temporary, { recursive: true });
  writeFileAtomic(join(temporary, 'record.json'), record);
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}
