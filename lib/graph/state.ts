import { ensure } from '../runtime/errors';
import { backend, type Tensor } from '../runtime/tensorflow';
import { execute, handle } from '../ops/kernel';
import { dtypeNumber, type Dtype } from './proto';

/** A state variable before it exists. Weights, optimiser moments, EMA shadows and queues are all state. */
export interface VariableSpec {
  shape: readonly number[];
  dtype?: Dtype;
  /** Kept in the machine's own memory, and changed there, where the rest is on a card. */
  host?: true;
}

let stores = 0;

/**
 * State variables by name, as TensorFlow resources: read as tensors, changed in place. The same calls run eagerly and, while a step is
 * recorded, become nodes of its graph; the recorder keeps reads and writes of one variable in program order.
 */
export class State {
  private readonly handles = new Map<string, number>();
  private readonly initialised = new Set<string>();
  private readonly store = `state${++stores}`;

  constructor(readonly specs: Readonly<Record<string, VariableSpec>>) {}

  /** The variable's native handle; the recorder maps it to the graph's variable of the same name. */
  handleOf(name: string): number {
    const spec = this.specs[name];
    ensure(spec, `state variable ${name} is not declared`);
    let id = this.handles.get(name);
    if (id === undefined) {
      const type = dtypeNumber[spec.dtype ?? 'float32'];
      const shared = `${this.store}/${name}`;
      id = execute('VarHandleOp', [], {
        dtype: { type },
        shape: { shape: [...spec.shape] },
        shared_name: { string: shared },
        container: { string: '' },
      })[0].id;
      this.handles.set(name, id);
    }
    return id;
  }

  private type(name: string) {
    return { type: dtypeNumber[this.specs[name].dtype ?? 'float32'] };
  }

  /** The variable's present value. */
  read(name: string): Tensor {
    const id = this.handleOf(name);
    const b = backend();
    return b.createOutputTensor(execute('ReadVariableOp', [id], { dtype: this.type(name) })[0]);
  }

  /** Replaces the variable's value. */
  assign(name: string, value: Tensor): void {
    ensure(
      String(value.shape) === String(this.specs[name]?.shape),
      `${name} has shape [${this.specs[name]?.shape}], got [${value.shape}]`,
    );
    execute('AssignVariableOp', [this.handleOf(name), handle(value)], { dtype: this.type(name) }, 0);
    this.initialised.add(name);
  }

  /** variable ← variable + value. */
  add(name: string, value: Tensor): void {
    execute('AssignAddVariableOp', [this.handleOf(name), handle(value)], { dtype: this.type(name) }, 0);
  }

  /** variable ← variable − α · value, in one pass. */
  subtractScaled(name: string, alpha: Tensor, value: Tensor): void {
    const inputs = [this.handleOf(name), handle(alpha), handle(value)];
    execute('ResourceApplyGradientDescent', inputs, { T: this.type(name), use_locking: { bool: false } }, 0);
  }

  /** One Adam update of a weight and its two moments by TensorFlow's fused kernel; `inputs` are β₁ᵗ, β₂ᵗ, η, β₁, β₂, ε, gradient. */
  adam(name: string, inputs: readonly Tensor[]): void {
    const handles = [name, `adam.m/${name}`, `adam.v/${name}`].map((n) => this.handleOf(n));
    const flags = { use_locking: { bool: false }, use_nesterov: { bool: false } };
    execute('ResourceApplyAdam', [...handles, ...inputs.map(handle)], { T: this.type(name), ...flags }, 0);
  }

  /** Whether the variable is declared to stay in the machine's own memory. */
  onHost(name: string): boolean {
    return this.specs[name]?.host ?? false;
  }

  has(name: string): boolean {
    return name in this.specs;
  }

  isInitialised(name: string): boolean {
    return this.initialised.has(name);
  }

  get names(): string[] {
    return Object.keys(this.specs);
  }

  /** Frees the variables' memory. */
  dispose(): void {
    const { binding } = backend();
    for (const id of this.handles.values()) {
      execute('DestroyResourceOp', [id], { ignore_lookup_error: { bool: true } }, 0);
      binding.deleteTensor(id);
    }
    this.handles.clear();
    this.initialised.clear();
  }
}
