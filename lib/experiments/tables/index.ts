import { InputError } from '../../runtime/errors';
import type { Scale } from '../config';
import type { FinetuneTable } from './row';
import { table2 } from './table2';
import { table3 } from './table3';
import { table4 } from './table4';
import { table5 } from './table5';
import { table6 } from './table6';
import { table7 } from './table7';
import { tableChorus } from './chorus';
import { tableRanking } from './ranking';

export type { FinetuneRow, FinetuneTable, RowConfig } from './row';
export { chosenRows, rowConfig } from './row';

const tables: Record<string, (scale: Scale) => FinetuneTable> = {
  '2': table2,
  '3': table3,
  '4': table4,
  '5': table5,
  '6': table6,
  '7': table7,
  ranking: tableRanking,
};

/** Tables that no paper has, and the scales that they can be run at. */
const ownTables: Record<string, { make: (scale: Scale) => FinetuneTable; scales: readonly string[] }> = {
  chorus: { make: tableChorus, scales: ['minilm'] },
};

/** The papers' tables: what is run where none is named. */
export const tableIds = Object.keys(tables);

/** Every table that a scale has; with a name that one alone, where the scale has it. */
export function tableIdsOf(scale: Scale, name?: string): string[] {
  const has = (id: string): boolean => !ownTables[id] || ownTables[id].scales.includes(scale.name);
  return (name === undefined ? [...tableIds, ...Object.keys(ownTables)] : [name]).filter(has);
}

/** A table by its id, with the settings that fit a scale. */
export function tableNamed(id: string, scale: Scale): FinetuneTable {
  const own = ownTables[id];
  if (own && !own.scales.includes(scale.name))
    throw new InputError(`table ${id} needs --scale ${own.scales.join(' or ')}, got ${scale.name}`);
  const table = own?.make ?? tables[id];
  if (!table)
    throw new InputError(
      `--table must be one of ${[...tableIds, ...Object.keys(ownTables)].join(', ')}, got ${JSON.stringify(id)}`,
    );
  return table(scale);
}
