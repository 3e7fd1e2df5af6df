import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { bfloat16Route } from './bfloat16';
import { projectRoot } from './files';
import { findGpus } from './gpus';
import { backend, tf } from './tensorflow';

function git(folder: string, ...args: string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

let code: { version: string; commit: string | null; dirty: boolean } | undefined;

/** The code that runs: the package's version, the commit, and whether tracked source files differ from it. Null where there is no git. */
export function codeVersion() {
  return (code ??= {
    version: (JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }).version,
    ...commitOf(projectRoot()),
  });
}

/** The commit of a folder with the project, and whether tracked source files differ from it. A repository around it that does not hold it, as around an unpacked archive, is none. */
export function commitOf(folder: string): { commit: string | null; dirty: boolean } {
  if (!git(folder, 'ls-files', '--', 'lib/package.json')) return { commit: null, dirty: false };
  const changed = git(folder, 'status', '--porcelain', '--untracked-files=no', '--', 'lib', 'package-lock.json');
  return { commit: git(folder, 'rev-parse', 'HEAD'), dirty: Boolean(changed) };
}

/** Threads as TensorFlow was told; 0 = its own choice. */
const threads = (name: string): number => Number(process.env[name] ?? 0);

let card: string | undefined;
/** The first card's name: TensorFlow computes on that one. */
const cardName = (): string => (card ??= findGpus().cards[0]?.name ?? 'unnamed card');

/** The machine and the libraries that a run's numbers depend on in their last digits. */
export function environment(precision: string) {
  return {
    node: process.version,
    tensorflow: backend().binding.TF_Version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    ...(backend().isUsingGpuDevice ? { device: 'gpu', card: cardName() } : { device: 'cpu' }),
    intraThreads: threads('TF_NUM_INTRAOP_THREADS'),
    interThreads: threads('TF_NUM_INTEROP_THREADS'),
    precision,
    ...(precision === 'bf16' ? { bf16: bfloat16Route(backend().isUsingGpuDevice) } : {}),
    tf32: backend().isUsingGpuDevice && process.env.NVIDIA_TF32_OVERRIDE !== '0',
    tfjs: tf.version.tfjs,
  };
}

/** The largest resident memory of this process so far, in bytes. */
export const peakMemoryBytes = (): number => process.resourceUsage().maxRSS * 1024;
