import {
  classBalancedCut,
  firstFraction,
  healthOf,
  inspectLabels,
  precisionRecall,
  qualityScores,
  type Findings,
} from '../confident';
import { LABELS, type Row } from '../data/types';
import { auc } from '../metrics/auc';
import { ensure, inRange, oneOf } from '../runtime/errors';
import { CLEAN_METHODS, type CleanConfig } from './config';
import { classOf } from './predictions';
import type { RunRecord } from './record';

/** A training part after confident learning, with what was found and done. */
export interface Cleaned {
  rows: Row[];
  metrics: Record<string, number>;
  checks: RunRecord['checks'];
}

/** Four class probabilities of a row from a model that did not see its query. */
export type OutOfFold = (row: Row) => Float64Array | undefined;

/**
 * The training rows of a task without those whose labels are probably wrong (or weighted by their label quality), by the paper's procedure (§6): find
 * issues from out-of-fold probabilities, rank them, drop the first ⌊n · fraction⌋. Rows without a probability stay as they are. For task 3 the four classes
 * are mapped to two, "substitute or not", before anything is looked for.
 *
 * Metrics: how many rows went, the share of each class that did, the health of the labels; where true labels are known also precision and recall of the
 * removed rows, the same for chance, and how well the quality score ranks the flipped rows (`noiseAuc`). `oracle` removes exactly the flipped rows.
 */
export function cleanRows(rows: readonly Row[], task: 1 | 2 | 3, clean: CleanConfig, outOfFold: OutOfFold): Cleaned {
  const { fraction, filterBy, rankBy } = clean;
  const method = oneOf('clean.method', clean.method, CLEAN_METHODS);
  inRange('clean.fraction', fraction, 0, 1);
  const K = task === 3 ? 2 : LABELS.length;
  const known = rows.filter((row) => outOfFold(row));
  ensure(known.length > 0, 'confident learning needs out-of-fold probabilities of the training rows, got none');
  const n = known.length;
  const labels = Int32Array.from(known, (row) => classOf(task, row.label));
  const probs = new Float64Array(n * K);
  known.forEach((row, i) => probs.set(taskProbabilities(outOfFold(row)!, task), i * K));
  const found = inspectLabels(labels, probs, K, { filterBy, returnIndicesRankedBy: rankBy });
  const quality = qualityScores(labels, probs, K, { method: rankBy });
  const flipped = known.every((row) => row.trueLabel)
    ? Array.from(known, (row, i) => classOf(task, row.trueLabel!) !== labels[i])
    : undefined;
  ensure(method !== 'oracle' || flipped, 'clean.method oracle needs rows whose true labels are known: generated data only');
  const removed = removedRows(method, found, labels, fraction, flipped);
  const gone = new Set(removed.map((i) => known[i]));
  const weightOf = new Map(method === 'weights' ? known.map((row, i) => [row, quality[i]]) : []);
  const metrics: Record<string, number> = {
    cleanedRows: n,
    issueShare: found.issues.length / n,
    removedRows: removed.length,
    removedShare: removed.length / n,
    ...perClass(found, labels, removed, task),
    ...(flipped ? againstTruth(removed, flipped, quality) : {}),
  };
  return {
    rows: rows.filter((row) => !gone.has(row)).map((row) => withWeight(row, weightOf.get(row))),
    metrics: Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value))),
    checks: [
      {
        name: 'confident learning: every training row has an out-of-fold probability',
        ok: n === rows.length,
        detail: `${n} of ${rows.length}`,
      },
      ...(method === 'prune'
        ? [
            {
              name: 'confident learning: the cut is filled',
              ok: removed.length === Math.trunc(n * fraction),
              detail: `${removed.length} of ${Math.trunc(n * fraction)} rows, ${found.issues.length} issues`,
            },
          ]
        : []),
    ],
  };
}

/** E, S, C, I as the classes of a task: themselves, or "not a substitute" and "substitute". // [4] → [4] or [2] */
export function taskProbabilities(four: Float64Array, task: 1 | 2 | 3): Float64Array {
  return task === 3 ? Float64Array.of(1 - four[1], four[1]) : four;
}

function removedRows(
  method: CleanConfig['method'],
  { issues }: Findings,
  labels: Int32Array,
  fraction: number,
  flipped?: readonly boolean[],
): number[] {
  if (method === 'weights') return [];
  if (method === 'oracle') return flipped!.flatMap((wrong, i) => (wrong ? [i] : []));
  if (method === 'balanced') return [...classBalancedCut(issues, labels, fraction)];
  return [...firstFraction(issues, labels.length, fraction)];
}

/** Share of each class's rows that were removed, and what the joint says of its labels. */
function perClass(found: Findings, labels: Int32Array, removed: readonly number[], task: 1 | 2 | 3): Record<string, number> {
  const names = task === 3 ? ['Other', 'S'] : LABELS;
  const out: Record<string, number> = {};
  names.forEach((name, c) => {
    out[`removedShare${name}`] = removed.filter((i) => labels[i] === c).length / found.labelCounts[c];
  });
  const health = healthOf(found);
  out.labelHealth = health.overallLabelHealthScore;
  for (const { classIndex, labelNoise } of health.classesByLabelQuality) out[`labelNoise${names[classIndex]}`] = labelNoise;
  return out;
}

function againstTruth(removed: readonly number[], flipped: readonly boolean[], quality: Float64Array): Record<string, number> {
  const { precision, recall, chancePrecision } = precisionRecall(removed, flipped);
  return {
    ...(removed.length ? { precisionOfRemoved: precision, recallOfRemoved: recall } : {}),
    flippedShare: chancePrecision,
    noiseAuc: auc(
      quality.map((q) => -q),
      flipped,
    ),
  };
}

const withWeight = (row: Row, quality: number | undefined): Row =>
  quality === undefined ? row : { ...row, weight: (row.weight ?? 1) * quality };
