import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ADVERSARIES, adversaryDefaults } from '../finetune/adversary';
import { EMA_MODES } from '../finetune/ema';
import { FGM_MODES } from '../finetune/fgm';
import { mixupOfMode } from '../finetune/mixup';
import { RDROP_MODES } from '../finetune/rdrop';
import type { Tricks } from '../finetune/step';
import { NO_TRICKS } from '../finetune/step';
import { ensure, oneOf } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { removeCheckpoints } from '../train/checkpoint';
import { checkFinetune } from './check-config';
import { SPLITS } from '../data/types';
import type { DataSource, FinetuneConfig, Scale } from './config';
import { hasBothSplits, sourceOf } from './dataset';
import { runId, type FinetuneExperiment, type RunHooks } from './experiment';
import { runFinetune } from './finetune-run';
import { modelRecord, saveModel } from './model-folder';
import { applySettings } from './patch';
import { checkOut, startFrom } from './pretrain-request';
import type { RunRecord } from './record';
import { scaleNamed } from './scales';
import { checkpointFolder } from './store';
import { tablePretraining } from './tables/pretrained';

/** What a user asks of one fine-tuned model. */
export interface FinetuneRequest {
  task: string;
  scale: string;
  data?: string;
  /** `train`, `test` or `all`: which rows of real data; when absent those of `train` where there are both, so that the test rows stay unseen. */
  split?: string;
  /** A model folder or known weights; when absent the scale's start, pre-trained on the catalogue as in the tables. */
  from?: string;
  /** Names of tricks, separated by commas. */
  tricks?: string;
  /** The tricks' settings as published, as coded or textbook; the scale's when absent. */
  mode?: string;
  set?: readonly string[];
  seed: number;
  fold: number;
  out: string;
}

const TRICKS = ['ema', 'fgm', 'rdrop', 'mixup', 'pgd', 'freelb', 'awp'] as const;
const MODES = ['as-published', 'as-coded', 'textbook'] as const;

/**
 * The tricks of a list of names, with the scale's settings or those of a mode. `pgd`, `freelb` and `awp` stand in the place of FGM, with settings of their own.
 * With the scale's settings R-Drop without an adversary compares with a second dropout pass, as its own paper has it; a mode's R-Drop is what the mode says. Mixup as coded is what
 * the release has in the task.
 */
export function tricksNamed(names: string | undefined, scale: Scale, modeName?: string, task: 1 | 2 | 3 = 2): Tricks {
  const wanted = (names ?? '').split(',').map((name) => name.trim()).filter(Boolean).map((name) => oneOf('--tricks', name, TRICKS)); // prettier-ignore
  const mode = modeName === undefined ? undefined : oneOf('--mode', modeName, MODES);
  ensure(!mode || wanted.length > 0, `--mode ${mode} is one of the tricks' settings: expected --tricks beside it`);
  const adversaries = ADVERSARIES.filter((kind) => wanted.includes(kind));
  ensure(adversaries.length < 2, `--tricks takes one adversary of ${ADVERSARIES.join(', ')}, got ${adversaries.join(' and ')}`);
  const [adversary] = adversaries;
  const chosen: Tricks = { ...NO_TRICKS };
  if (wanted.includes('ema')) chosen.ema = mode ? EMA_MODES[mode] : scale.tricks.ema;
  if (adversary === 'fgm') chosen.fgm = mode ? FGM_MODES[mode] : scale.tricks.fgm;
  else if (adversary) {
    ensure(
      !mode,
      `--mode ${mode}: ${adversary} is neither in the paper nor in its release and has no modes; expected fgm, or no --mode`,
    );
    chosen.fgm = adversaryDefaults(adversary, scale.tricks.fgm);
  }
  if (wanted.includes('mixup')) {
    chosen.mixup = mode ? mixupOfMode(mode, task) : scale.tricks.mixup;
    ensure(chosen.mixup, `--mode ${mode}: the release has no mixup in task ${task}; expected --tricks without it`);
  }
  if (wanted.includes('rdrop')) {
    const own = chosen.fgm ? scale.tricks.rdrop : RDROP_MODES.textbook;
    chosen.rdrop = mode ? RDROP_MODES[mode] : own;
  }
  return chosen;
}

/** The rows of a request: real data without those of the test split, unless they are asked for or there are no others. */
async function requestedRows({ data, split: name }: FinetuneRequest, own: DataSource): Promise<DataSource> {
  const asked = name === undefined ? undefined : oneOf('--split', name, [...SPLITS, 'all'] as const);
  const usual = asked === undefined && (await hasBothSplits(sourceOf({ data }, own))) ? 'train' : undefined;
  return sourceOf({ data, split: asked === 'all' ? undefined : (asked ?? usual) }, own);
}

/** The experiment that a request means. Throws an InputError where it cannot be run, before anything is. */
export async function finetuneExperiment(request: FinetuneRequest): Promise<FinetuneExperiment> {
  const scale = scaleNamed(request.scale);
  const task = Number(oneOf('--task', request.task, ['1', '2', '3'] as const)) as 1 | 2 | 3;
  const { seed, fold } = request;
  ensure(Number.isInteger(seed) && seed >= 0, `--seed must be a whole number ≥ 0, got ${seed}`);
  ensure(Number.isInteger(fold) && fold >= 0 && fold < scale.folds, `--fold must be within 0…${scale.folds - 1}, got ${fold}`);
  const base: FinetuneConfig = {
    ...scale.base,
    task,
    tricks: tricksNamed(request.tricks, scale, request.mode, task),
    ...(request.from === undefined
      ? { pretrain: tablePretraining(scale) }
      : { start: await startFrom(request.from, scale.base.start), pretrain: null }),
  };
  const source = await requestedRows(request, scale.data);
  const config = applySettings(base, request.set ?? []);
  checkFinetune(config);
  return { kind: 'finetune', scale: scale.name, seed, fold, folds: scale.folds, source, config };
}

/**
 * Fine-tunes one model on all folds but one, measures it on that one and leaves it in a folder: model, vocabularies, settings, and `record.json` last. A killed or
 * stopped run goes on where it was; a folder that holds this very run is not made again.
 */
export async function finetuneInto(request: FinetuneRequest, hooks: RunHooks = {}): Promise<RunRecord> {
  checkOut(request.out, 'esci.json');
  const experiment = await finetuneExperiment(request);
  const known = modelRecord(request.out);
  if (known && known.id === (await runId(experiment))) return known;
  ensure(!known, `--out ${request.out} holds another model (run ${known?.id}); name a new folder`);
  mkdirSync(request.out, { recursive: true });
  const record = await runFinetune(experiment, { ...hooks, keep: (model) => saveModel(request.out, model) });
  writeFileAtomic(join(request.out, 'record.json'), JSON.stringify(record) + '\n');
  removeCheckpoints(checkpointFolder(record.id));
  return record;
}
