import { ensure } from '../runtime/errors';
import { LABELS, type Label } from '../data/types';
import { ESCI_GAINS } from './conventions';
import { groupRows } from './groups';

/**
 * The (weighted) mean of members that score the same rows, or of flat [N, K] probabilities: Σ_m w_m x_m / Σ_m w_m.
 * Throws an InputError on unequal lengths, no member, or weights that are negative or all 0.
 */
export function meanScores(members: readonly ArrayLike<number>[], weights?: readonly number[]): Float64Array {
  ensure(members.length > 0, 'an ensemble needs at least one member, got none');
  const w = weights ?? members.map(() => 1);
  ensure(w.length === members.length, `an ensemble of ${members.length} needs as many weights, got ${w.length}`);
  const total = w.reduce((a, b) => a + b, 0);
  ensure(w.every((x) => x >= 0) && total > 0, `ensemble weights must be ≥ 0 and not all 0, got ${w.join(', ')}`);
  const out = new Float64Array(members[0].length);
  members.forEach((member, m) => {
    ensure(member.length === out.length, `members must score the same rows, got ${out.length} and ${member.length} values`);
    for (let i = 0; i < out.length; i++) out[i] += (w[m] / total) * member[i];
  });
  return out;
}

/**
 * The (weighted) mean over members of each row's rank within its query, from 0 (last) to 1 (first), equal scores sharing their mean rank; a row alone
 * in its query gets ½. Makes members of different scales comparable (Borda count).
 */
export function rankMean(
  members: readonly ArrayLike<number>[],
  query: ArrayLike<number>,
  weights?: readonly number[],
): Float64Array {
  const groups = groupRows(query);
  return meanScores(
    members.map((scores) => {
      ensure(scores.length === query.length, `members must score the same rows, got ${query.length} and ${scores.length} values`);
      const ranks = new Float64Array(scores.length);
      for (let q = 0; q < groups.count; q++) {
        const rows = groups.order.slice(groups.offsets[q], groups.offsets[q + 1]);
        rows.sort((i, j) => scores[i] - scores[j]);
        for (let i = 0; i < rows.length;) {
          let end = i + 1;
          while (end < rows.length && scores[rows[end]] === scores[rows[i]]) end++;
          const rank = rows.length > 1 ? (i + end - 1) / 2 / (rows.length - 1) : 0.5;
          for (; i < end; i++) ranks[rows[i]] = rank;
        }
      }
      return ranks;
    }),
    weights,
  );
}

/** Expected gain of each row, Σ_c p_c · gain_c, from flat probabilities [N, 4] in the order E, S, C, I (paper 1, task 1). */
export function expectedGain(
  probabilities: ArrayLike<number>,
  classes: number = LABELS.length,
  gains: Readonly<Record<Label, number>> = ESCI_GAINS,
): Float64Array {
  ensure(classes === LABELS.length, `expected gain needs ${LABELS.length} classes, got ${classes}`);
  const rows = probabilities.length / classes;
  ensure(Number.isInteger(rows), `probabilities must be [rows, ${classes}], got ${probabilities.length} numbers`);
  const table = LABELS.map((label) => gains[label]);
  return Float64Array.from({ length: rows }, (_, i) =>
    table.reduce((sum, gain, c) => sum + gain * probabilities[i * classes + c], 0),
  );
}

/**
 * The paper's task 1 ensemble: expected gain of the mean classifier plus the mean regressor (regressors predict the gain itself, in [0, 1]);
 * either side may be empty, not both. `share` is the classifiers' weight, ½ for the plain sum's order.
 */
export function gainEnsemble(
  classifiers: readonly ArrayLike<number>[],
  regressors: readonly ArrayLike<number>[],
  { gains = ESCI_GAINS, share = 0.5 }: { gains?: Readonly<Record<Label, number>>; share?: number } = {},
): Float64Array {
  ensure(classifiers.length + regressors.length > 0, 'an ensemble needs at least one member, got none');
  if (classifiers.length === 0) return meanScores(regressors);
  const classified = expectedGain(meanScores(classifiers), LABELS.length, gains);
  return regressors.length === 0 ? classified : meanScores([classified, meanScores(regressors)], [share, 1 - share]);
}
