// Oracle: repositories made here, by git's own answers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { commitOf } from '../../runtime/provenance';

test('the commit is that of the repository which holds the project; one around an unpacked archive is none', (t) => {
  const around = mkdtempSync(join(tmpdir(), 'provenance-'));
  t.after(() => rmSync(around, { recursive: true, force: true }));
  const project = join(around, 'project');
  mkdirSync(join(project, 'lib'), { recursive: true });
  writeFileSync(join(project, 'lib', 'package.json'), '{}');
  assert.deepEqual(commitOf(project), { commit: null, dirty: false }, 'no repository');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: around, encoding: 'utf8' }).trim();
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'another project');
  assert.deepEqual(commitOf(project), { commit: null, dirty: false }, 'another repository');
  git('add', 'project');
  git('commit', '-q', '-m', 'holds it');
  assert.deepEqual(commitOf(project), { commit: git('rev-parse', 'HEAD'), dirty: false });
  writeFileSync(join(project, 'lib', 'package.json'), '{"changed": true}');
  assert.equal(commitOf(project).dirty, true);
});
