// Oracles: what other programs do with links, pipes and devices; the files and folders as they were before.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkFile, checkFolder, makeFolder } from '../../runtime/destination';
import { InputError } from '../../runtime/errors';
import { projectCache, projectRoot, replaceAtomically, sharedCache, workCache, writeFileAtomic } from '../../runtime/files';

const folder = mkdtempSync(join(tmpdir(), 'files-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const byName = (path: string, text: string) => replaceAtomically(path, async (temporary) => writeFileSync(temporary, text));

writeFileSync(at('plain.csv'), 'a file');
symlinkSync('/nonexistent-disk', at('dangling'));
symlinkSync('circle-b', at('circle-a'));
symlinkSync('circle-a', at('circle-b'));

test('a link stays a link, and what it leads to is written, also where that is not there yet', async () => {
  mkdirSync(at('real'));
  writeFileSync(at('real', 'old.txt'), 'old');
  symlinkSync(at('real', 'old.txt'), at('to-old'));
  symlinkSync('to-old', at('to-link'));
  symlinkSync('real/new.txt', at('to-new'));
  symlinkSync('real', at('to-folder'));
  writeFileAtomic(at('to-link'), 'fresh');
  assert.equal(readFileSync(at('real', 'old.txt'), 'utf8'), 'fresh');
  await byName(at('to-link'), 'by name');
  assert.equal(readFileSync(at('real', 'old.txt'), 'utf8'), 'by name');
  writeFileAtomic(at('to-new'), 'made');
  assert.equal(readFileSync(at('real', 'new.txt'), 'utf8'), 'made');
  writeFileAtomic(at('to-folder', 'deep', 'x.txt'), 'deep');
  assert.equal(readFileSync(at('real', 'deep', 'x.txt'), 'utf8'), 'deep');
  for (const link of ['to-old', 'to-link', 'to-new', 'to-folder']) assert.ok(lstatSync(at(link)).isSymbolicLink(), link);
  assert.deepEqual(readdirSync(at('real')).sort(), ['deep', 'new.txt', 'old.txt'], 'nothing else is left');
});

test('a pipe gets the bytes and stays a pipe; a device stays a device', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  const text = 'ü'.repeat(150_001);
  for (const write of [async (path: string) => writeFileAtomic(path, text), (path: string) => byName(path, text)]) {
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const got: Buffer[] = [];
    reader.stdout.on('data', (bytes: Buffer) => got.push(bytes));
    const ended = new Promise((done) => reader.on('close', done));
    await write(at('pipe'));
    await ended;
    assert.equal(Buffer.concat(got).toString(), text);
    assert.ok(statSync(at('pipe')).isFIFO());
  }
  symlinkSync('/dev/null', at('null'));
  writeFileAtomic(at('null'), text);
  assert.ok(statSync('/dev/null').isCharacterDevice() && lstatSync(at('null')).isSymbolicLink());
});

test('/dev/stdout is this process’s, be it a file, a pipe or a socket, and what is printed besides is kept', () => {
  const module = JSON.stringify(join(__dirname, '..', '..', 'runtime', 'files.js'));
  const script = `require(${module}).writeFileAtomic('/dev/stdout', 'one\\n'.repeat(50000)); console.log('two');`;
  const wanted = 'one\n'.repeat(50000) + 'two\n';
  const run = (command: string): string =>
    execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8', maxBuffer: 1 << 20 });
  assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', maxBuffer: 1 << 20 }), wanted);
  assert.equal(run('"$0" -e "$1" | cat'), wanted);
  run(`"$0" -e "$1" > ${at('redirected.txt')}`);
  assert.equal(readFileSync(at('redirected.txt'), 'utf8'), wanted);
});

test('what cannot be written to is refused in one line that names it, and nothing is made', () => {
  const before = readdirSync(folder);
  const refused = (path: string, message: RegExp): void => {
    for (const refuse of [checkFile, (one: string) => writeFileAtomic(one, 'x')])
      assert.throws(
        () => refuse(path),
        (error) => error instanceof InputError && message.test(error.message),
      );
  };
  refused('', /must have a name, got ""/);
  refused(folder, /^\S+ is a folder; expected a file$/);
  refused(`${at('new')}/`, /new\/ is a folder; expected a file$/);
  refused(at('plain.csv', 'x.csv'), /plain\.csv is a file; expected a folder$/);
  refused(at('dangling', 'x.csv'), /dangling is a link to \/nonexistent-disk, which does not exist; expected a folder$/);
  refused(at('circle-a'), /circle-a: its links lead in a circle$/);
  symlinkSync('/nonexistent-disk/x.csv', at('far'));
  refused(at('far'), /far is a link to \/nonexistent-disk\/x\.csv, whose folder does not exist$/);
  rmSync(at('far'));
  assert.throws(() => checkFolder(at('plain.csv')), /plain\.csv is a file; expected a folder$/);
  assert.throws(() => checkFolder(at('dangling')), /dangling is a link to \/nonexistent-disk, which does not exist/);
  assert.deepEqual(readdirSync(folder), before);
  assert.ok(!existsSync('/nonexistent-disk'));
});

test('a folder that takes no entries ends in an error at once', { skip: process.platform !== 'linux' }, () => {
  assert.throws(() => checkFile('/proc/x/y.md'), /^InputError: \/proc\/x\/y\.md: nothing can be written in \/proc \((no such file or folder|permission denied)\)$/); // prettier-ignore
  assert.throws(() => makeFolder('/proc/x/y'), { syscall: 'mkdir', path: '/proc/x' });
  assert.throws(() => writeFileAtomic('/dev/full', 'x'), { code: 'ENOSPC', path: '/dev/full' });
});

test('a variable that is there and empty names no cache, as for the set-up: nothing goes to the working directory', (t) => {
  const before = { ...process.env };
  t.after(() => (process.env = before));
  for (const name of ['ESCI_CACHE', 'XDG_CACHE_HOME', 'ESCI_WORK_CACHE', 'ESCI_DATA_CACHE']) process.env[name] = '';
  const own = join(projectRoot(), 'data', 'cache');
  const places = [sharedCache('a'), workCache('a'), projectCache('a')];
  assert.deepEqual(places, [join(homedir(), '.cache', 'esci-workspace', 'a'), join(own, 'a'), join(own, 'a')]);
  process.env.ESCI_DATA_CACHE = join(folder, 'cache');
  assert.equal(workCache('a'), join(folder, 'cache', 'a'));
});
