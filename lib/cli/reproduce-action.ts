import { absentCatalogues } from '../experiments/catalogue';
import { committedRuns, loadRecords, recordedSeeds, runFolders } from '../experiments/store';
import { refuseMisfit } from '../experiments/cost';
import { planGrid, type Cell, type Grid } from '../experiments/plan';
import type { RunRecord } from '../experiments/record';
import { tableIds } from '../experiments/tables';
import { InputError } from '../runtime/errors';
import { projectCache } from '../runtime/files';
import { canonicalJson } from '../runtime/hash';
import { renderTables } from '../report/formats';
import { gridsOf, planGrids, planReproduction, reproduceTables, type ReproduceRequest } from '../report/reproduce';
import { writeReport } from '../report/write';
import { costColumns, costSummary, planCosts, type Costed } from './reproduce-cost';
import { againText } from '../report/again';
import { listRuns, listText } from './reproduce-list';
import { roomOf, speedOf } from './room';

interface Request extends ReproduceRequest {
  dryRun: boolean;
  /** Print the list of a dry run as JSON. */
  json: boolean;
  /** Leave out runs and tables that are done. */
  onlyMissing: boolean;
  /** Look for no record but those of an earlier `--again`. */
  again: boolean;
  report: boolean;
  /** GiB, and a card, to plan for instead of this machine's. */
  memory?: string;
  card?: string;
  /** Plan the seeds for a change of this size, from the runs so far. */
  detect?: number;
  /** Start planned seeds beyond the limits. */
  yes?: boolean;
}

/** Plans the tables, runs what is missing, prints the tables on stdout and writes the report. */
export async function reproduce({ detect, ...asked }: Request): Promise<void> {
  if (asked.again) process.env.ESCI_ONLY_RUNS = process.env.ESCI_WORK_CACHE = projectCache('again');
  const request = detect === undefined ? asked : await withPlannedSeeds(asked, detect);
  const options = { memory: request.memory, card: request.card, jobs: request.card === undefined ? (request.jobs ?? 1) : 1 };
  if (request.dryRun && !request.json) return listDryRun(request, options);
  const plan = await planReproduction(request);
  const { grids, runs, missing } = plan;
  sayPlan(grids, new Set(runs.map((r) => r.id)).size, missing.length);
  if (request.dryRun) {
    const listed = request.onlyMissing ? runs.filter((run) => !run.record) : runs;
    process.stdout.write(`${JSON.stringify(listRuns(listed), null, 1)}\n`);
    return;
  }
  if (!missing.length && !request.again)
    process.stderr.write(
      'nothing to train: every run has a record, of the project or of this machine; --again trains them anew\n',
    );
  sayAbsentCatalogues(runs);
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
  if (request.again) process.stdout.write(`\n${againText(records, loadRecords([committedRuns()]))}\n`);
  const written = request.report ? writeReport(runFolders()) : undefined;
  if (written) process.stdout.write(`\nreport: ${written.path}\n`);
  if (!stopped) return;
  process.stderr.write('stopped; finished runs are kept, the same command goes on from here\n');
  process.exitCode = 130;
}

function sayPlan(grids: readonly Grid[], all: number, missing: number): void {
  process.stderr.write(`${grids.map((g) => g.table.title).join('; ')}: ${all} runs, ${missing} to do\n`);
}

/** Pre-training on a catalogue that is not here fails when its turn comes, which may be hours from now. */
function sayAbsentCatalogues(runs: readonly Costed[]): void {
  const missing = runs.filter(({ record }) => !record).map(({ cell }) => cell.experiment);
  for (const line of absentCatalogues(missing)) process.stderr.write(`${line}\n`);
}

/**
 * Lists what a request means. A run's name depends on its data, and generated data are made anew for each seed, which takes seconds each: seeds beyond the scale's
 * own that no record has are listed without names.
 */
async function listDryRun(request: Request, options: Parameters<typeof roomOf>[0]): Promise<void> {
  const grids = gridsOf(request);
  const cells = grids.flatMap((grid) => grid.cells);
  const usual = grids[0].scale.seeds;
  const generated = ({ experiment: { source } }: Cell): boolean => 'generated' in source;
  const further = cells.some((cell) => generated(cell) && cell.experiment.seed >= usual);
  const recorded = further ? recordedSeeds(request.scale) : new Set<number>();
  const named = (cell: Cell): boolean => !generated(cell) || cell.experiment.seed < usual || recorded.has(cell.experiment.seed);
  const plan = await planGrids(grids.map((grid) => ({ ...grid, cells: grid.cells.filter(named) }))).catch((error: unknown) => {
    // The sizes of the whole ESCI release are known without it; those of data that was typed, or of another sample, are not.
    const release = request.data === undefined && 'path' in grids[0].scale.data && grids[0].scale.data.path === 'esci';
    if (!release || !(error instanceof InputError) || !/no such file or folder/.test(error.message)) throw error;
    return withoutData(request, error.message);
  });
  if (!('missing' in plan)) return listCosts(plan.runs, options);
  const rest = cells.filter((cell) => !named(cell));
  const without = new Set(rest.map(({ experiment }) => canonicalJson(experiment))).size;
  sayPlan(grids, new Set(plan.runs.map((r) => r.id)).size + without, plan.missing.length + without);
  if (without)
    process.stderr.write(
      `${without} of them without a name: the generated data of their seeds were never used (--json makes them)\n`,
    );
  const runs: Costed[] = [...plan.runs, ...rest.map((cell) => ({ cell }))];
  sayAbsentCatalogues(runs);
  await listCosts(runs, options, request.onlyMissing ? runs.filter((run) => !run.record) : runs);
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

/** The request with as many seeds of each row as a change of `detect` needs; says the plan and its cost on stderr, and refuses one beyond the limits. */
async function withPlannedSeeds(request: Omit<Request, 'detect'>, detect: number): Promise<Omit<Request, 'detect'>> {
  const { beyondLimits, planCost, renderPlan, seedPlan } = await import('./seeds-auto');
  const { grids, runs } = await planReproduction(request);
  const plan = seedPlan(grids, runs, detect);
  const planned = { ...request, rowSeeds: plan.rowSeeds };
  const cells = gridsOf(planned).flatMap((grid) => grid.cells);
  const cost = planCost(cells, runs, request.jobs ?? 1);
  process.stderr.write(renderPlan(plan, cost, detect));
  const refused = request.dryRun || request.yes ? undefined : beyondLimits(plan, cost);
  if (refused !== undefined) throw new InputError(refused);
  return planned;
}

/** Self-checks that failed, once each: a trick that did nothing must not go unnoticed. */
function failedChecks(records: readonly RunRecord[]): void {
  const failed = new Set(records.flatMap((r) => r.checks.filter((c) => !c.ok).map((c) => c.name)));
  for (const name of failed) {
    const runs = records.filter((r) => r.checks.some((c) => c.name === name && !c.ok));
    process.stderr.write(`self-check failed in ${runs.length} of ${records.length} runs: ${name}\n`);
  }
}
