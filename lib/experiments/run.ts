import { dependenciesOf, runId, type Experiment, type RunHooks } from './experiment';
import { runEnsemble } from './ensemble-run';
import { runFinetune } from './finetune-run';
import { runGraded } from './graded/run';
import { runRanking } from './ranking/run';
import { waiting } from './failure';
import type { RunRecord } from './record';
import { claimPath, findRecord, runFolders, saveRecord } from './store';
import { withLock } from '../runtime/lock';

/** Runs any experiment; `parts` are the records of `dependenciesOf(experiment)`, in that order. */
export async function runExperiment(
  experiment: Experiment,
  parts: readonly RunRecord[],
  hooks: RunHooks = {},
): Promise<RunRecord> {
  if (experiment.kind === 'graded') return runGraded(experiment, parts, hooks);
  if (experiment.kind === 'ranking') return runRanking(experiment, parts, hooks);
  return experiment.kind === 'ensemble' ? runEnsemble(experiment, parts) : runFinetune(experiment, hooks, parts);
}

/**
 * Runs an experiment by itself and keeps its record in `folder`: the records that it reads are found in `folders`, or made first and kept too. What another process
 * is making is waited for, not made twice.
 */
export async function runWithDependencies(
  experiment: Experiment,
  folder: string,
  hooks: RunHooks = {},
  folders: readonly string[] = [folder, ...runFolders()],
): Promise<RunRecord> {
  const parts: RunRecord[] = [];
  for (const needed of dependenciesOf(experiment)) {
    const known = findRecord(await runId(needed), folders)?.record;
    parts.push(known ?? (await runWithDependencies(needed, folder, hooks, folders)));
  }
  const id = await runId(experiment);
  const make = async (): Promise<RunRecord> => {
    const known = findRecord(id, [folder])?.record;
    if (known) return known;
    const record = await runExperiment(experiment, parts, hooks);
    saveRecord(folder, record);
    return record;
  };
  return withLock(claimPath(folder, id), make, waiting(hooks));
}
