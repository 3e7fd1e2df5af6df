import assert from 'node:assert/strict';
import { planGrid, type Cell } from '../../experiments/plan';

/** The planned cell of a row at seed 0. */
export const cellOf = (cells: readonly Cell[], row: string): Cell => {
  const found = cells.find((cell) => cell.row === row && cell.experiment.seed === 0);
  assert.ok(found, `row ${row} is planned`);
  return found;
};

/** A table's plan at one seed, fold 0. */
export const plan = (table: string, scale = 'demo') => planGrid({ table, scale, seeds: 1, folds: [0] });
