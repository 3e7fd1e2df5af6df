import util from 'node:util';

// Node 23 removed these two; tfjs-node 4.22 still calls them (fixed on its main branch, never released).
const legacy = util as unknown as Record<string, unknown>;
legacy.isNullOrUndefined ??= (x: unknown) => x === null || x === undefined;
legacy.isArray ??= Array.isArray;
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
