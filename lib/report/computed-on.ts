import type { RunRecord } from '../experiments/record';
import { plural } from './numbers';

/** What the runs of a table were computed on: "a CPU", "an NVIDIA H100", or both with their numbers of runs. */
export function computedOn(runs: readonly RunRecord[]): string {
  const names = runs.map(({ environment: { device, card } }) => (device === 'gpu' ? `an ${card ?? 'NVIDIA card'}` : 'a CPU'));
  const each = [...new Set(names)].sort();
  if (each.length <= 1) return each[0] ?? 'nothing';
  return each.map((name) => `${name} (${plural(names.filter((n) => n === name).length, 'run')})`).join(' and ');
}
