import type { Command } from 'commander';
import { runsFolders } from './runs-option';

/** `verify`: records against themselves, documents against records. Exit code 1 where anything drifted. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'Compute metrics and tables again from the committed records; report what differs in records, README.md and docs',
    )
    .option('--runs <DIR>', 'read records from this folder (default: data/runs)')
    .option('--write', 'bring the table blocks of README.md and docs, and docs/figures, up to date')
    .action(async (options: { runs?: string; write?: boolean }) => {
      const folders = options.runs === undefined ? (await runsFolders(undefined)).slice(0, 1) : await runsFolders(options.runs);
      const { storedRecords } = await import('../experiments/store');
      const { verifyRecords } = await import('../report/verify');
      const { verifyDocuments } = await import('../report/documents');
      const { projectRoot } = await import('../runtime/files');
      const stored = storedRecords(folders);
      const documents = verifyDocuments(
        projectRoot(),
        stored.map((s) => s.record),
        options.write ?? false,
      );
      const drift = [...verifyRecords(stored), ...documents.drift];
      for (const { where, what } of drift) process.stdout.write(`${where}: ${what}\n`);
      for (const path of documents.written) process.stderr.write(`written: ${path}\n`);
      process.stdout.write(
        `${stored.length} records, ${documents.blocks} table blocks, ${documents.figures} figures: ${drift.length ? `${drift.length} differ` : 'all agree'}\n`,
      );
      if (drift.length) process.exitCode = 1;
    });
}
