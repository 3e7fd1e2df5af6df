import { ensure } from '../../runtime/errors';
import type { CleanConfig, DataSource, FinetuneConfig } from '../config';
import type { Combine, EnsembleConfig } from '../ensemble-run';
import { applyPatch, applySettings, type Patch } from '../patch';
import type { GradedConfig } from '../graded/config';
import { withRoom, type RankingConfig } from '../ranking/config';
import type { Table, TableRow } from '../record';

/** A row of a table of models: a patch of the base configuration, or an ensemble of other rows. */
export interface FinetuneRow extends TableRow<Patch<FinetuneConfig>> {
  /** Confident learning on the training part; its out-of-fold models have the table's base configuration. */
  clean?: Omit<CleanConfig, 'model'>;
  /** The row trains nothing: it combines the predictions of these rows. */
  ensemble?: { of: readonly string[]; combine: Combine };
  /** The row ranks a data set with human grades; `patch` is not read. */
  graded?: GradedConfig;
  /** The row ranks by engagement; `patch` is not read. */
  ranking?: RankingConfig;
}

/** A table of fine-tuned models: a base configuration at a scale, and a patch a row. */
export interface FinetuneTable extends Table<Patch<FinetuneConfig>> {
  base: FinetuneConfig;
  rows: readonly FinetuneRow[];
  /** The table's own data, where they are not the scale's. */
  source?: DataSource;
}

/** The rows that names of rows and of groups mean, in the table's order; without names every row that stands in no group. Throws on a name that means none. */
export function chosenRows({ id, rows }: Pick<FinetuneTable, 'id' | 'rows'>, names?: readonly string[]): FinetuneRow[] {
  const groups = [...new Set(rows.flatMap((row) => row.group ?? []))];
  for (const name of names ?? []) {
    const known = [...rows.map((row) => row.id), ...groups];
    ensure(known.includes(name), `--rows: table ${id} has ${known.join(', ')}, got ${name}`);
  }
  return rows.filter((row) => (names ? names.includes(row.id) || (row.group && names.includes(row.group)) : !row.group));
}

/** What a row runs: the kind of its experiment and the whole configuration, which decide which records are the row's. */
export type RowConfig =
  | { kind: 'finetune'; config: FinetuneConfig }
  | { kind: 'ensemble'; config: EnsembleConfig }
  | { kind: 'graded'; config: GradedConfig }
  | { kind: 'ranking'; config: RankingConfig };

/** The configuration of a row over a base; `settings` (`clean.fraction=0.08`) are laid over rows with confident learning, and over rows that rank by engagement. */
export function rowConfig(
  table: FinetuneTable,
  row: FinetuneRow,
  base: FinetuneConfig,
  settings: readonly string[] = [],
): RowConfig {
  if (row.ranking) return { kind: 'ranking', config: withRoom(row.ranking, base.text.maxLength, settings) };
  if (row.graded) return { kind: 'graded', config: row.graded };
  if (row.ensemble) {
    const { of, combine } = row.ensemble;
    const members = of.map(
      (id) =>
        rowConfig(
          table,
          table.rows.find((r) => r.id === id)!,
          base,
        ).config as FinetuneConfig,
    );
    return { kind: 'ensemble', config: { combine, members } };
  }
  const config = applyPatch<FinetuneConfig>(base, row.patch);
  if (!row.clean) return { kind: 'finetune', config };
  // An out-of-fold model is measured on the labels that it judges: it must not choose its best evaluation by them.
  const model = { ...base, select: null };
  return { kind: 'finetune', config: applySettings({ ...config, clean: { ...row.clean, model } }, settings) };
}
