// Oracle: a counter in a file that several processes read, wait and write: every lost update is a missing one.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { wallTime } from '../../runtime/clock';
import { tryLock, withLock } from '../../runtime/lock';

const work = mkdtempSync(join(tmpdir(), 'esci-lock-'));
after(() => rmSync(work, { recursive: true }));

test('a lock is held by one at a time, also when its last holder died (oracle: six processes adding to one file)', async () => {
  const path = join(work, 'lock');
  const counter = join(work, 'counter');
  writeFileSync(counter, '0');
  writeFileSync(path, `${spawnSync(process.execPath, ['-e', '']).pid} ${hostname()}`); // a process that has ended
  const code = `
    const { withLock } = require(${JSON.stringify(join(__dirname, '../../runtime/lock'))});
    const { readFileSync, writeFileSync } = require('node:fs');
    const add = () => withLock(${JSON.stringify(path)}, async () => {
      const n = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
      await new Promise((r) => setTimeout(r, 3));
      writeFileSync(${JSON.stringify(counter)}, String(n + 1));
    });
    Promise.all([add(), add(), add()]);`;
  const children = Array.from({ length: 6 }, () => spawn(process.execPath, ['-e', code], { stdio: 'inherit' }));
  const codes = await Promise.all(children.map((child) => new Promise((done) => child.on('close', done))));
  assert.deepEqual(codes, Array(6).fill(0));
  assert.equal(readFileSync(counter, 'utf8'), '18');
  assert.equal(existsSync(path), false);
});

test("a lock of another machine's process holds while it is touched; one left behind for ten minutes is taken over, whatever stands in it", async () => {
  const path = join(work, 'far.lock');
  for (const holder of ['1 another-machine', '', 'no number']) {
    writeFileSync(path, holder);
    let mine = false;
    const waiting = withLock(path, async () => void (mine = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(mine, false);
    utimesSync(path, new Date(wallTime()), new Date(wallTime() - 601_000));
    await waiting;
    assert.equal(mine, true);
  }
});

test('trying does not wait; what lets go takes only its own lock away; the folder is made where it is missing', () => {
  const path = join(work, 'new', 'folder', 'lock');
  const release = tryLock(path);
  assert.ok(release);
  assert.equal(tryLock(path), undefined);
  writeFileSync(path, '1 another-machine');
  release();
  assert.equal(readFileSync(path, 'utf8'), '1 another-machine');
  assert.deepEqual(readdirSync(join(work, 'new', 'folder')), ['lock']);
});

test('a wait ends where the one that waits says so', async () => {
  const path = join(work, 'given-up');
  const release = tryLock(path)!;
  let looks = 0;
  const enough = (): void => {
    if (++looks === 2) throw new Error('enough');
  };
  await assert.rejects(
    withLock(path, async () => assert.fail('held by another'), enough),
    /enough/,
  );
  release();
  assert.equal(await withLock(path, async () => 'mine'), 'mine');
});
