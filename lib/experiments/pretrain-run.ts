import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset, Locale, Product, Row } from '../data/types';
import { encoderParams, loadPretrained, savePretrained } from '../encoder';
import type { ParamSpecs } from '../ops/params';
import { pretrainParams, type PretrainModel } from '../pretrain/step';
import type { PretrainConfig } from '../pretrain/config';
import { settledAt } from '../pretrain/plateau';
import { workCache, writeFileAtomic } from '../runtime/files';
import { configHash, sha256 } from '../runtime/hash';
import { Key } from '../runtime/key';
import { withLock } from '../runtime/lock';
import { NameVocabulary } from '../text';
import { checkRows, type Corpus } from '../pretrain/sources';
import { Pretrainer } from '../train/pretrainer';
import { Checkpoints } from '../train/checkpoint';
import { train, type Plan, type Progress, type RunResult } from '../train/loop';
import { openCatalogue } from './catalogue';
import { pretrainChecks } from './checks';
import type { EncoderStart } from './config';
import { checkLocales } from './dataset';
import { NAMES_FILES, type StartingEncoder } from './start';
import { Stopped, waiting } from './failure';
import { claimPath } from './store';

/** One pre-training run: what decides its result. */
export interface Pretraining {
  start: EncoderStart;
  config: PretrainConfig;
  pooling: 'first' | 'mean';
  seed: number;
  data: { name: string; sha256: string };
  /** The held-out fold whose products are left out of the corpus where `config.corpus` is `train`. */
  fold?: number;
  /** Of how many folds; 5 where absent. */
  folds?: number;
}

export interface PretrainHooks {
  onStage?: (stage: string) => void;
  onStep?: (step: number, steps: number, loss: number, tokensPerSecond: number) => void;
  stopped?: () => boolean;
}

/** A finished pre-training run: the encoder's folder, its held-out figures, its curves. */
export interface Pretrained {
  id: string;
  folder: string;
  metrics: Record<string, number>;
  curves: RunResult['curves'];
  checks: { name: string; ok: boolean; detail: string }[];
}

/**
 * What names a pre-training run: an encoder drawn at random has as many positions as the longest text it was made for, which the fine-tuning after it decides
 * too.
 */
function identityOf(run: Pretraining, start: StartingEncoder): Pretraining & { positions?: number } {
  return run.start.from === 'scratch' ? { ...run, positions: start.config.maxPositions } : run;
}

/** Updates between two checkpoints. */
const CHECKPOINT_EVERY = 100;

/** The file beside an encoder that holds its figures. It is written last: where it is, the encoder is whole. */
const SUMMARY = 'pretraining.json';

/** Every tenth product, by a hash of its id, measures the tasks and is not trained on. */
export const heldOut = (product: Product): boolean =>
  parseInt(sha256(`${product.locale}\t${product.productId}`).slice(0, 8), 16) % 10 === 0;

/**
 * Pre-trains an encoder on the catalogue (Algorithm 1), or finds it done: the folder `data/cache/encoders/<id>` loads in transformers, and holds
 * the run's figures beside. A folder appears whole or not at all. One that another process is making is waited for.
 */
export async function pretrain(
  run: Pretraining,
  start: StartingEncoder,
  dataset: Dataset,
  train_: readonly Row[],
  hooks: PretrainHooks = {},
): Promise<Pretrained> {
  const identity = identityOf(run, start);
  const id = configHash({ kind: 'pretrain', ...identity });
  const folder = workCache('encoders', id);
  const known = (): Pretrained | undefined => found(id, folder);
  const make = (): Promise<Pretrained> => trainEncoder({ ...run, id, folder, identity }, start, dataset, train_, hooks);
  const claim = claimPath(workCache('encoders'), id);
  return known() ?? withLock(claim, async () => known() ?? (await make()), waiting(hooks));
}

/** An encoder that was made before, with its figures. */
function found(id: string, folder: string): Pretrained | undefined {
  const summary = join(folder, SUMMARY);
  if (!existsSync(summary)) return undefined;
  return { id, folder, ...(JSON.parse(readFileSync(summary, 'utf8')) as Omit<Pretrained, 'id' | 'folder'>) };
}

async function trainEncoder(
  { id, folder, identity, ...run }: Pretraining & { id: string; folder: string; identity: object },
  start: StartingEncoder,
  dataset: Dataset,
  train_: readonly Row[],
  hooks: PretrainHooks,
): Promise<Pretrained> {
  const products = await corpusOf(run.config, dataset, train_, start.locales);
  const names = {
    brands: NameVocabulary.build(products.map((p) => p.brand)),
    colors: NameVocabulary.build(products.map((p) => p.color)),
  };
  const part = (chosen: readonly Product[]): Corpus => ({ products: chosen, tokenizer: start.tokenizer, ...names });
  const model: PretrainModel = {
    encoder: start.config,
    config: run.config,
    pooling: run.pooling,
    brands: names.brands.size,
    colors: names.colors.size,
  };
  const measured = products.filter(heldOut);
  checkRows(measured, run.config, 'held-out products, every tenth'); // before anything is trained, not after
  const trainer = await Pretrainer.create(model, part(products.filter((p) => !heldOut(p))), Key.from('pretrain').fold(run.seed));
  try {
    trainer.start(start.weights, fittingHeads(pretrainParams(model), start, { brand: names.brands, color: names.colors }));
    const held = part(measured);
    const checkpoints = new Checkpoints(workCache('checkpoints', id), identity);
    const { until } = run.config;
    const steps = until?.most ?? run.config.steps;
    let settled: number | undefined;
    const end = ({ curves, step }: Progress): number | undefined => {
      settled ??= settledAt(run.config, trainer.tasks, curves, step);
      return settled === undefined ? undefined : settled + until!.cooldown;
    };
    const plan: Plan = {
      program: trainer.program,
      steps,
      accumulation: 1,
      batch: trainer.batches(),
      scalars: (t) => trainer.scalars(t, settled),
      onStep: (step, loss, rate) => hooks.onStep?.(step, steps, loss, rate),
      ...(until ? { end, evaluation: { every: until.every, run: () => trainer.evaluate(held) } } : {}),
      stopped: hooks.stopped,
      checkpoint: { every: CHECKPOINT_EVERY, save: (progress) => checkpoints.save(trainer.program, progress) },
    };
    const result = await train(plan, checkpoints.restore(trainer.program));
    if (result.stopped) throw new Stopped(`pre-training stopped after ${result.step} updates`);
    const metrics = { ...(await trainer.evaluate(held)), ...(until ? { pretrainingSteps: result.step } : {}) };
    const specs = pretrainParams(model);
    savePretrained(folder, start.config, specs, trainer.weights(), { locales: start.locales });
    start.tokenizer.save(folder);
    names.brands.save(join(folder, NAMES_FILES.brand));
    names.colors.save(join(folder, NAMES_FILES.color));
    const finished = {
      metrics,
      curves: result.curves,
      checks: pretrainChecks(run.config, metrics, result, held.products.length),
    };
    writeFileAtomic(join(folder, SUMMARY), JSON.stringify(finished));
    checkpoints.remove();
    return { id, folder, ...finished };
  } finally {
    trainer.dispose();
  }
}

/** The heads that came with an encoder, where they are of the size that is asked for. A table of names is none but for the same names, in the same order. */
export function fittingHeads(
  specs: ParamSpecs,
  { heads = {}, names = {} }: Pick<StartingEncoder, 'heads' | 'names'>,
  wanted: Record<'brand' | 'color', Pick<NameVocabulary, 'names'>>,
): Record<string, Float32Array> {
  const size = (name: string): number => specs[name].shape.reduce((a, b) => a * b, 1);
  const others = (['brand', 'color'] as const).filter((of) => names[of]?.names.join('\n') !== wanted[of].names.join('\n'));
  const kept = Object.entries(heads).filter(
    ([name, values]) =>
      name in specs && values.length === size(name) && !others.some((of) => name.startsWith(`heads.${of}.names.`)),
  );
  return Object.fromEntries(kept);
}

/**
 * All products, as the paper did, or without those that only the held-out fold's rows judge, and the further catalogues that the configuration names; only
 * of locales that the vocabulary reads.
 */
async function corpusOf(
  config: PretrainConfig,
  dataset: Dataset,
  trainRows: readonly Row[],
  locales: readonly Locale[],
): Promise<Product[]> {
  checkLocales(locales);
  const key = (p: Product): string => `${p.locale}\t${p.productId}`;
  const judged = config.corpus === 'all' ? new Set<string>() : new Set(dataset.rows.map(key));
  const train = new Set(trainRows.map(key));
  const own = dataset.products.filter((p) => !judged.has(key(p)) || train.has(key(p)));
  const extra = await Promise.all((config.extra ?? []).map(openCatalogue));
  return [...own, ...extra.flat()].filter((p) => locales.includes(p.locale));
}

/** The pre-trained encoder in the place of the one it started from. */
export function withPretrained(start: StartingEncoder, { folder }: Pretrained): StartingEncoder {
  const { params } = loadPretrained(folder);
  return { ...start, weights: Object.fromEntries(Object.keys(encoderParams(start.config)).map((name) => [name, params[name]])) };
}
