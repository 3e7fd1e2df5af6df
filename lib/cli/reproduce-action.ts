import { Stopped } from '../experiments/stopped';
import { planGrid, type GridRequest } from '../experiments/plan';
import { planRuns, runGrid, type PlannedRun } from '../experiments/runner';
import { writeSpec } from '../experiments/spec';
import { tableIds } from '../experiments/tables';
import type { RowRuns, RunRecord } from '../experiments/record';
import { renderTables } from '../report/formats';
import { summarise } from '../report/summarise';
import { progress } from '../runtime/progress';
import { stoppable } from '../runtime/stoppable';

interface Request extends Omit<GridRequest, 'table'> {
  table?: string;
  jobs: number;
  dryRun: boolean;
  report: boolean;
}

/** Plans the tables, runs what is missing, prints the tables on stdout. */
export async function reproduce(request: Request): Promise<void> {
  const grids = (request.table === undefined ? tableIds : [request.table]).map((table) => planGrid({ ...request, table }));
  const runs = await planRuns(grids.flatMap((grid) => grid.cells));
  const missing = new Set(runs.filter((run) => !run.record).map((run) => run.id));
  process.stderr.write(
    `${grids.map((g) => g.table.title).join('; ')}: ${new Set(runs.map((r) => r.id)).size} runs, ${missing.size} to do\n`,
  );
  for (const { id, cell, record } of runs) if (!record) writeSpec(id, cell.experiment);
  if (request.dryRun) {
    for (const { id, cell, record } of runs) {
      const { seed, fold } = cell.experiment;
      process.stdout.write(`${id}  table ${cell.table}  ${cell.row}  seed ${seed}  fold ${fold}  ${record ? 'done' : 'to do'}\n`);
    }
    return;
  }
  const finished = await runWithProgress(runs, request.jobs);
  const tables = grids.map((grid) => {
    const rows = grid.table.rows.map((row): RowRuns => {
      const own = finished.filter((run) => run.cell.table === grid.table.id && run.cell.row === row.id);
      return { row, runs: own.flatMap((run) => run.record ?? []) };
    });
    return summarise(
      grid.table,
      rows.filter((row) => row.runs.length),
    );
  });
  process.stdout.write(renderTables(tables, 'text') + '\n');
  failedChecks(finished.flatMap((run) => run.record ?? []));
}

async function runWithProgress(runs: readonly PlannedRun[], jobs: number): Promise<PlannedRun[]> {
  const total = new Set(runs.filter((r) => !r.record).map((r) => r.id)).size;
  if (!total) return [...runs];
  const bar = progress('runs', total);
  try {
    return await stoppable((stopped) =>
      runGrid(runs, {
        jobs,
        stopped,
        onProgress: ({ done, running, secondsLeft }) => {
          const left = secondsLeft === undefined ? '' : `${Math.ceil(secondsLeft / 60)} min left; `;
          bar.update(done, left + running.join(' | '));
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    process.stderr.write('\nstopped; finished runs are kept, the same command goes on from here\n');
    process.exitCode = 130;
    return [...(await planRuns(runs.map((r) => r.cell)))];
  } finally {
    bar.stop();
  }
}

/** Self-checks that failed, once each: a trick that did nothing must not go unnoticed. */
function failedChecks(records: readonly RunRecord[]): void {
  const failed = new Set(records.flatMap((r) => r.checks.filter((c) => !c.ok).map((c) => `${c.name} (${c.detail})`)));
  for (const text of failed) process.stderr.write(`self-check failed: ${text}\n`);
}
