// Oracles: the plain step's own numbers (two routes); resident memory of two processes that differ in the option alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { applySettings } from '../../experiments/patch';
import { scales } from '../../experiments/scales';
import { RDROP_MODES } from '../../finetune/rdrop';
import { NO_TRICKS, stepFeeds, trainStep, type StepConfig } from '../../finetune/step';
import { adamScalars, adamWState, Program, type Precision } from '../../graph';
import { configHash } from '../../runtime/hash';
import { modelOf } from '../../train/classifier';
import { inputFeeds } from '../../train/inputs';
import { CAPACITY, feedsAt, network, plain, ROWS, TOKENS } from '../finetune/fixture';

const LAYERS = 3;
const { fgm } = scales.demo.tricks;
const steps: [string, StepConfig][] = [
  ['plain', plain],
  ['FGM, R-Drop on its pass', { ...plain, tricks: { ...NO_TRICKS, fgm, rdrop: RDROP_MODES['as-published'] } }],
  ['R-Drop of two draws', { ...plain, tricks: { ...NO_TRICKS, rdrop: RDROP_MODES.textbook } }],
];

/** The clipped gradients of one update with dropout .1 (Adam's first moment is a tenth of them), the losses of three, and the graph's nodes. */
function after(step: StepConfig, recompute: boolean, eager: boolean, precision: Precision = 'f32') {
  const { spec, specs, weights } = network(step, 0.1, ROWS, LAYERS);
  const names = Object.keys(specs);
  const feeds = { ...inputFeeds(spec.head, ROWS, TOKENS, false, CAPACITY), ...stepFeeds(step, ROWS) };
  const model = modelOf({ ...spec, recompute }, names);
  const program = new Program(
    { ...specs, ...adamWState(specs) },
    { train: { step: trainStep(model, step), buckets: { all: feeds } } },
    { eager, precision },
  );
  program.write(weights, 'zero');
  const update = (t: number): number =>
    program.run('train', 'all', { ...feedsAt(t), ...adamScalars(t + 1, 1e-2, step.adam) }).loss[0];
  const first = update(0);
  const values = program.read(names.map((name) => `adam.m/${name}`));
  const losses = [first, update(1), update(2)];
  const { nodes } = program;
  program.dispose();
  return { losses, values, nodes };
}

function same(a: ReturnType<typeof after>, b: ReturnType<typeof after>, tolerance: number): void {
  // From the second update on Adam has divided gradients that are zero but for rounding (the key bias has no effect) by themselves.
  a.losses.forEach((x, i) =>
    assert.ok(Math.abs(x - b.losses[i]) <= (i ? 20 * tolerance : tolerance), `loss ${i}: ${x}, expected ${b.losses[i]}`),
  );
  for (const [name, values] of Object.entries(b.values))
    values.forEach((x, i) => assert.ok(Math.abs(a.values[name][i] - x) <= tolerance, `${name}[${i}]`));
}

for (const [name, step] of steps)
  test(`layers computed again change no number, dropout and all: ${name} (oracle: the plain step's gradients)`, () => {
    for (const eager of [false, true]) {
      const [kept, again] = [after(step, false, eager), after(step, true, eager)];
      same(again, kept, eager ? 0 : 1e-7);
      if (!eager) assert.ok(again.nodes > kept.nodes + LAYERS * 30, `${again.nodes} nodes, ${kept.nodes} without`);
    }
  });

test('in bfloat16 too: the same casts of the same numbers (oracle: the plain step)', () => {
  same(after(plain, true, false, 'bf16'), after(plain, false, false, 'bf16'), 1e-7);
});

test('the step takes less memory: twelve layers at 16 × 96 tokens (oracle: peak resident memory of two processes)', () => {
  const peak = (recompute: boolean): number => {
    const script = join(__dirname, '..', '..', 'cli', 'bench-memory-child.js');
    const shape = { layers: 12, hidden: 128, heads: 4, batch: 16, tokens: 96, vocabulary: 499, recompute };
    const out = execFileSync(process.execPath, [script, JSON.stringify(shape)], { encoding: 'utf8' });
    const { step, state } = JSON.parse(out) as { step: number; state: number };
    return step - state;
  };
  const [kept, again] = [peak(false), peak(true)];
  assert.ok(again < 0.6 * kept, `${(again / 2 ** 20).toFixed(0)} MiB, ${(kept / 2 ** 20).toFixed(0)} MiB without`);
});

test('`--set recompute=true` switches it on; off, a configuration keeps its name', () => {
  const { base } = scales.demo;
  assert.equal(applySettings(base, ['recompute=true']).recompute, true);
  assert.equal(configHash(applySettings(base, ['recompute=false'])), configHash(base));
  assert.throws(() => applySettings(base, ['recompute=1']), /recompute must be true or false, got "1"/);
  assert.throws(() => applySettings(base, ['text.recompute=true']), /not a setting/);
});
