import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../runtime/files';
import { startEsci } from '../program';

test('a reader that closes the pipe ends the program without a word (oracle: what `… | head` does to any other program)', async () => {
  const child = startEsci(['--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout!.destroy();
  let said = '';
  child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((done) => child.on('close', done));
  assert.equal(said, '');
  assert.equal(code, 0);
});

test('a disk that is full is one line (oracle: the words of the system)', { skip: !existsSync('/dev/full') }, async () => {
  const full = openSync('/dev/full', 'w');
  const child = startEsci(['--help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let said = '';
  child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((done) => child.on('close', done));
  assert.deepEqual([code, said], [1, 'esci: stdout: no space left on device\n']);
});

test('--version prints the version of package.json', async () => {
  const child = startEsci(['--version'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((done) => child.on('close', done));
  const { version } = JSON.parse(readFileSync(join(projectRoot(), 'lib', 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual([code, said], [0, `${version}\n`]);
});
