import { fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimPath, findRecord, ownRuns, runFolders, saveRecord } from './store';
import { dependenciesOf, runId, type Experiment, type RunHooks } from './experiment';
import { encoderKey } from './pretrained-start';
import { runExperiment } from './run';
import type { Cell } from './plan';
import type { RunRecord } from './record';
import { errorOf, type Failure, naming, Stopped } from './failure';
import { now } from '../runtime/clock';
import { ensure, InputError } from '../runtime/errors';
import { tryLock } from '../runtime/lock';

/** A cell with its id and, where it was run before, its record. */
export interface PlannedRun {
  id: string;
  cell: Cell;
  record?: RunRecord;
  /** Ids of the runs whose records it reads; they are among the planned ones. */
  needs: readonly string[];
}

/** Finds which cells have records already. Cells of equal experiments are one run. */
export async function planRuns(cells: readonly Cell[], folders: readonly string[] = runFolders()): Promise<PlannedRun[]> {
  const runs: PlannedRun[] = [];
  for (const cell of cells) {
    const id = await runId(cell.experiment);
    const needs: string[] = [];
    for (const needed of dependenciesOf(cell.experiment)) needs.push(await runId(needed));
    runs.push({ id, cell, record: findRecord(id, folders)?.record, needs });
  }
  return runs;
}

export interface GridProgress {
  done: number;
  total: number;
  /** What is running now, one line a job. */
  running: readonly string[];
  /** Seconds left, from the runs finished so far; undefined before the first. */
  secondsLeft?: number;
}

export interface GridOptions {
  /** Runs side by side; above 1 each is a process with one thread. */
  jobs: number;
  /** Where finished runs are kept. */
  folder?: string;
  onProgress?: (progress: GridProgress) => void;
  stopped?: () => boolean;
}

/**
 * Runs every cell that has no record yet, saves each record as it finishes, and returns all in the order of the cells. Equal experiments run once. Processes that share
 * the folder share the work: each run is made by one of them.
 * When stopped, the runs under way are dropped and `Stopped` is thrown; what was finished is kept, and the next call goes on from there.
 */
export async function runGrid(runs: readonly PlannedRun[], options: GridOptions): Promise<PlannedRun[]> {
  const { jobs, folder = ownRuns() } = options;
  const records = new Map(runs.flatMap(({ id, record }) => (record ? [[id, record]] : [])));
  const queue = runs.filter((run, i) => !run.record && runs.findIndex(({ id }) => id === run.id) === i);
  const total = queue.length;
  const started = now();
  const running = new Map<number, string>();
  let done = 0;
  let busy = 0;
  let failed = false;
  const report = (): void =>
    options.onProgress?.({
      done,
      total,
      running: [...running.values()],
      ...(done ? { secondsLeft: ((now() - started) / 1000 / done) * (total - done) } : {}),
    });
  let changed = gate();
  const encoders = new Encoders();
  const ready = ({ needs, cell }: PlannedRun): boolean => needs.every((id) => records.has(id)) && encoders.free(cell.experiment);
  const enter = (run: PlannedRun, record: RunRecord): void => {
    records.set(run.id, record);
    done++;
  };
  /**
   * Takes the first waiting run whose needs are all recorded, whose encoder no other job is making and which no other process holds; waits where none is. What another
   * process has recorded meanwhile is taken over.
   */
  const take = async (job: number): Promise<Claimed | undefined> => {
    while (queue.length) {
      if (failed) return undefined;
      if (options.stopped?.()) throw new Stopped('stopped between two runs');
      const open = queue.filter(ready);
      const before = done;
      for (const run of open) {
        const claim = claimRun(folder, run.id);
        if (!claim) continue;
        queue.splice(queue.indexOf(run), 1);
        if ('record' in claim) {
          enter(run, claim.record);
          continue;
        }
        encoders.taken(run.cell.experiment);
        busy++;
        return { ...run, release: claim.release };
      }
      if (done > before) continue; // what was recorded may be what others wait for
      if (!open.length && !busy)
        throw new Error(`run ${queue[0].id} reads runs that are not planned: ${queue[0].needs.join(', ')}`);
      if (open.length) running.set(job, 'waiting for runs of another process');
      report();
      await Promise.race([changed.opened, sleep(LOOK_EVERY)]);
      running.delete(job);
    }
    return undefined;
  };
  const made = (experiment: Experiment): void => {
    encoders.made(experiment);
    changed.open();
    changed = gate();
  };
  const runNamed = async ({ id, cell: { experiment, label, table }, needs }: PlannedRun, job: number, run: RunOne) => {
    const name = `table ${table}, ${label}, seed ${experiment.seed}, fold ${experiment.fold}`;
    running.set(job, name);
    report();
    const parts = needs.map((needed) => records.get(needed)!);
    const record = await run(experiment, parts, {
      stopped: options.stopped,
      onStage: (stage) => {
        if (stage === 'fine-tune') made(experiment);
        running.set(job, `${name}: ${stage}`);
        report();
      },
      onStep: (step, steps, loss) => {
        running.set(job, `${name}: ${step}/${steps} loss ${loss.toFixed(3)}`);
        report();
      },
    }).catch((error: unknown) => {
      throw naming(name, error);
    });
    ensure(record.id === id, `${name}: its data were changed meanwhile: planned as run ${id}, run as ${record.id}`);
    saveRecord(folder, record);
    return record;
  };
  const work = async (job: number, run: RunOne): Promise<void> => {
    for (let next = await take(job); next; next = await take(job)) {
      try {
        enter(next, await runNamed(next, job, run));
      } finally {
        next.release();
      }
      running.delete(job);
      busy--;
      made(next.cell.experiment);
      report();
    }
  };
  const guarded = async (job: number, run: RunOne): Promise<void> => {
    try {
      await work(job, run);
    } finally {
      failed ||= queue.length > 0;
      changed.open();
    }
  };
  if (queue.length) {
    const workers = Math.min(jobs, queue.length);
    if (workers === 1) await guarded(0, runExperiment);
    else await Promise.all(Array.from({ length: workers }, (_, job) => withWorker((run) => guarded(job, run))));
  }
  return runs.map((r) => ({ ...r, record: records.get(r.id) }));
}

/** A run that this process holds until its record is kept. */
type Claimed = PlannedRun & { release: () => void };

/** How often other processes' runs are looked for where nothing else is left to do, in milliseconds. */
const LOOK_EVERY = 1000;

/** A run's record where another process has made it meanwhile, else the right to make it; undefined where another process is making it. */
function claimRun(folder: string, id: string): { record: RunRecord } | { release: () => void } | undefined {
  const release = tryLock(claimPath(folder, id));
  if (!release) return undefined;
  const record = findRecord(id, [folder])?.record;
  if (!record) return { release };
  release();
  return { record };
}

/** The pre-trained encoders that several runs start from: one run makes each, the others wait for it rather than make it again. */
class Encoders {
  private readonly ready = new Map<string, boolean>();

  free(experiment: Experiment): boolean {
    const key = encoderKey(experiment);
    return key === undefined || (this.ready.get(key) ?? true);
  }

  taken(experiment: Experiment): void {
    const key = encoderKey(experiment);
    if (key !== undefined && !this.ready.has(key)) this.ready.set(key, false);
  }

  made(experiment: Experiment): void {
    const key = encoderKey(experiment);
    if (key !== undefined) this.ready.set(key, true);
  }
}

/** A promise and what settles it: waiting jobs sleep on it until a run is recorded. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

type RunOne = (experiment: Experiment, parts: readonly RunRecord[], hooks: RunHooks) => Promise<RunRecord>;

/** What a worker process is asked, and what it answers. */
export type WorkerRequest = { run: Experiment; parts: readonly RunRecord[] } | { stop: true };
export type WorkerAnswer =
  { stage: string } | { step: number; steps: number; loss: number; rate: number } | { record: RunRecord } | { failed: Failure };

/** Lends a worker process of one TensorFlow thread: two such side by side do more than one run on two threads. */
async function withWorker(body: (run: RunOne) => Promise<void>): Promise<void> {
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const child = fork(join(__dirname, 'worker.js'), [], {
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', () => undefined); // a request to a process that is gone; its exit says why
  if (child.pid === undefined) throw new Error('no process could be started for a run; expected one more for each of --jobs');
  try {
    await body((experiment, parts, hooks) => ask(child, experiment, parts, hooks));
  } finally {
    if (child.connected) child.disconnect();
  }
}

type WorkerProcess = EventEmitter & { connected: boolean; send: (request: WorkerRequest) => unknown };

/**
 * Has a worker run one experiment. A request to stop reaches it within a tenth of a second, not with its next message: five steps of a large encoder
 * can take a minute. It then stops after the step under way.
 */
export function ask(
  child: WorkerProcess,
  experiment: Experiment,
  parts: readonly RunRecord[],
  hooks: RunHooks,
): Promise<RunRecord> {
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      if (!hooks.stopped?.() || !child.connected) return;
      clearInterval(watch);
      child.send({ stop: true });
      hooks.onStage?.('stopping');
    }, 100);
    const finish = (settle: () => void): void => {
      clearInterval(watch);
      child.removeAllListeners('message').removeAllListeners('exit');
      settle();
    };
    child.on('message', (answer: WorkerAnswer) => {
      if ('record' in answer) finish(() => resolve(answer.record));
      else if ('failed' in answer) finish(() => reject(errorOf(answer.failed)));
      else if ('stage' in answer) hooks.onStage?.(answer.stage);
      else hooks.onStep?.(answer.step, answer.steps, answer.loss, answer.rate);
    });
    child.on('exit', (code: number | null, signal: NodeJS.Signals | null) => finish(() => reject(endedEarly(code, signal))));
    child.send({ run: experiment, parts });
  });
}

/** Why a run's process is gone. Killed from outside is nothing that a stack trace explains: mostly it is the system, where memory runs out. */
function endedEarly(code: number | null, signal: NodeJS.Signals | null): Error {
  if (signal !== 'SIGKILL') return new Error(`a run's process ended with ${signal ?? `code ${code}`} before it was done`);
  return new InputError(
    'its process was killed (SIGKILL), as the system does where memory runs out; fewer --jobs need less, and the same command goes on from what is finished',
  );
}
