/**
 * The few TensorFlow messages that a recorded program is written with (GraphDef, SavedModel), through the protocol-buffer code that
 * tfjs-node ships. Its file sets a global, `proto.tensorflow`; everything about that stays in here.
 */
import '../runtime/tensorflow';
import '@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js';
import { DataType } from '../runtime/tensorflow';

/* eslint-disable @typescript-eslint/no-explicit-any -- the shipped protocol-buffer code has no types for its global */
const messages = (globalThis as any).proto.tensorflow as Record<string, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

export type AttributeKind = 'type' | 'int' | 'float' | 'bool' | 'string' | 'shape' | 'ints' | 'tensor';
export type AttributeValue = readonly [kind: AttributeKind, value: unknown];

interface Message {
  serializeBinary(): Uint8Array;
}

function shapeMessage(dims: readonly number[]): Message {
  const shape = new messages.TensorShape();
  for (const size of dims) {
    const dim = new messages.TensorShape.Dim();
    dim.setSize(size);
    shape.addDim(dim);
  }
  return shape as Message;
}

function attributeMessage([kind, value]: AttributeValue): Message {
  const attribute = new messages.AttrValue();
  if (kind === 'type') attribute.setType(value);
  else if (kind === 'int') attribute.setI(value);
  else if (kind === 'float') attribute.setF(value);
  else if (kind === 'bool') attribute.setB(value);
  else if (kind === 'string') attribute.setS(Buffer.from(value as string).toString('base64'));
  else if (kind === 'shape') attribute.setShape(shapeMessage(value as number[]));
  else if (kind === 'tensor') attribute.setTensor(value);
  else {
    const list = new messages.AttrValue.ListValue();
    list.setIList(value);
    attribute.setList(list);
  }
  return attribute as Message;
}

/** A GraphDef under construction. */
export class GraphBuilder {
  private readonly graph = new messages.GraphDef();
  size = 0;

  /** Adds a node and returns its name. A control input is written `^name`. Without a device TensorFlow places it. */
  node(op: string, name: string, inputs: readonly string[], attributes: Record<string, AttributeValue>, device = ''): string {
    const node = new messages.NodeDef();
    node.setDevice(device);
    node.setName(name);
    node.setOp(op);
    node.setInputList(inputs);
    for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, attributeMessage(value));
    this.graph.addNode(node);
    this.size++;
    return name;
  }

  /** Adds a constant holding `data`'s bytes. */
  constant(name: string, dtype: number, dims: readonly number[], data: ArrayBufferView): string {
    const tensor = new messages.Tensor();
    tensor.setDtype(dtype);
    tensor.setTensorShape(shapeMessage(dims));
    tensor.setTensorContent(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'));
    return this.node('Const', name, [], { dtype: ['type', dtype], value: ['tensor', tensor] });
  }

  placeholder(name: string, dtype: number, dims: readonly number[]): string {
    return this.node('Placeholder', name, [], { dtype: ['type', dtype], shape: ['shape', dims] });
  }

  variable(name: string, dtype: number, dims: readonly number[], device = ''): string {
    const shared: Record<string, AttributeValue> = { shared_name: ['string', name], container: ['string', ''] };
    return this.node('VarHandleOp', name, [], { dtype: ['type', dtype], shape: ['shape', dims], ...shared }, device);
  }

  /** An identity of `input` that runs only after `effects`. */
  identity(name: string, input: string, dtype: number, effects: readonly string[] = []): string {
    return this.node('Identity', name, [input, ...effects.map((e) => '^' + e)], { T: ['type', dtype] });
  }

  /** The bytes of a SavedModel holding this graph under the tag `serve`. */
  savedModel(): Uint8Array {
    const versions = new messages.VersionDef();
    versions.setProducer(2000);
    this.graph.setVersions(versions);
    const info = new messages.MetaGraphDef.MetaInfoDef();
    info.setTagsList(['serve']);
    const meta = new messages.MetaGraphDef();
    meta.setMetaInfoDef(info);
    meta.setGraphDef(this.graph);
    const saved = new messages.SavedModel();
    saved.setSavedModelSchemaVersion(1);
    saved.addMetaGraphs(meta);
    return (saved as Message).serializeBinary();
  }
}

export const dtypeNumber = { float32: DataType.float32, int32: DataType.int32 } as const;
export type Dtype = keyof typeof dtypeNumber;
