import { ensure } from '../runtime/errors';
import { macroF1FromConfusion } from './f1';
import { groupRows } from './groups';

/** A statistic of rows whose clusters carry weights: `weights[c]` is how often cluster c was drawn. NaN where it is not defined. */
export type WeightedStatistic = (weights: ArrayLike<number>) => number;

/** Prepares a statistic of one value per row (a score, a predicted class, a loss …) so that each resample is one cheap pass. */
export type Statistic = (values: ArrayLike<number>, cluster: ArrayLike<number>, clusters: number) => WeightedStatistic;

/** The mean over rows, Σ w v / Σ w; rows whose value is NaN are left out. One pass over clusters per resample. */
export const meanOf: Statistic = (values, cluster, clusters) => {
  const sums = new Float64Array(clusters);
  const counts = new Float64Array(clusters);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sums[cluster[i]] += values[i];
    counts[cluster[i]]++;
  }
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (let c = 0; c < clusters; c++) {
      sum += weights[c] * sums[c];
      count += weights[c] * counts[c];
    }
    return sum / count;
  };
};

/**
 * AUC of scores against `positive`, ties averaged (`auc`): rows are sorted once, a resample is one pass over them without a branch, and a second one over
 * the few rows with equal scores of both kinds.
 */
export function aucOf(positive: ArrayLike<number | boolean>): Statistic {
  return (scores, cluster) => {
    const { ends, clusters, up: isUp } = runs(scores, positive, cluster);
    const ties = mixed(ends, isUp);
    return (weights) => {
      let below = 0;
      let pos = 0;
      let sum = 0;
      for (let i = 0; i < clusters.length; i++) {
        const weight = weights[clusters[i]];
        const up = weight * isUp[i];
        sum += up * below;
        below += weight - up;
        pos += up;
      }
      // Among equal scores the positive rows come first, so none of their pairs is counted yet: each is half.
      for (const [first, middle, end] of ties) {
        let up = 0;
        let down = 0;
        for (let i = first; i < middle; i++) up += weights[clusters[i]];
        for (let i = middle; i < end; i++) down += weights[clusters[i]];
        sum += (up * down) / 2;
      }
      return sum / (pos * below);
    };
  };
}

/** Runs of equal scores that hold both kinds of rows: where each begins, where its first row that is not positive stands, where it ends. */
function mixed(ends: Int32Array, up: Uint8Array): [number, number, number][] {
  const out: [number, number, number][] = [];
  for (let r = 0, first = 0; r < ends.length; first = ends[r++]) {
    if (!up[first] || up[ends[r] - 1]) continue;
    out.push([first, up.indexOf(0, first), ends[r]]);
  }
  return out;
}

/** Average precision of scores against `positive` (`averagePrecision`): rows are sorted once, a resample is one pass over them. */
export function averagePrecisionOf(positive: ArrayLike<number | boolean>): Statistic {
  return (scores, cluster) => {
    const { ends, clusters, up: isUp } = runs(scores, positive, cluster);
    return (weights) => {
      let hits = 0;
      let taken = 0;
      let sum = 0;
      for (let r = ends.length - 1; r >= 0; r--) {
        let up = 0;
        for (let i = r > 0 ? ends[r - 1] : 0; i < ends[r]; i++) {
          const weight = weights[clusters[i]];
          taken += weight;
          if (isUp[i]) up += weight;
        }
        hits += up;
        if (up > 0) sum += up * (hits / taken);
      }
      return sum / hits;
    };
  };
}

/** Macro-F1 of predicted classes against `given` (`f1Scores`): rows are sorted by their cell of the confusion matrix once, a resample adds up each cell's. */
export function macroF1Of(given: ArrayLike<number>, classes: number): Statistic {
  return (predicted, cluster) => {
    const cells = Int32Array.from({ length: given.length }, (_, row) => {
      const [g, p] = [given[row], predicted[row]];
      const known = g >= 0 && g < classes && p >= 0 && p < classes;
      if (!known) ensure(false, `classes of row ${row} must be within 0 … ${classes - 1}, got ${g} and ${p}`);
      return g * classes + p;
    });
    const { order, offsets } = groupRows(cells, classes * classes);
    const clusters = order.map((row) => cluster[row]);
    const total = new Float64Array(classes * classes);
    return (weights) => {
      for (let cell = 0, i = 0; cell < total.length; cell++) {
        let sum = 0;
        for (const end = offsets[cell + 1]; i < end; i++) sum += weights[clusters[i]];
        total[cell] = sum;
      }
      return macroF1FromConfusion(total, classes);
    };
  };
}

interface Runs {
  /** Where each run of equal scores ends. */
  ends: Int32Array;
  /** The cluster of each row, and whether it is positive, in ascending order of score; positive rows first among equal scores. */
  clusters: Int32Array;
  up: Uint8Array;
}

/** Rows in ascending order of score, laid out in that order, so that a resample reads them one after another. */
function runs(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>, cluster: ArrayLike<number>): Runs {
  ensure(
    scores.length === positive.length,
    `scores and labels must be equally long, got ${scores.length} and ${positive.length}`,
  );
  for (let i = 0; i < scores.length; i++) ensure(!Number.isNaN(scores[i]), `score of row ${i} must be a number, got NaN`);
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort(
    (i, j) => scores[i] - scores[j] || Number(positive[j]) - Number(positive[i]),
  );
  const ends: number[] = [];
  for (let i = 1; i <= order.length; i++) if (i === order.length || scores[order[i]] !== scores[order[i - 1]]) ends.push(i);
  return {
    ends: Int32Array.from(ends),
    clusters: order.map((i) => cluster[i]),
    up: Uint8Array.from(order, (i) => Number(positive[i])),
  };
}
