import { closeSync, openSync, readSync } from 'node:fs';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a5;
/** Bytes of the optional fields of a frame's header, by the two bits that say so. */
const DICTIONARY = [0, 1, 2, 4];
const CONTENT_SIZE = [0, 2, 4, 8];

/**
 * Whether a zstd file ends where its last frame does (RFC 8878). Only the sizes of frames and blocks are read, nothing is unpacked: Node 20 cannot, and of a
 * file that is cut DuckDB reads what there is and says nothing.
 */
export function zstdIsWhole(path: string, bytes: number): boolean {
  const file = openSync(path, 'r');
  const read = (at: number, length: number): number => {
    const buffer = Buffer.alloc(length);
    return readSync(file, buffer, 0, length, at) === length ? buffer.readUIntLE(0, length) : NaN;
  };
  try {
    let at = 0;
    while (at < bytes) at = frameEnd(read, at);
    return at === bytes;
  } finally {
    closeSync(file);
  }
}

/** Where the frame that begins at `at` ends; NaN where the file ends before, or none begins there. */
function frameEnd(read: (at: number, length: number) => number, at: number): number {
  const magic = read(at, 4);
  if (magic >>> 4 === SKIPPABLE) return at + 8 + read(at + 4, 4);
  if (magic !== FRAME) return NaN;
  const descriptor = read(at + 4, 1);
  const single = (descriptor >> 5) & 1;
  const checksum = (descriptor >> 2) & 1;
  at += 5 + (1 - single) + DICTIONARY[descriptor & 3] + (CONTENT_SIZE[descriptor >> 6] || single);
  for (;;) {
    const block = read(at, 3);
    if (Number.isNaN(block)) return NaN;
    const repeated = ((block >> 1) & 3) === 1;
    at += 3 + (repeated ? 1 : block >> 3);
    if (block & 1) return at + 4 * checksum;
  }
}
