import { backend, DataType, tf, type NativeAttribute, type Tensor } from '../runtime/tensorflow';

/** An attribute of a TensorFlow op, by kind. (Lists of strings, of types, and functions cannot pass tfjs-node's addon.) */
export type Attributes = Record<
  string,
  | { type: number }
  | { int: number }
  | { float: number }
  | { bool: boolean }
  | { string: string }
  | { shape: number[] }
  | { ints: number[] }
>;

export const FLOAT = { type: DataType.float32 };
export const INT = { type: DataType.int32 };

/** Runs one TensorFlow op by name on native handles. Works eagerly and while a graph is recorded. Most code wants `kernel`. */
export function execute(op: string, inputs: number[], attributes: Attributes, outputs = 1) {
  const { binding } = backend();
  const native = Object.entries(attributes).map(([name, a]): NativeAttribute => {
    if ('type' in a) return { name, type: binding.TF_ATTR_TYPE, value: a.type };
    if ('int' in a) return { name, type: binding.TF_ATTR_INT, value: a.int };
    if ('float' in a) return { name, type: binding.TF_ATTR_FLOAT, value: a.float };
    if ('bool' in a) return { name, type: binding.TF_ATTR_BOOL, value: a.bool };
    if ('string' in a) return { name, type: binding.TF_ATTR_STRING, value: a.string };
    if ('shape' in a) return { name, type: binding.TF_ATTR_SHAPE, value: a.shape };
    return { name, type: binding.TF_ATTR_INT, value: a.ints };
  });
  return binding.executeOp(op, native, inputs, outputs);
}

/**
 * Runs one TensorFlow op by name on tensors and returns its first output, owned by the surrounding `tidy`.
 * It has no gradient of its own: wrap it in `tf.customGrad` where one is needed.
 */
export function kernel(op: string, inputs: Tensor[], attributes: Attributes = {}): Tensor {
  const b = backend();
  const [result] = execute(op, b.getInputTensorIds(inputs), attributes);
  return b.createOutputTensor(result);
}

/** The native handle of a tensor, uploading it first where it still lives in JavaScript. */
export function handle(tensor: Tensor): number {
  return backend().getInputTensorIds([tensor])[0];
}

/** An int32 constant of rank 1. */
export const ints = (values: ArrayLike<number>): Tensor => tf.tensor1d(Int32Array.from(values), 'int32');
