import type { Command } from 'commander';
import { checkOutputFolder } from './outputs';
import { runShown } from './training';

interface Options {
  experiment: string;
  out?: string;
  checkpointEvery?: string;
  memory?: string;
}

/** `run`: one run of a grid, by its id or specification. Killed and started again it goes on where it was. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .description('run one experiment; a scheduler calls this once per run of a grid')
    .requiredOption('--experiment <id|file>', 'the id of a planned run, or a specification file')
    .option('--out <folder>', 'where the record goes (default: data/cache/runs)')
    .option('--checkpoint-every <updates>', 'how often the state is saved (default 100)')
    .option(
      '--memory <gib>',
      'memory to plan with instead of what this machine or its card has; a run that cannot fit is refused',
    )
    .action(async ({ experiment, out, checkpointEvery, memory }: Options) => {
      const [
        { readSpec },
        { runId },
        { runWithDependencies },
        { findRecord, ownRuns, runFolders },
        { wholeOf },
        { refuseMisfit },
        { WAITING },
        { roomOf },
      ] = await Promise.all([
        import('../experiments/spec'),
        import('../experiments/experiment'),
        import('../experiments/run'),
        import('../experiments/store'),
        import('./numbers'),
        import('../experiments/cost'),
        import('../experiments/failure'),
        import('./room'),
      ]);
      const every = checkpointEvery === undefined ? undefined : wholeOf('--checkpoint-every', checkpointEvery, 0, Infinity);
      if (out !== undefined) checkOutputFolder('--out', out);
      const spec = readSpec(experiment);
      const folder = out ?? ownRuns();
      const id = await runId(spec);
      const known = findRecord(id, out ? [out] : runFolders());
      if (known) {
        process.stdout.write(`${id} was run before\n`);
        return;
      }
      refuseMisfit([{ name: id, experiment: spec }], roomOf({ memory, jobs: 1 }));
      const record = await runShown(id, (hooks) =>
        runWithDependencies(spec, folder, {
          ...hooks,
          onStage: (stage) => void (stage === WAITING && process.stderr.write(`${id}: ${stage}\n`)),
          ...(every === undefined ? {} : { checkpointEvery: every }),
        }),
      );
      if (record) process.stdout.write(`${id} done\n`);
    });
}
