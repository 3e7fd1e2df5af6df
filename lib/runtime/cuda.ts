import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What TensorFlow loads at its start for a GPU, in that order: the driver's library, then CUDA's, each with the wheel it is in. */
const LIBRARIES: readonly [name: string, wheel?: string][] = [
  ['libcuda.so.1'],
  ['libcudart.so.12', 'cuda_runtime'],
  ['libcublas.so.12', 'cublas'],
  ['libcublasLt.so.12', 'cublas'],
  ['libcufft.so.11', 'cufft'],
  ['libcusolver.so.11', 'cusolver'],
  ['libcusparse.so.12', 'cusparse'],
  ['libcudnn.so.9', 'cudnn'],
];

/** The reason why a shared library does not load; undefined where it does. */
export function loadFailure(path: string): string | undefined {
  try {
    (process as unknown as { dlopen: (module: object, path: string) => void }).dlopen({ exports: {} }, path);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return /did not self-register/.test(message) ? undefined : message.split('\n')[0]; // it loaded; it is only no addon of Node's
  }
}

/** Which of the libraries that a GPU needs does not load, in words; undefined where all do. `folder` is the unpacked TensorFlow with `nvidia/` beside it. */
export function cudaFailure(folder: string | undefined, load = loadFailure): string | undefined {
  for (const [name, wheel] of LIBRARIES) {
    const own = folder && wheel ? join(folder, 'nvidia', wheel, 'lib', name) : undefined;
    const why = load(own && existsSync(own) ? own : name);
    if (why === undefined) continue;
    if (!wheel)
      return `the driver's library ${name} does not load (${why}): in a container it comes from NVIDIA's container toolkit`;
    return `${name} does not load (${why}): run npm run setup -- --gpu again`;
  }
  return undefined;
}
