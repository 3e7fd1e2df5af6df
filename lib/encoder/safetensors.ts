import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensure, InputError } from '../runtime/errors';
import { canonicalJson, sha256, sha256File } from '../runtime/hash';

/** Where one tensor lies in a file. */
export interface StoredTensor {
  dtype: string;
  shape: number[];
  /** Byte offsets from the start of the file. */
  begin: number;
  end: number;
}

const BYTES: Record<string, number> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };
const FLOATS = ['F64', 'F32', 'F16', 'BF16'];
const SLICE = 1 << 24;

/**
 * Reads a safetensors file slice by slice: opening it reads the header only, `read` reads one tensor, 16 MiB at a time.
 * Format: 8 bytes of header length (little-endian), the header (JSON: name → dtype, shape, data_offsets), the data.
 * Reference: the format's description at huggingface/safetensors. @throws InputError where the file is not whole or not of this format.
 */
export class SafetensorsReader {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(readonly path: string) {
    ensure(existsSync(path), `${path} does not exist`);
    const file = openSync(path, 'r');
    try {
      const size = fstatSync(file).size;
      const lead = Buffer.alloc(8);
      ensure(readSync(file, lead, 0, 8, 0) === 8, `${path} is not a safetensors file: ${size} bytes are too few`);
      const length = Number(lead.readBigUInt64LE());
      ensure(
        length > 1 && 8 + length <= size,
        `${path} is not a whole safetensors file: its header should take ${length} of ${size} bytes`,
      );
      const header = Buffer.alloc(length);
      readSync(file, header, 0, length, 8);
      const { __metadata__: metadata = {}, ...entries } = parseHeader(path, header.toString('utf8'));
      this.metadata = metadata;
      this.tensors = Object.fromEntries(
        Object.entries(entries).map(([name, e]) => [name, locate(path, name, e, 8 + length, size)]),
      );
    } finally {
      closeSync(file);
    }
  }

  /** One tensor's values as float32; f16, bf16 and f64 are converted. */
  read(name: string): Float32Array {
    const tensor = this.tensors[name];
    ensure(tensor, `${this.path} holds no tensor ${name}`);
    const { dtype, begin, end } = tensor;
    ensure(FLOATS.includes(dtype), `${this.path}: ${name} is ${dtype}, expected one of ${FLOATS.join(', ')}`);
    const width = BYTES[dtype];
    const values = new Float32Array((end - begin) / width);
    const file = openSync(this.path, 'r');
    try {
      if (dtype === 'F32') {
        const bytes = Buffer.from(values.buffer);
        for (let at = 0; at < bytes.length; at += SLICE) readWhole(file, bytes.subarray(at, at + SLICE), begin + at);
        return values;
      }
      const slice = Buffer.alloc(Math.min(SLICE, end - begin));
      for (let at = 0; at < end - begin; at += SLICE) {
        const part = slice.subarray(0, Math.min(SLICE, end - begin - at));
        readWhole(file, part, begin + at);
        widen(dtype, part, values.subarray(at / width, (at + part.length) / width));
      }
      return values;
    } finally {
      closeSync(file);
    }
  }
}

/** The tensors of a model folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names. */
export function openWeights(folder: string): Map<string, SafetensorsReader> {
  const single = join(folder, 'model.safetensors');
  const index = join(folder, 'model.safetensors.index.json');
  const byName = new Map<string, SafetensorsReader>();
  if (existsSync(single)) {
    const reader = new SafetensorsReader(single);
    for (const name of Object.keys(reader.tensors)) byName.set(name, reader);
    return byName;
  }
  const pickle = existsSync(join(folder, 'pytorch_model.bin'))
    ? '; its pytorch_model.bin is a pickle, which is never read: convert it once in Python, AutoModel.from_pretrained(folder).save_pretrained(folder)'
    : '';
  ensure(existsSync(index), `${folder} holds neither model.safetensors nor model.safetensors.index.json${pickle}`);
  const map = (parseJson(index) as { weight_map?: Record<string, string> }).weight_map;
  ensure(map && typeof map === 'object', `${index} has no weight_map`);
  const readers = new Map<string, SafetensorsReader>();
  for (const [name, file] of Object.entries(map)) {
    ensure(dirname(file) === '.', `${index} names a shard outside its folder: ${file}`);
    if (!readers.has(file)) readers.set(file, new SafetensorsReader(join(folder, file)));
    const reader = readers.get(file)!;
    ensure(name in reader.tensors, `${index} says that ${file} holds ${name}, but it does not`);
    byName.set(name, reader);
  }
  return byName;
}

/** SHA-256 of a folder's weights: of model.safetensors, or, where they are in shards, of the shards' names with theirs. */
export async function weightsDigest(folder: string): Promise<string> {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return sha256File(single);
  const files = [...new Set([...openWeights(folder).values()].map(({ path }) => path))].sort();
  const digests: Record<string, string> = {};
  for (const file of files) digests[basename(file)] = await sha256File(file);
  return sha256(canonicalJson(digests));
}

type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

function parseHeader(path: string, text: string): Record<string, Entry> {
  try {
    return JSON.parse(text) as Record<string, Entry>;
  } catch {
    throw new InputError(`${path} is not a safetensors file: its header is not JSON`);
  }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

function locate(path: string, name: string, entry: Entry, dataStart: number, size: number): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = entry;
  ensure(
    dtype in BYTES && Array.isArray(shape) && Array.isArray(offsets),
    `${path}: the header's entry for ${name} is not understood`,
  );
  const [begin, end] = offsets.map((o) => o + dataStart);
  const bytes = shape.reduce((a, b) => a * b, 1) * BYTES[dtype];
  ensure(end - begin === bytes, `${path}: ${name} of shape [${shape.join(', ')}] should take ${bytes} bytes, has ${end - begin}`);
  ensure(begin >= dataStart && end <= size, `${path} is cut off: ${name} ends at byte ${end}, the file at ${size}`);
  return { dtype, shape, begin, end };
}

function readWhole(file: number, into: Buffer, position: number): void {
  for (let at = 0; at < into.length;) {
    const got = readSync(file, into, at, into.length - at, position + at);
    ensure(got > 0, 'the file ended while a tensor was read');
    at += got;
  }
}

function widen(dtype: string, bytes: Buffer, out: Float32Array): void {
  if (dtype === 'F64') for (let i = 0; i < out.length; i++) out[i] = bytes.readDoubleLE(8 * i);
  else if (dtype === 'BF16') {
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = bytes.readUInt16LE(2 * i) << 16; // bfloat16 is the upper half of a float32
  } else for (let i = 0; i < out.length; i++) out[i] = halfToFloat(bytes.readUInt16LE(2 * i));
}

/** IEEE 754 binary16 → number: 1 sign, 5 exponent, 10 fraction bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
