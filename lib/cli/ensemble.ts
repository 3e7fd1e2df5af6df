import type { Command } from 'commander';
import { ensure, oneOf } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  predictions: string;
  out: string;
  task: string;
  method?: string;
  judgements?: string;
  weights?: string;
  folds?: string;
  json?: boolean;
}

/** `ensemble`: combines prediction files into one. */
export function registerEnsemble(program: Command): void {
  program
    .command('ensemble')
    .description('Combine prediction files of the same pairs into one')
    .requiredOption(
      '--predictions <a,b,c>',
      'files with query_id, product_id and score, or p_E, p_S, p_C, p_I (task 3: p_substitute), or label',
    )
    .requiredOption('--out <file>', 'the combined predictions (.csv or .jsonl)')
    .option('--task <1|2|3>', '1 ranking, 2 E/S/C/I, 3 substitute or not', '1')
    .option(
      '--method <name>',
      'gain (E[gain] of the mean classifier + mean regressor), mean, rank-mean (default: gain for task 1, else mean)',
    )
    .option('--judgements <file>', 'judged queries: weights are cross-validated on them, no query seeing its own')
    .option('--weights <equal|cv>', 'equal measures without learning weights (default: cv with --judgements, else equal)')
    .option('--folds <N>', 'folds of queries for learnt weights (default: 5)')
    .option('--json', 'print JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const task = Number(oneOf('--task', options.task, ['1', '2', '3'])) as 1 | 2 | 3;
  const predictions = options.predictions.split(',').filter(Boolean);
  ensure(predictions.length >= 1, '--predictions must name at least one file, got none');
  const method = oneOf('--method', options.method ?? (task === 1 ? 'gain' : 'mean'), ['gain', 'mean', 'rank-mean']);
  const weights = oneOf('--weights', options.weights ?? (options.judgements ? 'cv' : 'equal'), ['equal', 'cv']);
  ensure(
    options.folds === undefined || weights === 'cv',
    '--folds is of learnt weights: expected --judgements and --weights cv beside it',
  );
  const folds = wholeOf('--folds', options.folds ?? '5', 2, 1000);
  checkOutputFile('--out', options.out, { '--predictions': predictions, '--judgements': options.judgements });
  const { ensembleFiles } = await import('../metrics/ensemble-files');
  const { Key } = await import('../runtime/key');
  const { out, judgements } = options;
  const report = await ensembleFiles({ task, method, predictions, out, judgements, weights, folds, key: Key.from('ensemble') });
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : text(report)}\n`);
}

function text(report: Awaited<ReturnType<typeof import('../metrics/ensemble-files').ensembleFiles>>): string {
  const lines = report.members.map(
    ({ file, value }, m) =>
      `${value === undefined ? '' : `${value.toFixed(4)}   `}weight ${report.weights[m].toFixed(3)}   ${file}`,
  );
  if (report.value !== undefined && report.overBest) {
    const { difference, low, high } = report.overBest;
    lines.push(
      `${report.value.toFixed(4)}   ${report.metric} of the ensemble over ${report.judgedQueries} judged queries${report.foldWeights ? ', weights of other folds' : ''}`,
      `${difference >= 0 ? '+' : ''}${difference.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}] over its best member (95 %, paired over queries)`,
    );
  }
  if (report.unpredicted)
    lines.push(
      `left out: ${report.unpredicted.toLocaleString('en-US')} judged pairs without a prediction; score refuses such files`,
    );
  lines.push(
    `wrote ${report.rows.toLocaleString('en-US')} rows of ${report.queries.toLocaleString('en-US')} queries to ${report.out}`,
  );
  return lines.join('\n');
}
