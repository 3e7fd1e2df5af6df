// Oracles: what was typed; 2^53 − 1, the largest whole number that has no neighbour of the same value.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../cli/main';
import { wholeOf } from '../../cli/numbers';

const folder = mkdtempSync(join(tmpdir(), 'numbers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'out.jsonl');

/** Refused in one line with exit code 2, in this process, with nothing written. */
async function refused(words: readonly string[], line: RegExp): Promise<void> {
  const { mock } = test.mock.method(process.stderr, 'write', () => true);
  const status = await main(words);
  const said = mock.calls.map((call) => String(call.arguments[0])).join('');
  mock.restore();
  assert.match(said, line);
  assert.deepEqual([status, said.trimEnd().split('\n').length], [2, 1], said);
  assert.ok(!existsSync(out));
}

test('a whole number that a number cannot hold is refused, not replaced by its neighbour', async () => {
  assert.equal(wholeOf('--seed', '9007199254740991', 0, Infinity), 2 ** 53 - 1);
  for (const typed of ['9007199254740992', '9007199254740993', '99999999999999999999']) {
    const line = new RegExp(`^esci: --seed must be a whole number ≤ 9007199254740991, got "${typed}"$`, 'm');
    for (const words of [
      ['log', 'simulate', '--data', 'smoke', '--out', out],
      ['data', 'generate', out],
      ['finetune', '--scale', 'smoke', '--out', out],
      ['pretrain', '--scale', 'smoke', '--out', out],
    ])
      await refused([...words, '--seed', typed], line);
  }
});

test('seeds and jobs have an upper bound, so that a plan ends', async () => {
  const plan = ['reproduce', '--table', '5', '--scale', 'smoke', '--dry-run'];
  await refused([...plan, '--seeds', '1e9'], /^esci: --seeds must be between 1 and 1000, got 1000000000$/m);
  await refused([...plan, '--jobs', '1e9'], /^esci: --jobs must be between 1 and 1024, got 1000000000$/m);
  await refused(['baselines', '--scale', 'smoke', '--seeds', '1e9'], /--seeds must be between 1 and 1000, got 1000000000/);
});

test('a setting of a log that is no number is quoted as it was typed', async () => {
  const simulate = ['log', 'simulate', '--data', 'smoke', '--out', out, '--set'];
  await refused([...simulate, 'severity=x'], /^esci: --set severity must be a number, got "x"$/m);
  await refused([...simulate, 'severity='], /^esci: --set severity must be a number, got ""$/m);
  await refused([...simulate, 'severity=1e999'], /^esci: --set severity must be finite, got Infinity$/m);
});
