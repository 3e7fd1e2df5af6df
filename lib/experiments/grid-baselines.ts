import { configHash } from '../runtime/hash';
import { BASELINES, baselineIdentity, runBaseline, type BaselineExperiment } from './baselines';
import { openDataset } from './dataset';
import type { Grid } from './plan';
import type { RunRecord } from './record';
import { findRecord, saveRecord } from './store';

/**
 * The baselines that belong beside a table of task 2 on real data, one for each fold of its runs: those recorded in `folders`, the others fitted now and kept in
 * `folder`. A start from scratch has no cosine worth reading, so those that need one are left out. None for other tables and for generated data.
 */
export async function gridBaselines(
  { table, scale, cells }: Grid,
  folder: string,
  folders: readonly string[],
): Promise<RunRecord[]> {
  const [first] = cells;
  // Table 6 has each task's own metric, and starts from task 2.
  const task = ['microF1', 'taskMetric'].includes(table.metric) ? table.base.task : undefined;
  if (task !== 2 || !first || !('path' in first.experiment.source)) return [];
  const { source, folds } = first.experiment;
  const { start } = table.base;
  const dataset = await openDataset(source, 0);
  const records: RunRecord[] = [];
  for (const fold of new Set(cells.map((cell) => cell.experiment.fold)))
    for (const [baseline, { features }] of Object.entries(BASELINES)) {
      if (features.includes('cosine') && start.from === 'scratch') continue;
      const experiment: BaselineExperiment = { scale: scale.name, seed: 0, fold, folds, source, start, baseline };
      const known = findRecord(configHash(baselineIdentity(experiment, dataset)), folders)?.record;
      const record = known ?? (await runBaseline(experiment));
      if (!known) saveRecord(folder, record);
      records.push(record);
    }
  return records;
}
