import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('a reader that closes the pipe ends the program without a word (oracle: what `… | head` does to any other program)', async () => {
  const main = join(__dirname, '..', '..', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((done) => child.on('close', done));
  assert.equal(said, '');
  assert.equal(code, 0);
});
