import { spawnSync } from 'node:child_process';

/** The oldest NVIDIA driver for CUDA 12 on Linux (minor-version compatibility), as in NVIDIA's release notes. */
export const OLDEST_DRIVER = '525.60.13';

export interface Gpu {
  name: string;
  driver: string;
  /** Compute capability, e.g. "9.0". */
  capability: string;
  memory: string;
}

/** NVIDIA's cards as `nvidia-smi` names them, and what is wrong with them or their driver, in words, where something is. */
export function findGpus(query = askNvidia): { cards: Gpu[]; problem?: string } {
  const text = query();
  if (text === undefined)
    return {
      cards: [],
      problem: `no NVIDIA driver answers (nvidia-smi is missing or fails); CUDA 12 needs driver ${OLDEST_DRIVER} or newer`,
    };
  const cards = text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', driver = '', capability = '', memory = ''] = line.split(',').map((s) => s.trim());
      return { name, driver, capability, memory };
    });
  const [first] = cards;
  if (!first) return { cards, problem: 'nvidia-smi lists no card' };
  if (older(first.driver, OLDEST_DRIVER))
    return { cards, problem: `the NVIDIA driver ${first.driver} is too old for CUDA 12: ${OLDEST_DRIVER} or newer is needed` };
  if (older(first.capability, '6.0'))
    return { cards, problem: `${first.name} has compute capability ${first.capability}; TensorFlow 2.21 needs 6.0 or newer` };
  if (!older(first.capability, '10.0'))
    return {
      cards,
      problem: `${first.name} has compute capability ${first.capability}, newer than TensorFlow 2.21's kernels (6.0 to 9.0), whose compilation at run time is reported to fail there`,
    };
  return { cards };
}

function askNvidia(): string | undefined {
  const query = ['--query-gpu=name,driver_version,compute_cap,memory.total', '--format=csv,noheader'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 30000 });
  return status === 0 ? stdout : undefined;
}

/** True where dotted version `a` is older than `b`. */
export function older(a: string, b: string): boolean {
  const x = a.split('.').map(Number);
  const y = b.split('.').map(Number);
  for (let i = 0; i < Math.max(x.length, y.length); i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) < (y[i] ?? 0);
  return false;
}
