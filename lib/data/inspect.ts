import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline as piped } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { ensure, InputError } from '../runtime/errors';
import { zstdIsWhole } from './zstd';

export type Format = 'parquet' | 'csv' | 'json-lines' | 'json-array';
export type Compression = 'none' | 'gzip' | 'zstd';

/** What a file is, told by its first bytes (its name decides only between kinds of text). */
export interface FileFacts {
  path: string;
  bytes: number;
  format: Format;
  compression: Compression;
  /** The first characters of a text file, unpacked, without byte order mark; empty for parquet and zstd. */
  head: string;
  bom: boolean;
}

const HEAD = 4 << 20;
/** How UTF-16 text starts: a byte order mark, or letters with a zero byte each. */
const UTF16 = /^(\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/;

/** Recognises a file. Throws InputError for what is no table: a missing or empty file, a Git LFS pointer, a web page, an archive, UTF-16, a cut parquet file. */
export function inspectFile(path: string): FileFacts {
  const stat = statSync(path, { throwIfNoEntry: false });
  ensure(stat, `${path}: no such file`);
  ensure(!stat.isDirectory(), `${path} is a folder, expected a file`);
  ensure(stat.isFile(), `${path} is not a file`);
  const bytes = stat.size;
  ensure(bytes > 0, `${path} is empty (0 bytes)`);
  const raw = readAt(path, 0, Math.min(HEAD, bytes));
  ensure(
    !raw.subarray(0, 40).toString('latin1').startsWith('version https://git-lfs'),
    `${path} is a Git LFS pointer of ${bytes} bytes, not the data: run "git lfs pull" where it was cloned, or "data fetch esci"`,
  );
  const magic = raw.subarray(0, 4).toString('latin1');
  if (magic === 'PAR1') {
    const tail = bytes >= 12 ? readAt(path, bytes - 4, 4).toString('latin1') : '';
    ensure(tail === 'PAR1', `${path} is a parquet file that is cut short (${bytes} bytes, no footer): copy or fetch it again`);
    return { path, bytes, format: 'parquet', compression: 'none', head: '', bom: false };
  }
  ensure(!/\.parquet$/i.test(path), `${path} is not a parquet file: it starts with ${JSON.stringify(magic)} instead of "PAR1"`);
  ensure(!magic.startsWith('PK'), `${path} is a zip archive: unpack it first`);
  const compression: Compression = magic.startsWith('\x1f\x8b') ? 'gzip' : magic === '(\xb5/\xfd' ? 'zstd' : 'none';
  const unpacked =
    compression === 'gzip' ? gunzipHead(raw.subarray(0, HEAD / 4), path) : compression === 'zstd' ? Buffer.alloc(0) : raw;
  const start = unpacked.subarray(0, 4).toString('latin1');
  ensure(!UTF16.test(start), `${path} is UTF-16 text: save it as UTF-8`);
  ensure(start !== 'PAR1', `${path} is a compressed parquet file: unpack it first`);
  const text = unpacked.toString('utf8');
  const bom = text.startsWith('\ufeff');
  const head = bom ? text.slice(1) : text;
  ensure(!/^\s*<(!doctype|html|\?xml)/i.test(head), `${path} is a web page or XML, not a table: was the download refused?`);
  ensure(compression === 'zstd' || head.trim(), `${path} holds nothing but blanks`);
  return { path, bytes, format: textFormat(path, head), compression, head, bom };
}

function textFormat(path: string, head: string): Format {
  const start = head.trimStart()[0];
  const bare = path.replace(/\.(gz|zst|zstd)$/i, '');
  if (/\.[ct]sv$/i.test(bare)) return 'csv';
  if (start === '[') return 'json-array';
  if (start === '{' || /\.(jsonl|ndjson|json)$/i.test(bare)) return 'json-lines';
  return 'csv';
}

/**
 * SHA-256 of a file; a gzip file is unpacked on the way and a zstd file's frames are followed to its end, so that one which is cut or damaged is found
 * (DuckDB may read it up to there and say nothing).
 */
export async function verifiedSha256({ path, bytes, compression }: FileFacts): Promise<string> {
  ensure(
    compression !== 'zstd' || zstdIsWhole(path, bytes),
    `${path} is a damaged or cut zstd file (${bytes} bytes): copy or fetch it again`,
  );
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const discard = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) void chunk;
  };
  if (compression !== 'gzip') await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hashed, discard);
  else {
    try {
      await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hashed, zlib.createGunzip(), discard);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!code?.startsWith('Z_')) throw error;
      throw new InputError(`${path} is a damaged or cut gzip file (${message}): copy or fetch it again`);
    }
  }
  return hash.digest('hex');
}

/** The bytes of a text file from its beginning; those of a gzip file unpacked. */
export function textBytes({ path, compression }: FileFacts): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  return compression === 'gzip' ? piped(file, zlib.createGunzip(), () => undefined) : file;
}

function readAt(path: string, position: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, position));
  } finally {
    closeSync(file);
  }
}

function gunzipHead(raw: Buffer, path: string): Buffer {
  try {
    return zlib.gunzipSync(raw, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 28 });
  } catch (error) {
    throw new InputError(`${path} is a damaged gzip file (${(error as Error).message}): copy or fetch it again`);
  }
}
