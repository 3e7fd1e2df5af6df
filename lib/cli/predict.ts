import type { Command } from 'commander';
import { SPLITS } from '../data/types';
import { oneOf } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  model: string;
  data: string;
  split?: string;
  batch?: string;
  out: string;
}

/** `predict`: a saved model's probabilities for any file in the ESCI schema. */
export function registerPredict(program: Command): void {
  program
    .command('predict')
    .description("a model's probabilities for the rows of a file")
    .requiredOption('--model <folder>', 'a folder that finetune wrote')
    .requiredOption('--data <path>', 'a file or folder in the ESCI schema (CSV, JSON lines, parquet); labels may be missing')
    .option('--split <name>', 'only rows of this split: train or test')
    .option('--batch <rows>', "rows of a batch (default: the training's)")
    .requiredOption('--out <file>', '.csv, .jsonl or .parquet: query_id, product_id and probabilities, or a score for task 1')
    .action(async ({ model, data, split, batch, out }: Options) => {
      const only = split === undefined ? undefined : oneOf('--split', split, SPLITS);
      const rows = batch === undefined ? undefined : wholeOf('--batch', batch, 1, 4096);
      checkOutputFile('--out', out, { '--data': data });
      const { predictFile } = await import('../experiments/predict-file');
      const { rows: count, seen, skipped } = await predictFile({ model, data, out, split: only, batch: rows });
      const left = Object.entries(skipped).map(([reason, n]) => `, ${n} left out: ${reason}`);
      process.stderr.write(`${count} rows${left.join('')}\n`);
      if (seen)
        process.stderr.write(`the model was trained on ${seen} of them: no score of those says how good it is on new rows\n`);
    });
}
