import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { test } from 'node:test';
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
