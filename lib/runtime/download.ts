import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensure, InputError } from './errors';
import { writeFileAtomic } from './files';
import { sha256File } from './hash';

export interface DownloadRequest {
  /** HTTPS, or plain HTTP to this machine. Redirects are followed, never from HTTPS to HTTP. */
  url: string;
  /** Where the file goes. Until it is whole and verified it is `path.part`, and what has come is kept there for the next try. */
  path: string;
  sha256?: string;
  /** The exact size, where it is known. */
  bytes?: number;
  /** Called with the bytes that are there and the total, where the server says it. */
  onProgress?: (received: number, total: number | undefined) => void;
  /** Tries in a row that may bring nothing before it gives up (default 5), the wait before the second (default 1,000 ms; doubles), and how long a silence may last. */
  tries?: number;
  waitMilliseconds?: number;
  silenceMilliseconds?: number;
}

export interface Downloaded {
  path: string;
  bytes: number;
  sha256: string;
  /** The file was there already, and right. */
  already: boolean;
}

/** A broken connection, a busy server: worth another try. */
class Interrupted extends Error {}

/**
 * Downloads a file: resumes by HTTP range, verifies size and SHA-256, and renames it into place when it is right. Throws InputError in one line for no network,
 * a refusal (403, 404, …), a wrong size or checksum, a Git LFS pointer or a web page instead of the file, and a full disk.
 */
export async function download(request: DownloadRequest): Promise<Downloaded> {
  const { url, path, tries = 5, waitMilliseconds = 1000 } = request;
  checkUrl(url);
  const there = await already(request);
  if (there) return there;
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  for (let failures = 0; ;) {
    const before = sizeOf(part);
    try {
      await receive(request, part);
      return await finish(request, part);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw explained(error, request);
      failures = sizeOf(part) > before ? 1 : failures + 1;
      const kept = sizeOf(part);
      ensure(
        failures < tries,
        `download of ${url} failed: ${error.message}${kept ? `; the ${kept} bytes that came are kept, run it again to go on` : ''}`,
      );
      await sleep(waitMilliseconds * 2 ** (failures - 1));
    }
  }
}

async function already({ path, sha256, bytes }: DownloadRequest): Promise<Downloaded | undefined> {
  if (!existsSync(path)) return undefined;
  const size = statSync(path).size;
  if ((bytes !== undefined && size !== bytes) || (bytes === undefined && sha256 === undefined)) return undefined;
  const digest = await sha256File(path);
  return sha256 === undefined || digest === sha256 ? { path, bytes: size, sha256: digest, already: true } : undefined;
}

/** What the kept part belongs to: another address or another version of the file starts anew. */
interface PartNote {
  url: string;
  validator: string | null;
  total?: number;
}

async function receive(request: DownloadRequest, part: string): Promise<void> {
  const note = readNote(part);
  if (note?.url !== request.url) forget(part);
  let have = sizeOf(part);
  if (have && (have === request.bytes || have === note?.total)) return;
  if (have && request.bytes !== undefined && have > request.bytes) {
    forget(part);
    have = 0;
  }
  const abort = new AbortController();
  const watch = watchSilence(abort, request.silenceMilliseconds ?? 60_000);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (have) headers.range = `bytes=${have}-`;
    if (have && note?.validator) headers['if-range'] = note.validator;
    const response = await connect(request.url, headers, abort.signal);
    if (response.status === 416) {
      forget(part);
      throw new Interrupted('the server cannot go on where it stopped');
    }
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    const resumed = response.status === 206 && range !== null && Number(range[1]) === have;
    if (response.status === 206 && !resumed) {
      forget(part);
      throw new Interrupted('the server sent another part of the file than was asked');
    }
    if (!resumed) {
      forget(part);
      have = 0;
    }
    const length = Number(response.headers.get('content-length') ?? NaN);
    const total = range && range[2] !== '*' ? Number(range[2]) : Number.isFinite(length) ? have + length : undefined;
    await checkTotal(request, total, response);
    checkSpace(request.path, (total ?? request.bytes ?? 0) - have);
    const etag = response.headers.get('etag');
    const validator = etag && !etag.startsWith('W/') ? etag : response.headers.get('last-modified');
    writeFileAtomic(`${part}.json`, JSON.stringify({ url: request.url, validator, total } satisfies PartNote));
    const file = await open(part, resumed ? 'a' : 'w');
    try {
      request.onProgress?.(have, total);
      for await (const chunk of body(response)) {
        watch.beat();
        await file.writeFile(chunk);
        have += chunk.byteLength;
        ensure(
          have <= (request.bytes ?? total ?? Infinity),
          `${request.url} sends more than the ${request.bytes ?? total} bytes it should have`,
        );
        request.onProgress?.(have, total);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== undefined && have < total) throw new Interrupted(`the connection ended after ${have} of ${total} bytes`);
  } catch (error) {
    if (abort.signal.aborted) throw new Interrupted('the server fell silent');
    throw error;
  } finally {
    watch.stop();
  }
}

async function* body(response: Response): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new Interrupted(`the connection broke (${reason(error)})`);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function connect(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  for (let at = url, hops = 0; hops < 10; hops++) {
    const response = await fetch(at, { headers, redirect: 'manual', signal }).catch((error: unknown) => {
      throw new Interrupted(`no connection to ${new URL(at).host} (${reason(error)})`);
    });
    const { status } = response;
    if (status === 200 || status === 206 || status === 416) return response;
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (status >= 300 && status < 400 && location) {
      const next = new URL(location, at);
      ensure(
        !(at.startsWith('https:') && next.protocol !== 'https:'),
        `${url} redirects from HTTPS to ${next.protocol}//${next.host}: refused`,
      );
      checkUrl(next.href);
      at = next.href;
      continue;
    }
    if (status === 408 || status === 429 || status >= 500)
      throw new Interrupted(`${new URL(at).host} answers ${status} ${response.statusText}`.trimEnd());
    const meaning =
      status === 404 ? 'there is no such file' : status === 401 || status === 403 ? 'it refuses access' : 'it is not the file';
    throw new InputError(`download of ${url} failed: the server answers ${status} (${meaning})`);
  }
  throw new InputError(`download of ${url} failed: more than 10 redirects`);
}

async function checkTotal({ url, bytes }: DownloadRequest, total: number | undefined, response: Response): Promise<void> {
  if (bytes === undefined || total === undefined || total === bytes) return;
  const start = total < 1024 ? await response.text().catch(() => '') : '';
  if (total >= 1024) await response.body?.cancel();
  ensure(!isPointer(start), pointerMessage(url));
  throw new InputError(`${url} offers ${total} bytes, expected ${bytes}: not the file that was meant`);
}

async function finish({ url, path, sha256, bytes }: DownloadRequest, part: string): Promise<Downloaded> {
  const size = sizeOf(part);
  const start = await firstBytes(part);
  const problem = isPointer(start)
    ? pointerMessage(url)
    : bytes !== undefined && size !== bytes
      ? `${url} gave ${size} bytes, expected ${bytes}`
      : /^\s*<(!doctype html|html)/i.test(start) && !/\.html?$/i.test(path)
        ? `${url} gave a web page instead of the file`
        : undefined;
  const digest = problem ? '' : await sha256File(part);
  if (problem || (sha256 !== undefined && digest !== sha256)) {
    forget(part);
    throw new InputError(
      problem ?? `${url} gave a file with SHA-256 ${digest}, expected ${sha256}: damaged or changed, it was thrown away`,
    );
  }
  renameSync(part, path);
  rmSync(`${part}.json`, { force: true });
  return { path, bytes: size, sha256: digest, already: false };
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const local = parsed && ['127.0.0.1', 'localhost', '[::1]'].includes(parsed.hostname);
  ensure(
    parsed && (parsed.protocol === 'https:' || (local && parsed.protocol === 'http:')),
    `address must begin with https://, got ${url}`,
  );
}

function checkSpace(path: string, needed: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  ensure(bavail * bsize > needed, `not enough space in ${dirname(path)}: ${needed} bytes needed, ${bavail * bsize} free`);
}

function watchSilence(abort: AbortController, milliseconds: number): { beat(): void; stop(): void } {
  const timer = setTimeout(() => abort.abort(), milliseconds);
  return { beat: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

function explained(error: unknown, { path }: DownloadRequest): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new InputError(`no space left in ${dirname(path)}; the part that came is kept`);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new InputError(`${dirname(path)} cannot be written (${code})`);
  return error;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const isPointer = (text: string): boolean => text.startsWith('version https://git-lfs');
const pointerMessage = (url: string): string =>
  `${url} gave a Git LFS pointer instead of the file: take the address of the media, not of the repository`;
const reason = (error: unknown): string => {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
};

function forget(part: string): void {
  rmSync(part, { force: true });
  rmSync(`${part}.json`, { force: true });
}

function readNote(part: string): PartNote | undefined {
  try {
    return JSON.parse(readFileSync(`${part}.json`, 'utf8')) as PartNote;
  } catch {
    return undefined;
  }
}

async function firstBytes(path: string): Promise<string> {
  for await (const chunk of createReadStream(path, { end: 255 })) return (chunk as Buffer).toString('latin1');
  return '';
}
