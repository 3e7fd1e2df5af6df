// Oracles: grades of the ranked fold scrambled, which must change nothing; the in-batch loss from vectors by hand; records against themselves.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { encoderParams, initialise, savePretrained, type EncoderConfig } from '../../encoder';
import type { GradedExperiment } from '../../experiments/experiment';
import type { GradedConfig, Ranker, TuneConfig } from '../../experiments/graded/config';
import { foldsOf, openGraded, partsOf } from '../../experiments/graded/data';
import { gradedPairs } from '../../experiments/graded/pairs';
import { runGraded } from '../../experiments/graded/run';
import { loadRecord, saveRecord } from '../../experiments/store';
import { scales } from '../../experiments/scales';
import { planGrid } from '../../experiments/plan';
import { GRADED } from '../../metrics/conventions';
import { randomNdcg } from '../../metrics/ndcg';
import { fillTables } from '../../report/collect';
import { verifyRecords } from '../../report/verify';
import { configHash } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { trainTokenizer } from '../../text';
import { trainBiEncoder } from '../../train/bi-encoder';
import { cosineAt, embedTexts, type SentenceEncoder } from '../../train/embed';

const folder = mkdtempSync(join(tmpdir(), 'graded-'));
const WORDS = ['red', 'blue', 'shoe', 'lamp', 'cable', 'phone', 'case', 'desk', 'usb', 'printer', 'ink'];
const QUERIES = ['red shoe', 'blue lamp', 'usb cable', 'blue shoe', 'desk lamp', 'cable printer', 'blue case'];
const FOLDS = 3;
let encoder: SentenceEncoder;

/** 37 products, each query with 11 of them; the grade is how many of the query's words the title has (3 for both). */
function writeData(name: string, scramble?: (query: string) => boolean): string {
  const random = Key.from('graded-data').random();
  const products = Array.from({ length: 37 }, (_, i) => {
    const title = Array.from({ length: 4 }, () => random.choice(WORDS)).join(' ');
    return { product_id: `p${i}`, product_locale: 'us', product_title: title, product_brand: `brand${i % 5}` };
  });
  const lines = QUERIES.flatMap((query, q) =>
    Array.from({ length: 11 }, (_, k) => {
      const { product_id, product_title } = products[(5 * q + 3 * k) % 37];
      const hits = query.split(' ').filter((word) => product_title.includes(word)).length;
      const grade = hits === 2 ? 3 : hits;
      return [q, query, product_id, scramble?.(query) ? (grade + 2) % 4 : grade].join(',');
    }),
  );
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'products.jsonl'), products.map((p) => JSON.stringify(p)).join('\n') + '\n');
  writeFileSync(join(path, 'judgments.csv'), ['query_id,query,product_id,grade', ...lines, ''].join('\n'));
  return path;
}

before(async () => {
  process.env.ESCI_DATA_CACHE = join(folder, 'cache');
  const tokenizer = await trainTokenizer([...QUERIES, ...WORDS, 'brand0 brand1 brand2 brand3 brand4'], { vocabulary: 61 });
  const config: EncoderConfig = {
    type: 'xlm-roberta',
    layers: 1,
    hidden: 12,
    heads: 3,
    ffn: 17,
    vocabulary: tokenizer.size,
    maxPositions: 71,
    typeVocabulary: 1,
    padId: tokenizer.specials.pad,
    epsilon: 1e-5,
    dropout: 0,
    attentionDropout: 0,
  };
  const weights = initialise(encoderParams(config, 0.4), Key.from('graded'));
  encoder = { config, tokenizer, weights };
  mkdirSync(join(folder, 'weights'));
  savePretrained(join(folder, 'weights'), config, encoderParams(config), weights, { locales: ['us'] });
  tokenizer.save(join(folder, 'weights'));
});
after(() => {
  delete process.env.ESCI_DATA_CACHE;
  rmSync(folder, { recursive: true, force: true });
});

const start = () => ({ from: 'weights', name: join(folder, 'weights'), dropout: 0, attentionDropout: 0 }) as const;
const experimentOf = (path: string, ranker: Ranker): GradedExperiment => ({
  kind: 'graded',
  scale: 'minilm',
  seed: 0,
  fold: 0,
  folds: 1,
  source: { path },
  config: { ranker, fields: ['title', 'brand'], maxLength: 16, folds: FOLDS, judged: { name: 'none', sha256: '' } },
});
const scoresOf = (record: { predictions?: { probabilities: string } }): Uint16Array => {
  const bytes = Buffer.from(record.predictions!.probabilities, 'base64');
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
};

test('folds by query: none on both sides, every row tested once, a second fold left out where asked', async () => {
  const data = await openGraded(writeData('folds'));
  const folds = foldsOf(data, FOLDS);
  const tested = new Uint8Array(data.rows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const { train, test } = partsOf(folds, fold);
    const queries = (rows: Int32Array): Set<string> => new Set(Array.from(rows, (i) => data.rows[i].query));
    const own = queries(test);
    assert.ok(own.size > 0 && [...queries(train)].every((query) => !own.has(query)));
    test.forEach((i) => tested[i]++);
    const pairs = gradedPairs(data.rows, data.grades, train, ['title'], { loss: 'in-batch', from: 2 });
    assert.ok(pairs.length > 0 && pairs.every(({ query }) => !own.has(query)), 'a bi-encoder trains on no query it ranks');
    assert.equal(pairs.length, train.filter((i) => data.grades[i] >= 2).length);
  }
  assert.ok(tested.every((n) => n === 1));
  const three = Int32Array.from([0, 0, 1, 2, 2, 1]);
  assert.deepEqual(Array.from(partsOf(three, 0, 2).train), [2, 5]);
});

test('the in-batch loss is InfoNCE over the vectors, by hand: a product of the same query and the same text are no negatives', async () => {
  const pairs = [
    { query: 'red shoe', product: 'red shoe brand0' },
    { query: 'blue lamp', product: 'lamp blue desk' },
    { query: 'red shoe', product: 'shoe case brand1' },
    { query: 'usb cable', product: 'lamp blue desk' },
    { query: 'phone case', product: 'phone case usb' },
  ];
  const { losses } = await trainBiEncoder({ encoder, pairs, steps: 1, batch: 5, learningRate: 0, temperature: 0.1, seed: 2 });
  const { vectors, hidden: H } = await embedTexts(encoder, pairs.flatMap(({ query, product }) => [query, product])); // prettier-ignore
  const expected = pairs.map((own, i) => {
    const z = pairs.map((_, j) => cosineAt(vectors, 2 * i * H, vectors, (2 * j + 1) * H, H) / 0.1);
    const allowed = pairs.map((other, j) => j === i || (other.query !== own.query && other.product !== own.product));
    return Math.log(z.reduce((sum, x, j) => sum + (allowed[j] ? Math.exp(x) : 0), 0)) - z[i];
  });
  const mean = expected.reduce((a, b) => a + b, 0) / expected.length;
  assert.ok(Math.abs(losses[0][1] - mean) < 1e-4, `${losses[0][1]} and ${mean}`);
});

test('rankers on a folder: records agree with themselves, and no score depends on the grades of its own query', async () => {
  const path = writeData('one');
  const data = await openGraded(path);
  const folds = foldsOf(data, FOLDS);
  const inFold = new Set(data.rows.filter((_, i) => folds[i] === 0).map((row) => row.query));
  const other = writeData('two', (query) => inFold.has(query));
  const { base } = scales.minilm;
  const tune: TuneConfig = {
    pairs: 'folds',
    loss: 'in-batch',
    learningRates: [1e-2],
    shares: [1],
    steps: 3,
    batch: 5,
    temperature: 0.1,
    precision: 'f32',
    from: 1,
  };
  const cosine: Ranker = { by: 'cosine', encoder: { start: start(), pretrain: null } };
  const rankers: Ranker[] = [
    { by: 'random' },
    { by: 'bm25' },
    cosine,
    { ...cosine, tune },
    { ...cosine, tune: { ...tune, shares: [0.5, 1] } },
    {
      by: 'cross-encoder',
      on: 'folds',
      model: { ...base, start: start(), precision: 'f32', length: { steps: 4 }, optimiser: { ...base.optimiser, batch: 7 } },
    },
  ];
  const records = [];
  for (const ranker of rankers) {
    const [record, scrambled] = [
      await runGraded(experimentOf(path, ranker), []),
      await runGraded(experimentOf(other, ranker), []),
    ];
    assert.equal(record.id, configHash(record.experiment));
    assert.deepEqual(verifyRecords([{ path: ranker.by, record }]), []);
    const [a, b] = [scoresOf(record), scoresOf(scrambled)];
    const trained = 'tune' in ranker || ranker.by === 'cross-encoder';
    assert.ok(a.every((x, i) => folds[i] !== 0 || x === b[i]), `${ranker.by}: fold 0 is ranked without its grades`); // prettier-ignore
    if (trained) assert.ok(a.some((x, i) => folds[i] === 1 && x !== b[i]), `${ranker.by}: fold 1 is ranked by what was trained on fold 0`); // prettier-ignore
    records.push(record);
  }
  const [random, bm25] = records;
  const lists = { gains: data.grades, query: data.query };
  assert.equal(random.metrics.ndcg10, randomNdcg(lists, GRADED, 10).value);
  assert.ok(bm25.metrics.ndcg10 > random.metrics.ndcg10 + 0.1, 'grades are word hits: BM25 finds them');
  const [saved] = [loadRecord(saveRecord(join(folder, 'runs'), bm25))];
  assert.deepEqual(saved, bm25);
  assert.throws(
    () => saveRecord(join(folder, 'runs'), { ...bm25, predictions: { ...bm25.predictions!, grades: '01' } }),
    /grades/,
  );
  const mean = await runGraded(
    experimentOf(path, { by: 'mean', of: 'ranks', members: rankers.slice(1, 3) }),
    records.slice(1, 3),
  );
  assert.ok(mean.metrics.ndcg10 > random.metrics.ndcg10);
  await assert.rejects(
    runGraded(experimentOf(path, { by: 'mean', of: 'ranks', members: rankers.slice(1, 3) }), []),
    /a ranker of 2 members needs as many records, got 0/,
  );
});

test('the table: one run a seed covers all folds, members come first, verdicts against cosine and BM25, and no ESCI metric', () => {
  const { cells, table } = planGrid({ table: 'chorus', scale: 'minilm', seeds: 2 });
  assert.equal(cells.length, 2 * table.rows.length, 'every member is a row');
  const place = new Map(cells.map((cell, i) => [`${cell.row} ${cell.experiment.seed}`, i]));
  assert.ok(place.get('ensemble-rank 0')! > place.get('cross-chorus-p2q 0')!);
  for (const row of table.rows.slice(3)) {
    assert.equal(row.against, 'cosine');
    assert.deepEqual(row.also, ['bm25']);
  }
  assert.throws(() => planGrid({ table: 'chorus', scale: 'demo' }), /table chorus needs --scale minilm, got demo/);
  assert.throws(() => planGrid({ table: 'chorus', scale: 'minilm', folds: [1] }), /a run of table chorus covers all its folds/);
  const fitted = table.rows.flatMap(({ graded }) => (graded && ['weighted', 'head'].includes(graded.ranker.by) ? [graded] : []));
  const onGrades = (ranker: GradedConfig['ranker']): boolean =>
    (ranker.by === 'cross-encoder' && ranker.on === 'folds') ||
    (ranker.by === 'cosine' && ranker.tune !== undefined && (ranker.tune.pairs === 'folds' || ranker.tune.shares.length > 1));
  assert.equal(fitted.length, 2);
  for (const { ranker } of fitted) assert.ok('members' in ranker && ranker.members.every((member) => !onGrades(member)));
});

test('a filled table says what counts, and compares with BM25 below', async () => {
  const { cells } = planGrid({ table: 'chorus', scale: 'minilm', seeds: 3, rows: ['random', 'bm25', 'cosine', 'ensemble-rank'] });
  const data = await openGraded(writeData('chorus-electronics'));
  const bm25 = await runGraded(experimentOf(join(folder, 'chorus-electronics'), { by: 'bm25' }), []);
  const records = cells
    .filter((cell) => ['random', 'bm25', 'cosine', 'ensemble-rank'].includes(cell.row))
    .map(({ experiment }) => {
      const identity = { ...bm25.experiment, seed: experiment.seed, config: experiment.config as never };
      return { ...bm25, id: configHash(identity), experiment: identity };
    });
  const [{ table }] = fillTables(records, { table: 'chorus' });
  assert.equal(table.rows.length, 4);
  const text = table.notes.join('\n');
  assert.match(text, new RegExp(`7 of ${data.queries} queries have two or more judged rows`));
  assert.match(text, /not ESCI/);
  assert.match(text, /Also against BM25, title and brand: Ensemble, mean of ranks.* not distinguishable/);
  assert.match(text, /over 3 seeds, scale minilm, computed on a CPU, on chorus-electronics/);
});

test('the same id and the same words in two locales are two products and two queries', async () => {
  const path = join(folder, 'two-locales');
  mkdirSync(path, { recursive: true });
  const products = ['us', 'es'].flatMap((product_locale) =>
    [0, 1].map((i) => ({ product_id: `p${i}`, product_locale, product_title: `${product_locale} title ${i}` })),
  );
  const judged = products.map(({ product_id, product_locale }, i) => `lamp,${product_id},${product_locale},${i % 4}`);
  writeFileSync(join(path, 'products.jsonl'), products.map((p) => JSON.stringify(p)).join('\n') + '\n');
  writeFileSync(join(path, 'judgments.csv'), ['query,product_id,product_locale,grade', ...judged, ''].join('\n'));
  const data = await openGraded(path);
  assert.deepEqual(data.rows.map(({ title }) => title), products.map((p) => p.product_title)); // prettier-ignore
  assert.deepEqual([Array.from(data.query), data.queries], [[0, 0, 1, 1], 2]);
  const other = join(folder, 'no-locales');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'products.jsonl'), products.map((p) => JSON.stringify(p)).join('\n') + '\n');
  writeFileSync(join(other, 'judgments.csv'), 'query,product_id,grade\nlamp,p0,1\n');
  await assert.rejects(openGraded(other), /product p0 is in the catalogue for us and es/);
});
