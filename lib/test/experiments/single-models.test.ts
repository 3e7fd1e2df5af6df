// Oracles: two routes (a saved model predicts what its run recorded); files read back by another reader; one-line refusals.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { query } from '../../data';
import { loadPretrained } from '../../encoder';
import { checkFinetune } from '../../experiments/check-config';
import { openDataset, splitFold, taskRows } from '../../experiments/dataset';
import { finetuneExperiment, finetuneInto, tricksNamed } from '../../experiments/finetune-request';
import { Predictor } from '../../experiments/model-folder';
import { packProbabilities } from '../../experiments/predictions';
import { predictFile } from '../../experiments/predict-file';
import { pretrainInto } from '../../experiments/pretrain-request';
import { runExperiment } from '../../experiments/run';
import { scales } from '../../experiments/scales';
import { EMA_MODES } from '../../finetune/ema';
import { FGM_MODES } from '../../finetune/fgm';
import { MIXUP_MODES } from '../../finetune/mixup';
import { RDROP_MODES } from '../../finetune/rdrop';
import { sha256File } from '../../runtime/hash';
import { loadTokenizer } from '../../text';

const work = mkdtempSync(join(tmpdir(), 'single-'));
process.env.ESCI_DATA_CACHE = join(work, 'cache');
const encoder = join(work, 'encoder');
const model = join(work, 'model');
const request = {
  task: '2',
  scale: 'smoke',
  from: encoder,
  tricks: 'ema',
  seed: 3,
  fold: 1,
  out: model,
  set: ['length.steps=3', 'text.buckets=1'],
};
test.after(() => rmSync(work, { recursive: true, force: true }));

test('pretrain leaves a folder with encoder, heads, tokenizer, names and a record, and does not run twice', async () => {
  const asked = { tasks: 'mlm,product2query', scale: 'smoke', seed: 3, set: ['steps=2'], out: encoder };
  const done = await pretrainInto(asked);
  const { heads } = loadPretrained(encoder);
  assert.ok('heads.mlm.bias' in heads && 'heads.pair.out_proj.weight' in heads);
  assert.ok(loadTokenizer(encoder).size > 100);
  const record = JSON.parse(readFileSync(join(encoder, 'record.json'), 'utf8')) as {
    id: string;
    run: { config: { steps: number } };
  };
  assert.deepEqual([record.id, record.run.config.steps], [done.id, 2]);
  let steps = 0;
  await pretrainInto(asked, { onStep: () => steps++ });
  assert.equal(steps, 0, 'found done');
  await assert.rejects(pretrainInto({ ...asked, tasks: 'mlm,nsp' }), /--tasks must be one of mlm, product2query/);
});

test('finetune keeps a model that predicts what its run recorded; predict writes CSV, JSON lines and parquet', async () => {
  const record = await finetuneInto(request);
  const experiment = await finetuneExperiment(request);
  const digest = await sha256File(join(encoder, 'model.safetensors'));
  assert.deepEqual(record.weights, { name: encoder, sha256: digest });
  const changed = { ...experiment.config.start, sha256: digest.replace(/./g, '0') } as typeof experiment.config.start;
  await assert.rejects(
    runExperiment({ ...experiment, config: { ...experiment.config, start: changed } }, []),
    new RegExp(`weights ${encoder} must be those that the run names, SHA-256 0{64}, got ${digest}`),
  );
  const dataset = await openDataset(experiment.source, 3);
  const rows = splitFold(taskRows(dataset, 2, ['us', 'es', 'jp']), 1, experiment.folds).evaluation;
  const probabilities = await Predictor.load(model).predict(rows);
  assert.equal(packProbabilities(probabilities), record.predictions!.probabilities);
  assert.equal((await finetuneInto(request)).id, record.id, 'found done');
  await assert.rejects(finetuneInto({ ...request, seed: 4 }), /holds another model/);

  const own = join(work, 'own.csv');
  const written = dataset.rows.map((r) => [r.query, r.productId, r.locale, r.title].map((s) => JSON.stringify(s)).join(','));
  writeFileSync(own, ['query,product_id,product_locale,product_title', ...written].join('\n') + '\n');
  const stored = join(model, 'record.json');
  const before = readFileSync(stored, 'utf8');
  assert.equal((await predictFile({ model, data: own, out: join(work, 'own-p.csv') })).seen, 0, 'another file');
  writeFileSync(stored, JSON.stringify({ ...record, data: { ...record.data, sha256: await sha256File(own) } }));
  const again = await predictFile({ model, data: own, out: join(work, 'own-p.csv') });
  const encoderConfig = readFileSync(join(model, 'config.json'), 'utf8');
  writeFileSync(join(model, 'config.json'), JSON.stringify({ ...(JSON.parse(encoderConfig) as object), locales: ['us'] }));
  const english = splitFold(taskRows(dataset, 2, ['us']), 1, experiment.folds).train.length;
  assert.equal((await predictFile({ model, data: own, out: join(work, 'own-p.csv') })).seen, english, 'locales that it reads');
  writeFileSync(join(model, 'config.json'), encoderConfig);
  writeFileSync(stored, before);
  assert.deepEqual([again.rows, again.seen], [dataset.rows.length, record.data.train], 'the file that it was trained on');

  const quoted = (s: string): string => `"${s.replaceAll('"', '""')}"`;
  const ids = rows.slice(0, 5).map((_, i) => `A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A1${i}`); // DuckDB would write them in lower case
  const lines = rows.slice(0, 5).map((r, i) => [r.query, ids[i], r.locale, r.title, r.brand, r.color].map(quoted).join(','));
  const data = join(work, 'rows.csv');
  writeFileSync(data, ['query,product_id,product_locale,product_title,product_brand,product_color', ...lines].join('\n') + '\n');
  for (const ending of ['csv', 'jsonl', 'parquet']) {
    const out = join(work, `predicted.${ending}`);
    assert.equal((await predictFile({ model, data, out })).rows, 5);
    const found = await query<Record<string, number>>(`SELECT p_E, p_S, p_C, p_I FROM '${out}'`);
    if (ending === 'parquet')
      assert.deepEqual((await query<{ id: string }>(`SELECT product_id AS id FROM '${out}'`)).map(({ id }) => id), ids); // prettier-ignore
    found.forEach((row, i) =>
      ['p_E', 'p_S', 'p_C', 'p_I'].forEach((name, c) => {
        const expected = probabilities[4 * i + c];
        assert.ok(Math.abs(row[name] - expected) < 1e-5, `${ending}, row ${i}, ${name}: ${row[name]}, expected ${expected}`);
      }),
    );
  }
  await assert.rejects(predictFile({ model, data, out: join(work, 'p.txt') }), /--out must end in \.csv, \.jsonl or \.parquet/);
  await assert.rejects(
    predictFile({ model: encoder, data, out: join(work, 'p.csv') }),
    /--model must be a folder that finetune wrote/,
  );
  assert.ok(!existsSync(join(work, 'p.csv')));
});

test('tricks by name: R-Drop compares with FGM’s pass where FGM is on, else with a second dropout pass', () => {
  const scale = scales.smoke;
  assert.equal(tricksNamed('ema, rdrop', scale).rdrop?.pair, 'dropout');
  assert.equal(tricksNamed('fgm,rdrop', scale).rdrop?.pair, 'fgm');
  assert.deepEqual(tricksNamed(undefined, scale), { ema: null, fgm: null, rdrop: null, mixup: null });
  assert.throws(() => tricksNamed('swa', scale), /--tricks must be one of ema, fgm, rdrop, mixup, pgd, freelb, awp, got "swa"/);
});

test('every adversary by name, and every trick in every mode, can be trained as it stands (oracle: the modes that each file exports)', () => {
  const scale = scales.smoke;
  for (const kind of ['pgd', 'freelb', 'awp'] as const) {
    const tricks = tricksNamed(`ema,${kind},rdrop,mixup`, scale);
    assert.equal(tricks.fgm?.kind, kind);
    assert.equal(tricks.rdrop?.pair, 'fgm');
    checkFinetune({ ...scale.base, tricks });
    assert.throws(() => tricksNamed(`${kind},fgm`, scale), /--tricks takes one adversary/);
  }
  for (const mode of ['as-published', 'as-coded', 'textbook'] as const) {
    const tricks = tricksNamed('ema,fgm,rdrop,mixup', scale, mode);
    const expected = { ema: EMA_MODES[mode], fgm: FGM_MODES[mode], rdrop: RDROP_MODES[mode], mixup: MIXUP_MODES[mode] };
    assert.deepEqual(tricks, expected);
    checkFinetune({ ...scale.base, tricks });
  }
  // The release mixes the pooled vector in task 2, the feature in task 3, and nothing in task 1.
  assert.deepEqual(tricksNamed('mixup', scale, 'as-coded', 3).mixup, { alpha: 0.2, site: 'feature' });
  assert.deepEqual(tricksNamed('mixup', scale, 'as-published', 3).mixup, { alpha: 0.2, site: 'pooled' });
  assert.throws(() => tricksNamed('mixup', scale, 'as-coded', 1), /the release has no mixup in task 1/);
  assert.throws(() => tricksNamed(undefined, scale, 'textbook'), /--mode textbook .* expected --tricks beside it/);
});
