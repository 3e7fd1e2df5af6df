import { ensure } from '../runtime/errors';
import { tablePretraining } from './tables/pretrained';
import { tableNamed, type FinetuneTable } from './tables';
import { applyPatch, applySettings } from './patch';
import { scaleNamed } from './scales';
import type { DataSource, FinetuneConfig, Scale } from './config';
import type { FinetuneExperiment } from './finetune-run';

/** What a user may ask for of a table. */
export interface GridRequest {
  table: string;
  scale: string;
  /** A path or name of real data in place of the scale's own. */
  data?: string;
  /** How many seeds, from 0. */
  seeds?: number;
  /** Which folds. */
  folds?: readonly number[];
  /** Rows by id; all when absent. */
  rows?: readonly string[];
  /** `a.b=value` settings laid over the base configuration. */
  set?: readonly string[];
}

/** One cell of a grid: a row of a table at one seed and fold. */
export interface Cell {
  table: string;
  row: string;
  label: string;
  experiment: FinetuneExperiment;
}

export interface Grid {
  table: FinetuneTable;
  scale: Scale;
  cells: Cell[];
}

/** The runs a request means, seed by seed so that paired rows finish together. */
export function planGrid(request: GridRequest): Grid {
  const scale = scaleNamed(request.scale);
  const table = tableNamed(request.table, scale);
  const source: DataSource = request.data === undefined ? scale.data : { path: request.data };
  const base = applySettings(baseFor(table, scale, source), request.set ?? []);
  const seeds = request.seeds ?? scale.seeds;
  ensure(Number.isInteger(seeds) && seeds >= 1, `--seeds must be a whole number ≥ 1, got ${seeds}`);
  const folds = request.folds ?? scale.runFolds;
  for (const fold of folds)
    ensure(Number.isInteger(fold) && fold >= 0 && fold < scale.folds, `--folds must be within 0…${scale.folds - 1}, got ${fold}`);
  for (const id of request.rows ?? [])
    ensure(
      table.rows.some((row) => row.id === id),
      `--rows: table ${table.id} has ${table.rows.map((r) => r.id).join(', ')}, got ${id}`,
    );
  const rows = table.rows.filter((row) => !request.rows || request.rows.includes(row.id));
  const cells = Array.from({ length: seeds }, (_, seed) =>
    folds.flatMap((fold) =>
      rows.map((row): Cell => {
        const config = applyPatch<FinetuneConfig>(base, row.patch);
        const experiment: FinetuneExperiment = {
          kind: 'finetune',
          scale: scale.name,
          seed,
          fold,
          folds: scale.folds,
          source,
          config,
        };
        return { table: table.id, row: row.id, label: row.label, experiment };
      }),
    ),
  ).flat();
  return { table, scale, cells };
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
