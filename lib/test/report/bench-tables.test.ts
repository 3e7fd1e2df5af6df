// Oracles: a record written by hand; the committed records.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchMarkdown, renderBench } from '../../report/bench-tables';
import { projectRoot } from '../../runtime/files';

const environment = { cpu: 'a | processor', platform: 'linux-x64', tensorflow: '2.21.0' };
const tricks = [{ label: 'FGM', milliseconds: 1018.29, ratio: 2.0623, cpuRatio: 1.989 }];

function folder(json: unknown): string {
  const root = mkdtempSync(join(tmpdir(), 'bench-'));
  mkdirSync(join(root, 'data', 'bench'), { recursive: true });
  writeFileSync(join(root, 'data', 'bench', 'cpu-strategies.json'), JSON.stringify(json));
  return root;
}

test('a bench record becomes a table with its figures and its machine', () => {
  const text = benchMarkdown(folder({ environment, tricks }), 'cpu-strategies');
  assert.match(text, /\| FGM \| 1018 \| 2\.06× \| 1\.99× \|/);
  assert.match(text, /TensorFlow 2\.21\.0/);
  assert.doesNotMatch(text, /computed here in float32/);
});

test('a record of another machine is laid out as the one it is named after, and says how it multiplied (oracle: the same figures)', () => {
  const root = folder({ environment, tricks });
  const other = { environment: { ...environment, cpu: 'Other', bf16: 'float32' }, tricks };
  writeFileSync(join(root, 'data', 'bench', 'cpu-strategies-other.json'), JSON.stringify(other));
  const text = benchMarkdown(root, 'cpu-strategies-other');
  assert.match(text, /\| FGM \| 1018 \| 2\.06× \| 1\.99× \|/);
  assert.match(text, /Products of bfloat16 numbers were computed here in float32\. TensorFlow 2\.21\.0, Other,/);
});

test('documents: a stale block is found and renewed; unknown names, missing and misshapen files are said in one line', () => {
  const root = folder({ environment, tricks });
  const stale = 'a\n<!-- bench:cpu-strategies -->\nold\n<!-- /bench -->\nb\n';
  const first = renderBench(stale, 'README.md', root);
  assert.deepEqual(first.drift, [{ where: 'README.md', what: 'bench cpu-strategies differs from its records' }]);
  const second = renderBench(first.text, 'README.md', root);
  assert.deepEqual([second.drift, second.text, second.blocks], [[], first.text, 1]);
  const says = (name: string, at = root) => renderBench(`<!-- bench:${name} -->\n<!-- /bench -->`, 'd', at).drift[0].what;
  assert.match(says('nothing'), /no table for the bench record nothing: there are cpu-steps/);
  assert.match(says('cpu-steps'), /data.bench.cpu-steps\.json is missing/);
  assert.match(
    says('cpu-strategies', folder({ environment, tricks: [{ label: 3 }] })),
    /is not a record of npm run bench: tricks\.0\./,
  );
});

test('the committed documents show the committed bench records', () => {
  const root = mkdtempSync(join(tmpdir(), 'bench-'));
  cpSync(join(projectRoot(), 'data', 'bench'), join(root, 'data', 'bench'), { recursive: true });
  const text = readFileSync(join(projectRoot(), 'docs', 'speed.md'), 'utf8');
  const { drift, blocks } = renderBench(text, 'docs/speed.md', root);
  assert.deepEqual([drift, blocks], [[], 4]);
});
