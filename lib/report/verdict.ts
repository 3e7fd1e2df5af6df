import { errorQuantile } from '../metrics/variance-parts';
import type { Change } from './change';

export const VERDICTS = {
  reproduced: 'reproduced',
  leaning: 'same direction',
  unclear: 'not distinguishable at this size',
  differs: 'differs',
  missing: 'not run',
  better: 'better',
  worse: 'worse',
  betterOnce: 'better in the one seed run',
  worseOnce: 'worse in the one seed run',
  held: 'held',
  contradicted: 'contradicted here',
  base: 'base',
} as const;

export type VerdictKind = keyof typeof VERDICTS;

/** Verdicts whose interval excludes 0: over seeds, and in the one seed that was run. */
export const SURE: readonly VerdictKind[] = ['reproduced', 'differs', 'better', 'worse', 'held', 'contradicted'];
export const ONCE: readonly VerdictKind[] = ['betterOnce', 'worseOnce'];

/** What a row shows about the paper's claim: a word, and the reason in one clause. */
export interface Verdict {
  kind: VerdictKind;
  words: (typeof VERDICTS)[VerdictKind];
  reason: string;
  /** The part of the reason that a table's columns (interval, detectable change, the paper's figures) do not say. */
  more?: string;
}

export interface Claim {
  /** Whether the row has finished runs at all. */
  run: boolean;
  /** Whether the row is measured against another row. */
  compared: boolean;
  change?: Change;
  /** The paper's change in the same units as `change`; undefined where the paper has none. */
  paperChange?: number;
  /** The paper claims, without a figure, that the row is better than the one it is measured against. */
  claimed?: boolean;
  higherIsBetter: boolean;
  /** The smallest step that the table prints: an interval whose end would be printed as 0 counts as containing it. */
  resolution: number;
  /** A change as the table prints it. */
  print: (change: number) => string;
}

/** How sure a change's sign must be for `same direction` where the interval contains 0: one-sided confidence. */
export const LEANING = 0.9;

/** Whether an interval, as its table prints it, excludes 0. */
export function excludesZero({ low, high }: { low: number; high: number }, resolution: number): boolean {
  return low >= resolution / 2 || high <= -resolution / 2;
}

/** When each verdict is given, for a reader. */
export const MEANINGS: Readonly<Record<VerdictKind, string>> = {
  base: 'the row is not measured against another',
  reproduced:
    "the interval excludes 0, the change has the sign of the paper's, over two seeds or more. The direction is reproduced, not the size: sizes belong to a model and a data set",
  differs:
    'the interval excludes 0 over two seeds or more, on the side against the paper, or on either side where the paper printed a change of 0',
  leaning:
    "the interval holds 0, yet the change has the paper's sign with 90 % one-sided confidence over two seeds or more; or the interval excludes 0 on the paper's side, over one seed",
  unclear: 'everything else: an effect may be there, these runs cannot show it',
  better: 'the paper has no change of this row; the interval excludes 0 over two seeds or more, for the better',
  worse: 'the same, for the worse',
  betterOnce: 'the same as better over one seed: the rows measured on are many, the training was drawn once',
  worseOnce: 'the same, for the worse',
  held: 'the paper claims a gain without a figure; the interval excludes 0 on its side, over two seeds or more',
  contradicted: 'the same, on the other side',
  missing: 'no finished run of the row, or none that can be paired with the row it is measured against',
};

/**
 * The one place that decides what a row may be said to show, by `MEANINGS`. It never claims more than the 95 % interval allows, as printed; 90 % one-sided
 * confidence is |change| > t₀.₉·se, with the interval's own standard error and freedom.
 */
export function judge(claim: Claim): Verdict {
  const { change, paperChange, print } = claim;
  if (!claim.run) return told('missing', 'no finished run');
  if (!claim.compared) return verdict('base', 'the row that others are measured against');
  if (!change) return told('missing', 'no run that can be paired with the row it is measured against');
  if (!change.interval)
    return told('unclear', 'nothing measures its chance: one seed without predictions, or fewer than two queries that count');

  const { low, high } = change.interval;
  if (low === 0 && high === 0) return told('unclear', 'no prediction that counts differs between the two rows');
  const sure = excludesZero(change.interval, claim.resolution);
  const repeated = change.covers.training;
  const range = `[${print(low)}, ${print(high)}]`;
  const found = `${range} ${sure ? 'excludes' : 'contains'} 0`;
  const once = "one seed cannot show training's chance";
  if (paperChange === undefined) {
    if (!sure) return repeated ? verdict('unclear', found) : verdict('unclear', `${found}, and ${once}`, once);
    const better = change.value > 0 === claim.higherIsBetter;
    if (!repeated) return verdict(better ? 'betterOnce' : 'worseOnce', `${found}, but ${once}`, once);
    if (claim.claimed) return verdict(better ? 'held' : 'contradicted', `${found}; the paper claims a gain, without a figure`);
    return verdict(better ? 'better' : 'worse', `${found}; the paper has no change of this row`);
  }
  if (paperChange === 0) {
    const none = 'the paper printed a change of 0';
    if (sure && repeated) return verdict('differs', `${found}; ${none}`, none);
    const why = `${none}, and no interval can show that there is none`;
    return verdict('unclear', `${found}; ${why}`, why);
  }
  const same = Math.sign(change.value) === Math.sign(paperChange);
  const size = paperChange >= low && paperChange <= high ? 'its size lies inside' : 'its size lies outside';
  if (sure && repeated) {
    return same
      ? verdict('reproduced', `${found} on the paper's side (${print(paperChange)}; ${size})`, `the paper's: ${size}`)
      : verdict('differs', `${found} against the paper's ${print(paperChange)}`);
  }
  if (sure && same) return verdict('leaning', `${found} on the paper's side, but ${once}`, once);
  const leaning = Math.abs(change.value) > errorQuantile(LEANING, change.interval.freedom) * change.interval.standardError;
  const sign = "with 90 % confidence the change has the paper's sign";
  if (same && leaning && repeated) return verdict('leaning', `${found}; ${sign}`, sign);
  const why = sure ? `${found}, but ${once}` : found;
  const needed = change.detectable ? `${why}; a true change of ${print(change.detectable)} would be needed` : why;
  return sure ? verdict('unclear', needed, once) : verdict('unclear', needed);
}

function verdict(kind: VerdictKind, reason: string, more?: string): Verdict {
  return { kind, words: VERDICTS[kind], reason, ...(more === undefined ? {} : { more }) };
}

/** A verdict whose whole reason no column says. */
const told = (kind: VerdictKind, reason: string): Verdict => verdict(kind, reason, reason);
