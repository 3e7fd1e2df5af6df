import util from 'node:util';

// Node 23 removed these two; tfjs-node 4.22 still calls them (fixed on its main branch, never released).
const legacy = util as unknown as Record<string, unknown>;
legacy.isNullOrUndefined ??= (x: unknown) => x === null || x === undefined;
legacy.isArray ??= Array.isArray;
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
// One GPU: the addon uploads to the last card listed while TensorFlow computes on the first. And memory taken as it is needed, not all at once.
process.env.CUDA_VISIBLE_DEVICES ??= '0';
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
// TensorFloat-32 on NVIDIA GPUs: on unless ESCI_TF32=0. CUDA's libraries read this variable; a run record says which it was.
if (process.env.ESCI_TF32 === '0') process.env.NVIDIA_TF32_OVERRIDE = '0';
