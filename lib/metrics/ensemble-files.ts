import { InputError, ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { COMPARISON, SUM_TOLERANCE } from '../confident/inputs';
import { LABELS } from '../data/types';
import { pairedBootstrap } from './bootstrap';
import { gainsOf } from './conventions';
import { expectedGain, meanScores, rankMean } from './ensemble';
import { crossFit, takeRows, type EnsembleRows, type Evaluate } from './ensemble-weights';
import { argmaxRows } from './f1';
import { ndcg } from './ndcg';
import { PairFiles, type AlignedRows, type ColumnPlan } from './pair-files';
import { PROBABILITY_COLUMNS, writePredictions } from './prediction-output';

export const ENSEMBLE_METHODS = ['gain', 'mean', 'rank-mean'] as const;
export type EnsembleMethod = (typeof ENSEMBLE_METHODS)[number];

export interface EnsembleOptions {
  task: 1 | 2 | 3;
  method: EnsembleMethod;
  predictions: readonly string[];
  out: string;
  judgements?: string;
  weights: 'equal' | 'cv';
  folds?: number;
  key: Key;
}

export interface EnsembleReport {
  task: 1 | 2 | 3;
  method: EnsembleMethod;
  out: string;
  rows: number;
  queries: number;
  /** Weights of the members: equal, or learnt from all judged queries (each judged query itself got its fold's). */
  weights: number[];
  foldWeights?: number[][];
  /** With judgements: the metric of each member and of the ensemble over the judged queries, and the change from the best member. */
  metric?: 'ndcg' | 'micro_f1';
  judgedQueries?: number;
  /** Judged pairs that no member predicts: the metric leaves them out, also of the ideal order. */
  unpredicted?: number;
  members: { file: string; value?: number }[];
  value?: number;
  overBest?: { file: string; difference: number; low: number; high: number };
}

const P = PROBABILITY_COLUMNS;
const PLANS: Record<1 | 2 | 3, ColumnPlan> = {
  1: { kinds: { ...Object.fromEntries(P.map((p) => [p, 'number' as const])), score: 'number' }, required: [['score', 'p_E']] },
  2: { kinds: { ...Object.fromEntries(P.map((p) => [p, 'number' as const])), label: 'label' }, required: [['label', 'p_E']] },
  3: { kinds: { p_substitute: 'number', label: 'substitute' }, required: [['label', 'p_substitute']] },
};

/**
 * Combines prediction files into one and writes it. Task 1 takes files with `p_E … p_I` (classifiers: their expected gain) or `score` (regressors);
 * method `gain` is the paper's E[gain] of the mean classifier + mean regressor, `mean` the plain mean of the members' scores, `rank-mean` the mean
 * rank within the query. Tasks 2 and 3 average probabilities (a label counts as certainty) and take the largest. With judgements, weights are
 * cross-validated (see `crossFit`), or with equal weights the ensemble is only measured. Throws an InputError on files that do not fit together.
 */
export async function ensembleFiles(options: EnsembleOptions): Promise<EnsembleReport> {
  const { task, method, predictions, out, judgements, key } = options;
  ensure(/\.(csv|jsonl)$/.test(out), `--out must end in .csv or .jsonl, got ${out}`);
  ensure(task === 1 || method === 'mean', `method of task ${task} must be mean, got ${method}`);
  ensure(options.weights === 'equal' || judgements !== undefined, 'weights by cross-validation need --judgements, got none');
  const files = await PairFiles.open();
  try {
    const names = predictions.map((_, m) => `member ${m + 1}`);
    const columns: string[][] = [];
    for (const [m, path] of predictions.entries()) columns.push(await files.load(names[m], path, PLANS[task]));
    if (judgements)
      await files.load('judged', judgements, {
        kinds: { esci_label: 'label', grade: 'number' },
        required: [task === 1 ? ['esci_label', 'grade'] : ['esci_label']],
      });
    const rows = await files.align(names[0], [...names.slice(1), ...(judgements ? ['judged'] : [])], {
      productIds: true,
      partial: ['judged'],
    });
    names.slice(1).forEach((name, m) => {
      ensure(
        rows.extra[name] === 0,
        `${predictions[m + 1]}: has ${rows.extra[name]} pairs that ${predictions[0]} lacks, expected the same pairs`,
      );
    });
    const width = task === 1 ? 1 : task === 2 ? LABELS.length : 2;
    const raw = names.map((name, m) => memberValues(task, rows, name, columns[m], predictions[m]));
    const classifier = columns.map((own) => P.every((p) => own.includes(p)));
    const members = task === 1 && method === 'rank-mean' ? raw.map((values) => rankMean([values], rows.query)) : raw;
    const given = rows.numbers['judged.esci_label'] ?? rows.numbers['judged.grade'];
    const judged = given ? Int32Array.from(rows.query.keys()).filter((i) => !Number.isNaN(given[i])) : new Int32Array(0);
    ensure(!judgements || judged.length > 0, `${judgements}: judges none of the predicted pairs`);
    const quality = perQueryQuality(task, rows, given, rows.numbers['judged.esci_label'] !== undefined);
    const evaluate: Evaluate = (values, at) => mean(quality(values, at));

    const parts: EnsembleRows = { members, width, query: rows.query, queryIds: rows.queryIds, judged };
    const fitted = options.weights === 'cv' ? crossFit(parts, evaluate, { folds: options.folds, key }) : undefined;
    const weights = fitted?.weights ?? equalWeights(method, classifier);
    const combined = fitted?.combined ?? meanScores(members, weights);
    writePredictions(task, out, rows, combined);
    return {
      ...{ task, method, out, rows: rows.rows, queries: rows.queryIds.length, weights },
      ...(fitted && { foldWeights: fitted.foldWeights }),
      members: predictions.map((file) => ({ file })),
      ...(judgements && { ...measure(options, parts, combined, quality), unpredicted: rows.extra.judged }),
    };
  } finally {
    files.close();
  }
}

const mean = (values: Float64Array): number => {
  const kept = values.filter((x) => !Number.isNaN(x));
  return kept.reduce((a, b) => a + b, 0) / kept.length;
};

function memberValues(task: 1 | 2 | 3, rows: AlignedRows, name: string, columns: readonly string[], path: string): Float64Array {
  const column = (c: string): Float64Array => rows.numbers[`${name}.${c}`];
  const classes = task === 3 ? 2 : LABELS.length;
  const interleaved = (parts: readonly Float64Array[]): Float64Array =>
    Float64Array.from({ length: rows.rows * classes }, (_, i) => parts[i % classes][(i / classes) | 0]);
  const hasAll = P.every((p) => columns.includes(p));
  if (task !== 3 && columns.some((c) => P.includes(c)) && !hasAll)
    throw new InputError(`${path}: must have all of ${P.join(', ')}, got ${columns.join(', ')}`);
  const checked = (probabilities: Float64Array): Float64Array => {
    for (let row = 0; row < rows.rows; row++) {
      const p = probabilities.subarray(row * classes, (row + 1) * classes);
      const sum = p.reduce((a, b) => a + b, 0);
      if (p.every((x) => x >= -COMPARISON && x <= 1 + COMPARISON) && Math.abs(sum - 1) <= SUM_TOLERANCE) continue;
      throw new InputError(
        `${path}: probabilities of query_id ${rows.queryIds[rows.query[row]]}, product_id ${rows.productIds?.[row]} must be from 0 to 1 and sum to 1 (± ${SUM_TOLERANCE}), got ${p.join(', ')}`,
      );
    }
    return probabilities;
  };
  if (task === 1) return hasAll ? expectedGain(checked(interleaved(P.map(column)))) : column('score');
  if (task === 2 && hasAll) return checked(interleaved(P.map(column)));
  if (task === 3 && columns.includes('p_substitute'))
    return checked(interleaved([column('p_substitute').map((p) => 1 - p), column('p_substitute')]));
  const label = column('label');
  return interleaved(Array.from({ length: classes }, (_, c) => label.map((l) => Number(l === c))));
}

/**
 * Equal weights; for method `gain` half to the classifiers and half to the regressors. Expected gains are linear in probabilities, so the weighted mean of
 * members' scores is then `gainEnsemble`: E[gain] of the mean classifier + mean regressor (halved, the order is the same).
 */
function equalWeights(method: EnsembleMethod, classifier: readonly boolean[]): number[] {
  const some = classifier.filter(Boolean).length;
  const rest = classifier.length - some;
  const split = method === 'gain' && some > 0 && rest > 0;
  return classifier.map((is) => (split ? 0.5 / (is ? some : rest) : 1 / classifier.length));
}

/** Per-query nDCG (task 1), or each row’s correctness (tasks 2 and 3), of combined values. */
function perQueryQuality(
  task: 1 | 2 | 3,
  rows: AlignedRows,
  given: Float64Array,
  labels: boolean,
): (values: Float64Array, at: Int32Array) => Float64Array {
  if (task !== 1) {
    const truth = (row: number): number => (task === 2 ? given[row] : Number(given[row] === 1));
    return (values, at) => {
      const predicted = argmaxRows(values, task === 2 ? LABELS.length : 2);
      return Float64Array.from(at, (row, i) => Number(predicted[i] === truth(row)));
    };
  }
  return (values, at) => {
    const own = Float64Array.from(at, (row) => given[row]);
    const query = Int32Array.from(at, (row) => rows.query[row]);
    return ndcg({ gains: labels ? gainsOf(own) : own, scores: values, query, queries: rows.queryIds.length }).perQuery;
  };
}

/** Each member's and the ensemble's metric over judged rows, and the paired change from the best member over queries. */
function measure(
  options: EnsembleOptions,
  parts: EnsembleRows,
  combined: Float64Array,
  quality: (values: Float64Array, at: Int32Array) => Float64Array,
): Partial<EnsembleReport> {
  const { task, predictions, key } = options;
  const { judged, width, query } = parts;
  const of = (values: Float64Array): Float64Array => quality(takeRows(values, judged, width), judged);
  const each = parts.members.map(of);
  const means = each.map(mean);
  const best = means.indexOf(Math.max(...means));
  const whole = of(combined);
  const groups = Array.from(judged, (row) => query[row]);
  const { difference, low, high } = pairedBootstrap(whole, each[best], { groups: task === 1 ? undefined : groups, key });
  return {
    metric: task === 1 ? 'ndcg' : 'micro_f1',
    judgedQueries: new Set(groups).size,
    members: predictions.map((file, m) => ({ file, value: means[m] })),
    value: mean(whole),
    overBest: { file: predictions[best], difference, low, high },
  };
}
