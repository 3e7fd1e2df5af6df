import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { projectRoot, sharedCache } from '../runtime/files';
import { cudaFailure } from '../runtime/cuda';
import { findGpus } from '../runtime/gpus';

export interface Examination {
  sections: Record<string, Record<string, unknown>>;
  /** What is wrong, a sentence each. */
  problems: string[];
}

const json = (path: string): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

/** Looks at everything that the workspace stands on. Nothing is changed; what cannot be loaded is a problem in words, not an error. */
export async function examine(root = projectRoot()): Promise<Examination> {
  const problems: string[] = [];
  const choice = json(join(root, '.venv', 'esci-setup.json'));
  const tensorflow = await examineTensorflow(problems, choice?.variant === 'gpu');
  return {
    sections: {
      machine: examineMachine(problems),
      tensorflow,
      packages: examinePackages(root, problems),
      notebooks: examineKernel(root, problems),
      library: examineLibrary(root, problems),
    },
    problems,
  };
}

function examineMachine(problems: string[]): Record<string, unknown> {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    problems.push(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  const cache = sharedCache();
  const disk = existsSync(cache) ? statfsSync(cache) : undefined;
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    memory: gigabytes(totalmem()),
    cache,
    cacheFree: disk && gigabytes(disk.bavail * disk.bsize),
  };
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

async function examineTensorflow(problems: string[], wantsGpu: boolean): Promise<Record<string, unknown>> {
  const gpus = wantsGpu ? findGpus() : undefined;
  if (gpus?.problem) problems.push(gpus.problem);
  try {
    const { deviceReport, matmulSpeed } = await import('../runtime/device');
    const { bfloat16Route } = await import('../runtime/bfloat16');
    const { device, tensorflow, cpu, intraThreads, interThreads } = deviceReport();
    if (gpus?.problem && device === 'cpu') problems[problems.length - 1] += '; TensorFlow computes on the CPU meanwhile';
    if (wantsGpu && device === 'cpu' && !gpus?.problem)
      problems.push(
        `a card and its driver are there, but TensorFlow found no GPU: ${cudaFailure(unpackedTensorflow()) ?? 'all of CUDA loads; TF_CPP_MIN_LOG_LEVEL=0 shows what TensorFlow says'}`,
      );
    const n = device === 'gpu' ? 8192 : 1024;
    const speed = (precision: 'float32' | 'bfloat16'): string => `${matmulSpeed(precision, n).toFixed(0)} GFLOP/s (${n} × ${n})`;
    const speeds = { float32: speed('float32'), bfloat16: speed('bfloat16') };
    if (parseFloat(speeds.float32) < 5)
      problems.push(`a float32 matrix product runs at ${speeds.float32} only: is the machine overloaded?`);
    return {
      version: tensorflow,
      build: wantsGpu ? 'gpu' : 'cpu',
      device,
      cpu,
      gpus: gpus?.cards.length ? gpus.cards : undefined,
      exposed: device === 'gpu' ? `CUDA_VISIBLE_DEVICES=${process.env.CUDA_VISIBLE_DEVICES ?? '(all)'}` : undefined,
      threads: intraThreads || interThreads ? `${intraThreads} within an op, ${interThreads} between` : "TensorFlow's choice",
      [device === 'gpu' ? 'matmulTf32' : 'matmulFloat32']: speeds.float32,
      matmulFloat32: device === 'gpu' ? exactSpeed(n) : speeds.float32,
      matmulBfloat16: speeds.bfloat16,
      bfloat16Products:
        bfloat16Route(device === 'gpu') === 'native'
          ? 'by its own instructions'
          : 'as float32 of rounded numbers, which is faster here',
    };
  } catch (error) {
    problems.push(`TensorFlow does not load: ${(error as Error).message.split('\n')[0]}; run npm run setup`);
    return { build: wantsGpu ? 'gpu' : 'cpu' };
  }
}

/** The folder of the TensorFlow that the addon was linked against. */
function unpackedTensorflow(): string | undefined {
  try {
    const addon = join(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), 'lib', 'napi-v8', 'tfjs_binding.node');
    return json(join(dirname(realpathSync(addon)), 'made-from.json'))?.tensorflow as string | undefined;
  } catch {
    return undefined;
  }
}

/** The float32 speed without TF32, which can only be switched off before TensorFlow starts: measured in a process of its own. */
function exactSpeed(n: number): string | undefined {
  const script = `console.log(require(${JSON.stringify(join(__dirname, '..', 'runtime', 'device.js'))}).matmulSpeed('float32', ${n}).toFixed(0))`;
  const env = { ...process.env, NVIDIA_TF32_OVERRIDE: '0' };
  const { status, stdout } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8', timeout: 120000 });
  return status === 0 ? `${stdout.trim()} GFLOP/s (${n} × ${n})` : undefined;
}

function examinePackages(root: string, problems: string[]): Record<string, unknown> {
  const versions: Record<string, unknown> = {};
  for (const name of ['@tensorflow/tfjs-node-gpu', 'tslab', 'danfojs-node', 'arquero', 'plotly.js-dist', 'typescript']) {
    const version = json(join(root, 'node_modules', name, 'package.json'))?.version;
    if (version === undefined) problems.push(`the package ${name} is not installed; run npm run setup`);
    versions[name] = version;
  }
  const copies = tfjsCopies(root);
  if (copies.length !== 1)
    problems.push(
      `one copy of tfjs is expected, found ${copies.length}: ${copies.join(', ') || 'none'}; tensors of two copies do not mix`,
    );
  versions.tfjsCopies = copies.length;
  for (const name of ['@duckdb/node-api', 'tokenizers']) {
    try {
      require(name);
    } catch (error) {
      problems.push(`${name} does not load: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return versions;
}

/** Every installed folder of tfjs-core, and of whatever danfojs-node takes for tfjs-node when it is not the one of this library. */
function tfjsCopies(root: string): string[] {
  const installed = json(join(root, 'node_modules', '.package-lock.json'))?.packages ?? {};
  const copies = Object.keys(installed).filter((path) => path.endsWith('node_modules/@tensorflow/tfjs-core'));
  try {
    const fromDanfo = createRequire(join(root, 'node_modules', 'danfojs-node', 'package.json')).resolve(
      '@tensorflow/tfjs-node/package.json',
    );
    const seen = createRequire(fromDanfo).resolve('@tensorflow/tfjs-node-gpu/package.json');
    const ours = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
    if (realpathSync(seen) !== realpathSync(ours)) copies.push(dirname(seen));
  } catch {
    copies.push("danfojs-node's own");
  }
  return copies;
}

function examineKernel(root: string, problems: string[]): Record<string, unknown> {
  const folder = join(root, '.venv', 'share', 'jupyter', 'kernels', 'tslab');
  const spec = json(join(folder, 'kernel.json')) as { argv?: string[]; display_name?: string } | undefined;
  const launcher = spec?.argv?.[1] && resolve(spec.argv[1].replace('{resource_dir}', folder));
  if (!spec) problems.push('the notebook kernel is not registered in .venv; run npm run setup');
  else if (!launcher || !existsSync(launcher))
    problems.push(`the notebook kernel's launcher ${launcher ?? ''} does not exist; run npm run setup`);
  const python = join(root, '.venv', 'bin', 'python');
  const script =
    'import sys, jupyterlab, nbclient; print("%d.%d.%d" % sys.version_info[:3], jupyterlab.__version__, nbclient.__version__)';
  const { status, stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  if (status !== 0) problems.push('.venv does not hold JupyterLab and nbclient; run npm run setup');
  const [pythonVersion, jupyterlab, nbclient] = status === 0 ? stdout.trim().split(' ') : [];
  return { python: pythonVersion, jupyterlab, nbclient, kernel: spec && `${spec.display_name} (tslab)`, launcher };
}

function examineLibrary(root: string, problems: string[]): Record<string, unknown> {
  const build = json(join(root, 'lib', 'dist', 'build.json'));
  if (!build) problems.push('lib/dist/build.json is missing: the library was not built by the set-up; run npm run setup');
  const script = join(root, 'scripts', 'in-step.mjs');
  if (build && existsSync(script) && spawnSync(process.execPath, [script]).status !== 0)
    problems.push('lib has changed since it was built; run npm run build');
  return { version: build?.version, buildHash: build?.hash };
}
