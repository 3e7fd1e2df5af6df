import { DataType, type NativeBinding, type NativeTensor } from '../runtime/tensorflow';
import type { Known } from './shapes';

/** Constants of at most this many numbers are remembered: shapes, axes, permutations. */
const LARGEST_VALUE = 64;

/** TensorFlow shares an array's memory where it lies at a multiple of 64 bytes and copies it elsewhere; memory of `malloc` lies at a multiple of 16. */
const OFFSETS = [0, 16, 32, 48];

/**
 * What a recorder knows of each tensor by its native handle, and tensors that stand in for those it does not compute: right in shape and type, all of them
 * views of one array of zeros, so that recording a step of any size takes neither its memory nor its time.
 */
export class StandIns {
  private readonly known = new Map<number, Known>();
  private zeros = new ArrayBuffer(0);
  private offset = 0;

  /** Remembers a tensor, with its numbers where it is a small int32 constant. */
  note(id: number, shape: readonly number[], dtype: number, data?: ArrayBufferView): void {
    const value = data instanceof Int32Array && data.length <= LARGEST_VALUE ? data.slice() : undefined;
    this.known.set(id, { shape, dtype, ...(value ? { value } : {}) });
  }

  /** What is known of tensors; undefined where something is not. */
  of(ids: readonly number[]): Known[] | undefined {
    const all = ids.map((id) => this.known.get(id));
    return all.every((k) => k !== undefined) ? all : undefined;
  }

  /** A tensor of this shape and type; undefined for a type that JavaScript has no array for. */
  make(native: NativeBinding, { shape, dtype }: Known): NativeTensor | undefined {
    const array = { [DataType.float32]: Float32Array, [DataType.int32]: Int32Array, [DataType.bool]: Uint8Array }[dtype];
    if (!array) return undefined;
    const size = shape.reduce((a, b) => a * b, 1);
    const bytes = Math.max(...OFFSETS) + 4 * size;
    if (bytes > this.zeros.byteLength) {
      this.zeros = new ArrayBuffer(Math.max(1 << 26, bytes)); // pages that nothing touches take no memory
      this.offset = sharedOffset(native, this.zeros);
    }
    const dims = [...shape];
    const id = native.createTensor(dims, dtype, new array(this.zeros, this.offset, size));
    this.note(id, dims, dtype);
    return { id, shape: dims, dtype };
  }
}

/**
 * Where in an array TensorFlow shares its memory: found by a tensor that follows what is written to the array, since where an array lies depends on what the process
 * let go of before. 0 where no place does: tensors are then copies, which is as right but takes their memory.
 */
export function sharedOffset(native: NativeBinding, memory: ArrayBuffer): number {
  const shared = OFFSETS.find((offset) => {
    const array = new Float32Array(memory, offset, 1);
    const id = native.createTensor([1], DataType.float32, array);
    array[0] = 1;
    const [seen] = native.tensorDataSync(id) as Float32Array;
    array[0] = 0;
    native.deleteTensor(id);
    return seen === 1;
  });
  return shared ?? 0;
}
