import type { Random } from '../../runtime/key';
import { LABELS, type Label } from '../types';
import type { Confusion } from './options';

/**
 * Flips a label with probability `rate`, to another one drawn from its row of the confusion matrix. Two numbers are drawn whatever happens, so that
 * with the same stream a lower rate flips a subset of what a higher one flips, to the same labels.
 */
export function flip(label: Label, rate: number, confusion: Confusion, random: Random): Label {
  const happens = random.uniform() < rate;
  let u = random.uniform();
  if (!happens) return label;
  let last = label;
  for (const other of LABELS) {
    const share = confusion[label][other] ?? 0;
    if (share === 0) continue;
    last = other;
    if ((u -= share) < 0) break;
  }
  return last;
}

/** The transition matrix T[true][observed] = (1 − rate)·1{equal} + rate·confusion, and with it the label shares to expect: observed = trueᵀ·T. */
export function transition(rate: number, confusion: Confusion): Record<Label, Record<Label, number>> {
  const row = (from: Label): Record<Label, number> => {
    const to = (label: Label): number => (label === from ? 1 - rate : rate * (confusion[from][label] ?? 0));
    return { E: to('E'), S: to('S'), C: to('C'), I: to('I') };
  };
  return { E: row('E'), S: row('S'), C: row('C'), I: row('I') };
}
