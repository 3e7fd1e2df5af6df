import { InputError } from '../../runtime/errors';
import type { FinetuneConfig, Scale } from '../config';
import type { Patch } from '../patch';
import type { Table } from '../record';
import { table3 } from './table3';
import { table4 } from './table4';
import { table5 } from './table5';
import { table7 } from './table7';

/** A table of fine-tuned models: a base configuration at a scale, and a patch a row. */
export interface FinetuneTable extends Table<Patch<FinetuneConfig>> {
  base: FinetuneConfig;
}

const tables: Record<string, (scale: Scale) => FinetuneTable> = { '3': table3, '4': table4, '5': table5, '7': table7 };

/** The ids that `--table` takes. */
export const tableIds = Object.keys(tables);

/** A table by its id, with the settings that fit a scale. */
export function tableNamed(id: string, scale: Scale): FinetuneTable {
  const table = tables[id];
  if (!table) throw new InputError(`--table must be one of ${tableIds.join(', ')}, got ${JSON.stringify(id)}`);
  return table(scale);
}
