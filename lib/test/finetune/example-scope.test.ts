// Oracles: first-order growth of the loss by finite steps; passes made one by one; the eager step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WORDS } from '../../encoder';
import { perturbations, WORD_SHIFT, type AdversaryConfig } from '../../finetune/adversary';
import { FGM_MODES } from '../../finetune/fgm';
import { RDROP_MODES } from '../../finetune/rdrop';
import { stepGradients, type StepConfig } from '../../finetune/step';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { fgm, ROWS, TOKENS, trajectory, withAdversary as step } from './fixture';
import { batchAt, close, paramsOf, values } from './tensors';

test('of scope example each text moves its own word vectors by ε along its own gradient: loss, gradient and length (oracles: finite steps, passes one by one)', () => {
  tf.tidy(() => {
    const { model, params } = paramsOf();
    const batch = batchAt(1);
    const H = params[WORDS].shape[1]!;
    const zero = tf.zeros([ROWS, TOKENS, H]);
    const rows = (p: Params): Tensor =>
      tf.neg(tf.sum(tf.mul(tf.oneHot(batch.labels as tf.Tensor1D, 4), tf.logSoftmax(model.forward(p, batch, null).logits)), 1));
    const loss = (p: Params): Tensor => tf.mean(rows(p));
    const moved = (delta: Tensor): Params => ({ ...params, [WORD_SHIFT]: delta });
    const clean = valueAndGradients(loss, moved(zero));
    const g = clean.gradients[WORD_SHIFT];
    // The words' gradient by a second route: every occurrence of a word sums into its row of the matrix.
    const gathered = new Float32Array(params[WORDS].size);
    const [ids, of] = [values(batch.inputIds), values(g)];
    ids.forEach((id, i) => {
      if (id !== 1) for (let h = 0; h < H; h++) gathered[id * H + h] += of[i * H + h]; // 1 is padding
    });
    close(gathered, values(clean.gradients[WORDS]), 1e-5, 'the matrix’s gradient');

    const unit = (x: Tensor): Tensor => tf.div(x, tf.norm(x, 'euclidean', [1, 2], true));
    const first = tf.mul(unit(g), 0.2);
    const second = tf.add(first, tf.mul(unit(valueAndGradients(loss, moved(first)).gradients[WORD_SHIFT]), 0.2));
    const own: AdversaryConfig = { ...fgm, scope: 'example' };
    const cases: [AdversaryConfig, Tensor[]][] = [
      [{ ...own, epsilon: 0.2 }, [first]],
      [{ ...own, kind: 'pgd', epsilon: 0.5, stepSize: 0.2, steps: 2 }, [second]],
      [{ ...own, kind: 'freelb', epsilon: 0.5, stepSize: 0.2, steps: 2 }, [first, second]],
    ];
    for (const [config, points] of cases) {
      const all = [clean, ...points.map((delta) => valueAndGradients((p) => loss({ ...p, [WORD_SHIFT]: delta }), params))];
      const got = stepGradients(params, {}, batch, model, step(config));
      close(values(got.total), [all.reduce((sum, { value }) => sum + value.dataSync()[0], 0)], 1e-5, config.kind);
      assert.ok(!(WORD_SHIFT in got.gradients), 'the shift is no weight');
      for (const name of [WORDS, 'heads.esci.out_proj.weight'])
        close(values(got.gradients[name]), values(tf.addN(all.map((a) => a.gradients[name]))), 2e-5, `${config.kind} ${name}`);
    }
    // Each row's loss grows by ε times the length of its own gradient.
    const epsilon = 3e-3;
    const [{ [WORD_SHIFT]: r }] = perturbations({ ...own, epsilon }, params, WORDS, { [WORD_SHIFT]: g }, () => g);
    close(values(tf.norm(r, 'euclidean', [1, 2])), Array(ROWS).fill(epsilon), 1e-6, 'length');
    const grown = values(tf.sub(rows(moved(r)), rows(params)));
    const expected = values(tf.mul(tf.norm(g, 'euclidean', [1, 2]), ROWS * epsilon));
    grown.forEach((x, i) =>
      assert.ok(Math.abs(x / expected[i] - 1) < 0.05, `row ${i}: the loss grew by ${x}, expected ${expected[i]}`),
    );
  });
});

test('R-Drop reads the pass of an adversary of scope example too, recorded as eager', () => {
  const config = step({ ...FGM_MODES.textbook }, {});
  const both: StepConfig = { ...config, tricks: { ...config.tricks, rdrop: RDROP_MODES['as-published'] } };
  for (const each of [config, both]) {
    const [recorded, eager] = [false, true].map((eager) => trajectory(each, 4, { batch: 32, dropout: 0.1, eager }).losses);
    close(recorded, eager, 1e-4);
    assert.ok(
      recorded.some((x, i) => Math.abs(x - trajectory(step({ ...fgm, epsilon: 0.3 }), 4, { dropout: 0.1 }).losses[i]) > 1e-3),
    );
  }
});
