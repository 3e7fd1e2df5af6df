// Oracle: TensorFlow itself, which runs every kernel of whole training steps while the shapes are told beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scales } from '../../experiments/scales';
import type { AttributeValue } from '../../graph/proto';
import { outputsOf, type Known } from '../../graph/shapes';
import { backend, type NativeBinding } from '../../runtime/tensorflow';
import { feedsAt, plain, trained } from '../finetune/fixture';
import { drawMixup } from '../../finetune/mixup';
import { Key } from '../../runtime/key';

test('shapes are told as TensorFlow computes them, for nearly every kernel of a step with all tricks (oracle: the eager step)', () => {
  const { ema, fgm, rdrop, mixup } = scales.demo.tricks;
  const step = { ...plain, tricks: { ema, fgm, rdrop, mixup } };
  const { program, update } = trained(step, { dropout: 0.1, eager: true, layers: 2 });
  const known = new Map<number, Known>();
  const b = backend();
  const native = b.binding;
  const own = native as unknown as Record<string, unknown>;
  const spy = Object.fromEntries(Object.getOwnPropertyNames(native).map((k) => [k, own[k]])) as unknown as NativeBinding;
  let [told, asked] = [0, 0];
  spy.createTensor = (shape, dtype, data) => {
    const id = native.createTensor(shape, dtype, data);
    known.set(id, { shape, dtype, ...(data instanceof Int32Array ? { value: data.slice() } : {}) });
    return id;
  };
  spy.executeOp = (op, attributes, inputs, outputs) => {
    const results = native.executeOp(op, attributes, inputs, outputs);
    const named = Object.fromEntries(attributes.map((a): [string, AttributeValue] => [a.name, ['int', a.value]]));
    const from = inputs.map((id) => known.get(id));
    const guess = from.every((k) => k) ? outputsOf(op, from as Known[], named) : undefined;
    if (guess) {
      told++;
      const wanted = results.map(({ shape, dtype }) => ({ shape, dtype }));
      assert.deepEqual(guess.map(({ shape, dtype }) => ({ shape: [...shape], dtype })), wanted, op); // prettier-ignore
    } else if (outputs > 0 && op !== 'ReadVariableOp' && op !== 'VarHandleOp') asked++;
    for (const { id, shape, dtype } of results) known.set(id, { shape, dtype });
    return results;
  };
  b.binding = spy;
  try {
    update(0, { ...feedsAt(0), ...drawMixup(mixup, 7, Key.from('mix').random()) });
  } finally {
    b.binding = native;
  }
  program.dispose();
  assert.ok(told > 500 && asked < told / 20, `${told} told, ${asked} asked`);
});

test('what does not fit is left to TensorFlow, which says why (oracle: cases by hand)', () => {
  const of = (...shape: number[]): Known => ({ shape, dtype: 1 });
  const value = (...numbers: number[]): Known => ({ shape: [numbers.length], dtype: 3, value: Int32Array.from(numbers) });
  assert.equal(outputsOf('MatMul', [of(3, 5), of(7, 11)], {}), undefined);
  assert.deepEqual(outputsOf('MatMul', [of(3, 5), of(7, 5)], { transpose_b: ['bool', true] })?.[0].shape, [3, 7]);
  assert.equal(outputsOf('Add', [of(3, 5), of(3)], {}), undefined);
  assert.deepEqual(outputsOf('Add', [of(3, 1, 5), of(7, 1)], {})?.[0].shape, [3, 7, 5]);
  assert.equal(outputsOf('Reshape', [of(3, 5), value(7, -1)], {}), undefined);
  assert.deepEqual(outputsOf('Reshape', [of(3, 5), value(-1, 1)], {})?.[0].shape, [15, 1]);
  assert.equal(outputsOf('SomethingElse', [of(3)], {}), undefined);
  assert.equal(outputsOf('Sum', [of(3), of(1)], {}), undefined);
});
