import type { RunRecord } from '../experiments/record';

/** The task of a run, of an ensemble its members': tasks 1 and 2 do not have the same rows. */
export function taskOf({ experiment: { config } }: RunRecord): number {
  const { task, members } = config as { task?: number; members?: readonly { task: number }[] };
  return task ?? members?.[0]?.task ?? 0;
}
