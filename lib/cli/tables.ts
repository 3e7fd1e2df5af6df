import type { Command } from 'commander';
import { InputError, oneOf } from '../runtime/errors';
import { runsFolders } from './runs-option';

interface Options {
  table?: string;
  scale?: string;
  data?: string;
  format: string;
  runs?: string;
}

/** `tables`: the paper's tables filled from run records, to read or to paste. */
export function registerTables(program: Command): void {
  program
    .command('tables')
    .description("Print the paper's tables filled from run records, with intervals and verdicts")
    .option('--table <N>', 'one table only: 2, 3, …, ranking')
    .option('--scale <S>', 'runs of this scale only')
    .option('--data <NAME>', 'runs on this data set only')
    .option('--format <format>', 'text, markdown, latex, csv or html', 'text')
    .option('--runs <DIR>', 'read records from this folder (default: data/runs and data/cache/runs)')
    .action(async (options: Options) => {
      const { FORMATS, renderTables } = await import('../report/formats');
      const format = oneOf('--format', options.format, FORMATS);
      const folders = await runsFolders(options.runs);
      const { loadRecords } = await import('../experiments/store');
      const { fillTables } = await import('../report/collect');
      const records = loadRecords(folders);
      const tables = fillTables(records, options);
      if (!tables.length) {
        const asked = [
          options.table && `table ${options.table}`,
          options.scale && `scale ${options.scale}`,
          options.data && `data ${options.data}`,
        ];
        const what = asked.filter(Boolean).join(', ') || 'any table';
        throw new InputError(`no run of ${what} among ${records.length} records; expected some: npm run reproduce makes them`);
      }
      process.stdout.write(
        renderTables(
          tables.map((t) => t.table),
          format,
        ),
      );
    });
}
