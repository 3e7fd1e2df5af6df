import { ensure } from '../runtime/errors';
import type { LogColumns, Signal } from './types';

/** Pairs of which the first was preferred to the second, [n] each: indices into `RankingData.pairs`. */
export interface Preferences {
  better: Int32Array;
  worse: Int32Array;
}

/**
 * Preferences from shown lists by "click > skip above" (Joachims 2002, §2.2): a product with the signal is preferred to every product above it that was not clicked, since
 * who came so far down has seen what stands above. So the logging policy's order cannot be learned from it. Throws an InputError where there is none.
 */
export function skipAbove(log: LogColumns, signal: Signal = 'click'): Preferences {
  const better: number[] = [];
  const worse: number[] = [];
  for (let i = 0; i < log.rows; i++) {
    if (!log[signal][i]) continue;
    for (let above = i - 1; above >= 0 && log.list[above] === log.list[i]; above--)
      if (!log.click[above]) {
        better.push(log.pair[i]);
        worse.push(log.pair[above]);
      }
  }
  ensure(better.length > 0, `the log has no ${signal} below a product that was passed over: nothing to prefer`);
  return { better: Int32Array.from(better), worse: Int32Array.from(worse) };
}
