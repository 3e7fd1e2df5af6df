/**
 * The one door to TensorFlow. Everything that needs `tf` imports it from here, because tfjs-node must find the two functions that
 * Node 23 removed, and the log level set, before it is first loaded.
 */
import './polyfill';
import * as tf from '@tensorflow/tfjs-node-gpu';

export { tf };
export type Tensor = tf.Tensor;

/** The result of one native kernel call: a handle into the addon's table of tensors. `dtype` is TensorFlow's DataType number. */
export interface NativeTensor {
  id: number;
  shape: number[];
  dtype: number;
}

export interface NativeAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** The parts of tfjs-node's addon that this library calls by name. */
export interface NativeBinding {
  executeOp(name: string, attributes: NativeAttribute[], inputs: number[], outputs: number): NativeTensor[];
  createTensor(shape: number[], dtype: number, data: ArrayBufferView | Uint8Array[]): number;
  deleteTensor(id: number): void;
  /** There only while a step is recorded: see `ops/barrier`. */
  barrier?(tensor: number, after: number): NativeTensor;
  /** There only while a step is recorded: see `ops/host`. */
  onHost?<T>(body: () => T): T;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | Float64Array;
  loadSavedModel(directory: string, tags: string): number;
  runSavedModel(session: number, inputs: number[], inputNames: string, outputNames: string): NativeTensor[];
  deleteSavedModel(session: number): void;
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  getNumOfSavedModel(): number;
  TF_Version: string;
  TF_ATTR_STRING: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_SHAPE: number;
}

interface NodeBackend {
  binding: NativeBinding;
  isUsingGpuDevice: boolean;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(metadata: NativeTensor): tf.Tensor;
}

/** tfjs-node's backend, typed. `backend().binding` may be a recorder's stand-in while a graph is recorded. */
export function backend(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}

export const DataType = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  half: 19,
  resource: 20,
} as const;
