// Oracles: the bytes that a hub of this test gave and their SHA-256 by node:crypto; what it was asked for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fetchWeights, resolveWeights, weightsFolder } from '../../encoder/weights';
import { hubAddress } from '../../encoder/weights/hub';

const sha = (data: string): string => createHash('sha256').update(data).digest('hex');
const FILES: Record<string, string> = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{}',
  'model.safetensors': 'x'.repeat(10_007),
};
const work = mkdtempSync(join(tmpdir(), 'hub-'));
const saved = { ...process.env };
process.env.ESCI_CACHE = work;
after(() => {
  process.env = saved;
  rmSync(work, { recursive: true, force: true });
});

/** A hub of its own: files by repository, what its service says of them, and behaviours by path. */
function hub(files: Record<string, string>, listing?: object) {
  const seen: string[] = [];
  const odd = new Map<string, (response: import('node:http').ServerResponse) => void>();
  const server = createServer((request, response) => {
    const path = request.url!.split('?')[0];
    seen.push(`${path}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    if (path.startsWith('/api/')) {
      response.writeHead(listing ? 200 : 404).end(listing ? JSON.stringify(listing) : 'no');
      return;
    }
    const behaviour = path.includes('/resolve/') ? odd.get(path.split('/').at(-1)!) : undefined;
    if (behaviour) return behaviour(response);
    const content = files[path.split('/').at(-1)!] as string | undefined;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (content === undefined) return void response.writeHead(404).end('no');
    const range = from ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from ? 206 : 200, { etag: '"one"', 'content-length': content.length - from, ...range });
    response.end(content.slice(from));
  });
  return { server, seen, odd };
}

async function withHub(given: ReturnType<typeof hub>, body: () => Promise<void>): Promise<void> {
  const before = process.env.HF_ENDPOINT;
  await new Promise<void>((resolve) => given.server.listen(0, '127.0.0.1', resolve));
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(given.server.address() as AddressInfo).port}`;
  try {
    await body();
  } finally {
    given.server.closeAllConnections();
    given.server.close();
    if (before === undefined) delete process.env.HF_ENDPOINT;
    else process.env.HF_ENDPOINT = before;
  }
}

test('an empty HF_ENDPOINT names no hub of one’s own', () => {
  const before = process.env.HF_ENDPOINT;
  process.env.HF_ENDPOINT = '';
  const empty = hubAddress();
  if (before === undefined) delete process.env.HF_ENDPOINT;
  else process.env.HF_ENDPOINT = before;
  assert.equal(empty, 'https://huggingface.co');
});

const COMMIT = 'c'.repeat(40);
const lfs = (rfilename: string, content: string) => ({ rfilename, lfs: { sha256: sha(content), size: content.length } });
const listed = (files: Record<string, string>) => ({
  sha: COMMIT,
  cardData: { license: 'mit' },
  siblings: Object.entries(files).map(([name, content]) =>
    name.endsWith('.safetensors') ? lfs(name, content) : { rfilename: name },
  ),
});

test('any repository of the hub: its commit is pinned, every file is of that commit, licence and checksums are taken down', async () => {
  const given = hub(FILES, listed(FILES));
  await withHub(given, async () => {
    const { manifest, folder } = await fetchWeights('someone/some-encoder@v2');
    assert.equal(manifest.commit, COMMIT);
    assert.equal(manifest.licence, 'mit by its model card');
    assert.equal(manifest.source, 'hub someone/some-encoder@v2');
    assert.deepEqual(
      manifest.files.map((f) => [f.name, f.sha256, f.pinned]),
      Object.entries(FILES).map(([name, content]) => [name, sha(content), false]),
    );
    assert.equal(given.seen[0], '/api/models/someone/some-encoder/revision/v2');
    assert.ok(
      given.seen.slice(1).every((path) => path.startsWith(`/someone/some-encoder/resolve/${COMMIT}/`)),
      given.seen.join(),
    );
    assert.deepEqual(readdirSync(folder).sort(), [...Object.keys(FILES), 'weights.json'].sort());
    assert.equal((await fetchWeights('someone/some-encoder@v2')).already, true);
    writeFileSync(join(folder, 'config.json'), '{"model_type":"XLMR"}'); // as long as before
    await assert.rejects(fetchWeights('someone/some-encoder@v2'), /config\.json has SHA-256 .* expected .* fetch it again/);
  });
  await assert.rejects(
    resolveWeights('someone/not-fetched'),
    /no such folder, and not fetched.*weights fetch someone\/not-fetched/,
  );
});

test('what the hub states of a large file is held against what it sends', async () => {
  const given = hub({ ...FILES, 'model.safetensors': 'y'.repeat(10_007) }, listed(FILES));
  await withHub(given, async () => {
    await assert.rejects(fetchWeights('someone/changed'), /model\.safetensors.* SHA-256 .*, expected .*thrown away/);
  });
});

test('a sharded model comes whole: the index and every shard it names; a shard outside the folder is refused', async () => {
  const index = { weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-1.safetensors' } };
  const { 'model.safetensors': _, ...others } = FILES;
  const files = { ...others, 'model.safetensors.index.json': JSON.stringify(index), 'model-1.safetensors': 'one', 'model-2.safetensors': 'three' }; // prettier-ignore
  await withHub(hub(files, listed(files)), async () => {
    const { folder, manifest } = await fetchWeights('someone/sharded');
    assert.deepEqual(readdirSync(folder).sort(), [...Object.keys(files), 'weights.json'].sort());
    assert.equal(manifest.files.find((f) => f.name === 'model-2.safetensors')!.sha256, sha('three'));
    assert.equal((await fetchWeights('someone/sharded')).already, true);
  });
  const bad = { ...files, 'model.safetensors.index.json': '{"weight_map":{"a":"../x.safetensors"}}' };
  await withHub(hub(bad, listed(bad)), async () => {
    await assert.rejects(fetchWeights('someone/sly'), /names a shard outside its folder/);
  });
});

test('a pickle is named with its conversion; 403, a broken line that is resumed, and a redirect', async () => {
  const { 'model.safetensors': whole, ...others } = FILES;
  const pickle = { ...others, 'pytorch_model.bin': 'x' };
  const pickled = hub(pickle, listed(pickle));
  await withHub(pickled, async () => {
    await assert.rejects(
      fetchWeights('someone/pickled'),
      /as a pickle only[\s\S]*python -c .*from_pretrained\(n\)\.save_pretrained/,
    );
    assert.ok(!pickled.seen.some((path) => path.endsWith('pytorch_model.bin')), 'the pickle itself is never asked for');
  });
  const given = hub(FILES, listed(FILES));
  given.odd.set('tokenizer.json', (response) => void response.writeHead(403).end('gated'));
  await withHub(given, async () => {
    await assert.rejects(fetchWeights('someone/gated'), /403 \(it refuses access\)/);
    given.odd.set('tokenizer.json', (response) => void response.writeHead(302, { location: '/elsewhere/tokenizer.json' }).end());
    given.odd.set('model.safetensors', (response) => {
      given.odd.delete('model.safetensors');
      response.writeHead(200, { etag: '"one"', 'content-length': whole.length });
      response.write(whole.slice(0, 4001));
      const part = join(`${weightsFolder('someone/gated')}.part`, 'model.safetensors.part');
      const watch = setInterval(() => {
        if (!existsSync(part) || readFileSync(part).length < 4001) return; // what has not been written yet goes with the line
        clearInterval(watch);
        response.destroy();
      }, 5);
    });
    const { folder } = await fetchWeights('someone/gated');
    assert.equal(readFileSync(join(folder, 'model.safetensors'), 'utf8'), whole);
    assert.ok(
      given.seen.some((path) => path.endsWith('bytes=4001-')),
      given.seen.join(),
    );
    assert.equal(given.seen.filter((path) => path.endsWith('/config.json')).length, 1, 'what came before the refusal is kept');
  });
});
