import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fetchDataset } from '../../data';
import { download } from '../../runtime/download';
import { sha256 } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { temporaryFolder } from './fixtures';

// Oracle of every test here: the bytes the server was given, and its log of what was asked.
const random = Key.from('download').random();
const content = Buffer.from(Array.from({ length: 300_007 }, () => random.int(256)));
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 300007\n';
const folder = temporaryFolder();
const asked: string[] = [];
let base = '';
let version = '"one"';

type Behaviour = (request: IncomingMessage, response: ServerResponse, from: number) => void;
const send: Behaviour = (_, response, from) => {
  response.writeHead(from ? 206 : 200, {
    etag: version,
    'content-length': content.length - from,
    ...(from && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  response.end(content.subarray(from));
};
const behaviours: Record<string, Behaviour> = {
  whole: send,
  breaks: (_, response, from) => {
    // A hundred thousand bytes, then, once the other side has kept them, the line is cut.
    response.writeHead(from ? 206 : 200, {
      etag: version,
      'content-length': content.length - from,
      ...(from && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    const kept = (): boolean => (statSync(join(folder, 'b.part'), { throwIfNoEntry: false })?.size ?? 0) >= from + 100_000;
    const cut = (): void => void (kept() ? response.destroy() : setTimeout(cut, 2));
    if (from + 100_000 >= content.length) response.end(content.subarray(from));
    else response.write(content.subarray(from, from + 100_000), cut);
  },
  norange: (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.end(content);
  },
  liesShort: (_, response) => {
    // Says 400,000 and ends after 300,007.
    response.writeHead(200, { 'content-length': 400_000 });
    response.write(content, () => setTimeout(() => response.destroy(), 20));
  },
  liesLong: (_, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.end(Buffer.concat([content, content]));
  },
  pointer: (_, response) => void response.end(pointer),
  page: (_, response) => void response.end('<!DOCTYPE html><html>Sign in</html>'),
  redirect: (_, response) => void response.writeHead(302, { location: '/whole' }).end(),
  circle: (_, response) => void response.writeHead(302, { location: '/circle' }).end(),
  away: (_, response) => void response.writeHead(302, { location: 'http://example.invalid/x' }).end(),
  missing: (_, response) => void response.writeHead(404).end('no'),
  refused: (_, response) => void response.writeHead(403).end('no'),
  busy: (_, response) => void response.writeHead(503).end('later'),
  silent: (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 5));
  },
};
const server = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers.range ?? ''}`.trim());
  const from =
    request.headers['if-range'] && request.headers['if-range'] !== version
      ? 0
      : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  behaviours[request.url!.slice(1)](request, response, from);
});
before(
  () =>
    new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        resolve();
      });
    }),
);
after(() => {
  server.closeAllConnections();
  server.close();
});

const get = (what: string, name: string, more: Partial<Parameters<typeof download>[0]> = {}): ReturnType<typeof download> =>
  download({ url: base + what, path: join(folder, name), waitMilliseconds: 1, tries: 3, ...more });
const fails = (work: Promise<unknown>, message: RegExp): Promise<void> => assert.rejects(work, { name: 'InputError', message });
const known = { sha256: sha256(content), bytes: content.length };

test('a file comes whole, with progress, and is not asked for again', async () => {
  const seen: number[] = [];
  const first = await get('whole', 'a', { ...known, onProgress: (received, total) => seen.push(received, total!) });
  assert.deepEqual(readFileSync(first.path), content);
  assert.deepEqual([first.bytes, first.sha256, first.already], [content.length, known.sha256, false]);
  assert.deepEqual([seen[0], seen[seen.length - 2], seen[seen.length - 1]], [0, content.length, content.length]);
  asked.length = 0;
  assert.equal((await get('whole', 'a', known)).already, true);
  assert.deepEqual(asked, []);
});

test('a connection that breaks is resumed where it stopped', async () => {
  asked.length = 0;
  const { path } = await get('breaks', 'b', known);
  assert.deepEqual(readFileSync(path), content);
  assert.equal(asked.length, 4);
  assert.ok(
    asked.slice(1).every((line) => / bytes=\d+-$/.test(line)),
    asked.join(),
  );
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.startsWith('b.')),
    [],
  );
});

test('a later run goes on with what is there; another version, or a server without ranges, starts anew', async () => {
  const part = (name: string, validator: string, bytes: Buffer): void => {
    writeFileSync(join(folder, `${name}.part`), bytes);
    writeFileSync(
      join(folder, `${name}.part.json`),
      JSON.stringify({ url: `${base}${name === 'd' ? 'norange' : 'whole'}`, validator }),
    );
  };
  part('c', version, content.subarray(0, 1009));
  asked.length = 0;
  await get('whole', 'c', known);
  assert.deepEqual(asked, ['/whole bytes=1009-']);
  part('d', version, Buffer.alloc(1009));
  assert.deepEqual(readFileSync((await get('norange', 'd', known)).path), content);
  part('e', '"zero"', Buffer.alloc(1009));
  assert.deepEqual(readFileSync((await get('whole', 'e', known)).path), content);
  version = '"one"';
});

test('what is not the file is refused in one line, and nothing is left in its place', async () => {
  await fails(get('whole', 'f', { sha256: '0'.repeat(64) }), /SHA-256 .* expected 0000/);
  await fails(get('whole', 'f', { bytes: 7 }), /offers 300007 bytes, expected 7/);
  await fails(get('pointer', 'f'), /Git LFS pointer/);
  await fails(get('pointer', 'f', known), /Git LFS pointer/);
  await fails(get('page', 'f'), /web page/);
  await fails(get('liesLong', 'f', known), /more than the 300007 bytes/);
  await fails(get('liesShort', 'f', known), /offers 400000 bytes, expected 300007/);
  await fails(get('liesShort', 'g'), /connection|bytes/);
  await fails(get('missing', 'f'), /answers 404 \(there is no such file\)/);
  await fails(get('refused', 'f'), /answers 403 \(it refuses access\)/);
  await fails(get('circle', 'f'), /more than 10 redirects/);
  await fails(get('away', 'f'), /must begin with https/);
  await fails(download({ url: 'ftp://x/y', path: join(folder, 'f') }), /must begin with https/);
  assert.ok(!existsSync(join(folder, 'f')) && !existsSync(join(folder, 'g')));
});

test('a redirect is followed; a busy or silent server and a closed port are tried again, then named', async () => {
  assert.deepEqual(readFileSync((await get('redirect', 'h', known)).path), content);
  asked.length = 0;
  await fails(get('busy', 'i'), /answers 503/);
  assert.equal(asked.length, 3);
  await fails(get('silent', 'j', { silenceMilliseconds: 50, tries: 2 }), /silent/);
  await fails(
    download({ url: 'http://127.0.0.1:1/x', path: join(folder, 'k'), waitMilliseconds: 1, tries: 2 }),
    /no connection to 127\.0\.0\.1:1/,
  );
});

test('a data set is fetched by its manifest and verified', async () => {
  const manifest = join(folder, 'manifest.json');
  const set = (url: string): unknown => ({
    schema: 1,
    sets: { toy: { files: [{ name: 'toy.csv', source: url, bytes: null, sha256: null }] } },
  });
  behaviours.csv = (_, response) => void response.end('query,product_id\na,b\n');
  writeFileSync(manifest, JSON.stringify(set(`${base}csv`)));
  const options = { manifest, folder: join(folder, 'toy'), waitMilliseconds: 1, tries: 2 };
  const { files } = await fetchDataset('toy', options);
  assert.deepEqual([files[0].bytes, files[0].already], [21, false]);
  assert.equal((await fetchDataset('toy', options)).files[0].already, true);
  await fails(fetchDataset('other', options), /data set must be one of toy, got "other"/);
});

test('a full disk: one line, the part that came is kept, and the next try goes on from it (oracle: ENOSPC given by the writer)', async () => {
  const files = require('node:fs/promises') as { open: typeof import('node:fs/promises').open };
  const real = files.open;
  files.open = async (...given) => {
    const handle = await real(...given);
    const write = handle.writeFile.bind(handle);
    let left = 70_001;
    handle.writeFile = async (data, ...more) => {
      const bytes = data as Uint8Array;
      await write(bytes.subarray(0, Math.min(left, bytes.length)), ...more);
      left -= bytes.length;
      if (left < 0) throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    };
    return handle;
  };
  try {
    await fails(get('whole', 'full', known), /^no space left in .*; the part that came is kept$/);
  } finally {
    files.open = real;
  }
  assert.equal(existsSync(join(folder, 'full')), false);
  const before = asked.length;
  await get('whole', 'full', known);
  assert.deepEqual(asked.slice(before), ['/whole bytes=70001-']);
  assert.deepEqual(readFileSync(join(folder, 'full')), content);
});
