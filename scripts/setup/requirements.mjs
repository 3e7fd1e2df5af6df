import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './run.mjs';

/** What the machine must have. Each returns the thing found, or throws one line that names what is missing and how to get it. */

const apt = (packages) => `on Debian or Ubuntu: sudo apt-get install ${packages}; on Fedora: sudo dnf install`;

/** A Python ≥ 3.10 that can make virtual environments. ESCI_PYTHON names another than those on the PATH. */
export function findPython() {
  const names = process.env.ESCI_PYTHON
    ? [process.env.ESCI_PYTHON]
    : ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  const seen = [];
  for (const name of names) {
    const version = ask(name, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'])?.split('\n')[0].trim(); // below it warnings
    if (!version) continue;
    const [major, minor] = version.split('.').map(Number);
    if (major !== 3 || minor < 10) seen.push(`${name} is ${version}`);
    else if (ask(name, ['-c', 'import venv, ensurepip']) === undefined) seen.push(`${name} ${version} lacks venv`);
    else return { command: name, version };
  }
  const found = seen.length ? `found only: ${seen.join('; ')}` : `none of ${names.join(', ')} runs`;
  throw new Error(
    `Python ≥ 3.10 with venv is missing (${found}). ${apt('python3 python3-venv')} python3; on macOS: brew install python. ESCI_PYTHON=/path/to/python names another one.`,
  );
}

/** A compiler that accepts C++17. CXX names another than those on the PATH. */
export function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const folder = mkdtempSync(join(tmpdir(), 'esci-cxx-'));
  const probe = join(folder, 'probe.cc');
  writeFileSync(
    probe,
    '#include <string_view>\n#include <optional>\nint main() { std::optional<std::string_view> s{"x"}; return s->size() - 1; }\n',
  );
  const seen = [];
  try {
    for (const name of names) {
      const version = ask(name, ['--version'])?.split('\n')[0].trim();
      if (!version) continue;
      if (ask(name, ['-std=c++17', '-fsyntax-only', probe]) !== undefined) return { command: name, version };
      seen.push(`${name} (${version}) does not compile C++17`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const found = seen.length ? `found only: ${seen.join('; ')}` : `none of ${names.join(', ')} runs`;
  throw new Error(
    `a C++17 compiler is missing (${found}). ${apt('g++')} gcc-c++; on macOS: xcode-select --install. CXX=/path/to/compiler names another one.`,
  );
}

/** Throws where `folder`'s file system has less than `megabytes` free. */
export function needSpace(folder, megabytes) {
  if (!existsSync(folder)) return;
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free < megabytes)
    throw new Error(
      `${folder} has ${free} MB free and about ${megabytes} MB are needed; free some, or set ESCI_CACHE to a folder elsewhere`,
    );
}

/** CUDA 12's oldest driver on Linux (minor-version compatibility). */
export const oldestDriver = '525.60.13';

/** NVIDIA's cards and driver as `nvidia-smi` names them, or a sentence that says why there are none. */
export function findGpus() {
  const text = ask('nvidia-smi', ['--query-gpu=name,driver_version,compute_cap,memory.total', '--format=csv,noheader']);
  if (text === undefined)
    return {
      problem: `no NVIDIA driver answers (nvidia-smi is missing or fails); CUDA 12 needs driver ${oldestDriver} or newer`,
    };
  const cards = text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name, driver, capability, memory] = line.split(',').map((s) => s.trim());
      return { name, driver, capability, memory };
    });
  if (!cards.length) return { problem: 'nvidia-smi lists no card' };
  if (older(cards[0].driver, oldestDriver))
    return { cards, problem: `the NVIDIA driver ${cards[0].driver} is too old for CUDA 12: ${oldestDriver} or newer is needed` };
  if (older(cards[0].capability, '6.0'))
    return {
      cards,
      problem: `${cards[0].name} has compute capability ${cards[0].capability}; TensorFlow 2.21 needs 6.0 or newer`,
    };
  if (!older(cards[0].capability, '10.0'))
    return {
      cards,
      problem: `${cards[0].name} has compute capability ${cards[0].capability}, newer than TensorFlow 2.21's kernels (6.0 to 9.0), whose compilation at run time is reported to fail there`,
    };
  return { cards };
}

/** Compares dotted versions. */
export function older(a, b) {
  const x = a.split('.').map(Number);
  const y = b.split('.').map(Number);
  for (let i = 0; i < Math.max(x.length, y.length); i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) < (y[i] ?? 0);
  return false;
}
