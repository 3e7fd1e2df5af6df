import { DataType } from '../runtime/tensorflow';
import type { AttributeValue } from './proto';

/** What a recorder knows of a tensor: its shape, its TensorFlow type, and its numbers where it is a small int32 constant. */
export interface Known {
  shape: readonly number[];
  dtype: number;
  value?: Int32Array;
}

type Attributes = Readonly<Record<string, AttributeValue>>;
type Rule = (inputs: readonly Known[], attributes: Attributes) => Known[] | undefined;

const one = (shape: readonly number[] | undefined, dtype: number): Known[] | undefined =>
  shape ? [{ shape, dtype }] : undefined;
const number = (attributes: Attributes, name: string, fallback: number): number =>
  (attributes[name]?.[1] as number | undefined) ?? fallback;
const flag = (attributes: Attributes, name: string): boolean => Boolean(attributes[name]?.[1]);
/** An axis as a number ≥ 0, undefined where there is no such axis. */
const axisOf = (axis: number | undefined, rank: number): number | undefined => {
  const at = axis === undefined ? undefined : axis < 0 ? axis + rank : axis;
  return at !== undefined && at >= 0 && at < rank ? at : undefined;
};
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function broadcast(...shapes: (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const sizes = new Set(shapes.map((s) => s[s.length - rank + i] ?? 1).filter((n) => n !== 1));
    if (sizes.size > 1) return undefined;
    out.push(sizes.size ? [...sizes][0] : 1);
  }
  return out;
}

const first: Rule = ([x]) => one(x.shape, x.dtype);
const binary: Rule = ([a, b]) => one(broadcast(a.shape, b.shape), a.dtype);
const comparison: Rule = ([a, b]) => one(broadcast(a.shape, b.shape), DataType.bool);
const toShape =
  (at: number, dtype: (inputs: readonly Known[], attributes: Attributes) => number): Rule =>
  (inputs, attributes) => {
    const value = inputs[at].value;
    return one(value && [...value], dtype(inputs, attributes));
  };
const drawn = toShape(0, (_, attributes) => number(attributes, 'dtype', DataType.float32));

const reduction: Rule = ([x, axes], attributes) => {
  if (!axes.value) return undefined;
  const gone = new Set([...axes.value].map((a) => (a < 0 ? a + x.shape.length : a)));
  const kept = x.shape.map((n, i) => (gone.has(i) ? 1 : n));
  return one(flag(attributes, 'keep_dims') ? kept : kept.filter((_, i) => !gone.has(i)), x.dtype);
};

const matrices =
  (left: string, right: string): Rule =>
  ([a, b], attributes) => {
    const [m, k] = flag(attributes, left) ? [...a.shape.slice(-2)].reverse() : a.shape.slice(-2);
    const [l, n] = flag(attributes, right) ? [...b.shape.slice(-2)].reverse() : b.shape.slice(-2);
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return k === l && batch ? one([...batch, m, n], a.dtype) : undefined;
  };

const padded: Rule = ([x, paddings]) => {
  const { value } = paddings;
  return one(value && x.shape.map((n, i) => n + value[2 * i] + value[2 * i + 1]), x.dtype);
};

/** A rule a kernel: its outputs from its inputs; undefined where that cannot be told, and TensorFlow is to be asked. */
const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'Square Rsqrt Softmax LogSoftmax Erf Tanh Sigmoid Exp Log Neg Sqrt Abs Floor Identity DeepCopy ZerosLike OnesLike Cumsum BiasAdd AddN'
      .split(' ')
      .map((op) => [op, first]),
  ),
  ...Object.fromEntries(
    'Add AddV2 Sub Mul RealDiv DivNoNan Maximum Minimum SquaredDifference Pow'.split(' ').map((op) => [op, binary]),
  ),
  ...Object.fromEntries(
    'Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr'.split(' ').map((op) => [op, comparison]),
  ),
  ...Object.fromEntries('Sum Mean Max Min'.split(' ').map((op) => [op, reduction])),
  Cast: ([x], attributes) => one(x.shape, number(attributes, 'DstT', x.dtype)),
  SelectV2: ([c, a, b]) => one(broadcast(c.shape, a.shape, b.shape), a.dtype),
  MatMul: matrices('transpose_a', 'transpose_b'),
  BatchMatMulV2: matrices('adj_x', 'adj_y'),
  BiasAddGrad: ([x]) => one(x.shape.slice(-1), x.dtype),
  L2Loss: ([x]) => one([], x.dtype),
  Reshape: ([x, to]) => {
    if (!to.value) return undefined;
    const known = to.value.reduce((a, b) => (b < 0 ? a : a * b), 1);
    const shape = [...to.value].map((n) => (n < 0 ? sizeOf(x.shape) / known : n));
    return shape.every(Number.isInteger) && sizeOf(shape) === sizeOf(x.shape) ? one(shape, x.dtype) : undefined;
  },
  Transpose: ([x, order]) => one(order.value && [...order.value].map((a) => x.shape[a]), x.dtype),
  Pack: (xs, attributes) => {
    const shape = [...xs[0].shape];
    shape.splice(number(attributes, 'axis', 0), 0, xs.length);
    return one(shape, xs[0].dtype);
  },
  Unpack: ([x], attributes) => {
    const axis = axisOf(number(attributes, 'axis', 0), x.shape.length);
    if (axis === undefined) return undefined;
    const shape = x.shape.filter((_, i) => i !== axis);
    return Array.from({ length: x.shape[axis] }, () => ({ shape, dtype: x.dtype }));
  },
  GatherV2: ([table, ids, axis], attributes) => {
    const at = axisOf(axis.value?.[0], table.shape.length);
    if (at === undefined || number(attributes, 'batch_dims', 0)) return undefined;
    return one([...table.shape.slice(0, at), ...ids.shape, ...table.shape.slice(at + 1)], table.dtype);
  },
  UnsortedSegmentSum: ([x, segments, count]) =>
    one(count.value && [count.value[0], ...x.shape.slice(segments.shape.length)], x.dtype),
  ConcatV2: (inputs) => {
    const xs = inputs.slice(0, -1);
    const at = axisOf(inputs[inputs.length - 1].value?.[0], xs[0].shape.length);
    if (at === undefined) return undefined;
    return one(xs[0].shape.map((n, i) => (i === at ? xs.reduce((s, x) => s + x.shape[at], 0) : n)), xs[0].dtype); // prettier-ignore
  },
  Slice: ([x, begin, size]) => {
    const [b, s] = [begin.value, size.value];
    return one(b && s && x.shape.map((n, i) => (s[i] < 0 ? n - b[i] : s[i])), x.dtype);
  },
  SplitV: ([x, sizes, axis]) => {
    const at = axisOf(axis.value?.[0], x.shape.length);
    if (at === undefined || !sizes.value || [...sizes.value].some((n) => n < 0)) return undefined;
    return [...sizes.value].map((part) => ({ shape: x.shape.map((n, i) => (i === at ? part : n)), dtype: x.dtype }));
  },
  Pad: padded,
  PadV2: padded,
  StatelessRandomUniform: drawn,
  StatelessRandomNormal: drawn,
  BroadcastTo: toShape(1, ([x]) => x.dtype),
  Fill: toShape(0, ([, value]) => value.dtype),
  SparseSoftmaxCrossEntropyWithLogits: ([logits]) => [
    { shape: logits.shape.slice(0, 1), dtype: logits.dtype },
    { shape: logits.shape, dtype: logits.dtype },
  ],
};

/**
 * Shapes and types of a kernel's outputs without running it, for the kernels that do nearly all of a step's work and hold nearly all of its memory.
 * Undefined for another kernel, and where the inputs do not fit one another: TensorFlow then says what is wrong.
 */
export function outputsOf(op: string, inputs: readonly Known[], attributes: Attributes): Known[] | undefined {
  const rule = Object.prototype.hasOwnProperty.call(RULES, op) ? RULES[op] : undefined;
  return rule?.(inputs, attributes);
}
