// Oracle: a run that was killed at two places and resumed is the uninterrupted one, bit for bit: losses, metrics, predictions, id.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FinetuneExperiment } from '../../experiments/experiment';
import type { RunRecord } from '../../experiments/record';
import { scales } from '../../experiments/scales';
import { InputError } from '../../runtime/errors';
import { configHash } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { Checkpoints } from '../../train/checkpoint';
import { Program } from '../../graph';
import { startEsci } from '../program';

const { tricks } = scales.smoke;
const experiment: FinetuneExperiment = {
  kind: 'finetune',
  scale: 'smoke',
  seed: 0,
  fold: 0,
  folds: 5,
  source: { generated: 'smoke', options: { queries: 40 } },
  config: {
    ...scales.smoke.base,
    pretrain: null,
    tricks: { ...tricks, rdrop: null },
    optimiser: { ...scales.smoke.base.optimiser, accumulation: 2 },
    text: { ...scales.smoke.base.text, buckets: 1 },
    length: { steps: 40 },
  },
};

/** Runs the experiment in a child process with caches of its own; kills it as soon as the checkpoint of update `at` or a later one is there. */
function run(folder: string, spec: string, at?: number): Promise<NodeJS.Signals | null> {
  const env = { ...process.env, ESCI_DATA_CACHE: join(folder, 'cache') };
  const child = startEsci(['run', '--experiment', spec, '--out', join(folder, 'runs'), '--checkpoint-every', '1'], {
    env,
    stdio: 'ignore',
  });
  const timer = setInterval(() => {
    if (at !== undefined && checkpointAt(folder) >= at) child.kill('SIGKILL');
  }, 2);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(timer);
      if (code) reject(new Error(`the run ended with code ${code}`));
      else resolve(signal);
    });
  });
}

/** The update of the checkpoint in force; 0 where there is none. */
function checkpointAt(folder: string): number {
  const checkpoints = join(folder, 'cache', 'checkpoints');
  const [id] = existsSync(checkpoints) ? readdirSync(checkpoints) : [];
  const path = join(checkpoints, id ?? '', 'checkpoint.json');
  if (!id || !existsSync(path)) return 0;
  return (JSON.parse(readFileSync(path, 'utf8')) as { progress: { step: number } }).progress.step;
}

const record = (folder: string): RunRecord => {
  const [file] = readdirSync(join(folder, 'runs'));
  return JSON.parse(readFileSync(join(folder, 'runs', file), 'utf8')) as RunRecord;
};

test('SIGKILL at two random updates, then to the end: the same record as without', async (t) => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'resume-')));
  t.after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  const spec = join(folders[0], 'spec.json');
  writeFileSync(spec, JSON.stringify(experiment));
  const random = Key.from('kill').fold(process.pid).random();
  const kills = [1 + random.int(15), 20 + random.int(15)];
  const whole = run(folders[0], spec);
  for (const at of kills) {
    assert.equal(await run(folders[1], spec, at), 'SIGKILL', `killed at ${kills.join(' and ')}`);
    assert.ok(checkpointAt(folders[1]) >= at);
    const left = readdirSync(join(folders[1], 'runs'));
    assert.ok(
      left.length === 1 && /^\.[0-9a-f]{16}\.lock$/.test(left[0]),
      `the dead process's claim and no record, got ${left.join()}`,
    );
  }
  assert.equal(await run(folders[1], spec), null);
  assert.equal(await whole, null);
  const [expected, got] = folders.map(record);
  assert.deepEqual(readdirSync(join(folders[1], 'runs')), [`${got.id}.json`]);
  for (const part of ['id', 'curves', 'metrics', 'predictions', 'checks'] as const)
    assert.deepEqual(got[part], expected[part], `${part} after kills at ${kills.join(' and ')}`);
  assert.equal(expected.curves.loss.length, 40);
  assert.equal(
    readdirSync(join(folders[1], 'cache', 'checkpoints')).length,
    0,
    'the checkpoint is gone once the run is recorded',
  );
});

test('a checkpoint of another run, a broken one and an unfinished one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const entry = { step: () => ({}), buckets: {} };
  const program = new Program({ w: { shape: [3] }, v: { shape: [2, 5] } }, { entry });
  t.after(() => program.dispose());
  const values = { w: Float32Array.from([1, -2.5, 3e-30]), v: Float32Array.from({ length: 10 }, (_, i) => Math.sqrt(i)) };
  const progress = { step: 7, curves: { loss: [[7, 0.5]] as [number, number][] }, best: null };
  const own = new Checkpoints(folder, { seed: 1 });
  assert.equal(own.restore(program), undefined);
  program.write(values);
  own.save(program, progress);
  program.write({ w: [0, 0, 0], v: new Float32Array(10) });
  assert.deepEqual(own.restore(program), progress);
  assert.deepEqual(program.read(), values);
  // A state that a kill left behind without its entry is not read, and is swept by the next save.
  writeFileSync(join(folder, 'state-8.safetensors'), 'half');
  assert.deepEqual(own.restore(program), progress);
  own.save(program, { ...progress, step: 9 });
  assert.deepEqual(readdirSync(folder).sort(), ['checkpoint.json', `state-9-${process.pid}.safetensors`]);
  assert.throws(() => new Checkpoints(folder, { seed: 2 }).restore(program), /belongs to another run/);
  writeFileSync(join(folder, 'checkpoint.json'), '{');
  assert.throws(
    () => own.restore(program),
    (error: Error) => error instanceof InputError && /is not JSON/.test(error.message),
  );
  own.remove();
  assert.ok(!existsSync(folder));
});

test('two processes at one run: neither takes the other’s state away, a process that is gone has none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = new Program({ w: { shape: [3] } }, { entry: { step: () => ({}), buckets: {} } });
  t.after(() => program.dispose());
  program.write({ w: [1, 2, 3] });
  const own = new Checkpoints(folder, { seed: 1 });
  const { pid: gone } = spawnSync('true');
  const theirs = `state-4-${process.ppid}.safetensors`;
  const written = [
    theirs,
    `${theirs}.${process.ppid}.tmp`,
    `state-4-${gone}.safetensors`,
    `state-4-${gone}.safetensors.${gone}.tmp`,
  ];
  for (const name of written) writeFileSync(join(folder, name), 'theirs');
  own.save(program, { step: 2, curves: {}, best: null });
  assert.deepEqual(readdirSync(folder).sort(), ['checkpoint.json', `state-2-${process.pid}.safetensors`, ...written.slice(0, 2)]);
  own.remove();
  assert.deepEqual(readdirSync(folder).sort(), written.slice(0, 2));
  writeFileSync(join(folder, 'checkpoint.json'), JSON.stringify({ run: configHash({ seed: 1 }), file: 'state-9.safetensors' }));
  assert.throws(() => own.restore(program), /names state-9\.safetensors, which is not there; delete .* to start anew/);
});
