import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tricks } from '../finetune/step';
import { NO_TRICKS } from '../finetune/step';
import { ensure, oneOf } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import type { FinetuneConfig, Scale } from './config';
import { runId, type FinetuneExperiment, type RunHooks } from './experiment';
import { runFinetune } from './finetune-run';
import { modelRecord, saveModel } from './model-folder';
import { applySettings } from './patch';
import { checkOut, startFrom } from './pretrain-request';
import type { RunRecord } from './record';
import { scaleNamed } from './scales';
import { tablePretraining } from './tables/pretrained';

/** What a user asks of one fine-tuned model. */
export interface FinetuneRequest {
  task: string;
  scale: string;
  data?: string;
  /** A model folder or known weights; when absent the scale's start, pre-trained on the catalogue as in the tables. */
  from?: string;
  /** Names of tricks, separated by commas. */
  tricks?: string;
  set?: readonly string[];
  seed: number;
  fold: number;
  out: string;
}

const TRICKS = ['ema', 'fgm', 'rdrop', 'mixup'] as const;

/** The tricks of a list of names, with the scale's settings. R-Drop without FGM compares with a second dropout pass, as its own paper has it. */
export function tricksNamed(names: string | undefined, scale: Scale): Tricks {
  const wanted = (names ?? '').split(',').map((name) => name.trim()).filter(Boolean).map((name) => oneOf('--tricks', name, TRICKS)); // prettier-ignore
  const chosen: Tricks = { ...NO_TRICKS };
  if (wanted.includes('ema')) chosen.ema = scale.tricks.ema;
  if (wanted.includes('fgm')) chosen.fgm = scale.tricks.fgm;
  if (wanted.includes('mixup')) chosen.mixup = scale.tricks.mixup;
  if (wanted.includes('rdrop'))
    chosen.rdrop = chosen.fgm ? scale.tricks.rdrop : { alpha: 1, pair: 'dropout', reduction: 'mean', halved: true };
  return chosen;
}

/** The experiment that a request means. */
export async function finetuneExperiment(request: FinetuneRequest): Promise<FinetuneExperiment> {
  const scale = scaleNamed(request.scale);
  const task = Number(oneOf('--task', request.task, ['1', '2', '3'] as const)) as 1 | 2 | 3;
  const { seed, fold } = request;
  ensure(Number.isInteger(seed) && seed >= 0, `--seed must be a whole number ≥ 0, got ${seed}`);
  ensure(Number.isInteger(fold) && fold >= 0 && fold < scale.folds, `--fold must be within 0…${scale.folds - 1}, got ${fold}`);
  const base: FinetuneConfig = {
    ...scale.base,
    task,
    tricks: tricksNamed(request.tricks, scale),
    ...(request.from === undefined
      ? { pretrain: tablePretraining(scale) }
      : { start: await startFrom(request.from, scale.base.start), pretrain: null }),
  };
  const source = request.data === undefined ? scale.data : { path: request.data };
  const config = applySettings(base, request.set ?? []);
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
  return record;
}
