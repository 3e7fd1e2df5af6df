import { existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { ensure, InputError, shown } from '../runtime/errors';
import { projectCache, writeFileAtomic } from '../runtime/files';
import { WORLDS } from '../data/generate';
import type { Split } from '../data/types';
import { checkExperiment } from './check-config';
import { SCALES, type DataSource } from './config';
import type { Experiment } from './experiment';
import { check, choice, keyed, name, whole } from './schema/fields';

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
    statSync(path, { throwIfNoEntry: false })?.isFile(),
    `--experiment must be a specification file or the id of a planned run (reproduce --dry-run lists them), got ${shown(idOrFile)}`,
  );
  let spec: Experiment | null;
  try {
    spec = JSON.parse(readFileSync(path, 'utf8')) as Experiment | null;
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
  }
  ensure(
    spec && ['finetune', 'out-of-fold', 'ensemble', 'graded', 'ranking'].includes(spec.kind) && spec.config && spec.source,
    `${path} must be a run's specification with kind, source and config`,
  );
  checkCircumstances(spec);
  checkExperiment(spec);
  return spec;
}

const common = z.looseObject({
  scale: choice(SCALES),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  fold: whole(0),
  folds: whole(1),
  source: keyed<DataSource>({
    path: z.strictObject({ path: name, split: choice<Split>({ train: true, test: true }).optional() }),
    generated: z.looseObject({ generated: choice(WORLDS) }),
  }),
});

/** What every run has besides its configuration: its record needs it, and a run of hours would otherwise end without one. */
function checkCircumstances(spec: Experiment): void {
  check(common, spec);
  const { fold, folds } = spec;
  ensure(fold < folds, `fold: got ${fold}; below folds (${folds})`);
  if (spec.kind === 'out-of-fold') check(z.looseObject({ part: z.strictObject({ fold: whole(0), folds: whole(2) }) }), spec);
}
