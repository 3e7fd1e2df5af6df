// Oracle: two routes. Pre-training that is stopped twice and goes on is the uninterrupted one: weights, held-out figures, curves, where it settled.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../experiments/dataset';
import { pretrainInto } from '../../experiments/pretrain-request';
import { heldOut, pretrain, type Pretrained, type Pretraining } from '../../experiments/pretrain-run';
import { scales } from '../../experiments/scales';
import { startingEncoder } from '../../experiments/start';
import { Stopped } from '../../experiments/failure';
import { Key } from '../../runtime/key';

const work = mkdtempSync(join(tmpdir(), 'pretrain-resume-'));
test.after(() => rmSync(work, { recursive: true, force: true }));

const { base, pretrain: usual } = scales.smoke;
const until = { every: 3, patience: 2, gain: 0.5, cooldown: 5, most: 40 };
const config = {
  ...usual,
  product2brand: null,
  contrastive: { ...usual.contrastive!, queue: 2 },
  steps: 7,
  maxLength: 16,
  until,
};
const run: Pretraining = {
  start: base.start,
  config,
  pooling: 'first',
  seed: 5,
  data: { name: 'generated', sha256: '0'.repeat(64) },
};

async function made(cache: string, stops: readonly number[]): Promise<Pretrained & { weights: Buffer }> {
  process.env.ESCI_DATA_CACHE = join(work, cache);
  const dataset = await openDataset({ generated: 'smoke' }, 5);
  const start = await startingEncoder(run.start, dataset, dataset.rows, config.maxLength, Key.from('start').fold(5));
  for (const stop of stops) {
    let step = 0;
    const hooks = { onStep: (done: number) => void (step = done), stopped: () => step >= stop };
    await assert.rejects(pretrain(run, start, dataset, dataset.rows, hooks), (error: Error) => error instanceof Stopped);
  }
  const done = await pretrain(run, start, dataset, dataset.rows);
  return { ...done, weights: readFileSync(join(done.folder, 'model.safetensors')) };
}

test('a held-out text that is longer than all that were trained on is measured like the others', async () => {
  process.env.ESCI_DATA_CACHE = join(work, 'long');
  const dataset = await openDataset({ generated: 'smoke' }, 5);
  const place = dataset.products.findIndex(heldOut);
  const words = (n: number): string => Array.from({ length: n }, (_, i) => dataset.products[i].title.split(' ')[0]).join(' ');
  const products = dataset.products.map((product, i) => ({ ...product, title: words(i === place ? 18 : 3), brand: '', color: '', bullets: '', description: '' })); // prettier-ignore
  const cut = { ...dataset, products };
  const start = await startingEncoder(run.start, cut, dataset.rows, 64, Key.from('start').fold(5));
  const alone = { ...config, product2query: null, contrastive: null, steps: 2, maxLength: 64, until: undefined };
  const { metrics } = await pretrain({ ...run, config: alone }, start, cut, dataset.rows);
  assert.ok(Number.isFinite(metrics.mlmLoss));
});

test('stopped before and after it settled, then to the end: the same encoder, bit for bit', async () => {
  const whole = await made('whole', []);
  assert.equal(
    whole.metrics.pretrainingSteps,
    9 + until.cooldown,
    'settles at the first measurement that may end it: nothing halves its loss so soon',
  );
  const resumed = await made('resumed', [4, 11]);
  assert.ok(whole.weights.equals(resumed.weights));
  assert.deepEqual(resumed.metrics, whole.metrics);
  assert.deepEqual(resumed.curves, whole.curves);
  assert.equal(resumed.id, whole.id);
});

test('products of which a task would have no batch are refused before anything is trained: they have no text to cut, or too few are held out', async () => {
  process.env.ESCI_DATA_CACHE = join(work, 'few');
  const dataset = await openDataset({ generated: 'smoke' }, 5);
  const pairs = { ...config, mlm: null, contrastive: null, until: undefined, product2query: { ...config.product2query!, fields: ['color'] as const } }; // prettier-ignore
  const refused = async (products: typeof dataset.products, change: object, message: RegExp): Promise<void> => {
    const few = { ...dataset, products };
    const start = await startingEncoder(run.start, few, dataset.rows, config.maxLength, Key.from('start').fold(5));
    const onStep = (): void => assert.fail('a step was trained');
    await assert.rejects(pretrain({ ...run, config: { ...pairs, ...change } }, start, few, dataset.rows, { onStep }), message);
  };
  const [held, trained] = [dataset.products.filter(heldOut), dataset.products.filter((p) => !heldOut(p))];
  const pale = trained.map((p, i) => ({ ...p, color: i < 7 ? 'red' : '' }));
  await refused([...held.map((p) => ({ ...p, color: 'red' })), ...pale], {}, /^InputError: pre-training: product2query needs at least a batch of 32 rows with text in color, got 1[0-4] of 6\d\d products/); // prettier-ignore
  await refused([...held.slice(0, 31), ...trained], { mlm: config.mlm }, /^InputError: held-out products, every tenth: mlm needs at least a batch of 32 rows, got 31 of 31 products; expected more products, or a smaller batch/); // prettier-ignore
});

test('a finished encoder goes where a link leads, and the link stays', async () => {
  process.env.ESCI_DATA_CACHE = join(work, 'linked');
  mkdirSync(join(work, 'real'));
  symlinkSync('real', join(work, 'link'));
  await pretrainInto({ tasks: 'mlm', scale: 'smoke', set: ['steps=2'], seed: 5, out: join(work, 'link') });
  assert.ok(lstatSync(join(work, 'link')).isSymbolicLink());
  assert.ok(existsSync(join(work, 'real', 'record.json')));
});

test('an encoder drawn at random is named by how long its texts may be', async () => {
  process.env.ESCI_DATA_CACHE = join(work, 'lengths');
  const dataset = await openDataset({ generated: 'smoke' }, 5);
  const short = { ...run, config: { ...config, steps: 1, until: undefined } };
  const [own, longer] = await Promise.all(
    [config.maxLength, 2 * config.maxLength].map((longest) =>
      startingEncoder(run.start, dataset, dataset.rows, longest, Key.from('start').fold(5)),
    ),
  );
  const first = await pretrain(short, own, dataset, dataset.rows);
  const second = await pretrain(short, longer, dataset, dataset.rows);
  assert.notEqual(second.id, first.id, 'texts of twice the length need twice the positions');
  assert.equal((await pretrain(short, own, dataset, dataset.rows)).id, first.id);
});
