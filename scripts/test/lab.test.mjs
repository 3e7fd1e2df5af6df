import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../setup/paths.mjs';

test('JupyterLab in a real browser: figures without trust, 20,000 lines, the stop button, progress in place', (t) => {
  const out = mkdtempSync(join(tmpdir(), 'esci-lab-'));
  try {
    const check = spawnSync(process.execPath, [join(root, 'scripts/lab-check.mjs'), '--out', out], { encoding: 'utf8' });
    if (check.status === 77) return t.skip(check.stdout.trim());
    assert.equal(check.status, 0, check.stdout + check.stderr);
    assert.equal(check.stdout.match(/^yes {2}/gm).length, 10);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
