import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { npmInStep } from '../setup/npm.mjs';
import { root } from '../setup/paths.mjs';
import { findCompiler, findGpus, findPython, needSpace, older } from '../setup/requirements.mjs';
import { platforms, wanted } from '../setup/wheels.mjs';

const folder = mkdtempSync(join(tmpdir(), 'esci-setup-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const script = (name) => fileURLToPath(new URL(`../setup/${name}`, import.meta.url));

test('every platform names two libraries and wheels with a whole SHA-256, each once (oracle: the form of a digest)', () => {
  const all = Object.values(platforms).flatMap((p) => [...p.cpu.wheels, ...(p.gpu?.wheels ?? []), ...(p.cuda ?? [])]);
  for (const wheel of all) {
    assert.match(wheel.sha256, /^[0-9a-f]{64}$/, wheel.name);
    assert.ok(wheel.megabytes > 0 && wheel.kept.length > 0 && wheel.version, wheel.name);
  }
  assert.equal(new Set(all.map((w) => w.sha256)).size, all.length);
  for (const machine of Object.keys(platforms)) assert.equal(wanted('cpu', false, machine).libraries.length, 2);
});

test('the GPU build adds NVIDIA’s wheels unless the system’s CUDA is asked for; other machines are refused by name', () => {
  assert.equal(wanted('gpu', false, 'linux-x64').wheels.length, 13);
  assert.equal(wanted('gpu', true, 'linux-x64').wheels.length, 1);
  const folders = [wanted('cpu', false, 'linux-x64'), wanted('gpu', false, 'linux-x64'), wanted('gpu', true, 'linux-x64')].map(
    (w) => w.folder,
  );
  assert.equal(new Set(folders).size, 3);
  assert.throws(() => wanted('gpu', false, 'darwin-arm64'), /no GPU build for darwin-arm64/);
  assert.throws(() => wanted('cpu', false, 'win32-x64'), /win32-x64; known: linux-x64/);
});

/** A project with one package, as npm would leave it. */
function project(name, installed) {
  const where = join(folder, name);
  mkdirSync(join(where, 'node_modules/a'), { recursive: true });
  writeFileSync(join(where, 'node_modules/a/package.json'), '{}');
  const entry = { version: '1.2.3', integrity: 'sha512-x' };
  const other = { version: '1.0.0', optional: true, os: ['plan9'] };
  const lock = { packages: { '': {}, 'node_modules/a': entry, 'node_modules/other-platform': other } };
  writeFileSync(join(where, 'package-lock.json'), JSON.stringify(lock));
  if (installed) writeFileSync(join(where, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed(entry) }));
  return where;
}

test('npm’s packages are in step when each is there in the version asked for (oracle: cases by hand)', () => {
  assert.equal(npmInStep(project('good', (a) => ({ 'node_modules/a': a }))), true);
  assert.equal(npmInStep(project('older', (a) => ({ 'node_modules/a': { ...a, version: '1.2.2' } }))), false);
  assert.equal(npmInStep(project('other', (a) => ({ 'node_modules/a': { ...a, integrity: 'sha512-y' } }))), false);
  assert.equal(npmInStep(project('missing', () => ({}))), false);
  assert.equal(npmInStep(project('cut-short')), false);
  const gone = project('gone', (a) => ({ 'node_modules/a': a }));
  rmSync(join(gone, 'node_modules/a'), { recursive: true });
  assert.equal(npmInStep(gone), false);
});

test('what is missing is named with how to get it (oracle: a PATH without Python and compilers)', () => {
  const keep = { ...process.env };
  try {
    process.env.PATH = folder;
    delete process.env.CXX;
    delete process.env.ESCI_PYTHON;
    assert.throws(
      () => findPython(),
      /Python ≥ 3\.10 with venv is missing \(none of python3, .* runs\).*apt-get install python3 python3-venv/,
    );
    assert.throws(
      () => findCompiler(),
      /C\+\+17 compiler is missing \(none of c\+\+, g\+\+, clang\+\+ runs\).*apt-get install g\+\+/,
    );
    process.env.ESCI_PYTHON = join(folder, 'old');
    writeFileSync(process.env.ESCI_PYTHON, '#!/bin/sh\necho 3.9.18\n', { mode: 0o755 });
    assert.throws(() => findPython(), /old is 3\.9\.18/);
    writeFileSync(process.env.ESCI_PYTHON, '#!/bin/sh\necho 3.12.1\necho a warning >&2\n', { mode: 0o755 });
    assert.equal(findPython().version, '3.12.1');
  } finally {
    process.env = keep;
  }
  assert.throws(() => needSpace(folder, 1e12), /MB free and about 1000000000000 MB are needed/);
  assert.ok(older('470.82.01', '525.60.13') && !older('525.60.13', '525.60.13'));
});

test('the driver and the card are judged in words: none, too old, too early a card, fine (oracle: an nvidia-smi written for it)', () => {
  const keep = process.env.PATH;
  const bin = join(folder, 'nvidia');
  mkdirSync(bin);
  const answer = (line) => {
    writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    return findGpus();
  };
  try {
    process.env.PATH = `${folder}:/bin:/usr/bin`;
    if (spawnSync('nvidia-smi').error)
      assert.match(findGpus().problem, /no NVIDIA driver answers .* needs driver 525\.60\.13 or newer/);
    process.env.PATH = `${bin}:${process.env.PATH}`;
    assert.match(answer('echo "NVIDIA-SMI has failed" >&2; exit 9').problem, /no NVIDIA driver answers/);
    assert.match(
      answer('echo "Tesla V100, 470.82.01, 7.0, 16160 MiB"').problem,
      /driver 470\.82\.01 is too old for CUDA 12: 525\.60\.13/,
    );
    assert.match(answer('echo "Tesla M40, 550.54.15, 5.2, 11448 MiB"').problem, /Tesla M40 has compute capability 5\.2/);
    assert.match(
      answer('echo "NVIDIA GeForce RTX 5090, 590.48.01, 12.0, 32607 MiB"').problem,
      /capability 12\.0, newer than TensorFlow 2\.21/,
    );
    const good = answer('echo "NVIDIA H100 80GB HBM3, 550.54.15, 9.0, 81559 MiB"');
    assert.deepEqual(good.cards, [
      { name: 'NVIDIA H100 80GB HBM3', driver: '550.54.15', capability: '9.0', memory: '81559 MiB' },
    ]);
    assert.equal(good.problem, undefined);
  } finally {
    process.env.PATH = keep;
  }
});

test('the lock lets one through at a time, also when its last holder was killed (oracle: eight processes adding to one file)', async () => {
  const lock = join(folder, 'held.lock');
  const counter = join(folder, 'counter');
  writeFileSync(counter, '0');
  const gone = spawnSync(process.execPath, ['-e', '']).pid; // a process that has ended
  writeFileSync(lock, JSON.stringify({ pid: gone, host: hostname() }));
  const code = `
    import { withLock } from ${JSON.stringify(script('lock.mjs'))};
    import { readFileSync, writeFileSync } from 'node:fs';
    for (let i = 0; i < 5; i++) await withLock(${JSON.stringify(lock)}, () => {}, async () => {
      const n = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
      await new Promise((r) => setTimeout(r, 3));
      writeFileSync(${JSON.stringify(counter)}, String(n + 1));
    });`;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(children.map((child) => new Promise((done) => child.on('close', done))));
  assert.deepEqual(codes, Array(8).fill(0));
  assert.equal(readFileSync(counter, 'utf8'), '40');
  assert.equal(existsSync(lock), false);
});

test('unpacking keeps only what is asked for, with its modes, and refuses paths that lead outside (oracle: archives written for it)', () => {
  const make = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    info = zipfile.ZipInfo(sys.argv[2]); info.external_attr = 0o755 << 16
    z.writestr(info, 'x' * 1009)
    z.writestr('tensorflow/python/left_out.py', 'no')`;
  const wheel = (name, member) => {
    const path = join(folder, name);
    assert.equal(spawnSync('python3', ['-c', make, path, member]).status, 0);
    return path;
  };
  const unpack = (path, to) => spawnSync('python3', [script('unpack.py'), path, to, 'tensorflow/lib'], { encoding: 'utf8' });
  const to = join(folder, 'unpacked');
  const good = unpack(wheel('good.whl', 'tensorflow/libtensorflow_cc.so.2'), to);
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /100/);
  assert.equal(readFileSync(join(to, 'tensorflow/libtensorflow_cc.so.2'), 'utf8').length, 1009);
  assert.equal(existsSync(join(to, 'tensorflow/python')), false);
  const bad = unpack(wheel('bad.whl', 'tensorflow/lib/../../../outside'), to);
  assert.notEqual(bad.status, 0);
  assert.match(bad.stderr, /outside/);
  assert.equal(existsSync(join(folder, 'outside')), false);
  assert.notEqual(unpack(wheel('none.whl', 'other/file'), to).status, 0);
});

test('an unknown option is refused with exit code 2, and nothing is touched', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs'), '--gpus'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /unknown option --gpus\n[\s\S]*usage: npm run setup/);
});
