import { ensure } from '../runtime/errors';
import { writeAtomically } from '../runtime/files';

/** A tensor to write. `values` is called when its turn comes, so they need not all be in memory at once. */
export interface TensorSource {
  shape: readonly number[];
  values: () => Float32Array;
}

/**
 * Writes float32 tensors as a safetensors file, one after the other, and atomically: temporary name, fsync, rename.
 * The names are written in the given order; the metadata says `format: pt`, without which transformers refuses the file.
 */
export function writeSafetensors(path: string, tensors: Readonly<Record<string, TensorSource>>): void {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { shape }]) => {
    const begin = offset;
    offset += 4 * shape.reduce((a, b) => a * b, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, offset] }] as const;
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const header = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8))); // data starts at a multiple of 8
  const lead = Buffer.alloc(8);
  lead.writeBigUInt64LE(BigInt(header.length));
  writeAtomically(path, (append) => {
    append(lead);
    append(header);
    for (const [name, { shape, values }] of Object.entries(tensors)) {
      const data = values();
      const size = shape.reduce((a, b) => a * b, 1);
      ensure(data.length === size, `${name} of shape [${shape.join(', ')}] must have ${size} values, got ${data.length}`);
      append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}
