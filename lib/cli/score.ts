import type { Command } from 'commander';
import { ensure, oneOf } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  task: string;
  judgements: string;
  predictions: string;
  convention?: string;
  k?: string;
  zeroIdeal?: string;
  split?: string;
  all?: boolean;
  resamples: string;
  perQuery?: string;
  json?: boolean;
}

/** `score`: nDCG or F1 of a prediction file against a judgement file, saying which nDCG it is. */
export function registerScore(program: Command): void {
  program
    .command('score')
    .description('Score predictions against judgements: nDCG under a named convention (task 1), F1 (tasks 2 and 3)')
    .requiredOption('--task <1|2|3>', '1 ranking, 2 E/S/C/I, 3 substitute or not')
    .requiredOption(
      '--judgements <file>',
      'CSV, JSON lines or parquet: query_id, product_id, esci_label (or grade; product_locale is used where it is there)',
    )
    .requiredOption('--predictions <file>', 'the same pairs: query_id, product_id, and score (task 1) or label (tasks 2 and 3)')
    .option(
      '--convention <name>',
      'which nDCG: spec, trec, sklearn, esci-data-head, zhichunroad-dev, or graded (the column grade as gains) (default: spec; graded where there is no esci_label)',
    )
    .option('--k <K>', 'cut every list at K; without it the whole list counts')
    .option('--zero-ideal <zero|skip>', 'a query without any gain scores 0 or is left out (default: as the convention)')
    .option('--split <name>', 'use the judgements whose column split has this value')
    .option('--all', 'print every convention side by side')
    .option('--resamples <N>', 'bootstrap resamples of queries for the interval', '1000')
    .option('--per-query <file>', 'write one line for each query as CSV')
    .option('--json', 'print JSON: ndcg, or micro_f1 and macro_f1, and more')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const task = Number(oneOf('--task', options.task, ['1', '2', '3']));
  const ranking = {
    '--convention': options.convention,
    '--k': options.k,
    '--zero-ideal': options.zeroIdeal,
    '--all': options.all,
  };
  const unread = Object.entries(ranking).find(([, value]) => value !== undefined);
  ensure(task === 1 || !unread, `${unread?.[0]} is of nDCG: expected --task 1, got --task ${task}`);
  const k = options.k === undefined ? undefined : wholeOf('--k', options.k, 1, Infinity);
  const { judgements, predictions, perQuery: out } = options;
  if (out !== undefined) checkOutputFile('--per-query', out, { '--judgements': judgements, '--predictions': predictions });
  const resamples = wholeOf('--resamples', options.resamples, 20, 1e6);
  const { conventionNamed } = await import('../metrics/conventions');
  const convention = options.convention === undefined ? undefined : conventionNamed(options.convention);
  const zeroIdeal = options.zeroIdeal === undefined ? undefined : oneOf('--zero-ideal', options.zeroIdeal, ['zero', 'skip']);
  const { readScoreRows } = await import('../metrics/score-files');
  const { rows, unjudged } = await readScoreRows(
    task as 1 | 2 | 3,
    judgements,
    predictions,
    options.split,
    convention?.name === 'graded' ? 'grades' : undefined,
  );
  const { Key } = await import('../runtime/key');
  const key = Key.from('score');
  const { scoreRanking, scoreClasses } = await import('../metrics/score');
  const result =
    task === 1
      ? scoreRanking(rows, { convention, k, all: options.all, zeroIdeal, resamples, key })
      : scoreClasses(task as 2 | 3, rows, { resamples, key });
  const { perQuery, ...report } = result;
  if (out !== undefined) {
    const { writeFileAtomic } = await import('../runtime/files');
    const name = task === 1 ? 'ndcg' : 'accuracy';
    const { csvCell } = await import('../data/quotes');
    const lines = rows.queryIds.map((id, q) => `${csvCell(id)},${Number.isNaN(perQuery[q]) ? '' : perQuery[q]}`);
    writeFileAtomic(out, [`query_id,${name}`, ...lines, ''].join('\n'));
  }
  const { scoreText } = await import('../metrics/score-text');
  const text = options.json ? JSON.stringify({ ...report, unjudged }, null, 2) : scoreText(result, unjudged);
  process.stdout.write(`${text}\n`);
}
