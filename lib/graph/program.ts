import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST } from '../ops/host';
import { handle, kernel } from '../ops/kernel';
import { ensure, InputError } from '../runtime/errors';
import { backend, tf, type Tensor } from '../runtime/tensorflow';
import { dtypeNumber, GraphBuilder, type Dtype } from './proto';
import { Recorder, type Precision } from './recorder';
import { State, type VariableSpec } from './state';

export interface FeedSpec {
  shape: readonly number[];
  dtype: Dtype;
}

/** The tensors an entry is fed, by name, for one batch shape. */
export type FeedSpecs = Readonly<Record<string, FeedSpec>>;
/** The tensors an entry gives back, by name. */
export type Outputs = Readonly<Record<string, Tensor>>;
export type Values = Record<string, Float32Array | Int32Array>;

/** An entry point: an ordinary function of the state and what is fed. */
export interface Entry {
  step: (state: State, feeds: Readonly<Record<string, Tensor>>) => Outputs;
  /** The batch shapes it may be run with, by the name of their bucket. */
  buckets: Readonly<Record<string, FeedSpecs>>;
}

export interface ProgramOptions {
  precision?: Precision;
  /** Run the step functions directly instead of recording them; `ESCI_EAGER=1` sets it too. */
  eager?: boolean;
}

/** Variables are written and read in groups of at most this many bytes a call. */
const GROUP_BYTES = 1 << 28;

/**
 * A set of entry points over shared state variables. Each entry is recorded once per bucket, all into one graph, which TensorFlow then runs
 * with a single native call per step; the state stays inside. With `eager` the same functions run kernel by kernel.
 *
 *     const program = new Program(variables, { train: { step, buckets }, evaluate: … }, { precision: 'bf16' });
 *     program.write(initial);
 *     const { loss } = program.run('train', '64', { inputIds, attentionMask, labels, … });
 *
 * Throws an InputError for an entry, bucket or feed that was not declared, and for what a recorded step may not do (see Recorder).
 */
export class Program {
  private readonly state: State;
  private readonly groups: string[][];
  private session?: number;
  private readonly outputs = new Map<string, string[]>();
  /** Nodes of the recorded graph; 0 when eager. */
  readonly nodes: number = 0;
  readonly eager: boolean;

  constructor(
    variables: Readonly<Record<string, VariableSpec>>,
    private readonly entries: Readonly<Record<string, Entry>>,
    options: ProgramOptions = {},
  ) {
    this.state = new State(variables);
    this.groups = groupBySize(variables);
    this.eager = options.eager ?? process.env.ESCI_EAGER === '1';
    if (this.eager) {
      ensure((options.precision ?? 'f32') === 'f32', 'precision bf16 needs a recorded program: eager tfjs has no bfloat16');
      return;
    }
    const graph = new GraphBuilder();
    for (const [name, spec] of Object.entries(variables))
      graph.variable(name, dtypeNumber[spec.dtype ?? 'float32'], spec.shape, spec.host ? HOST : '');
    try {
      for (const [entry, { buckets }] of Object.entries(entries))
        for (const bucket of Object.keys(buckets)) this.recordEntry(graph, entry, bucket, options.precision ?? 'f32');
    } finally {
      this.state.dispose();
    }
    this.recordAccess(graph);
    this.nodes = graph.size;
    const folder = mkdtempSync(join(tmpdir(), 'graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), graph.savedModel());
      this.session = backend().binding.loadSavedModel(folder + '/', 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private recordEntry(graph: GraphBuilder, entry: string, bucket: string, precision: Precision): void {
    const prefix = `${entry}.${bucket}`;
    const recorder = new Recorder(graph, prefix, this.state, precision);
    tf.tidy(() => {
      const feeds: Record<string, Tensor> = {};
      for (const [name, { shape, dtype }] of Object.entries(this.entries[entry].buckets[bucket])) {
        feeds[name] = tf.fill([...shape], 0, dtype);
        recorder.bind(feeds[name], graph.placeholder(`${prefix}/in/${name}`, dtypeNumber[dtype], shape));
      }
      recorder.record(() => {
        const outputs = this.entries[entry].step(this.state, feeds);
        this.outputs.set(prefix, Object.keys(outputs));
        for (const [name, tensor] of Object.entries(outputs)) {
          ensure(tensor.dtype in dtypeNumber, `output ${name} of ${entry} is ${tensor.dtype}: cast it to float32 or int32`);
          graph.identity(`${prefix}/out/${name}`, recorder.nodeOf(tensor), dtypeNumber[tensor.dtype as Dtype], recorder.effects);
        }
      });
    });
  }

  /**
   * Entries that write and read each group of variables. What is written is copied first: a fed tensor may share the memory of the JavaScript array it
   * was made from, and a variable that kept it would give it back to Node from one of TensorFlow's threads, at its first update. Node does not allow that.
   */
  private recordAccess(graph: GraphBuilder): void {
    this.groups.forEach((names, g) => {
      const writes = names.map((name) => {
        const type = dtypeNumber[this.state.specs[name].dtype ?? 'float32'];
        const value = graph.placeholder(`write${g}/in/${name}`, type, this.state.specs[name].shape);
        graph.identity(
          `read${g}/out/${name}`,
          graph.node('ReadVariableOp', `read${g}/${name}`, [name], { dtype: ['type', type] }),
          type,
        );
        const device = this.state.onHost(name) ? HOST : '';
        const own = graph.node('DeepCopy', `write${g}/copy/${name}`, [value], { T: ['type', type] }, device);
        return graph.node('AssignVariableOp', `write${g}/${name}`, [name, own], { dtype: ['type', type] });
      });
      const done = graph.constant(`write${g}/one`, dtypeNumber.float32, [], new Float32Array([1]));
      graph.identity(`write${g}/out/done`, done, dtypeNumber.float32, writes);
    });
  }

  /** Runs an entry on one batch and returns its outputs. Feeds are flat arrays in row-major order; a number may stand for a scalar. */
  run(entry: string, bucket: string, feeds: Readonly<Record<string, ArrayLike<number> | number>>): Values {
    const declared = this.entries[entry];
    ensure(declared, `entry ${entry} is not declared: there are ${Object.keys(this.entries).join(', ')}`);
    const specs = declared.buckets[bucket];
    ensure(specs, `bucket ${bucket} of entry ${entry} is not declared: there are ${Object.keys(declared.buckets).join(', ')}`);
    const tensors = feedTensors(entry, specs, feeds);
    try {
      if (!this.eager) {
        const prefix = `${entry}.${bucket}`;
        return this.call(tensors, `${prefix}/in/`, `${prefix}/out/`, this.outputs.get(prefix)!);
      }
      return tf.tidy(() => {
        const outputs = declared.step(this.state, tensors);
        return Object.fromEntries(Object.entries(outputs).map(([k, t]) => [k, t.dataSync() as Float32Array | Int32Array]));
      });
    } finally {
      tf.dispose(tensors);
    }
  }

  /**
   * Sets every variable from `source`, zeros where it gives none, a group at a time: only one group's values (256 MiB, or one larger variable) need be in
   * memory beside the state.
   */
  fill(source: (name: string) => ArrayLike<number> | undefined): void {
    for (const names of this.groups) {
      const values = names.map((n) => [n, source(n) ?? new Float32Array(sizeOf(this.state.specs[n].shape))] as const);
      this.write(Object.fromEntries(values));
    }
  }

  /** A reader of single variables that keeps the group it read last: for saving them in their order without all of them in memory. */
  reader(): (name: string) => Values[string] {
    let last: { group: number; values: Values } | undefined;
    return (name) => {
      const group = this.groups.findIndex((names) => names.includes(name));
      ensure(group >= 0, `state variable ${name} is not declared`);
      if (last?.group !== group) {
        last = undefined; // let go of the old group before the new one is read
        last = { group, values: this.readGroup(group) };
      }
      return last.values[name];
    };
  }

  private call(feeds: Record<string, Tensor>, inPrefix: string, outPrefix: string, outputs: string[]): Values {
    const { binding } = backend();
    const names = Object.keys(feeds);
    const results = binding.runSavedModel(
      this.session!,
      names.map((n) => handle(feeds[n])),
      names.map((n) => inPrefix + n).join(','),
      outputs.map((n) => outPrefix + n).join(','),
    );
    return Object.fromEntries(
      results.map(({ id }, i) => {
        const value = binding.tensorDataSync(id) as Float32Array | Int32Array;
        binding.deleteTensor(id);
        return [outputs[i], value];
      }),
    );
  }

  /** Sets the variables that are given; the others become 0 where `rest` is `zero` and stay as they are where it is `keep`. */
  write(values: Readonly<Record<string, ArrayLike<number>>>, rest: 'keep' | 'zero' = 'keep'): void {
    for (const name of Object.keys(values)) ensure(this.state.has(name), `state variable ${name} is not declared`);
    this.groups.forEach((names, g) => {
      if (rest === 'keep' && !names.some((n) => n in values)) return;
      const present = rest === 'keep' && !names.every((n) => n in values) ? this.readGroup(g) : {};
      const specs = Object.fromEntries(
        names.map((n) => [n, { shape: this.state.specs[n].shape, dtype: this.state.specs[n].dtype ?? 'float32' }]),
      );
      const feeds = feedTensors(
        'write',
        specs,
        Object.fromEntries(names.map((n) => [n, values[n] ?? present[n] ?? new Float32Array(sizeOf(specs[n].shape))])),
      );
      try {
        if (this.eager) tf.tidy(() => names.forEach((n) => this.state.assign(n, copied(feeds[n]))));
        else this.call(feeds, `write${g}/in/`, `write${g}/out/`, ['done']);
      } finally {
        tf.dispose(feeds);
      }
    });
  }

  /** The values of the named variables, or of all. */
  read(names: readonly string[] = this.state.names): Values {
    const wanted = new Set(names);
    for (const name of names) ensure(this.state.has(name), `state variable ${name} is not declared`);
    const values: Values = {};
    this.groups.forEach((group, g) => {
      if (!group.some((n) => wanted.has(n))) return;
      for (const [n, v] of Object.entries(this.readGroup(g))) if (wanted.has(n)) values[n] = v;
    });
    return values;
  }

  private readGroup(g: number): Values {
    const names = this.groups[g];
    if (!this.eager) return this.call({}, '', `read${g}/out/`, names);
    return tf.tidy(() => Object.fromEntries(names.map((n) => [n, this.state.read(n).dataSync() as Float32Array])));
  }

  dispose(): void {
    this.state.dispose();
    if (this.session !== undefined) backend().binding.deleteSavedModel(this.session);
    this.session = undefined;
  }
}

/** The tensor in memory of its own. */
const copied = (tensor: Tensor): Tensor => kernel('DeepCopy', [tensor], { T: { type: dtypeNumber[tensor.dtype as Dtype] } });

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function groupBySize(variables: Readonly<Record<string, VariableSpec>>): string[][] {
  const groups: string[][] = [];
  let bytes = Infinity;
  for (const [name, { shape }] of Object.entries(variables)) {
    if (bytes + 4 * sizeOf(shape) > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups[groups.length - 1].push(name);
    bytes += 4 * sizeOf(shape);
  }
  return groups;
}

function feedTensors(
  entry: string,
  specs: FeedSpecs,
  feeds: Readonly<Record<string, ArrayLike<number> | number>>,
): Record<string, Tensor> {
  for (const name of Object.keys(feeds))
    if (!(name in specs)) throw new InputError(`${entry} is not fed ${name}: it takes ${Object.keys(specs).join(', ')}`);
  const arrays = Object.entries(specs).map(([name, { shape, dtype }]) => {
    const given = feeds[name];
    ensure(given !== undefined, `${entry} must be fed ${name} of shape [${shape}]`);
    const values = typeof given === 'number' ? [given] : given;
    ensure(
      values.length === sizeOf(shape),
      `${name} of ${entry} must hold ${sizeOf(shape)} numbers for shape [${shape}], got ${values.length}`,
    );
    const wanted = dtype === 'int32' ? Int32Array : Float32Array;
    return [name, shape, dtype, values instanceof wanted ? values : wanted.from(values)] as const;
  });
  return Object.fromEntries(arrays.map(([name, shape, dtype, values]) => [name, tf.tensor(values, [...shape], dtype)]));
}
