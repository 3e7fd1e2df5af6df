import type { Command } from 'commander';
import { SPLITS } from '../data/types';
import { ensure, oneOf } from '../runtime/errors';
import { MOST_JOBS, MOST_SEEDS, numberOf, wholeOf } from './numbers';

interface Options {
  table?: string;
  scale: string;
  data?: string;
  split?: string;
  seeds?: string;
  detect?: string;
  folds?: string;
  rows?: string;
  set: string[];
  noise?: string;
  jobs: string;
  dryRun?: boolean;
  json?: boolean;
  onlyMissing?: boolean;
  again?: boolean;
  yes?: boolean;
  report: boolean;
  memory?: string;
  card?: string;
}

const list = (text: string | undefined): string[] | undefined => text?.split(',').map((part) => part.trim());

/** `reproduce`: runs the cells of one table or all that have no record yet, then prints the tables. */
export function registerReproduce(program: Command): void {
  program
    .command('reproduce')
    .description('run the tables of the paper; finished runs are reused')
    .option('--table <id>', 'one table (2 to 7, ranking, chorus); all when absent')
    .option('--scale <name>', 'smoke, demo, small, minilm, base or paper', 'demo')
    .option('--data <path>', "real data in the ESCI schema instead of the scale's own")
    .option('--split <name>', 'only the rows of this split of real data, train or test, cut into folds (default: all rows)')
    .option('--seeds <n|auto>', "how many seeds (default: the scale's); auto: as many as --detect needs")
    .option('--detect <change>', 'with --seeds auto: the change to show, in points: hundredths of the metric (default: 0.3)')
    .option('--yes', 'with --seeds auto: start a plan of more than 100 seeds a row or 10 hours')
    .option('--folds <list>', 'which folds, for example 0,1,2')
    .option('--rows <list>', 'only these rows, or groups of rows that run on request, such as converged')
    .option(
      '--set <name=value>',
      'another value for a setting of the base configuration, or of the tricks and tasks that rows switch on; may be repeated',
      (v: string, all: string[]) => [...all, v],
      [],
    )
    .option('--noise <share>', 'another share of flipped labels in generated data')
    .option('--jobs <n>', 'runs side by side', '2')
    .option('--dry-run', 'list the runs and what is missing, run nothing')
    .option('--json', 'with --dry-run: print the list as JSON, for a scheduler (workflow/README.md)')
    .option('--only-missing', 'leave out what is done: list only runs to do, print only tables that they fill')
    .option(
      '--again',
      'train anew what has a record already, and say how the new ones differ from those that came with the project',
    )
    .option(
      '--memory <gib>',
      'memory to plan with instead of what this machine or its card has; a run that cannot fit is refused',
    )
    .option('--card <name>', 'with --dry-run: plan for this card instead of this machine, for example H100')
    .option('--no-report', 'do not write reports/index.html')
    .action(async (options: Options) => {
      const { reproduce } = await import('./reproduce-action');
      const jobs = wholeOf('--jobs', options.jobs, 1, MOST_JOBS);
      const detect = options.seeds === 'auto' ? numberOf('--detect', options.detect ?? '0.3', 1e-6, Infinity) : undefined;
      const seeds =
        options.seeds === undefined || detect !== undefined ? undefined : wholeOf('--seeds', options.seeds, 1, MOST_SEEDS);
      for (const name of ['detect', 'yes'] as const)
        ensure(options[name] === undefined || detect !== undefined, `--${name} plans seeds: expected --seeds auto beside it`);
      ensure(!options.json || options.dryRun, '--json lists runs: expected --dry-run beside it');
      ensure(options.card === undefined || options.dryRun, '--card plans for another machine: expected --dry-run beside it');
      const split = options.split === undefined ? undefined : oneOf('--split', options.split, SPLITS);
      const folds = list(options.folds)?.map((fold) => wholeOf('--folds', fold, 0, Infinity));
      const noise = options.noise === undefined ? undefined : numberOf('--noise', options.noise, 0, 0.9);
      await reproduce({
        ...options,
        jobs,
        seeds,
        detect,
        split,
        folds,
        noise,
        rows: list(options.rows),
        dryRun: options.dryRun ?? false,
        json: options.json ?? false,
        onlyMissing: options.onlyMissing ?? false,
        again: options.again ?? false,
      });
    });
}
