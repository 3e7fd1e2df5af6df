import { HOST } from '../ops/host';
import { bfloat16Route } from '../runtime/bfloat16';
import { InputError } from '../runtime/errors';
import { backend, DataType, tf, type NativeAttribute, type NativeBinding, type NativeTensor } from '../runtime/tensorflow';
import { dtypeNumber, type AttributeValue, type GraphBuilder } from './proto';
import { outputsOf, type Known } from './shapes';
import { StandIns } from './stand-ins';
import type { State } from './state';

/**
 * `f32`, or `bf16`: matmuls take bfloat16 inputs and round what they add up (in float32) to bfloat16 before it is float32 again, as PyTorch's autocast does;
 * the rest stays float32. Where the machine multiplies float32 faster, the rounded numbers are multiplied as float32 (`runtime/bfloat16`).
 */
export type Precision = 'f32' | 'bf16';

const READS = new Set(['ReadVariableOp', 'ResourceGather']);
const MATMULS = new Set(['MatMul', 'BatchMatMulV2']);
/** A float array longer than this, made in JavaScript while recording, is taken for data that should be fed. */
const LARGEST_CONSTANT = 1024;

/**
 * Writes every kernel call that runs while `record` is active down as a node of a graph. tfjs calls `binding.executeOp` for each kernel,
 * its automatic differentiation included, so an ordinary step function becomes a graph by being run once. What its kernels would compute is nobody's
 * concern, so most are not carried out: a tensor of the right shape stands in for their result (`shapes.ts`).
 *
 * The same op on the same inputs is written down once, so a step function may compute a forward pass again wherever it needs it: a second
 * use costs nothing in the graph. Reads and in-place writes of a state variable keep their program order by control edges; writes are
 * written down but not carried out.
 * What would silently freeze a value into the graph is an error: reading a tensor, drawing tfjs's random numbers, assigning a tf.Variable,
 * using a tensor that was made before.
 */
export class Recorder {
  private readonly names = new Map<number, string>();
  private readonly constants = new Map<string, string>();
  private readonly halves = new Map<string, string>();
  private readonly computed = new Map<string, string>();
  private readonly variables = new Map<string, { write?: string; reads: string[] }>();
  private readonly standIns = new StandIns();
  /** Nodes with side effects: an entry's outputs depend on all of them. */
  readonly effects: string[] = [];
  private count = 0;
  private device = '';

  constructor(
    private readonly graph: GraphBuilder,
    private readonly prefix: string,
    private readonly state: State,
    private readonly precision: Precision,
  ) {}

  /** The node that made a tensor, `name` or `name:output`. */
  nodeOf(tensor: tf.Tensor): string {
    return this.lookup(backend().getInputTensorIds([tensor])[0], 'an output');
  }

  /** Declares that a tensor stands for a placeholder. */
  bind(tensor: tf.Tensor, node: string): void {
    const [id] = backend().getInputTensorIds([tensor]);
    this.names.set(id, node);
    this.standIns.note(id, tensor.shape, dtypeNumber[tensor.dtype as keyof typeof dtypeNumber]);
  }

  record<T>(body: () => T): T {
    const b = backend();
    const native = b.binding;
    const restore = this.forbid();
    for (const name of this.state.names) this.names.set(this.state.handleOf(name), name);
    b.binding = this.standIn(native);
    try {
      return body();
    } finally {
      b.binding = native;
      restore();
    }
  }

  private standIn(native: NativeBinding): NativeBinding {
    // The addon's own properties are read-only, so its stand-in is a plain object with the same ones.
    const own = native as unknown as Record<string, unknown>;
    const spy = Object.fromEntries(Object.getOwnPropertyNames(native).map((k) => [k, own[k]])) as unknown as NativeBinding;
    spy.createTensor = (shape, dtype, data) => {
      const id = native.createTensor(shape, dtype, data);
      if (dtype === DataType.string) return id;
      this.names.set(id, this.constant(dtype, shape, data as ArrayBufferView));
      this.standIns.note(id, shape, dtype, data as ArrayBufferView);
      return id;
    };
    spy.executeOp = (op, attributes, inputs, outputs) => this.execute(native, op, attributes, inputs, outputs);
    spy.barrier = (tensor, after) => this.barrier(native, tensor, after);
    spy.onHost = (body) => this.onHost(body);
    spy.tensorDataSync = () => {
      throw new InputError(
        'a tensor was read while a step is recorded: return it as an output of the entry and read it after the run',
      );
    };
    return spy;
  }

  /** The same value as another node, to be had once `after` has run: what is computed from it is not taken for what was computed before. */
  private barrier(native: NativeBinding, tensor: number, after: number): NativeTensor {
    const [node, gate] = [this.lookup(tensor, 'a barrier'), this.lookup(after, 'a barrier').split(':')[0]];
    const key = JSON.stringify(['barrier', node, gate]);
    const [known] = this.standIns.of([tensor])!;
    const name = this.computed.get(key) ?? this.graph.identity(`${this.prefix}/Again${this.count++}`, node, known.dtype, [gate]);
    this.computed.set(key, name);
    const made = this.standIns.make(native, known)!;
    this.names.set(made.id, name);
    return made;
  }

  private onHost<T>(body: () => T): T {
    const outer = this.device;
    this.device = HOST;
    try {
      return body();
    } finally {
      this.device = outer;
    }
  }

  private constant(dtype: number, shape: number[], data: ArrayBufferView): string {
    const size = shape.reduce((a, b) => a * b, 1);
    if (dtype === DataType.float32 && size > LARGEST_CONSTANT)
      throw new InputError(
        `${size} numbers of shape [${shape}] were made in JavaScript while a step is recorded: feed them, or draw them from a TensorKey`,
      );
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const key = `${dtype}/${shape}/${bytes.toString('base64')}`;
    let name = this.constants.get(key);
    if (!name) this.constants.set(key, (name = this.graph.constant(`${this.prefix}/const${this.count++}`, dtype, shape, data)));
    return name;
  }

  private lookup(id: number, reader: string): string {
    const name = this.names.get(id);
    if (!name)
      throw new InputError(
        `${reader} uses a tensor that was made before recording began: feed it, declare it as state, or make it inside the entry`,
      );
    return name;
  }

  private execute(
    native: NativeBinding,
    op: string,
    attributes: NativeAttribute[],
    inputs: number[],
    outputs: number,
  ): NativeTensor[] {
    const from = inputs.map((id) => this.lookup(id, op));
    const fresh = `${this.prefix}/${op}${this.count++}`;
    const named = Object.fromEntries(attributes.map((a) => [a.name, attributeOf(native, a)]));
    const control = this.order(op, from);
    const key = JSON.stringify([op, from, control, attributes, this.device]);
    const name = (outputs > 0 && this.computed.get(key)) || fresh;
    if (name === fresh) this.note(op, name, from);
    if (outputs === 0) {
      this.graph.node(op, name, [...from, ...control], named, this.device);
      this.effects.push(name);
      return [];
    }
    const results = this.resultsOf(native, op, attributes, named, inputs, outputs, from);
    if (name === fresh) {
      this.computed.set(key, name);
      if (this.precision === 'bf16' && MATMULS.has(op) && named.T[1] === DataType.float32) this.halfMatmul(op, name, from, named);
      else this.graph.node(op, name, [...from, ...control], named, this.device);
    }
    results.forEach((r, k) => this.names.set(r.id, k ? `${name}:${k}` : name));
    return results;
  }

  /** Control edges that keep reads and writes of each variable in program order. */
  private order(op: string, from: string[]): string[] {
    const edges = from.flatMap((variable) => {
      const past = this.variables.get(variable);
      return past ? [...(past.write ? [past.write] : []), ...(READS.has(op) ? [] : past.reads)] : [];
    });
    return [...new Set(edges)].map((node) => '^' + node);
  }

  /** Remembers that a new node reads or writes these variables. */
  private note(op: string, name: string, from: string[]): void {
    for (const variable of from) {
      if (!this.state.has(variable)) continue;
      const past = this.variables.get(variable) ?? { reads: [] };
      this.variables.set(variable, READS.has(op) ? { ...past, reads: [...past.reads, name] } : { write: name, reads: [] });
    }
  }

  /** Tensors of the shapes that an operation gives: stand-ins where its shapes can be told, else what TensorFlow computes from stand-ins. */
  private resultsOf(
    native: NativeBinding,
    op: string,
    attributes: NativeAttribute[],
    named: Record<string, AttributeValue>,
    inputs: number[],
    outputs: number,
    from: string[],
  ): NativeTensor[] {
    const known = READS.has(op) ? this.readOf(op, from[0], inputs) : this.shapesOf(op, inputs, named);
    const made = known?.length === outputs ? known.map((k) => this.standIns.make(native, k)) : [undefined];
    if (made.every((tensor) => tensor !== undefined)) return made;
    for (const tensor of made) if (tensor) native.deleteTensor(tensor.id);
    const results = native.executeOp(op, attributes, inputs, outputs);
    for (const { id, shape, dtype } of results) this.standIns.note(id, shape, dtype);
    return results;
  }

  private shapesOf(op: string, inputs: number[], named: Record<string, AttributeValue>): Known[] | undefined {
    const known = this.standIns.of(inputs);
    return known && outputsOf(op, known, named);
  }

  /** A variable's value, or the rows of it that an index asks for. */
  private readOf(op: string, variable: string, [, index]: number[]): Known[] {
    const { shape, dtype = 'float32' } = this.state.specs[variable];
    const rows = op === 'ResourceGather' ? this.standIns.of([index])![0].shape : shape.slice(0, 1);
    return [{ shape: [...rows, ...shape.slice(1)], dtype: dtypeNumber[dtype] }];
  }

  private halfMatmul(op: string, name: string, from: string[], attributes: Record<string, AttributeValue>): void {
    const cast = (node: string, input: string, source: number, target: number): string =>
      this.graph.node('Cast', node, [input], { SrcT: ['type', source], DstT: ['type', target], Truncate: ['bool', false] });
    const { float32, bfloat16 } = DataType;
    const wide = bfloat16Route(backend().isUsingGpuDevice) === 'float32';
    const rounded = (node: string, input: string): string =>
      cast(node, cast(`${node}/half`, input, float32, bfloat16), bfloat16, float32);
    const halves = from.map((input, i) => {
      const node = `${name}/half${i}`;
      const half = this.halves.get(input) ?? (wide ? rounded(node, input) : cast(node, input, float32, bfloat16));
      this.halves.set(input, half);
      return half;
    });
    const product = this.graph.node(op, `${name}/product`, halves, { ...attributes, T: ['type', wide ? float32 : bfloat16] });
    if (wide) rounded(name, product);
    else cast(name, product, bfloat16, float32);
  }

  /** Makes chance and tf.Variable.assign errors until the returned function is called. */
  private forbid(): () => void {
    const refuse = (object: object, method: string, message: string): (() => void) => {
      const own = Object.getOwnPropertyDescriptor(object, method)!;
      const value = (): never => {
        throw new InputError(message);
      };
      Object.defineProperty(object, method, { ...own, value });
      return () => Object.defineProperty(object, method, own);
    };
    const restores = [
      refuse(Math, 'random', "tfjs's random numbers would be frozen into the recorded step: draw from a TensorKey instead"),
      refuse(
        tf.Variable.prototype,
        'assign',
        'a tf.Variable was assigned while a step is recorded: declare it as state and use State.assign',
      ),
    ];
    return () => restores.forEach((restore) => restore());
  }
}

function attributeOf(native: NativeBinding, attribute: NativeAttribute): AttributeValue {
  const { type, value } = attribute;
  if (type === native.TF_ATTR_INT) return [Array.isArray(value) ? 'ints' : 'int', value];
  if (type === native.TF_ATTR_FLOAT) return ['float', value];
  if (type === native.TF_ATTR_BOOL) return ['bool', value];
  if (type === native.TF_ATTR_TYPE) return ['type', value];
  if (type === native.TF_ATTR_SHAPE) return ['shape', value];
  return ['string', value];
}
