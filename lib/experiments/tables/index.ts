import { InputError } from '../../runtime/errors';
import type { Scale } from '../config';
import type { FinetuneTable } from './row';
import { table2 } from './table2';
import { table3 } from './table3';
import { table4 } from './table4';
import { table5 } from './table5';
import { table6 } from './table6';
import { table7 } from './table7';

export type { FinetuneRow, FinetuneTable, RowConfig } from './row';
export { chosenRows, rowConfig } from './row';

const tables: Record<string, (scale: Scale) => FinetuneTable> = {
  '2': table2,
  '3': table3,
  '4': table4,
  '5': table5,
  '6': table6,
  '7': table7,
};

/** The ids that `--table` takes. */
export const tableIds = Object.keys(tables);

/** A table by its id, with the settings that fit a scale. */
export function tableNamed(id: string, scale: Scale): FinetuneTable {
  const table = tables[id];
  if (!table) throw new InputError(`--table must be one of ${tableIds.join(', ')}, got ${JSON.stringify(id)}`);
  return table(scale);
}
