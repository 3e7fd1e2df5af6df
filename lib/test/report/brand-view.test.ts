// Oracle: two routes. The view's share of right guesses on the held-out products is the accuracy that pre-training recorded by its own program.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../experiments/dataset';
import { pretrainInto } from '../../experiments/pretrain-request';
import { heldOut } from '../../experiments/pretrain-run';
import { brandConfusionView, guessedBrands } from '../../report/brand-view';
import { InputError } from '../../runtime/errors';

const work = mkdtempSync(join(tmpdir(), 'brands-'));
process.env.ESCI_DATA_CACHE = join(work, 'cache');
test.after(() => rmSync(work, { recursive: true, force: true }));

const batch = 13;
const asked = { scale: 'smoke', seed: 2, set: ['steps=30', `batch=${batch}`, 'maxLength=24'] };

test('the confusion view guesses as the pre-training measured, and a folder without a brand head is refused', async () => {
  const out = join(work, 'encoder');
  const { metrics } = await pretrainInto({ ...asked, tasks: 'product2brand', out });
  const { products } = await openDataset({ generated: 'smoke' }, 2);
  const held = products.filter(heldOut);
  const batches = Array.from({ length: Math.floor(held.length / batch) }, (_, b) => held.slice(b * batch, (b + 1) * batch));
  const shares = await Promise.all(
    batches.map(async (part) => {
      const { truth, guessed } = await guessedBrands(out, part, { maxLength: 24 });
      return truth.filter((brand, i) => guessed[i] === brand).length / Math.max(1, truth.length);
    }),
  );
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  assert.ok(
    batches.length >= 2 && Math.abs(mean - metrics.product2brandAccuracy) < 1e-6,
    `${mean} is not ${metrics.product2brandAccuracy}`,
  );
  const view = await brandConfusionView(out, held, { maxLength: 24 }, 5);
  const [, ...rows] = view.text.split('\n').map((line) => line.split('  |  '));
  for (const [, own, ...cells] of rows.slice(0, 5))
    assert.equal(
      cells.reduce((a, b) => a + Number(b), 0),
      Number(own),
    );
  const other = join(work, 'other');
  await pretrainInto({ ...asked, tasks: 'product2query', out: other });
  await assert.rejects(brandConfusionView(other, held, { maxLength: 24 }), (error: Error) => error instanceof InputError);
});
