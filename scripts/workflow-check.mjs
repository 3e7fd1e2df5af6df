/**
 * Shows that the workflow gives the records of a local run: runs a grid with `reproduce`, the same grid with Snakemake (two jobs, one run killed by
 * SIGKILL once it has a checkpoint, taken up again), and compares record by record, costs and commits aside. Both in scratch folders.
 *   node scripts/workflow-check.mjs [--table 5] [--scale smoke] [--rows base,ema] [--seeds 1]
 * Exit code 0: equal; 1: not; 77: Snakemake is not installed (workflow/README.md).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from './setup/paths.mjs';

const text = { type: 'string' };
const { values: asked } = parseArgs({ options: { table: text, scale: text, rows: text, seeds: text } });
const request = { table: '5', scale: 'smoke', ...asked };
const snakemake = join(root, 'workflow', '.venv', 'bin', 'snakemake');
const main = join(root, 'lib', 'dist', 'cli', 'main.js');
const say = (line) => process.stdout.write(`${line}\n`);

if (!existsSync(snakemake)) {
  say('workflow/.venv has no snakemake: see workflow/README.md');
  process.exit(77);
}
const scratch = mkdtempSync(join(tmpdir(), 'esci-workflow-'));
process.exitCode = await check().finally(() => rmSync(scratch, { recursive: true, force: true }));

async function check() {
  const [local, other] = [join(scratch, 'local'), join(scratch, 'workflow')];
  const options = Object.entries(request).flatMap(([name, value]) => [`--${name}`, value]);
  await run(process.execPath, [main, 'reproduce', ...options, '--jobs', '2', '--no-report'], local);
  const config = Object.entries(request).map(([name, value]) => `${name}=${value}`);
  const args = ['--directory', join(scratch, 'snakemake'), '--snakefile', join(root, 'workflow', 'Snakefile'), '--cores', '2'];
  const workflow = run(snakemake, [...args, '--config', 'checkpoint_every=3', ...config], other);
  const killed = await Promise.race([killOne(other), workflow.then(() => undefined)]);
  await workflow;
  if (!killed) return fail('every run was over before one could be killed');
  say(`killed ${killed} after a checkpoint; Snakemake took it up again`);
  const names = recordsIn(local);
  if (!names.length || names.join() !== recordsIn(other).join()) return fail(`${names} against ${recordsIn(other)}`);
  for (const name of names) {
    const [a, b] = [local, other].map((folder) => comparable(join(folder, 'runs', name)));
    if (a !== b) return fail(`${name} differs:\n${firstDifference(a, b)}`);
  }
  say(`${names.length} records, each equal to the local run's`);
  return 0;
}

function fail(why) {
  say(`not equal: ${why}`);
  return 1;
}

async function run(program, args, cache) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ESCI_DATA_CACHE: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${code}:\n${said.slice(-4000)}`);
}

/** Waits for the first checkpoint of a run under `cache`, kills a run under way and returns its id. */
async function killOne(cache) {
  const folder = join(cache, 'checkpoints');
  for (;;) {
    if (existsSync(folder) && readdirSync(folder).some((name) => existsSync(join(folder, name, 'checkpoint.json')))) {
      const { stdout } = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
      const found = stdout.split('\n').flatMap((line) => {
        const [, pid, id] = /^\s*(\d+) \S*node .*main\.js run --experiment ([0-9a-f]{16}) /.exec(line) ?? [];
        return pid && line.includes(cache) ? [{ pid: Number(pid), id }] : [];
      });
      if (found.length) {
        process.kill(found[0].pid, 'SIGKILL');
        return found[0].id;
      }
    }
    await sleep(20);
  }
}

function recordsIn(cache) {
  const folder = join(cache, 'runs');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).sort() : []; // prettier-ignore
}

/** A record without what a clock or a commit made meanwhile decides. */
function comparable(path) {
  const { cost, ...record } = JSON.parse(readFileSync(path, 'utf8'));
  delete record.code;
  return JSON.stringify({ ...record, steps: cost.steps }, null, 1);
}

function firstDifference(a, b) {
  const [first, second] = [a.split('\n'), b.split('\n')];
  const at = first.findIndex((line, i) => line !== second[i]);
  return `${first.slice(at - 2, at + 2).join('\n')}\nagainst\n${second.slice(at - 2, at + 2).join('\n')}`.slice(0, 2000);
}
