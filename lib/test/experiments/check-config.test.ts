// Oracles: the committed records (each was trained, so each must validate as it stands); mistakes made one at a time, each refused by name.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { checkExperiment, checkFinetune, checkPretrain } from '../../experiments/check-config';
import type { FinetuneConfig } from '../../experiments/config';
import type { Experiment } from '../../experiments/experiment';
import { tricksNamed } from '../../experiments/finetune-request';
import { applySettings } from '../../experiments/patch';
import { planGrid } from '../../experiments/plan';
import { scales } from '../../experiments/scales';
import { finetuneSchema } from '../../experiments/schema/finetune';
import { listSettings } from '../../experiments/schema/listed';
import { committedRuns, loadRecords } from '../../experiments/store';
import { tableIdsOf } from '../../experiments/tables';
import { canonicalJson, configHash } from '../../runtime/hash';

/** All four tricks switched on, so that their settings are there. */
const base: FinetuneConfig = { ...scales.smoke.base, tricks: tricksNamed('ema,fgm,rdrop,mixup', scales.smoke) };
const refusal = (setting: string, config = base): string => {
  try {
    checkFinetune(applySettings(config, [setting]));
  } catch (error) {
    assert.equal((error as Error).name, 'InputError', `${setting}: ${(error as Error).stack}`);
    return (error as Error).message;
  }
  assert.fail(`${setting} was accepted`);
};

test('every committed record’s configuration validates, and none is changed by it (oracle: data/runs)', () => {
  const folder = committedRuns();
  const records = loadRecords([folder]);
  assert.equal(records.length, readdirSync(folder).filter((file) => file.endsWith('.json')).length);
  const kinds = new Map<string, number>();
  for (const { id, experiment } of records) {
    kinds.set(experiment.kind, (kinds.get(experiment.kind) ?? 0) + 1);
    if (experiment.kind === 'baseline') continue; // a logistic regression, with nothing to set
    const before = canonicalJson(experiment.config);
    assert.doesNotThrow(() => checkExperiment(experiment as unknown as Experiment), `record ${id}`);
    assert.equal(canonicalJson(experiment.config), before, `record ${id}`);
    assert.equal(configHash(experiment), id, 'the configuration still hashes to the name of its record');
  }
  for (const kind of ['finetune', 'out-of-fold', 'ensemble', 'graded', 'ranking'])
    assert.ok(kinds.get(kind), `there are ${kind} records`);
});

test('every scale’s tables and pre-trainings validate as they stand', () => {
  for (const scale of Object.values(scales)) {
    checkPretrain(scale.pretrain);
    checkFinetune(scale.base);
    for (const table of tableIdsOf(scale)) assert.ok(planGrid({ table, scale: scale.name, seeds: 1 }).cells.length > 0);
  }
});

test('a mistyped setting is refused in one line that names it, what was got and what is allowed', () => {
  const cases: Record<string, string> = {
    'loss.kind=focla': 'loss.kind: got "focla"; one of ce, poly1, focal, ghm, mse, ranknet, listnet, lambdarank',
    'optimiser.learningRate=-1': 'optimiser.learningRate: got -1; a number > 0',
    'precision=fp16': 'precision: got "fp16"; one of f32, bf16',
    'tricks.fgm.scale=row_norm': 'tricks.fgm.scale: got "row_norm"; one of absolute, row-norm',
    'tricks.fgm.epsilon=-1': 'tricks.fgm.epsilon: got -1; a number ≥ 0',
    'combine=average': 'combine: got "average"; one of sum, mean',
    'tricks.rdrop.pair=dropuot': 'tricks.rdrop.pair: got "dropuot"; one of dropout, fgm',
    'tricks.rdrop.reduction=average': 'tricks.rdrop.reduction: got "average"; one of mean, sum',
    'tricks.mixup.site=cls': 'tricks.mixup.site: got "cls"; one of pooled, feature',
    'head.pooling=max': 'head.pooling: got "max"; one of cls, mean',
    'optimiser.warmup=3': 'optimiser.warmup: got 3; a number from 0 to 1',
    'optimiser.decay=exp': 'optimiser.decay: got "exp"; one of linear, cosine, constant',
    'optimiser.layerDecay=-1': 'optimiser.layerDecay: got -1; a number > 0',
    'optimiser.headFactor=0': 'optimiser.headFactor: got 0; a number > 0',
    'optimiser.beta1=5': 'optimiser.beta1: got 5; a number ≥ 0 and < 1',
    'optimiser.batch=0': 'optimiser.batch: got 0; a whole number ≥ 1',
    'optimiser.batch=2.5': 'optimiser.batch: got 2.5; a whole number ≥ 1',
    'length.steps=0': 'length.steps: got 0; a whole number ≥ 1',
    'length={"step":3}': 'length: got {"step":3}; settings {steps} or {epochs}',
    'length={"steps":3,"epochs":1}': 'length.epochs is not a setting: there are steps',
    'length.epochs=2':
      'length.epochs is not a setting: there are steps; the other alternative is set whole: --set \'length={"epochs":2}\'',
    'task=4': 'task: got 4; one of 1, 2, 3',
    'start.from=nowhere': 'start.from: got "nowhere"; one of scratch, weights',
    'start.heads=3': 'start.heads: got 3; a divisor of start.hidden (32)',
    'text.fields=["titel"]': 'text.fields.0: got "titel"; one of locale, title, brand, color, bullets, description',
    'text.fields=[]': 'text.fields: got []; a list of at least 1',
    'tricks.fgm={"epsilon":0.3,"scale":"absolute","gradient":"fresh","bogus":1}':
      'tricks.fgm.bogus is not a setting: there are kind, epsilon, scale, gradient, scope, steps, stepSize',
    'tricks.fgm={"epsilon":0.3,"scale":"absolute"}': 'tricks.fgm.gradient: missing; one of fresh, accumulated',
    'tricks.ema=5': 'tricks.ema must be a group of settings as JSON, got "5"',
    'balance={"classes":["X"],"weight":0.3}': 'balance.classes.0: got "X"; one of E, S, C, I',
    'head.trigrams=8': 'head.trigrams: got 8; 0 where trigrams is null (there is no vocabulary)',
  };
  for (const [setting, message] of Object.entries(cases)) assert.equal(refusal(setting), message, setting);
  assert.match(refusal('loss.kind=mse'), /loss mse ranks, which only task 1 does/);
  const smoothed = { ...scales.smoke.base, task: 1, loss: { ...base.loss, smoothing: 0.1 } } as const;
  assert.match(refusal('loss.kind=mse', smoothed), /loss\.smoothing: got 0\.1; 0 for loss\.kind mse/);
  const clean = {
    model: base,
    folds: 2,
    filterBy: 'both',
    rankBy: 'confidence_weighted_entropy',
    method: 'weights',
    fraction: 0,
  };
  assert.throws(() => checkFinetune({ ...base, clean } as FinetuneConfig), /clean\.rankBy: got confidence_weighted_entropy/);
  const { start } = scales.small.base;
  assert.match(
    refusal('start.matching=false', { ...base, start }),
    /start\.upper: got 0\.3; nothing where start\.matching is false/,
  );
  const alone = { ...base, tricks: { ...base.tricks, fgm: null } };
  assert.match(refusal('combine=mean', alone), /rdrop\.pair 'fgm' needs fgm switched on/);
});

test('an optional setting that a base names without a value may be set, by rows and by --set, and is listed as absent', () => {
  const config: { q?: number; trick?: { keep: number } } = { q: undefined, trick: undefined };
  assert.deepEqual(applySettings(config, ['q=0.5', 'trick={"keep":0.3}', 'trick.keep=0.4']), { q: 0.5, trick: { keep: 0.4 } });
  assert.throws(
    () => applySettings(config, ['trick.keep=0.4']),
    /^InputError: trick\.keep is not a setting: what it belongs to is absent/,
  );
  const bags = '{"window":3,"negatives":4,"epochs":1,"sample":0}';
  const { cells } = planGrid({ table: '7', scale: 'smoke', seeds: 1, rows: ['word2vec'], set: [`trigrams.word2vec=${bags}`] });
  assert.deepEqual((cells[0].experiment.config as FinetuneConfig).trigrams!.word2vec, JSON.parse(bags));
  const trigrams = { ...(cells[0].experiment.config as FinetuneConfig).trigrams!, word2vec: undefined };
  const listed = listSettings(finetuneSchema, { ...base, trigrams }).find(({ name }) => name === 'trigrams.word2vec');
  assert.deepEqual(listed, {
    name: 'trigrams.word2vec',
    value: '',
    allowed: 'absent, or as JSON settings {window, negatives, epochs, sample}',
  });
});

test('what every key allows is known: no key of a configuration can hold another kind of value (oracle: each leaf replaced)', () => {
  const leaves = (value: unknown, path: string[] = []): string[][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
      : [path];
  const without = (config: object, [key, ...rest]: string[], value: unknown): object => ({
    ...config,
    [key]: rest.length ? without((config as Record<string, object>)[key], rest, value) : value,
  });
  const paths = leaves(base);
  assert.ok(paths.length > 40, `${paths.length} settings`);
  for (const path of paths)
    for (const wrong of [NaN, [NaN], { bogus: 1 }])
      assert.ok(!finetuneSchema.safeParse(without(base, path, wrong)).success, path.join('.'));
});

test('pre-training and ranking are held to the same', () => {
  const pretrain = (setting: string) => checkPretrain(applySettings(scales.smoke.pretrain, [setting]));
  assert.throws(
    () => pretrain('product2query.unit=word'),
    /^InputError: product2query\.unit: got "word"; one of characters, words$/,
  );
  assert.throws(() => pretrain('learningRate=-1'), /learningRate: got -1; a number > 0/);
  assert.throws(() => pretrain('corpus=train'), /corpus: got train; all \(a pre-training by itself has no held-out fold/);
  assert.throws(() => pretrain('mixture=round_robin'), /mixture: got "round_robin"; one of sum, round-robin/);
  assert.throws(() => pretrain('product2query.longestTwo=0'), /product2query\.longestTwo: got 0; a whole number ≥ 1/);
  assert.throws(
    () => checkPretrain(applySettings(scales.paper.pretrain, ['product2query.longestTwo=7'])),
    /product2query\.minimum\.us: got 8; at most longestOne and longestTwo \(7\)/,
  );
  assert.throws(() => pretrain('mlm.mask=0.95'), /mlm\.random: got 0\.1; at most 1 − mlm\.mask/);
  const plan = (table: string, setting: string) => planGrid({ table, scale: 'smoke', seeds: 1, set: [setting] });
  assert.throws(() => plan('5', 'loss.kind=focla'), /loss\.kind: got "focla"; one of ce/);
  assert.throws(() => plan('6', 'clean.method=purne'), /clean\.method: got "purne"; one of prune, balanced, weights, oracle/);
  assert.throws(
    () => plan('ranking', 'ranker.network.weighting=none'),
    /network\.weighting: got "none"; one of fixed, uncertainty/,
  );
  assert.throws(
    () => plan('ranking', 'ranker.optimiser.decay=exp'),
    /optimiser\.decay: got "exp"; one of linear, cosine, constant/,
  );
  assert.throws(
    () => plan('ranking', 'ranker.optimiser.accumulation=4'),
    /ranker\.optimiser\.accumulation: got 4; 1 \(a ranker updates after every batch\)/,
  );
  assert.throws(
    () => plan('ranking', 'engagement.click={"flor":1}'),
    /engagement\.click\.flor is not a setting: there are positions, top/,
  );
  // A graded cross-encoder is checked as a fine-tuning is, also among members, and for what it would not read.
  const { cells } = planGrid({ table: 'chorus', scale: 'minilm', seeds: 1, rows: ['cross-esci'] });
  const graded = cells[0].experiment as Extract<Experiment, { kind: 'graded' }>;
  const changed = (setting: string, members = false): Experiment => {
    const ranker = applySettings(graded.config.ranker, [setting]);
    return { ...graded, config: { ...graded.config, ranker: members ? { by: 'head', c: 1, members: [ranker] } : ranker } };
  };
  assert.throws(() => checkExperiment(changed('model.task=1')), /ranker\.model\.task: got 1; 2 \(four classes\)/);
  assert.throws(
    () => checkExperiment(changed('model.select={"every":{"steps":5}}', true)),
    /ranker\.model\.select: got {"every":{"steps":5}}; nothing/,
  );
  assert.throws(() => checkExperiment(changed('model.loss.smoothing=1')), /smoothing/);
});
