// Oracles: figures measured in processes of their own (data/bench/memory.json); weights counted one by one; arithmetic by hand; monotony.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { estimatedBytes, MEMORY_SHAPES } from '../../cli/bench-memory';
import { countParams, encoderParams } from '../../encoder';
import { refuseMisfit } from '../../experiments/cost';
import type { FinetuneConfig } from '../../experiments/config';
import { durations } from '../../experiments/durations';
import type { FinetuneExperiment } from '../../experiments/experiment';
import { encoderFlops, finetuneFlops, passesOf, pretrainFlops } from '../../experiments/flops';
import { finetuneMemory, layerBytes, pretrainMemory } from '../../experiments/memory';
import { planGrid } from '../../experiments/plan';
import type { RunRecord } from '../../experiments/record';
import { scales } from '../../experiments/scales';
import { ESCI_SIZES, shapeOf } from '../../experiments/shape';
import { tableIds } from '../../experiments/tables';
import { NO_TRICKS } from '../../finetune/step';
import { projectRoot } from '../../runtime/files';
import { peakOf } from '../../runtime/peaks';
import { RDROP_MODES } from '../../finetune/rdrop';

const record = join(projectRoot(), 'data', 'bench', 'memory.json');
test(
  'the formula agrees with memory measured at small sizes within 10 % (oracle: the record of `bench --memory`)',
  { skip: existsSync(record) ? false : 'data/bench/memory.json is missing' },
  () => {
    const { shapes } = JSON.parse(readFileSync(record, 'utf8')) as { shapes: { shape: string; measured: number }[] };
    assert.ok(shapes.length >= 3);
    for (const { shape, measured } of shapes) {
      const own = MEMORY_SHAPES.find(({ name }) => name === shape);
      assert.ok(own, shape);
      const ratio = estimatedBytes(own) / measured;
      assert.ok(ratio > 0.9 && ratio < 1.1, `${shape}: ${ratio.toFixed(3)}`);
    }
  },
);

const encoder = shapeOf(scales.paper.base.start, 256)!;
const paper = scales.paper.base;
const full = { ...encoder, padId: 1, epsilon: 1e-5, dropout: 0, attentionDropout: 0 };
const bare: FinetuneConfig = { ...paper, head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout: 0.1 }, trigrams: null }; // prettier-ignore

test("InfoXLM-large's state: weights counted one by one, two moments, a shadow under EMA, sums under accumulation", () => {
  const head = 1024 * 1024 + 1024 + 4 * 1024 + 4;
  const weights = 4 * (countParams(encoderParams(full)) + head);
  assert.equal(countParams(encoderParams(full)), 558_840_832); // transformers' XLMRobertaModel without its pooler: 559,890,432 − 1,049,600
  const memory = finetuneMemory(bare, encoder, ESCI_SIZES);
  assert.deepEqual([memory.weights, memory.moments, memory.shadows], [weights, 2 * weights, 0]);
  const { ema } = scales.paper.tricks;
  const more = finetuneMemory({ ...bare, tricks: { ...NO_TRICKS, ema }, optimiser: { ...bare.optimiser, accumulation: 4 } }, encoder, ESCI_SIZES); // prettier-ignore
  assert.equal(more.shadows, 2 * weights);
});

test('what a layer keeps, by hand: 2 texts of 3 tokens, H 4, F 8, 2 heads', () => {
  const shape = { ...encoder, layers: 1, hidden: 4, heads: 2, ffn: 8 };
  const pass = { encoder: shape, batch: 2, tokens: 3, dropout: false, attentionDropout: false, precision: 'f32', half: 2, recompute: false, first: false } as const; // prettier-ignore
  // 6 rows: 8·6·4 = 192, 3·6·8 = 144, 2·2·9 = 36, joined weights 3·16 = 48: 420 numbers of 4 bytes; masks 2·6·4 = 48 more, attention's 36.
  assert.equal(layerBytes(pass), 4 * 420);
  assert.equal(layerBytes({ ...pass, dropout: true, attentionDropout: true }), 4 * (420 + 48 + 36));
  const large = { ...pass, encoder, batch: 32, tokens: 256 };
  assert.ok(layerBytes({ ...large, precision: 'bf16' }) < layerBytes(large));
  assert.ok(
    layerBytes({ ...large, precision: 'bf16', half: 4 }) > layerBytes(large),
    'rounded copies of 4 bytes stand beside what they were made from',
  );
});

test('more rows, longer texts, FGM and R-Drop take more; layers computed again take less (oracle: order)', () => {
  const bytes = (change: Partial<FinetuneConfig>): number => finetuneMemory({ ...paper, ...change }, encoder, ESCI_SIZES).total;
  const { fgm, rdrop } = scales.paper.tricks;
  const order = [
    bytes({ recompute: true }),
    bytes({ optimiser: { ...paper.optimiser, batch: 16 } }),
    bytes({}),
    bytes({ tricks: { ...NO_TRICKS, fgm } }),
    bytes({ tricks: { ...NO_TRICKS, fgm, rdrop } }),
  ];
  order.forEach((x, i) =>
    assert.ok(i === 0 || x > order[i - 1], `${i}: ${order.map((b) => (b / 2 ** 30).toFixed(1)).join(', ')}`),
  );
  const { recompute: _, ...pretrain } = scales.paper.pretrain;
  const of = (change: object): number => pretrainMemory({ ...pretrain, ...change }, paper.start, encoder, ESCI_SIZES).total;
  assert.ok(of({ mixture: 'round-robin' }) < of({}) && of({ contrastive: null }) < of({}) && of({ recompute: true }) < of({}));
});

const experiment = (config: FinetuneConfig): FinetuneExperiment => ({ kind: 'finetune', scale: 'paper', seed: 0, fold: 0, folds: 5, source: { path: 'esci' }, config }); // prettier-ignore

test('a run that cannot fit is refused in one line that names a micro-batch which fits', () => {
  const runs = [{ name: 'table 5, row base', experiment: experiment(paper) }];
  const room = (gib: number) => ({ ram: 64 * 2 ** 30, card: gib * 2 ** 30, jobs: 1, name: 'the card' });
  refuseMisfit(runs, room(80));
  let message = '';
  assert.throws(
    () => refuseMisfit(runs, room(24)),
    (error: Error) => {
      message = error.message;
      return error.name === 'InputError' && !message.includes('\n');
    },
  );
  const [, batch] = /micro-batch of (\d+) would fit/.exec(message)!;
  const settings = { batch: Number(batch), accumulation: 32 / Number(batch) };
  const fitted: FinetuneConfig = { ...paper, optimiser: { ...paper.optimiser, ...settings }, ...(message.includes('recompute=true') ? { recompute: true } : {}), ...(message.includes('momentsOnHost=true') ? { momentsOnHost: true } : {}) }; // prettier-ignore
  refuseMisfit([{ name: 'fitted', experiment: experiment(fitted) }], room(24));
  assert.throws(() => refuseMisfit(runs, room(2)), /not even a micro-batch of 1 fits/);
  assert.throws(() => refuseMisfit(runs, { ...room(80), ram: 2 ** 30 }), /table 5, row base: fine-tuning/);
});

test('moments and shadow on the host leave the card and count there, whole', () => {
  const { ema } = scales.paper.tricks;
  const of = (settings: Partial<FinetuneConfig>) =>
    finetuneMemory({ ...paper, tricks: { ...NO_TRICKS, ema }, ...settings }, encoder, ESCI_SIZES);
  const [beside, host] = [of({}), of({ momentsOnHost: true, emaOnHost: true })];
  assert.equal(host.moments, 0);
  assert.equal(beside.total - host.total, beside.moments + beside.shadows - host.shadows);
  assert.ok(host.host - beside.host >= beside.total - host.total, 'the host takes at least as much');
  // A card too small for weights, gradients and moments together, not for the first two.
  const runs = [{ name: 'row base', experiment: experiment(paper) }];
  assert.throws(
    () => refuseMisfit(runs, { ram: 64 * 2 ** 30, card: 9 * 2 ** 30, jobs: 1, name: 'the card' }),
    /momentsOnHost=true/,
  );
});

test('operations by hand: one layer of 2 texts of 3 tokens, H 4, F 8; passes of the tricks', () => {
  const shape = { ...encoder, layers: 1, hidden: 4, heads: 2, ffn: 8 };
  // A token: 4·16 + 2·32 + 2·3·4 = 152 multiply-adds, 6 tokens: 912, counted twice: 1,824.
  assert.equal(encoderFlops(shape, 2, 3), 1824);
  assert.equal(encoderFlops(shape, 2, 3, true), 2 * 2 * (3 * 3 * 16 + 16 + 64 + 24));
  assert.equal(encoderFlops({ ...shape, layers: 3 }, 2, 3, true), 2 * 1824 + encoderFlops(shape, 2, 3, true));
  const { fgm, rdrop } = scales.paper.tricks;
  assert.deepEqual(passesOf(NO_TRICKS), { forward: 1, backward: 1 });
  assert.deepEqual(passesOf({ ...NO_TRICKS, fgm }), { forward: 2, backward: 2 });
  assert.deepEqual(passesOf({ ...NO_TRICKS, fgm, rdrop }), { forward: 2, backward: 2.5 });
  assert.deepEqual(passesOf({ ...NO_TRICKS, rdrop: RDROP_MODES.textbook }), { forward: 2, backward: 2 });
  assert.equal(finetuneFlops(shape, 2, 3, NO_TRICKS, 'mean'), 3 * 1824);
  assert.equal(finetuneFlops(shape, 2, 3, NO_TRICKS, 'mean', true), 4 * 1824);
  const config = {
    ...scales.demo.pretrain,
    product2query: null,
    product2brand: null,
    contrastive: null,
    batch: 2,
    maxLength: 3,
  };
  assert.ok(Math.abs(pretrainFlops(shape, config) - (3 * 1824 + 6 * 2 * 3 * 0.15 * 4 * shape.vocabulary)) < 1);
});

test('every table is complete at the scales base and paper: each run that trains has an estimate of memory and time', async () => {
  for (const scale of ['base', 'paper'])
    for (const table of tableIds.filter((id) => /^\d$/.test(id))) {
      const { cells } = planGrid({ table, scale });
      const times = await durations(cells.map((cell) => ({ cell })), { f32: 1e14, bf16: 3e14 }); // prettier-ignore
      cells.forEach(({ row, experiment: { kind } }, i) => {
        if (kind !== 'finetune' && kind !== 'out-of-fold') return;
        assert.ok(times[i] && times[i].seconds > 60 && times[i].seconds < 3e7, `${scale}, table ${table}, ${row}`);
        assert.equal(times[i].from, 'arithmetic');
      });
    }
});

test('a pre-training counts once, and one whose text differs by fold for each fold (oracle: its operations)', async () => {
  const seconds = async (rows: string[], record?: RunRecord) => {
    const { cells } = planGrid({ table: '3', scale: 'demo', rows, seeds: 1, folds: [0, 1] });
    const runs = cells.map((cell, i) => ({ cell, ...(i === 0 && record ? { record } : {}) }));
    return (await durations(runs, { f32: 1e12, bf16: 1e12 })).map((duration) => duration!.seconds);
  };
  const minilm = planGrid({ table: '3', scale: 'base', rows: ['mlm', 'mlm-train'], seeds: 1, folds: [0, 1] }).cells;
  const times = (await durations(minilm.map((cell) => ({ cell })), { f32: 1e14, bf16: 1e14 })).map((d) => d!.seconds); // prettier-ignore
  const of = (row: string): number[] => times.filter((_, i) => minilm[i].row === row);
  assert.ok(of('mlm')[0] > 1.05 * of('mlm')[1], `all text: made once, ${of('mlm').join(' ')}`);
  assert.equal(of('mlm-train')[0], of('mlm-train')[1]);
  assert.equal(of('mlm-train')[0], of('mlm')[0]);
  // From scratch the vocabulary differs by fold. A record of one row tells the rate; the other row's run has its pre-training to do.
  const wall = { cost: { wallSeconds: 60 } } as RunRecord;
  const [none, mlm] = await seconds(['none', 'mlm'], wall);
  assert.equal(none, 60);
  const [bare] = await seconds(['none']);
  const [, whole] = await seconds(['none', 'mlm']);
  assert.ok(mlm > 80, String(mlm));
  assert.ok(Math.abs(mlm / 60 - whole / bare) < 1e-9, `${mlm / 60} ${whole / bare}`);
});

test('cards are known by the names that nvidia-smi gives', () => {
  assert.equal(peakOf('NVIDIA H100 80GB HBM3')?.bf16, 989);
  assert.equal(peakOf('NVIDIA H100 PCIe')?.bf16, 756);
  assert.equal(peakOf('NVIDIA H200')?.gib, 141);
  assert.equal(peakOf('NVIDIA L40S')?.bf16, 362);
  assert.equal(peakOf('NVIDIA L4')?.bf16, 121);
  assert.equal(peakOf('Tesla T4')?.bf16, 65);
  assert.equal(peakOf('Quadro'), undefined);
});
