import { dependenciesOf, runId, type Experiment, type RunHooks } from './experiment';
import { runEnsemble } from './ensemble-run';
import { runFinetune } from './finetune-run';
import { runGraded } from './graded/run';
import { runRanking } from './ranking/run';
import type { RunRecord } from './record';
import { findRecord, runFolders, saveRecord } from './store';

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

/** Runs an experiment by itself: the records that it reads are found in `folders`, or made first and kept in `folder`. */
export async function runWithDependencies(
  experiment: Experiment,
  folder: string,
  hooks: RunHooks = {},
  folders: readonly string[] = [folder, ...runFolders()],
): Promise<RunRecord> {
  const parts: RunRecord[] = [];
  for (const needed of dependenciesOf(experiment)) {
    const known = findRecord(await runId(needed), folders)?.record;
    const record = known ?? (await runWithDependencies(needed, folder, hooks, folders));
    if (!known) saveRecord(folder, record);
    parts.push(record);
  }
  return runExperiment(experiment, parts, hooks);
}
