/**
 * TensorFlow's own operations, thinly typed and without gradients: the words in which the ops of this folder write down their forward pass and
 * their hand-written gradient. Float32 unless the name says otherwise. Each is one kernel call, so each is one node of a recorded graph.
 */
import { backend, DataType, tf, type Tensor } from '../runtime/tensorflow';
import { execute, FLOAT, INT, ints, kernel } from './kernel';

const BOOL = { type: DataType.bool };
const T = { T: FLOAT };

/** A float32 scalar constant. */
export const scalar = (value: number): Tensor => tf.scalar(value, 'float32');

const unary = (op: string) => (x: Tensor) => kernel(op, [x], T);
const binary = (op: string) => (a: Tensor, b: Tensor | number) => kernel(op, [a, typeof b === 'number' ? scalar(b) : b], T);

export const erf = unary('Erf');
export const exp = unary('Exp');
export const square = unary('Square');
export const rsqrt = unary('Rsqrt');
export const softmax = unary('Softmax');
export const add = binary('AddV2');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const maximum = binary('Maximum');
/** x / y, and 0 where y is 0. */
export const divNoNan = binary('DivNoNan');
/** (a − b)², element by element. */
export const squaredDifference = binary('SquaredDifference');

/** x + b along the last axis: [..., C] + [C]. */
export const biasAdd = (x: Tensor, b: Tensor): Tensor => kernel('BiasAdd', [x, b], T);
/** Sums over all axes but the last: the gradient of `biasAdd` for b. */
export const biasAddGrad = (dy: Tensor): Tensor => kernel('BiasAddGrad', [dy], T);

/** a·b of two matrices, each transposed first where asked. */
export const matMul = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor =>
  kernel('MatMul', [a, b], { ...T, transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } });

/** a·b over the last two axes, the others are a batch. */
export const batchMatMul = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor =>
  kernel('BatchMatMulV2', [a, b], { ...T, adj_x: { bool: transposeA }, adj_y: { bool: transposeB } });

const reduction =
  (op: string) =>
  (x: Tensor, axes: number[], keepDims = false) =>
    kernel(op, [x, ints(axes)], { ...T, Tidx: INT, keep_dims: { bool: keepDims } });
export const sum = reduction('Sum');
export const mean = reduction('Mean');

export const reshape = (x: Tensor, shape: number[]): Tensor => kernel('Reshape', [x, ints(shape)], { ...typeOf(x), Tshape: INT });
export const transpose = (x: Tensor, order: number[]): Tensor => kernel('Transpose', [x, ints(order)], { ...T, Tperm: INT });
/** Joins tensors of one shape along a new first axis. */
export const pack = (xs: Tensor[]): Tensor => kernel('Pack', xs, { ...T, N: { int: xs.length }, axis: { int: 0 } });
/** Cuts the first axis away: [n, ...] → n tensors [...]. */
export const unpack = (x: Tensor): Tensor[] =>
  kernels('Unpack', [x], { ...T, num: { int: x.shape[0] }, axis: { int: 0 } }, x.shape[0]);

/** The first `count` entries along an axis. */
export const take = (x: Tensor, axis: number, count: number): Tensor =>
  kernel('Slice', [x, ints(x.shape.map(() => 0)), ints(x.shape.map((n, a) => (a === axis ? count : n)))], { ...T, Index: INT });
/** Zeros behind along an axis, to `length` entries: the gradient of `take`. */
export const extend = (x: Tensor, axis: number, length: number): Tensor => {
  const paddings = x.shape.map((n, a) => [0, a === axis ? length - n : 0]);
  return kernel('Pad', [x, tf.tensor2d(paddings, [x.rank, 2], 'int32')], { ...T, Tpaddings: INT });
};

/** Rows of `table` by int32 index: [V, H] at [...] → [..., H]. */
export const gatherRows = (table: Tensor, ids: Tensor): Tensor =>
  kernel('GatherV2', [table, ids, tf.scalar(0, 'int32')], {
    Tparams: typeOf(table).T,
    Tindices: INT,
    Taxis: INT,
    batch_dims: { int: 0 },
  });
/** Adds up rows by segment: out[s] = Σ x[i] over segments[i] = s; a negative segment is dropped. */
export const segmentSum = (x: Tensor, segments: Tensor, count: number): Tensor =>
  kernel('UnsortedSegmentSum', [x, segments, tf.scalar(count, 'int32')], { ...T, Tindices: INT, Tnumsegments: INT });

/** a ≥ b as bool. */
export const greaterEqual = (a: Tensor, b: number): Tensor => kernel('GreaterEqual', [a, scalar(b)], T);
/** a = b of int32 tensors as bool. */
export const equalInt = (a: Tensor, b: number): Tensor =>
  kernel('Equal', [a, tf.scalar(b, 'int32')], { T: INT, incompatible_shape_error: { bool: true } });
/** a ≠ b of int32 tensors as bool. */
export const notEqualInt = (a: Tensor, b: number): Tensor =>
  kernel('NotEqual', [a, tf.scalar(b, 'int32')], { T: INT, incompatible_shape_error: { bool: true } });
/** condition ? a : b, broadcasting. */
export const select = (condition: Tensor, a: Tensor, b: Tensor): Tensor => kernel('SelectV2', [condition, a, b], typeOf(a));
export const toFloat = (x: Tensor): Tensor =>
  x.dtype === 'float32' ? x : kernel('Cast', [x], { SrcT: typeOf(x).T, DstT: FLOAT, Truncate: { bool: false } });
export const toInt = (x: Tensor): Tensor => kernel('Cast', [x], { SrcT: typeOf(x).T, DstT: INT, Truncate: { bool: false } });

/** Cross-entropy of each row and its gradient for the logits: [N, K], int32 [N] in 0..K−1 → [N], [N, K]. */
export const sparseSoftmaxCrossEntropy = (logits: Tensor, labels: Tensor): Tensor[] =>
  kernels('SparseSoftmaxCrossEntropyWithLogits', [logits, labels], { ...T, Tlabels: INT }, 2);

/** Like `kernel`, for an operation of several outputs. */
export function kernels(op: string, inputs: Tensor[], attributes: Parameters<typeof execute>[2], outputs: number): Tensor[] {
  const b = backend();
  return execute(op, b.getInputTensorIds(inputs), attributes, outputs).map((o) => b.createOutputTensor(o));
}

function typeOf(x: Tensor): { T: { type: number } } {
  if (x.dtype === 'int32') return { T: INT };
  return { T: x.dtype === 'bool' ? BOOL : FLOAT };
}
