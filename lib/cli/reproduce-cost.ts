import { gib, largestNeed, type Room } from '../experiments/cost';
import { durations, type Duration, type Speed } from '../experiments/durations';
import type { Cell } from '../experiments/plan';
import type { RunRecord } from '../experiments/record';
import { allRunFolders, findRecord } from '../experiments/store';
import { canonicalJson } from '../runtime/hash';

/** A planned run, with its id where the data is here to tell it. */
export interface Costed {
  id?: string;
  cell: Cell;
  record?: RunRecord;
}

export interface RunCost {
  /** Bytes that the run needs where it computes, by formula; undefined where the formula does not know its network. */
  bytes?: number;
  duration?: Duration;
}

/**
 * What each run of a plan is expected to need. `speed` is asked for only where no run of the plan has a record. A run to be made again is to do, yet how long it
 * took before is known.
 */
export async function planCosts(runs: readonly Costed[], room: Room, speed: () => Promise<Speed>): Promise<RunCost[]> {
  const timed = runs.map(({ id, cell, record }) => ({
    cell,
    record: record ?? (id === undefined ? undefined : findRecord(id, allRunFolders())?.record),
  }));
  const recorded = timed.some(({ record }) => record);
  const times = await durations(timed, recorded ? { f32: Infinity, bf16: Infinity } : await speed());
  return runs.map(({ cell }, i) => {
    const bytes = largestNeed(cell.experiment, room)?.bytes;
    return { ...(bytes === undefined ? {} : { bytes }), ...(times[i] ? { duration: times[i] } : {}) };
  });
}

/** Seconds as people say them. */
export function spoken(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

/** Two columns of a listed run: memory and time, and where the time is from; empty where neither is known. */
export function costColumns({ bytes, duration }: RunCost): string {
  const memory = bytes === undefined ? '' : `  ${gib(bytes)}`;
  return memory + (duration ? `  ${spoken(duration.seconds)} (${duration.from})` : '');
}

/** The whole grid in one line: memory of its largest run, time of what is to do, each run once. */
export function costSummary(runs: readonly Costed[], costs: readonly RunCost[], jobs: number, said: string): string {
  const seen = new Set<string>();
  const [total, left] = [
    { seconds: 0, runs: 0 },
    { seconds: 0, runs: 0 },
  ];
  const sources = new Set<Duration['from']>();
  let unknown = 0;
  runs.forEach(({ id, cell, record }, i) => {
    const name = id ?? canonicalJson(cell.experiment);
    if (seen.has(name) || !seen.add(name)) return;
    const { duration } = costs[i];
    if (!duration) {
      unknown++;
      return;
    }
    sources.add(duration.from);
    for (const part of record ? [total] : [total, left]) {
      part.seconds += duration.seconds;
      part.runs++;
    }
  });
  const largest = Math.max(0, ...costs.map(({ bytes }) => bytes ?? 0));
  const from = {
    row: "each row's records",
    scale: "other rows' records, scaled by operations",
    arithmetic: `operations at ${said}`,
  };
  const memory = largest ? `; a run needs up to ${gib(largest)} by formula${jobs > 1 ? `, ${jobs} side by side ${gib(largest * jobs)}` : ''}` : ''; // prettier-ignore
  const parts = [
    `estimated: ${spoken(left.seconds / jobs)} for ${left.runs} runs to do, ${spoken(total.seconds / jobs)} for all ${total.runs}`,
  ];
  if (jobs > 1) parts.push(`${jobs} side by side`);
  return `${parts.join(', ')} (from ${[...sources].map((s) => from[s]).join('; ') || 'nothing'})${unknown ? `; ${unknown} runs without an estimate` : ''}${memory}\n`;
}
