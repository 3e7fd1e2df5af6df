import { InputError } from '../runtime/errors';
import { canonicalJson } from '../runtime/hash';
import type { FinetuneConfig } from './config';
import { openDataset, placeOf } from './dataset';
import type { Experiment, TrainingExperiment } from './experiment';
import { finetuneFlops, pretrainFlops } from './flops';
import { finetuneMemory, halfBytes, pretrainMemory, type Memory } from './memory';
import { ESCI_SIZES, longestOf, shapeOf, type DataSizes } from './shape';

/** What one run needs at its fullest moment: of which of its two parts, at which micro-batch, and bytes. */
export interface Need {
  part: 'pre-training' | 'fine-tuning';
  batch: number;
  tokens: number;
  memory: Memory;
}

/** What there is: bytes of the machine, and of the card where one computes. */
export interface Room {
  ram: number;
  card?: number;
  /** Runs side by side. */
  jobs: number;
  /** How a message calls it. */
  name: string;
}

const isTraining = (experiment: Experiment): experiment is TrainingExperiment =>
  experiment.kind === 'finetune' || experiment.kind === 'out-of-fold';

/** The needs of each part of a run, on the card where there is one; none for a run that trains no text network, or starts from weights whose widths are not known. */
export function needsOf(experiment: Experiment, { card }: Pick<Room, 'card'>): Need[] {
  if (!isTraining(experiment)) return [];
  const sizes = sizesFor(experiment);
  const half = halfBytes(card !== undefined);
  const { config } = experiment;
  const encoder = shapeOf(config.start, longestOf(config));
  if (!encoder) return [];
  const { optimiser, text, pretrain, start } = config;
  const own: Need = { part: 'fine-tuning', batch: optimiser.batch, tokens: text.maxLength, memory: finetuneMemory(config, encoder, sizes, half) }; // prettier-ignore
  if (!pretrain) return [own];
  return [
    { part: 'pre-training', batch: pretrain.batch, tokens: pretrain.maxLength, memory: pretrainMemory(pretrain, start, encoder, sizes, half) }, // prettier-ignore
    own,
  ];
}

/** Names in the catalogue: those of the whole of ESCI for it, few for generated data and small files. */
const sizesFor = ({ source, scale }: Experiment): Pick<DataSizes, 'brands' | 'colors'> =>
  'path' in source && (scale === 'base' || scale === 'paper') ? ESCI_SIZES : { brands: 2000, colors: 500 };

const inDevice = ({ memory }: Need, { card }: Room): number => (card === undefined ? memory.total + memory.host : memory.total);
const fits = (need: Need, room: Room): boolean => {
  const { card, ram, jobs } = room;
  return inDevice(need, room) * jobs <= (card ?? ram) && (card === undefined || need.memory.host * jobs <= ram);
};

/** The need of a run that is largest for where it would run. */
export function largestNeed(experiment: Experiment, room: Room): (Need & { bytes: number }) | undefined {
  const needs = needsOf(experiment, room).map((need) => ({ ...need, bytes: inDevice(need, room) }));
  return needs.sort((a, b) => b.bytes - a.bytes)[0];
}

/** Bytes as people say them. */
export const gib = (bytes: number, digits = 1): string => `${(bytes / 2 ** 30).toFixed(digits)} GiB`;

/** Throws one line for the first run that cannot fit: what it needs, what there is, and which settings would fit. */
export function refuseMisfit(runs: readonly { name: string; experiment: Experiment }[], room: Room): void {
  const seen = new Set<string>();
  for (const { name, experiment } of runs) {
    if (!isTraining(experiment)) continue;
    const key = canonicalJson(experiment.config);
    if (seen.has(key)) continue;
    seen.add(key);
    const misfit = needsOf(experiment, room).find((need) => !fits(need, room));
    if (!misfit) continue;
    const { part, batch, tokens } = misfit;
    const beside = room.jobs > 1 ? ` a run, ${room.jobs} side by side` : '';
    const lack = `${name}: ${part} at a micro-batch of ${batch} × ${tokens} tokens needs about ${gib(inDevice(misfit, room))}${beside}, ${room.name} has ${gib(room.card ?? room.ram)}`;
    throw new InputError(`${lack}: ${remedy(experiment, part, room)} (--memory GIB where you know better)`);
  }
}

/** What would fit: layers computed again, the largest smaller micro-batch, or both. */
function remedy(experiment: TrainingExperiment, part: Need['part'], room: Room): string {
  const { config } = experiment;
  const needOf = (changed: FinetuneConfig): Need =>
    needsOf({ ...experiment, config: changed }, room).find((need) => need.part === part)!;
  if (part === 'pre-training') {
    const pretrain = config.pretrain!;
    for (const change of halvings(pretrain.batch).flatMap((batch) => [{ batch }, { batch, recompute: true as const }])) {
      if (!fits(needOf({ ...config, pretrain: { ...pretrain, ...change } }), room)) continue;
      const settings = [...(change.batch < pretrain.batch ? [`pretrain.batch=${change.batch}`] : []), ...('recompute' in change ? ['pretrain.recompute=true'] : [])]; // prettier-ignore
      return `${settings.map((s) => `--set ${s}`).join(' ')} would fit`;
    }
    return 'not even a batch of 1 fits';
  }
  const whole = config.optimiser.batch * config.optimiser.accumulation;
  for (const batch of halvings(config.optimiser.batch)) {
    const optimiser = { ...config.optimiser, batch, accumulation: whole / batch };
    for (const switches of savings(room)) {
      if (!Number.isInteger(optimiser.accumulation) || !fits(needOf({ ...config, optimiser, ...switches }), room)) continue;
      const settings = [
        ...(batch < config.optimiser.batch ? [`optimiser.batch=${batch}`, `optimiser.accumulation=${whole / batch}`] : []),
        ...Object.keys(switches).map((name) => `${name}=true`),
      ];
      return `a micro-batch of ${batch} would fit: ${settings.map((s) => `--set ${s}`).join(' ')}`;
    }
  }
  return 'not even a micro-batch of 1 fits';
}

/** Switches that save memory, the cheapest in time first; where there is no card, the moments' place is no saving. */
const savings = ({ card }: Room): readonly Pick<FinetuneConfig, 'recompute' | 'momentsOnHost'>[] => [
  {},
  { recompute: true },
  ...(card === undefined ? [] : [{ momentsOnHost: true } as const, { recompute: true, momentsOnHost: true } as const]),
];

const halvings = (batch: number): number[] => (batch >= 1 ? [batch, ...halvings(Math.floor(batch / 2))] : []);

/** The share of the longest text that an average one, padded to its bucket, is taken to be long. */
const FILLED = 0.8;

/** Operations of a run's fine-tuning and of its pre-training, by formula; undefined where `needsOf` has none. `rows` are the task's judged rows, all folds. */
export function runFlops(experiment: Experiment, rows: number): { finetune: number; pretrain: number } | undefined {
  if (!isTraining(experiment)) return undefined;
  const { config, folds } = experiment;
  const encoder = shapeOf(config.start, longestOf(config));
  if (!encoder) return undefined;
  const { optimiser, length, text, tricks, head, recompute, pretrain } = config;
  const parts = experiment.kind === 'out-of-fold' ? experiment.part.folds : folds;
  const trained = rows * (1 - 1 / folds) * (experiment.kind === 'out-of-fold' ? 1 - 1 / parts : 1);
  const updates = 'steps' in length ? length.steps : (trained * length.epochs) / (optimiser.batch * optimiser.accumulation);
  const step = finetuneFlops(encoder, optimiser.batch, FILLED * text.maxLength, tricks, head.pooling, recompute);
  return {
    finetune: updates * optimiser.accumulation * step,
    pretrain: pretrain ? pretrain.steps * FILLED * pretrainFlops(encoder, pretrain) : 0,
  };
}

/** The judged rows of an experiment's task: counted where the data is here, else those of the whole of ESCI. */
export async function rowsOf(experiment: TrainingExperiment): Promise<number> {
  const { source, seed, config } = experiment;
  if ('path' in source && !placeOf(source.path)) return ESCI_SIZES.rows[config.task];
  const { rows } = await openDataset(source, seed);
  return rows.filter((row) => (config.task === 1 ? row.smallVersion : row.largeVersion)).length;
}
