import type { Command } from 'commander';
import { ensure, InputError, oneOf } from '../runtime/errors';
import { numberOf, wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  labels: string;
  probs: string;
  filterBy: string;
  rankBy: string;
  fraction?: number;
  balanced?: boolean;
  fracNoise: number;
  minExamplesPerClass: number;
  numToRemovePerClass?: number[];
  adjust?: boolean;
  classes?: string[];
  labelColumn?: string;
  probColumns?: string[];
  data?: string;
  text?: string[];
  worst: number;
  report?: string;
  stream?: boolean;
  json?: boolean;
}

const list = (value: string): string[] => value.split(',').map((part) => part.trim());
const share =
  (option: string) =>
  (value: string): number =>
    numberOf(option, value, 0, 1);
const whole =
  (option: string, most = Infinity) =>
  (value: string): number =>
    wholeOf(option, value, 0, most);

/** The options of the names that the library's messages begin with. */
const OPTIONS: Readonly<Record<string, string>> = {
  adjustPredProbs: '--adjust',
  fracNoise: '--frac-noise',
  minExamplesPerClass: '--min-examples-per-class',
  numToRemovePerClass: '--num-to-remove-per-class',
};

/** `find-label-issues`: which labels are probably wrong, from labels and out-of-sample probabilities. */
export function registerFindLabelIssues(program: Command): void {
  program
    .command('find-label-issues')
    .description('List the rows whose labels are probably wrong (confident learning), worst first')
    .requiredOption('--labels <file>', 'labels 0 … K−1 or class names: JSON, JSON lines, CSV, TSV or parquet')
    .requiredOption(
      '--probs <file>',
      'probabilities of the K classes for each row, from models that did not train on it; same formats',
    )
    .option(
      '--filter-by <how>',
      'prune_by_noise_rate, prune_by_class, both, confident_learning, predicted_neq_given, low_normalized_margin or low_self_confidence',
      'prune_by_noise_rate',
    )
    .option('--rank-by <score>', 'normalized_margin, self_confidence or confidence_weighted_entropy', 'normalized_margin')
    .option('--fraction <x>', 'keep the first x of all rows at most (the paper: 0.04)', share('--fraction'))
    .option('--balanced', 'with --fraction: from each class at most its share')
    .option('--frac-noise <x>', 'share of the estimated noise to flag', share('--frac-noise'), 1)
    .option('--min-examples-per-class <n>', 'leave at least so many rows of each class', whole('--min-examples-per-class'), 1)
    .option('--num-to-remove-per-class <n,…>', 'rows to flag of each class, instead of the estimate', (v: string) =>
      list(v).map(whole('--num-to-remove-per-class')),
    )
    .option('--adjust', "rank by scores less each class's confident threshold")
    .option('--classes <name,…>', 'class names in the order of the probabilities', list)
    .option('--label-column <name>', 'column (or JSON key) of the labels', String)
    .option('--prob-columns <name,…>', 'columns of the probabilities, in class order', list)
    .option('--data <file>', 'the rows themselves, to show their text: CSV, TSV, JSON lines or parquet')
    .option('--text <column,…>', 'columns of --data to show', list)
    .option('--worst <n>', 'rows to show', whole('--worst', 100000), 20)
    .option('--report <file>', 'write a report in Markdown')
    .option('--stream', 'read the files again for each pass instead of holding them in memory')
    .option('--json', 'print one JSON object and nothing else')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const c = await import('../confident');
  const filterBy = oneOf('--filter-by', options.filterBy, c.FILTER_BY);
  const rankBy = oneOf('--rank-by', options.rankBy, c.RANK_BY);
  ensure(
    !options.balanced || options.fraction !== undefined,
    '--balanced needs --fraction, the share of each class that may be removed',
  );
  ensure(options.data !== undefined || !options.text, '--text names columns of the rows themselves: expected --data beside it');
  if (options.report !== undefined)
    checkOutputFile('--report', options.report, { '--labels': options.labels, '--probs': options.probs, '--data': options.data });
  const find = {
    filterBy,
    returnIndicesRankedBy: rankBy,
    adjustPredProbs: options.adjust,
    fracNoise: options.fracNoise,
    minExamplesPerClass: options.minExamplesPerClass,
    numToRemovePerClass: options.numToRemovePerClass,
  };
  const files = {
    labels: options.labels,
    probs: options.probs,
    classNames: options.classes,
    labelColumn: options.labelColumn,
    probColumns: options.probColumns,
  };
  const { classNames, ...found } = await (options.stream ? streamed(c, files, find) : inMemory(c, files, find)).catch(sayAsTyped);
  const K = found.labelCounts.length;
  const issues =
    options.fraction === undefined
      ? found.issues
      : options.balanced
        ? c.classBalancedCutOf(found, options.fraction)
        : c.firstFraction(found.issues, found.n, options.fraction);
  const health = c.healthOf(found, { classNames });

  const labelName = (k: number): string => classNames?.[k] ?? String(k);
  const removed = new Array<number>(K).fill(0);
  const at = new Map<number, number>();
  for (let i = 0; i < found.issues.length; i++) at.set(found.issues[i], i);
  for (const row of issues) removed[found.issueLabels[at.get(row)!]]++;
  const wanted = Array.from(issues.subarray(0, options.worst));
  const texts = options.data ? await c.readRowTexts(options.data, wanted, found.n, options.text) : undefined;
  const worst = wanted.map((row) => ({
    row,
    label: labelName(found.issueLabels[at.get(row)!]),
    score: found.scores[at.get(row)!],
    text: texts?.get(row),
  }));
  const cut =
    options.fraction === undefined
      ? ''
      : `; the first ${options.fraction} of all rows${options.balanced ? ', class by class' : ''}: ${issues.length}`;
  const what = `${found.issues.length} of ${found.n} rows flagged by \`${filterBy}\`, ranked by \`${rankBy}\`${cut}.`;
  const perClass = removed.map((count, k) => `${labelName(k)} ${count} of ${found.labelCounts[k]}`).join(', ');
  const report = (plain: boolean): string => c.issueReport(`${what}\n\nBy label: ${perClass}.`, health, worst, plain);
  if (options.report !== undefined) {
    const { writeFileAtomic } = await import('../runtime/files');
    writeFileAtomic(options.report, report(false));
    process.stderr.write(`wrote ${options.report}\n`);
  }
  process.stdout.write(
    options.json
      ? `${JSON.stringify({
          issues: Array.from(issues),
          rows: found.n,
          classes: K,
          filterBy,
          rankBy,
          flagged: found.issues.length,
          labelCounts: Array.from(found.labelCounts),
          issuesPerClass: removed,
          thresholds: Array.from(found.thresholds),
          confidentJoint: matrix(found.confidentJoint, K),
          numLabelIssues: health.numLabelIssues,
          overallLabelHealthScore: health.overallLabelHealthScore,
        })}\n`
      : report(true),
  );
}

/** Throws a mistake again with the option in the place of the library's name for it. */
function sayAsTyped(error: unknown): never {
  if (!(error instanceof InputError)) throw error;
  const [name] = /^\w*/.exec(error.message)!;
  const message = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] + error.message.slice(name.length) : error.message;
  throw new InputError(message.replace('; got filterBy ', '; got --filter-by '));
}

type Confident = typeof import('../confident');
type Found = ReturnType<Confident['inspectLabels']> & { classNames?: readonly string[] };
type Find = Parameters<Confident['inspectLabels']>[3];
type Files = Parameters<Confident['readLabelArrays']>[0];

async function inMemory(c: Confident, files: Files, find: Find): Promise<Found> {
  const { labels, probs, K, classNames } = await c.readLabelArrays(files);
  return { ...c.inspectLabels(labels, probs, K, find), classNames };
}

async function streamed(c: Confident, files: Files, find: Find): Promise<Found> {
  const blocks = c.readLabelBlocks(files);
  const first = await blocks.next();
  await blocks.return(undefined);
  if (first.done) throw new InputError(`${files.labels}: no labels`);
  const { K, classNames } = first.value;
  return { ...(await c.inspectLabelsStreaming(() => c.readLabelBlocks(files), K, find)), classNames };
}

const matrix = (flat: Int32Array, K: number): number[][] =>
  Array.from({ length: K }, (_, k) => Array.from(flat.subarray(k * K, (k + 1) * K)));
