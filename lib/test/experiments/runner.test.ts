import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorOf, failureOf, Stopped } from '../../experiments/failure';
import { planGrid } from '../../experiments/plan';
import { encoderKey } from '../../experiments/pretrained-start';
import { ask, planRuns, runGrid, type WorkerRequest } from '../../experiments/runner';
import { claimPath } from '../../experiments/store';
import { fileProblem, InputError } from '../../runtime/errors';
import { tryLock } from '../../runtime/lock';
import { startEsci } from '../program';
import { ownDataCache } from './data-cache';

const cache = ownDataCache('runner-');

test('runs side by side that start from one pre-trained encoder: one makes it, the other waits (stages seen, one folder)', async () => {
  const set = ['length.steps=2', 'pretrain.steps=5', 'start.hidden=16', 'start.ffn=32'];
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base', 'ema'], set });
  assert.equal(encoderKey(cells[0].experiment), encoderKey(cells[1].experiment));
  const folder = join(cache, 'runs');
  const seen: string[][] = [];
  await runGrid(await planRuns(cells, [folder]), {
    jobs: 2,
    folder,
    onProgress: ({ running }) => seen.push([...running]),
  });
  const making = (line: string): boolean => /: pre-train$|\/5 loss/.test(line);
  assert.ok(seen.some((lines) => lines.some(making)));
  assert.ok(seen.every((lines) => lines.filter(making).length < 2));
  assert.equal(readdirSync(join(cache, 'encoders')).length, 1);
});

test('an encoder is another for another seed, and for another fold where its text or vocabulary is the fold’s', () => {
  const keys = (set: string[], scale: string): (string | undefined)[] =>
    planGrid({ table: '3', scale, seeds: 2, folds: [0, 1], rows: ['p2q-only'], set }).cells.map((c) => encoderKey(c.experiment));
  assert.equal(new Set(keys([], 'smoke')).size, 4);
  assert.equal(new Set(keys([], 'minilm')).size, 2);
  const none = planGrid({ table: '3', scale: 'smoke', seeds: 1, folds: [0], rows: ['none'] }).cells[0];
  assert.equal(encoderKey(none.experiment), undefined);
});

test('an encoder of one of three folds is not that of one of five; graded rankers that start from one encoder wait for one another', () => {
  const [{ experiment }] = planGrid({ table: '3', scale: 'smoke', seeds: 1, folds: [1], rows: ['p2q-only'] }).cells;
  assert.notEqual(encoderKey(experiment), encoderKey({ ...experiment, folds: 3 }));
  const { cells } = planGrid({ table: 'chorus', scale: 'minilm', seeds: 1, rows: ['cosine-p2q-only', 'cross-esci-p2q', 'cross-chorus-p2q', 'cosine'] }); // prettier-ignore
  const keys = new Map(cells.map((cell) => [cell.row, encoderKey(cell.experiment)]));
  assert.ok(keys.get('cosine-p2q-only'));
  assert.equal(new Set(['cosine-p2q-only', 'cross-esci-p2q', 'cross-chorus-p2q'].map((row) => keys.get(row))).size, 1);
  assert.equal(keys.get('cosine'), undefined);
});

test('with a work folder of its own a run trains its encoder anew: a planted figure does not come back', async () => {
  const set = ['length.steps=2', 'pretrain.steps=5', 'start.hidden=16', 'start.ffn=32'];
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base'], set });
  const figure = async (folder: string): Promise<number> => {
    const [{ record }] = await runGrid(await planRuns(cells, [folder]), { jobs: 1, folder });
    return record!.metrics.mlmLoss;
  };
  const honest = await figure(join(cache, 'first'));
  const [id] = readdirSync(join(cache, 'encoders'));
  const summary = join(cache, 'encoders', id, 'pretraining.json');
  writeFileSync(summary, readFileSync(summary, 'utf8').replace(/"mlmLoss": ?[\d.]+/, '"mlmLoss":99'));
  assert.equal(await figure(join(cache, 'second')), 99, 'found where it was made');
  process.env.ESCI_WORK_CACHE = join(cache, 'anew');
  try {
    assert.equal(await figure(join(cache, 'third')), honest);
  } finally {
    delete process.env.ESCI_WORK_CACHE;
  }
});

test('what a run refuses is an input error that names the run, in this process and from a worker; the other finished runs are kept', async () => {
  const { cells } = planGrid({
    table: '5',
    scale: 'smoke',
    seeds: 1,
    folds: [0, 1],
    rows: ['base'],
    set: ['length.steps=2', 'pretrain=null'],
  });
  const [good, bad] = cells;
  const experiment = { ...bad.experiment, source: { path: join(cache, 'no-such-rows.csv') } } as typeof bad.experiment;
  for (const jobs of [1, 2]) {
    const folder = join(cache, `refused-${jobs}`);
    const planned = await planRuns([good], [folder]);
    const refused = { id: '0'.repeat(16), cell: { ...bad, experiment }, needs: [] };
    await assert.rejects(
      runGrid([...planned, refused], { jobs, folder }),
      (error: Error) => error instanceof InputError && /^table 5, .*, seed 0, fold 1: .*no-such-rows\.csv/.test(error.message),
    );
    if (jobs === 1) assert.equal(readdirSync(folder).length, 1);
  }
});

test('an error from a worker process keeps its class, its stack and what the system said', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write', path: '/there' });
  const again = (error: unknown): Error => errorOf(structuredClone(failureOf(error)));
  assert.equal(again(new Stopped('between')).constructor, Stopped);
  assert.equal(again(new InputError('wrong')).constructor, InputError);
  assert.deepEqual([again(full).stack, fileProblem(again(full))], [full.stack, 'no space left on device']);
  assert.equal(again('a word').message, 'a word');
});

test('a request to stop reaches a worker that says nothing: between two of its messages a minute can pass', async () => {
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base'] });
  const stages: string[] = [];
  const child = Object.assign(new EventEmitter(), {
    connected: true,
    send: (request: WorkerRequest): void => void ('stop' in request && child.emit('exit', 1, null)),
  });
  const asked = ask(child, cells[0].experiment, [], { stopped: () => true, onStage: (stage) => stages.push(stage) });
  await assert.rejects(asked, /ended with code 1/);
  assert.deepEqual(stages, ['stopping']);
});

test('a run whose process is killed from outside, as for want of memory, is named in one line that says what to do', async () => {
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base', 'ema'] });
  const folder = join(cache, 'killed');
  const killed = runGrid(await planRuns(cells, [folder]), { jobs: 2, folder, onProgress: killWorkers });
  await assert.rejects(killed, (error: Error) => {
    assert.ok(error instanceof InputError, error.stack);
    assert.match(error.message, /^table 5, .*, seed 0, fold 0: its process was killed \(SIGKILL\).*fewer --jobs/);
    return true;
  });
});

test('two grids over one folder share the work: each run is made once, also one whose maker died, and both have all records', async () => {
  const set = ['length.steps=4', 'pretrain=null', 'start.hidden=16', 'start.ffn=32'];
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0, 1, 2], rows: ['base', 'ema'], set });
  const folder = join(cache, 'shared');
  const planned = await planRuns(cells, [folder]);
  mkdirSync(folder);
  writeFileSync(claimPath(folder, planned[1].id), `${spawnSync(process.execPath, ['-e', '']).pid} ${hostname()}`);
  const made = [new Set<string>(), new Set<string>()];
  const grids = made.map((names) =>
    runGrid(planned, {
      jobs: 2,
      folder,
      onProgress: ({ running }) => running.forEach((line) => names.add(line.replace(/: .*/, ''))),
    }),
  );
  const ids = planned.map(({ id }) => id);
  for (const runs of await Promise.all(grids)) assert.deepEqual(runs.map(({ record }) => record?.id), ids); // prettier-ignore
  made.forEach((names) => names.delete('waiting for runs of another process'));
  assert.equal(made[0].size + made[1].size, 6);
  assert.equal(new Set(made.flatMap((names) => [...names])).size, 6);
  assert.deepEqual(readdirSync(folder).sort(), ids.map((id) => `${id}.json`).sort());
});

test('run waits, and says so, while another process is at the same run', async () => {
  const set = ['length.steps=2', 'pretrain=null', 'start.hidden=16', 'start.ffn=32'];
  const { cells } = planGrid({ table: '5', scale: 'smoke', seeds: 1, folds: [0], rows: ['base'], set });
  const folder = join(cache, 'held');
  const [{ id }] = await planRuns(cells, [folder]);
  const release = tryLock(claimPath(folder, id))!;
  const spec = join(cache, 'spec.json');
  writeFileSync(spec, JSON.stringify(cells[0].experiment));
  const run = startEsci(['run', '--experiment', spec, '--out', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', error: '' };
  run.stdout!.on('data', (text) => (said.out += text));
  const ended = new Promise((done) => run.on('close', done));
  await new Promise<void>((heard) =>
    run.stderr!.on('data', (text) => void ((said.error += text), said.error.includes('waiting') && heard())),
  );
  assert.equal(said.error, `${id}: waiting for another process that is at it\n`);
  release();
  assert.equal(await ended, 0, said.error);
  assert.equal(said.out, `${id} done\n`);
  assert.deepEqual(readdirSync(folder), [`${id}.json`]);
});

/** Kills the processes that this one has started. */
function killWorkers(): void {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  for (const pid of children.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
}
