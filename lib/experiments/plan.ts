import { ensure, inRange } from '../runtime/errors';
import { tablePretraining } from './tables/pretrained';
import { checkExperiment } from './check-config';
import { chosenRows, rowConfig, tableNamed, type FinetuneRow, type FinetuneTable } from './tables';
import { applySettings, hasSetting, isSwitchedOff, withoutAbsent } from './patch';
import { scaleNamed } from './scales';
import type { Split } from '../data/types';
import type { DataSource, FinetuneConfig, Scale } from './config';
import { sourceOf } from './dataset';
import { dependenciesOf, type Experiment } from './experiment';
import { canonicalJson } from '../runtime/hash';

/** What a user may ask for of a table. */
export interface GridRequest {
  table: string;
  scale: string;
  /** A path or name of real data in place of the scale's own. */
  data?: string;
  /** Only the rows of one split of real data. */
  split?: Split;
  /** How many seeds, from 0. */
  seeds?: number;
  /** How many seeds of a row, by table and row; `seeds` where a row is not named. */
  rowSeeds?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Which folds. */
  folds?: readonly number[];
  /** Rows by id or group; all that stand in no group when absent. */
  rows?: readonly string[];
  /**
   * `a.b=value` settings laid over the base configuration; `clean.…` over the rows with confident learning; those of a trick or a pre-training that the base
   * does not have, over the scale's own, which its rows switch on.
   */
  set?: readonly string[];
  /** Another share of flipped labels in generated data. */
  noise?: number;
}

/** One cell of a grid: a row of a table at one seed and fold. */
export interface Cell {
  table: string;
  row: string;
  label: string;
  experiment: Experiment;
}

export interface Grid {
  table: FinetuneTable;
  scale: Scale;
  cells: Cell[];
}

/** The runs a request means, seed by seed so that paired rows finish together. */
export function planGrid(request: GridRequest): Grid {
  const settings = request.set ?? [];
  const scale = withSettings(scaleNamed(request.scale), request.table, settings);
  const table = tableNamed(request.table, scale);
  const source = withNoise(request, sourceOf(request, table.source ?? scale.data), scale);
  const isClean = (setting: string): boolean => setting.startsWith('clean.');
  const ranks = table.rows.every((row) => row.ranking);
  const ofBase = settings.filter((s) => !ranks && !isClean(s) && !isSwitchedOff(table.base, s));
  const base = applySettings(baseFor(table, scale, source), ofBase);
  const seeds = request.seeds ?? scale.seeds;
  ensure(Number.isInteger(seeds) && seeds >= 1, `--seeds must be a whole number ≥ 1, got ${seeds}`);
  const whole = table.rows.every((row) => row.graded || row.ranking);
  ensure(!whole || !request.folds, `--folds: a run of table ${table.id} covers all its folds`);
  ensure(!whole || !request.split, `--split: table ${table.id} reads whole lists`);
  const folds = whole ? [0] : [...new Set(request.folds ?? scale.runFolds)];
  for (const fold of folds)
    ensure(Number.isInteger(fold) && fold >= 0 && fold < scale.folds, `--folds must be within 0…${scale.folds - 1}, got ${fold}`);
  const generated = 'generated' in source;
  const rows = chosenRows(table, request.rows).filter((row) => generated || !row.truth);
  ensure(rows.length > 0, `--rows ${request.rows?.join(',')}: these rows need data whose true labels are known`);
  const experimentAt = (row: FinetuneRow, seed: number, fold: number): Experiment => {
    const own = rowConfig(table, row, base, ranks ? settings : settings.filter(isClean));
    const part = own.kind === 'graded' || own.kind === 'ranking' ? { fold: 0, folds: 1 } : { fold, folds: scale.folds };
    return withoutAbsent({ ...own, scale: scale.name, seed, ...part, source }) as Experiment;
  };
  rows.forEach((row) => checkExperiment(experimentAt(row, 0, folds[0])));
  if (!ranks) checkRead(table.id, settings, rows.map((row) => experimentAt(row, 0, folds[0]))); // prettier-ignore
  const seedsOf = ({ id }: { id: string }): number => request.rowSeeds?.[table.id]?.[id] ?? seeds;
  const cells = Array.from({ length: Math.max(...rows.map(seedsOf)) }, (_, seed) =>
    folds.flatMap((fold) =>
      rows
        .filter((row) => seedsOf(row) > seed)
        .map((row): Cell => ({ table: table.id, row: row.id, label: row.label, experiment: experimentAt(row, seed, fold) })),
    ),
  ).flat();
  return { table, scale, cells: withDependencies(cells) };
}

/**
 * A scale with the settings in it, so that what a table makes of it (rows with values of their own, labels, notes) is what runs: those that the table's base takes in
 * the scale's base and in what the table starts from; those of pre-training, and of a trick that rows alone have, also where rows take them from. Rows that rank
 * take theirs otherwise.
 */
function withSettings(scale: Scale, id: string, settings: readonly string[]): Scale {
  const { base, rows } = tableNamed(id, scale);
  const off = (setting: string): boolean => isSwitchedOff(base, setting);
  const ofRows = settings.filter((setting) =>
    setting.startsWith('pretrain.')
      ? off(setting) || !isSwitchedOff(scale, setting)
      : setting.startsWith('tricks.') && off(setting),
  );
  const changed = { ...scale, ...applySettings({ tricks: scale.tricks, pretrain: scale.pretrain }, ofRows) };
  if (rows.every((row) => row.ranking || row.graded)) return changed;
  const own = { ...scale.base, pretrain: base.pretrain };
  const ofBase = settings.filter((s) => !s.startsWith('clean.') && !off(s) && !isSwitchedOff(own, s));
  const { pretrain: tablePretrain, ...rest } = applySettings(own, ofBase);
  return { ...changed, base: { ...rest, pretrain: scale.base.pretrain }, tablePretrain };
}

/** Throws an InputError for a setting that would change nothing: no experiment, or none that it combines, has it at its value. */
function checkRead(table: string, settings: readonly string[], experiments: readonly Experiment[]): void {
  const configs = experiments.flatMap(({ config }): readonly unknown[] => ('members' in config ? config.members : [config]));
  for (const setting of settings)
    ensure(
      configs.some((config) => hasSetting(config, setting)),
      `--set ${setting}: no row of table ${table} that would run takes it; each has a value of its own or does not read it`,
    );
}

/** Generated data with the noise that a request asks for. */
function withNoise({ data, noise }: GridRequest, source: DataSource, scale: Scale): DataSource {
  if (noise === undefined) return source;
  ensure('generated' in source, `--noise needs generated data, got ${data ?? scale.name}: real labels have the noise they have`);
  return { ...source, options: { ...source.options, noiseRate: inRange('--noise', noise, 0, 0.9) } };
}

/** Puts the runs that a cell reads, and that are no cells themselves, before it; their `row` is the cell's with what they are for. */
function withDependencies(cells: readonly Cell[]): Cell[] {
  const seen = new Set(cells.map((cell) => canonicalJson(cell.experiment)));
  return cells.flatMap((cell) => {
    const needed = dependenciesOf(cell.experiment).filter((experiment) => {
      const name = canonicalJson(experiment);
      return !seen.has(name) && seen.add(name);
    });
    const parts = needed.map((experiment): Cell => {
      const what = experiment.kind === 'out-of-fold' ? `out-of-fold part ${experiment.part.fold}` : 'member';
      return { table: cell.table, row: `${cell.row}: ${what}`, label: what, experiment };
    });
    return [...parts, cell];
  });
}

/** A small encoder from scratch reads longer text on real data than the generator's short rows. */
export function baseFor(table: FinetuneTable, scale: Scale, source: DataSource): FinetuneConfig {
  if ('generated' in source || table.base.start.from !== 'scratch') return table.base;
  const { base } = table;
  return {
    ...base,
    text: { ...base.text, maxLength: Math.max(48, base.text.maxLength) },
    pretrain: base.pretrain && tablePretraining(scale),
  };
}
