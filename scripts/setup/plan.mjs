import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addonInStep, buildAddon, cachedAddon } from './addon.mjs';
import { kernelInStep, writeKernel } from './kernel.mjs';
import { buildLibrary, libraryInStep } from './library.mjs';
import { releaseAll, withLock } from './lock.mjs';
import { npmCi, npmInStep } from './npm.mjs';
import { cache, root } from './paths.mjs';
import { findCompiler, findGpus, findPython } from './requirements.mjs';
import { Interrupted, stopAll } from './run.mjs';
import { part, say, total } from './say.mjs';
import { installTensorflow, tensorflowReady } from './tensorflow.mjs';
import { installRequirements, makeVenv, updateVenvStamp, venvInStep, venvStamp, venvUsable } from './venv.mjs';
import { wanted } from './wheels.mjs';

const usage = `Makes this clone ready: npm packages, .venv, TensorFlow, its addon, the notebook kernel, the library.
usage: npm run setup [-- OPTION…]
  --quiet         say nothing when nothing is to do
  --gpu           TensorFlow with CUDA 12 (Linux x86-64, NVIDIA); stays chosen until --cpu
  --system-cuda   with --gpu: use the machine's own CUDA 12 and cuDNN 9 instead of NVIDIA's wheels
  --cpu           TensorFlow for the CPU (the default)
The cache shared between clones is ${cache} (ESCI_CACHE changes it).`;

/** Which parts are missing. Reads a few small files and the sources' times: milliseconds. */
function missing(want) {
  return {
    npm: !npmInStep(),
    venv: !venvInStep(),
    kernel: !kernelInStep(),
    tensorflow: !tensorflowReady(want),
    addon: !addonInStep(want),
    library: !libraryInStep(),
  };
}
const any = (need) => Object.values(need).some(Boolean);

/** Runs the set-up and returns the exit code. */
export async function setup(args) {
  const known = ['--quiet', '--gpu', '--system-cuda', '--cpu', '--help', '-h'];
  const unknown = args.filter((a) => !known.includes(a));
  if (unknown.length || args.includes('--help') || args.includes('-h')) {
    process.stderr.write(`${unknown.length ? `set-up: unknown option ${unknown[0]}\n` : ''}${usage}\n`);
    return unknown.length ? 2 : 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stopAll);
  try {
    const choice = chosen(args);
    const want = wanted(choice.variant, choice.systemCuda);
    const done = () =>
      !any(missing(want)) && venvStamp().variant === choice.variant && Boolean(venvStamp().systemCuda) === choice.systemCuda;
    if (done()) {
      if (!args.includes('--quiet')) say(`set-up: nothing to do (${total()})`);
      return 0;
    }
    const waits = (text) => say(`set-up: waiting for another one (process ${/"pid":(\d+)/.exec(text)?.[1] ?? 'unknown'})`);
    await withLock(join(root, 'data/cache/setup.lock'), waits, async () => {
      if (done()) say(`set-up: nothing left to do (${total()})`);
      else await work(want, choice, waits);
    });
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      say('set-up: interrupted; the next run goes on from here');
      return 130;
    }
    say(`set-up: ${error.message}`);
    return 1;
  } finally {
    releaseAll();
  }
}

/** The variant asked for, else the one chosen before, else the CPU's. */
function chosen(args) {
  const before = venvStamp();
  const variant = args.includes('--gpu') ? 'gpu' : args.includes('--cpu') ? 'cpu' : (before.variant ?? 'cpu');
  const systemCuda =
    variant === 'gpu' && (args.includes('--system-cuda') || (!args.includes('--gpu') && Boolean(before.systemCuda)));
  return { variant, systemCuda };
}

/** Does what is missing; what does not depend on one another goes side by side. A failure is said at once; the rest is finished all the same. */
async function work(want, choice, waits) {
  const need = missing(want);
  const python = need.venv || need.tensorflow ? findPython() : undefined;
  const compiler = need.addon && !cachedAddon(want) ? findCompiler() : undefined;
  const found = [`Node ${process.versions.node}`, python && `Python ${python.version}`, compiler?.version].filter(Boolean);
  say(
    `set-up: ${
      Object.keys(need)
        .filter((k) => need[k])
        .join(', ') || choice.variant
    } to do; found ${found.join(', ')}`,
  );
  if (!want.tried) say(`  note: ${want.machine} is untried; it should work as Linux x86-64 does`);
  if (choice.variant === 'gpu') sayGpus();
  sweep();

  const npm = need.npm
    ? part('npm', 'the packages of package-lock.json, without running their scripts', npmCi)
    : Promise.resolve();
  const venv = venvUsable() ? Promise.resolve() : part('venv', '.venv', () => makeVenv((python ?? findPython()).command));
  const requirements = venv.then(async () => {
    if (!venvInStep()) await part('jupyter', 'requirements.txt into .venv', installRequirements);
    if (!kernelInStep()) writeKernel();
    updateVenvStamp(choice);
  });
  const tensorflow = need.tensorflow ? venv.then(() => withCache(waits, () => fetchTensorflow(want))) : Promise.resolve();
  const addon = Promise.all([npm, tensorflow]).then(() =>
    addonInStep(want) ? undefined : withCache(waits, () => makeAddon(want, compiler)),
  );
  const library = npm.then(() => (libraryInStep() ? undefined : part('lib', 'compiling the library', buildLibrary)));
  const all = [npm, requirements, tensorflow, addon, library];
  const failures = new Set((await Promise.allSettled(all)).filter((r) => r.status === 'rejected').map((r) => r.reason));
  if ([...failures].some((f) => f instanceof Interrupted)) throw new Interrupted();
  if (failures.size) throw new Error([...failures].map((f) => f.message).join('\nset-up: '));
  say(`set-up: done in ${total()}`);
}

async function fetchTensorflow(want) {
  if (tensorflowReady(want)) return;
  const megabytes = want.wheels.reduce((sum, w) => sum + w.megabytes, 0);
  await part(
    'tensorflow',
    `${want.wheels[0].name} ${want.wheels[0].version}, ${megabytes} MB to download, into ${cache}`,
    (note) => installTensorflow(want, note),
  );
}

const makeAddon = (want, compiler) =>
  part('addon', "tfjs-node's addon against that TensorFlow", (note) => buildAddon(want, () => compiler ?? findCompiler(), note));

const withCache = (waits, task) => {
  mkdirSync(cache, { recursive: true });
  return withLock(join(cache, 'setup.lock'), waits, task);
};

function sayGpus() {
  const { cards, problem } = findGpus();
  for (const card of cards ?? [])
    say(`  GPU: ${card.name}, driver ${card.driver}, compute capability ${card.capability}, ${card.memory}`);
  if (problem) say(`  GPU: ${problem}. The set-up goes on; until that is cured, TensorFlow computes on the CPU.`);
}

/** Deletes temporary files that a killed set-up left in the project. */
function sweep() {
  for (const folder of ['data/cache', 'lib/dist', 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8', '.venv']) {
    let names = [];
    try {
      names = readdirSync(join(root, folder));
    } catch {
      continue;
    }
    for (const name of names) {
      const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
      if (pid && !alive(Number(pid))) rmSync(join(root, folder, name), { force: true });
    }
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
