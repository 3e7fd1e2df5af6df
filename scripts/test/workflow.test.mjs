import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../setup/paths.mjs';

const skip = existsSync(join(root, 'workflow/.venv/bin/snakemake'))
  ? false
  : 'no Snakemake in workflow/.venv (workflow/README.md)';

test(
  'Snakemake with two jobs, one run killed in the middle, gives the records of `reproduce` (oracle: the local run)',
  { skip },
  () => {
    const check = spawnSync(process.execPath, [join(root, 'scripts/workflow-check.mjs'), '--rows', 'base', '--seeds', '2'], {
      encoding: 'utf8',
    });
    assert.equal(check.status, 0, check.stdout + check.stderr);
    assert.match(check.stdout, /^killed [0-9a-f]{16} after a checkpoint[\s\S]*\n2 records, each equal/);
  },
);
