import { planGrid, type Grid, type GridRequest } from '../experiments/plan';
import { gridBaselines } from '../experiments/grid-baselines';
import type { RowRuns, RunRecord } from '../experiments/record';
import { planRuns, runGrid, type PlannedRun } from '../experiments/runner';
import { writeSpec } from '../experiments/spec';
import { ownRuns, runFolders } from '../experiments/store';
import { Stopped } from '../experiments/failure';
import { tableIds } from '../experiments/tables';
import { progress } from '../runtime/progress';
import { stoppable } from '../runtime/stoppable';
import type { RenderedTable } from './rendered';
import { withBaselines } from './baselines';
import { summarise } from './summarise';

/** What to reproduce: one table, or all where none is named. */
export interface ReproduceRequest extends Omit<GridRequest, 'table'> {
  table?: string;
  /** Runs side by side, each a process with one thread; 1 runs in this process. Default 1. */
  jobs?: number;
}

/** A table's plan: its grid, and every run with its record where it has one. */
export interface Planned {
  grids: Grid[];
  runs: PlannedRun[];
  /** Ids of the runs that have no record yet. */
  missing: string[];
}

export interface Reproduced {
  tables: { table: RenderedTable; rows: RowRuns[] }[];
  records: RunRecord[];
  stopped: boolean;
}

/** The grids that a request means: one table's or all. */
export function gridsOf(request: ReproduceRequest): Grid[] {
  return (request.table === undefined ? tableIds : [request.table]).map((table) => planGrid({ ...request, table }));
}

/** The runs that a request means, and which are still to do. Each of those gets a specification file, so that `run` can take it by its id. */
export async function planReproduction(request: ReproduceRequest): Promise<Planned> {
  return planGrids(gridsOf(request));
}

/** `planReproduction` of grids. */
export async function planGrids(grids: Grid[]): Promise<Planned> {
  const runs = await planRuns(grids.flatMap((grid) => grid.cells));
  for (const { id, cell, record } of runs) if (!record) writeSpec(id, cell.experiment);
  return { grids, runs, missing: [...new Set(runs.filter((run) => !run.record).map((run) => run.id))] };
}

/**
 * Runs what is missing of one table or all and fills the tables from the records: the same from the command line, a notebook and a test.
 * `plan` is given by who has planned the request already. An interrupt ends it cleanly: finished runs are kept, and the same call goes on from there.
 */
export async function reproduceTables(request: ReproduceRequest, plan?: Planned): Promise<Reproduced> {
  const planned = plan ?? (await planReproduction(request));
  const { runs, stopped } = await runMissing(planned, request.jobs ?? 1);
  const baselines: RunRecord[] = [];
  if (!stopped) for (const grid of planned.grids) baselines.push(...(await gridBaselines(grid, ownRuns(), runFolders())));
  const tables = planned.grids.map((grid) => {
    const rows = grid.table.rows.map((row): RowRuns => {
      const own = runs.filter((run) => run.cell.table === grid.table.id && run.cell.row === row.id);
      return { row, runs: own.flatMap((run) => run.record ?? []) };
    });
    return { table: withBaselines(summarise(grid.table, rows), rows, baselines), rows };
  });
  return { tables, records: runs.flatMap((run) => run.record ?? []), stopped };
}

async function runMissing({ runs, missing }: Planned, jobs: number): Promise<{ runs: PlannedRun[]; stopped: boolean }> {
  if (!missing.length) return { runs, stopped: false };
  const bar = progress('runs', missing.length);
  try {
    const finished = await stoppable((stopped) =>
      runGrid(runs, {
        jobs,
        stopped,
        onProgress: ({ done, running, secondsLeft }) => {
          const left = !secondsLeft ? '' : `about ${Math.ceil(secondsLeft / 60)} min left; `;
          bar.update(done, left + running.join(' | '));
        },
      }),
    );
    return { runs: finished, stopped: false };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { runs: await planRuns(runs.map((run) => run.cell)), stopped: true };
  } finally {
    bar.stop();
  }
}
