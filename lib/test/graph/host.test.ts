// Oracles: the same steps with everything on one device (two routes); the devices written into the graph's nodes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applySettings } from '../../experiments/patch';
import { scales } from '../../experiments/scales';
import { EMA_PREFIX, emaDecay, emaState } from '../../finetune/ema';
import { NO_TRICKS, stepFeeds, trainStep, type StepConfig } from '../../finetune/step';
import { adamScalars, adamWState, Program } from '../../graph';
import { GraphBuilder } from '../../graph/proto';
import { HOST } from '../../ops/host';
import { configHash } from '../../runtime/hash';
import { modelOf } from '../../train/classifier';
import { inputFeeds } from '../../train/inputs';
import { CAPACITY, feedsAt, network, plain, ROWS, TOKENS } from '../finetune/fixture';

const ema = { decay: 0.99, warmup: true };
const step: StepConfig = { ...plain, tricks: { ...NO_TRICKS, ema, fgm: scales.demo.tricks.fgm } };

interface Node {
  op: string;
  inputs: readonly string[];
  device: string;
}

/** Losses, moments and shadow of three updates, and the nodes of the recorded graph. */
function after(host: boolean, eager = false) {
  const { spec, specs, weights } = network(step, 0.1, ROWS);
  const names = Object.keys(specs);
  const feeds = { ...inputFeeds(spec.head, ROWS, TOKENS, false, CAPACITY), ...stepFeeds(step, ROWS) };
  const nodes: Node[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back below, called with its own object
  const { node: write } = GraphBuilder.prototype;
  GraphBuilder.prototype.node = function (op, name, inputs, attributes, device = '') {
    nodes.push({ op, inputs, device });
    return write.call(this, op, name, inputs, attributes, device);
  };
  let program: Program;
  try {
    program = new Program(
      { ...specs, ...adamWState(specs, { host }), ...emaState(specs, { host }) },
      { train: { step: trainStep(modelOf(spec, names), step), buckets: { all: feeds } } },
      { eager },
    );
  } finally {
    GraphBuilder.prototype.node = write;
  }
  program.write({ ...weights, ...Object.fromEntries(names.map((n) => [EMA_PREFIX + n, weights[n]])) }, 'zero');
  const losses = [0, 1, 2].map(
    (t) =>
      program.run('train', 'all', { ...feedsAt(t), emaDecay: emaDecay(ema, t), ...adamScalars(t + 1, 1e-3, step.adam) }).loss[0],
  );
  const state = program.read(names.flatMap((n) => [`adam.m/${n}`, `adam.v/${n}`, EMA_PREFIX + n]));
  program.dispose();
  return { losses, state, nodes };
}

for (const eager of [false, true])
  test(`moments and shadow in the machine's own memory change no number${eager ? ', eagerly' : ''} (oracle: all on one device)`, () => {
    const [beside, host] = [after(false, eager), after(true, eager)];
    host.losses.forEach((x, i) => assert.ok(Math.abs(x - beside.losses[i]) <= 2e-5, `loss ${i}: ${x}, ${beside.losses[i]}`));
    let moved = 0;
    for (const [name, values] of Object.entries(beside.state)) {
      // The key biases' gradients are zero but for rounding, which Adam divides by itself.
      if (name.includes('key.bias')) continue;
      values.forEach((x, i) => {
        assert.ok(Math.abs(host.state[name][i] - x) <= 1e-4 * Math.max(0.1, Math.abs(x)), `${name}[${i}]`);
        moved += Number(x !== 0);
      });
    }
    assert.ok(moved > 2000, `${moved} numbers compared`);
  });

test('the graph keeps them there: every write to one is a node of the host, no weight is (oracle: the nodes)', () => {
  const { nodes } = after(true);
  const kept = (name: string): boolean => /^(adam\.[mv]|ema)\//.test(name);
  const writes = nodes.filter(({ op }) => op === 'ResourceApplyGradientDescent');
  assert.ok(writes.some(({ inputs }) => kept(inputs[0])) && writes.some(({ inputs }) => !kept(inputs[0])));
  for (const { inputs, device } of writes) assert.equal(device, kept(inputs[0]) ? HOST : '', inputs[0]);
  assert.equal(nodes.filter(({ op }) => op === 'ResourceApplyAdam').length, 0);
  assert.equal(nodes.filter(({ op, device }) => op === 'VarHandleOp' && device === HOST).length % 3, 0);
  assert.ok(nodes.filter(({ op, device }) => op === 'MatMul' && device === HOST).length === 0);
  const plainly = after(false).nodes;
  assert.ok(plainly.every(({ device }) => device === '') && plainly.some(({ op }) => op === 'ResourceApplyAdam'));
});

test('`--set momentsOnHost=true` and emaOnHost=true switch it on where it exists; off, a configuration keeps its name', () => {
  const { base, pretrain } = scales.paper;
  const on = applySettings(base, ['momentsOnHost=true', 'emaOnHost=true']);
  assert.deepEqual({ ...on }, { ...base, momentsOnHost: true, emaOnHost: true });
  assert.equal(configHash(applySettings(on, ['momentsOnHost=false', 'emaOnHost=false'])), configHash(base));
  assert.equal(applySettings(pretrain, ['momentsOnHost=true']).momentsOnHost, true);
  assert.throws(() => applySettings(pretrain, ['emaOnHost=true']), /emaOnHost is not a setting/);
});
