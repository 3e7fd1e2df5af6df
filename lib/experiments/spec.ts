import { existsSync, readFileSync } from 'node:fs';
import { ensure, InputError, shown } from '../runtime/errors';
import { projectCache, writeFileAtomic } from '../runtime/files';
import { checkExperiment } from './check-config';
import type { Experiment } from './experiment';

/** Where a planned run's specification lies, so that any scheduler can run it by its id alone. */
export const specPath = (id: string): string => projectCache('specs', `${id}.json`);

/** Keeps the specification of a planned run. */
export function writeSpec(id: string, experiment: Experiment): void {
  if (!existsSync(specPath(id))) writeFileAtomic(specPath(id), JSON.stringify(experiment, null, 1) + '\n');
}

/** The experiment that a file or the id of a planned run means. */
export function readSpec(idOrFile: string): Experiment {
  const path = /^[0-9a-f]{16}$/.test(idOrFile) ? specPath(idOrFile) : idOrFile;
  ensure(
    existsSync(path),
    `--experiment must be a specification file or the id of a planned run (reproduce --dry-run lists them), got ${shown(idOrFile)}`,
  );
  let spec: Experiment;
  try {
    spec = JSON.parse(readFileSync(path, 'utf8')) as Experiment;
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
  }
  ensure(
    ['finetune', 'out-of-fold', 'ensemble', 'graded', 'ranking'].includes(spec.kind) && spec.config && spec.source,
    `${path} must be a run's specification with kind, source and config`,
  );
  checkExperiment(spec);
  return spec;
}
