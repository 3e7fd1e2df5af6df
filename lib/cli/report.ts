import type { Command } from 'commander';
import { InputError } from '../runtime/errors';
import { checkOutputFolder } from './outputs';
import { runsFolders } from './runs-option';

interface Options {
  runs?: string;
  out?: string;
  scale?: string;
  data?: string;
}

/** `report`: one self-contained page with every table and figure that the records fill, and the figures as SVG files beside it. */
export function registerReport(program: Command): void {
  program
    .command('report')
    .description('Write reports/index.html: every table and figure from the run records, in one page that needs no network')
    .option('--runs <DIR>', 'read records from this folder (default: data/runs and data/cache/runs)')
    .option('--out <DIR>', 'the folder to write to (default: reports)')
    .option('--scale <S>', 'runs of this scale only')
    .option('--data <NAME>', 'runs on this data set only')
    .action(async (options: Options) => {
      if (options.out !== undefined) checkOutputFolder('--out', options.out);
      const folders = await runsFolders(options.runs);
      const { writeReport } = await import('../report/write');
      const written = writeReport(folders, options);
      if (!written) throw new InputError('no run record fills a table; expected some: npm run reproduce makes them');
      process.stderr.write(`${written.tables} tables, ${written.figures} figures, ${written.runs} runs\n`);
      process.stdout.write(`${written.path}\n`);
    });
}
