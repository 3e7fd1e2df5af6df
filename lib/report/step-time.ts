import type { RowRuns, RunRecord } from '../experiments/record';
import type { RenderedRow } from './rendered';

/** Milliseconds of a step in the fastest of the runs: other work on the machine can only add to it. */
export function stepTime(runs: readonly RunRecord[]): number | undefined {
  const times = timed(runs).map((run) => run.cost.stepMilliseconds);
  return times.length ? Math.min(...times) : undefined;
}

/**
 * A row's step time as a multiple of another's: the fastest run of each among those that one commit made on one machine, where both rows have two or more
 * such runs; of several such commits and machines the one whose reference was fastest, where least other work was beside. Undefined elsewhere: runs of other code or on other
 * machines tell of those.
 */
export function stepRatio(runs: readonly RunRecord[], reference: readonly RunRecord[]): number | undefined {
  const [own, other] = [byMaker(runs), byMaker(reference)];
  const shared = [...own.keys()].filter((maker) => own.get(maker)!.length > 1 && (other.get(maker)?.length ?? 0) > 1);
  const time = (maker: string): number => stepTime(other.get(maker)!)!;
  const [best] = shared.sort((a, b) => time(a) - time(b) || (a < b ? -1 : 1));
  return best === undefined ? undefined : stepTime(own.get(best)!)! / stepTime(other.get(best)!)!;
}

/** Updates below which a run's step time says nothing: of 24 updates at the scale smoke one row's was three tenths of another's that does less. */
const FEWEST_UPDATES = 50;

const timed = (runs: readonly RunRecord[]): RunRecord[] =>
  runs.filter(({ cost }) => cost.steps >= FEWEST_UPDATES && cost.stepMilliseconds > 0);

/** Timed runs by the commit and the machine that made them; those of an unknown commit are left out. */
function byMaker(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const makers = new Map<string, RunRecord[]>();
  for (const run of timed(runs)) {
    const { platform, cpu, device, card, intraThreads, interThreads } = run.environment;
    if (run.code.commit === null) continue;
    const maker = JSON.stringify([run.code.commit, platform, cpu, device, card ?? null, intraThreads, interThreads]);
    makers.set(maker, [...(makers.get(maker) ?? []), run]);
  }
  return makers;
}

/** A row's step time, in a table that compares them beside that of the first row it builds on. */
export function costOf(
  table: { stepTime?: boolean; rows: readonly RowRuns['row'][] },
  row: RowRuns['row'],
  runsOf: ReadonlyMap<string, readonly RunRecord[]>,
): RenderedRow['cost'] {
  const runs = runsOf.get(row.id) ?? [];
  const time = stepTime(runs);
  if (time === undefined) return undefined;
  let first = row;
  const seen = new Set<string>();
  while (first.against !== undefined && !seen.has(first.id)) {
    seen.add(first.id);
    first = table.rows.find((r) => r.id === first.against) ?? first;
  }
  const relative = table.stepTime ? stepRatio(runs, runsOf.get(first.id) ?? []) : undefined;
  return { stepMilliseconds: time, ...(relative === undefined ? {} : { relative }) };
}
