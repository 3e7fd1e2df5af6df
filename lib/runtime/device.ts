import { availableParallelism, cpus, totalmem } from 'node:os';
import { now } from './clock';
import { backend, DataType } from './tensorflow';

/** What TensorFlow computes on. Memory in bytes. */
export interface DeviceReport {
  tensorflow: string;
  device: 'cpu' | 'gpu';
  /** The processor's name; the GPU's is in `findGpus()`. */
  cpu: string;
  cores: number;
  memoryBytes: number;
  /** Threads as told by TF_NUM_INTRAOP_THREADS and TF_NUM_INTEROP_THREADS; 0 is TensorFlow's own choice. */
  intraThreads: number;
  interThreads: number;
}

/** The device that the addon found, and the machine's size. */
export function deviceReport(): DeviceReport {
  return {
    tensorflow: backend().binding.TF_Version,
    device: backend().isUsingGpuDevice ? 'gpu' : 'cpu',
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    intraThreads: Number(process.env.TF_NUM_INTRAOP_THREADS ?? 0),
    interThreads: Number(process.env.TF_NUM_INTEROP_THREADS ?? 0),
  };
}

/**
 * Speed of an n × n matrix product in GFLOP/s (2 n³ per product): the best of `rounds` rounds of `repeats`, after one product that warms up. Both
 * matrices hold ones, and one element of the product is read back and must be n: so a broken kernel is an error and not a figure.
 * On an NVIDIA card of capability 8.0 or newer TensorFlow computes float32 products in TF32 unless NVIDIA_TF32_OVERRIDE=0 was set at the start.
 */
export function matmulSpeed(precision: 'float32' | 'bfloat16', n = 1024, rounds = 3, repeats = 5): number {
  const { binding } = backend();
  const dtype = DataType[precision];
  const made: number[] = [];
  const op = (name: string, attributes: [string, 'TYPE' | 'BOOL', unknown][], inputs: number[]): number => {
    const typed = attributes.map(([key, kind, value]) => ({ name: key, type: binding[`TF_ATTR_${kind}`], value }));
    const [{ id }] = binding.executeOp(name, typed, inputs, 1);
    made.push(id);
    return id;
  };
  const cast = (id: number, from: number, to: number): number =>
    from === to
      ? id
      : op('Cast', [['SrcT', 'TYPE', from], ['DstT', 'TYPE', to], ['Truncate', 'BOOL', false]], [id]); // prettier-ignore
  const multiply = (id: number): number =>
    op('MatMul', [['T', 'TYPE', dtype], ['transpose_a', 'BOOL', false], ['transpose_b', 'BOOL', false]], [id, id]); // prettier-ignore
  const upload = (shape: number[], type: number, data: Float32Array | Int32Array): number => {
    made.push(binding.createTensor(shape, type, data));
    return made[made.length - 1];
  };
  try {
    const ones = cast(upload([n, n], DataType.float32, new Float32Array(n * n).fill(1)), DataType.float32, dtype);
    const corner = [upload([2], DataType.int32, Int32Array.of(0, 0)), upload([2], DataType.int32, Int32Array.of(1, 1))];
    const first = (id: number): number => {
      const one = op('Slice', [['T', 'TYPE', dtype], ['Index', 'TYPE', DataType.int32]], [id, ...corner]); // prettier-ignore
      return binding.tensorDataSync(cast(one, dtype, DataType.float32))[0];
    };
    const check = first(multiply(ones));
    if (check !== n) throw new Error(`a ${n} × ${n} product of ones has ${check} in it, expected ${n} (${precision})`);
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const start = now();
      let last = ones;
      for (let i = 0; i < repeats; i++) {
        if (last !== ones) binding.deleteTensor(made.pop()!);
        last = multiply(ones);
      }
      first(last); // waits for a GPU
      best = Math.min(best, now() - start);
    }
    return (2 * n ** 3 * repeats) / best / 1e6;
  } finally {
    for (const id of made) binding.deleteTensor(id);
  }
}
