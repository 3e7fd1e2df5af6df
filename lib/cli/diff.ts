import type { Command } from 'commander';
import { runsFolders } from './runs-option';

/** `diff`: what differs between two runs. */
export function registerDiff(program: Command): void {
  program
    .command('diff')
    .description('Show in which settings, circumstances and metrics two runs differ')
    .argument('<run>', "a run: its id, the id's first digits, or the path of its record")
    .argument('<other>', 'the run to compare with')
    .option('--runs <DIR>', 'read records from this folder (default: data/runs and data/cache/runs)')
    .action(async (first: string, second: string, options: { runs?: string }) => {
      const folders = await runsFolders(options.runs);
      const { namedRecord } = await import('../experiments/store');
      const { runDifference } = await import('../report/difference');
      const { differenceText } = await import('../report/formats/difference');
      const [a, b] = [namedRecord(first, folders).record, namedRecord(second, folders).record];
      process.stdout.write(differenceText(a, b, runDifference(a, b)));
    });
}
