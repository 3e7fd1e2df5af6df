import { runFolders } from '../experiments/store';
import { refuseMisfit } from '../experiments/cost';
import { planGrid } from '../experiments/plan';
import type { RunRecord } from '../experiments/record';
import { tableIds } from '../experiments/tables';
import { InputError } from '../runtime/errors';
import { renderTables } from '../report/formats';
import { planReproduction, reproduceTables, type ReproduceRequest } from '../report/reproduce';
import { writeReport } from '../report/write';
import { costColumns, costSummary, planCosts, type Costed } from './reproduce-cost';
import { listRuns, listText } from './reproduce-list';
import { roomOf, speedOf } from './room';

interface Request extends ReproduceRequest {
  dryRun: boolean;
  /** Print the list of a dry run as JSON. */
  json: boolean;
  /** Leave out runs and tables that are done. */
  onlyMissing: boolean;
  report: boolean;
  /** GiB, and a card, to plan for instead of this machine's. */
  memory?: string;
  card?: string;
  /** Plan the seeds for a change of this size, from the runs so far. */
  detect?: number;
}

/** Plans the tables, runs what is missing, prints the tables on stdout and writes the report. */
export async function reproduce({ detect, ...asked }: Request): Promise<void> {
  const request = detect === undefined ? asked : await withPlannedSeeds(asked, detect);
  const options = { memory: request.memory, card: request.card, jobs: request.card === undefined ? (request.jobs ?? 1) : 1 };
  const plan = await planReproduction(request).catch((error: unknown) => {
    const typed = request.data !== undefined; // what the user named must be there; the scale's own data need not be
    if (
      typed ||
      !request.dryRun ||
      request.json ||
      !(error instanceof InputError) ||
      !/no such file or folder/.test(error.message)
    )
      throw error;
    return withoutData(request, error.message);
  });
  if (!('missing' in plan)) return listCosts(plan.runs, options);
  const { grids, runs, missing } = plan;
  const all = new Set(runs.map((r) => r.id)).size;
  process.stderr.write(`${grids.map((g) => g.table.title).join('; ')}: ${all} runs, ${missing.length} to do\n`);
  if (request.dryRun) {
    const listed = request.onlyMissing ? runs.filter((run) => !run.record) : runs;
    if (request.json) process.stdout.write(`${JSON.stringify(listRuns(listed), null, 1)}\n`);
    else await listCosts(runs, options, listed);
    return;
  }
  refuseMisfit(
    runs
      .filter((run) => !run.record)
      .map(({ cell }) => ({ name: `table ${cell.table}, row ${cell.row}`, experiment: cell.experiment })),
    roomOf(options),
  );
  const { tables, records, stopped } = await reproduceTables(request, plan);
  const touched = new Set(runs.filter((run) => missing.includes(run.id)).map((run) => run.cell.table));
  const filled = tables
    .filter(({ table }) => !request.onlyMissing || touched.has(table.id))
    .map(({ table }) => ({
      ...table,
      rows: request.rows
        ? table.rows.filter((r) => runs.some(({ cell }) => cell.table === table.id && cell.row === r.id))
        : table.rows,
    }));
  process.stdout.write(renderTables(filled, 'text'));
  failedChecks(records);
  const written = request.report ? writeReport(runFolders()) : undefined;
  if (written) process.stdout.write(`\nreport: ${written.path}\n`);
  if (!stopped) return;
  process.stderr.write('stopped; finished runs are kept, the same command goes on from here\n');
  process.exitCode = 130;
}

/** The runs of a plan whose data is not here: without ids, which the data decides. */
function withoutData(request: Request, why: string): { runs: Costed[] } {
  process.stderr.write(`${why}; planned without it, by the sizes of the whole ESCI data\n`);
  const tables = request.table === undefined ? tableIds : [request.table];
  return { runs: tables.flatMap((table) => planGrid({ ...request, table }).cells.map((cell) => ({ cell }))) };
}

/** Lists runs with what each is expected to need, and the whole grid's sum on stderr. */
async function listCosts(
  runs: readonly Costed[],
  options: Parameters<typeof roomOf>[0],
  listed: readonly Costed[] = runs,
): Promise<void> {
  let said = '';
  const speed = async () => {
    const reached = await speedOf(options);
    said = reached.said;
    return reached;
  };
  const costs = await planCosts(runs, roomOf(options), speed);
  const known = listed.map((run) => costColumns(costs[runs.indexOf(run)]));
  process.stdout.write(
    listText(
      listed.map((run) => ({ id: '-'.repeat(16), needs: [], ...run })),
      known,
    ),
  );
  process.stderr.write(costSummary(runs, costs, options.jobs, said));
}

/** The request with as many seeds as a change of `detect` needs; says the plan and its cost on stderr. */
async function withPlannedSeeds(request: Omit<Request, 'detect'>, detect: number): Promise<Omit<Request, 'detect'>> {
  const { renderPlan, seedPlan } = await import('./seeds-auto');
  const { grids, runs } = await planReproduction(request);
  const plan = seedPlan(grids, runs, detect, request.jobs ?? 1);
  process.stderr.write(renderPlan(plan, detect));
  return { ...request, seeds: plan.seeds };
}

/** Self-checks that failed, once each: a trick that did nothing must not go unnoticed. */
function failedChecks(records: readonly RunRecord[]): void {
  const failed = new Set(records.flatMap((r) => r.checks.filter((c) => !c.ok).map((c) => c.name)));
  for (const name of failed) {
    const runs = records.filter((r) => r.checks.some((c) => c.name === name && !c.ok));
    process.stderr.write(`self-check failed in ${runs.length} of ${records.length} runs: ${name}\n`);
  }
}
