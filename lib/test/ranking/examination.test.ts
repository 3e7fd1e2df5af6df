import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from '../../data/generate';
import { LEXICONS } from '../../data/generate/lexicon';
import {
  clickModel,
  curveError,
  listsOfDataset,
  listsOfJudgements,
  recoverExamination,
  simulateLog,
  vocabularyGap,
  withGap,
} from '../../ranking';
import type { LogColumns } from '../../ranking';
import { Key } from '../../runtime/key';
import { tinyLists } from './lists-fixture';

const key = Key.from('examination-test');

test('EM recovers the examination curve where the click-through rate by position does not (oracle: the simulator’s truth)', () => {
  const data = listsOfDataset(generate({ world: 'smoke', queries: 61 }, key));
  for (const severity of [0.4, 0.8, 1.6]) {
    const truth = clickModel(data, { severity, positions: 11 }, key);
    const log = simulateLog(data, truth, { impressions: 120_000 }, key.fold('log', severity));
    const found = recoverExamination(log);
    const relative = truth.examination.map((e) => e / truth.examination[0]);
    const [em, naive] = [curveError(found.em, relative), curveError(found.naive, relative)];
    assert.ok(em < 0.03 && naive > 1.5 * em, `severity ${severity}: EM ${em.toFixed(4)}, naive ${naive.toFixed(4)}`);
    assert.equal(found.em.length, truth.examination.length);
  }
});

test('attractiveness comes with it (oracle: the truth, and one fixed order, which no method can take apart)', () => {
  const data = tinyLists(5, 7);
  const truth = clickModel(data, {}, key);
  const log = simulateLog(data, truth, { impressions: 100_000, randomShare: 1 }, key);
  const { attractiveness, em, naive, logLikelihood } = recoverExamination(log, { prior: 0 });
  assert.ok(curveError(attractiveness, truth.attractiveness) < 0.03, `${curveError(attractiveness, truth.attractiveness)}`);
  assert.ok(curveError(em, naive) < 0.02, 'with random order the naive curve is right too');
  for (let i = 1; i < logLikelihood.length; i++)
    assert.ok(logLikelihood[i] >= logLikelihood[i - 1] - 1e-12, 'EM never lowers the likelihood');
});

test('one round of EM (oracle: worked arithmetic)', () => {
  // Pair 0: a click at 1, a miss at 2. Pair 1: a miss at 1. All parameters start at ½: P(examined | miss) = ½·½/(¾) = 1/3 = P(attractive | miss).
  const log: LogColumns = {
    rows: 3,
    pair: Int32Array.of(0, 0, 1),
    position: Uint16Array.of(1, 2, 1),
    click: Uint8Array.of(1, 0, 0),
    cart: new Uint8Array(3),
    purchase: new Uint8Array(3),
    list: Int32Array.of(0, 1, 1),
    lists: 2,
  };
  const { em, naive, attractiveness, logLikelihood } = recoverExamination(log, { iterations: 1, prior: 0 });
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, expected ${b}`);
  near(em[1], 1 / 3 / ((1 + 1 / 3) / 2));
  near(attractiveness[0], ((1 + 1 / 3) / 2) * ((1 + 1 / 3) / 2));
  near(attractiveness[1], (1 / 3) * ((1 + 1 / 3) / 2));
  near(logLikelihood[0], (Math.log(1 / 4) + 2 * Math.log(3 / 4)) / 3);
  assert.deepEqual([...naive], [1, 0]);
  assert.throws(() => recoverExamination({ ...log, rows: 0 }), /cannot be recovered from an empty log/);
  assert.throws(() => recoverExamination({ ...log, click: new Uint8Array(3) }), /none of the log's 3 impressions was clicked/);
});

test('the vocabulary gap is the planted synonyms and typing errors (oracle: the generator’s lexicon)', () => {
  const data = withGap(
    listsOfDataset(
      generate({ world: 'smoke', queries: 149, typoShare: 0, noiseRate: 0, localeShares: { us: 1, es: 0, jp: 0 } }, key),
    ),
  );
  const { categories, values, colors } = LEXICONS.us;
  const synonyms = new Set([...categories, ...values.flat(), ...colors].map(({ synonym }) => synonym));
  let [gaps, without] = [0, 0];
  for (const { query, gap } of data.queries) {
    if (gap === undefined) continue;
    const planted = query.split(' ').filter((word) => synonyms.has(word)).length;
    if (planted) assert.ok(gap > 0, `${query}: ${gap}`);
    if (planted) gaps++;
    else if (gap === 0) without++;
  }
  const rest = data.queries.filter(({ gap }) => gap !== undefined).length - gaps;
  assert.ok(
    gaps > 10 && without > 0.75 * rest,
    `${gaps} with synonyms; ${without} of ${rest} others have every word in a product's text`,
  );
});

test('the gap of real words (oracle: counted by hand)', () => {
  const product = (productId: string, title: string, bullets = '') => ({
    productId,
    locale: 'us' as const,
    title,
    description: '',
    bullets,
    brand: '',
    color: '',
  });
  const products = [product('a', 'Red Couches for the garden'), product('b', 'Blue bench', 'made of oak'), product('c', 'sofa')];
  const judge = (query: string, productId: string, grade: number) => ({ query, productId, grade });
  const lists = listsOfJudgements('words', products, [
    judge('best red couch', 'a', 3),
    judge('red oak sofa', 'a', 2),
    judge('red oak sofa', 'b', 2),
    judge('red oak sofa', 'c', 0),
    judge('lamp', 'c', 1),
  ]);
  const [first, second, third] = vocabularyGap(lists);
  assert.equal(first, 0, '"couches" is a couch, and "best" asks for nothing');
  assert.ok(Math.abs(second - 1 / 3) < 1e-12, '"sofa" stands only in the irrelevant product');
  assert.ok(Number.isNaN(third), 'nothing relevant');
  assert.ok(Math.abs(vocabularyGap(lists, { fields: ['title'] })[1] - 2 / 3) < 1e-12, 'oak stands in the bullets');
});
