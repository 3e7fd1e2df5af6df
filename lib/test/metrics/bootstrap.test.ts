import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auc, averagePrecision } from '../../metrics/auc';
import { bootstrapInterval, pairedBootstrap } from '../../metrics/bootstrap';
import { chiSquareQuantile, sdFactors } from '../../metrics/chi-square';
import { f1Scores } from '../../metrics/f1';
import { detectableDifference, planSeeds } from '../../metrics/power';
import { aucOf, averagePrecisionOf, macroF1Of, meanOf, type Statistic } from '../../metrics/statistics';
import { normalQuantile, studentQuantile } from '../../metrics/student';
import { Key } from '../../runtime/key';
import reference from './reference.json';

const close = (got: number, want: number, message: string, tolerance = 1e-12): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${message}: got ${got}, expected ${want}`);

test('scikit-learn: AUC and average precision with row weights', () => {
  const { positive, scores, weights, wauc, wap } = reference.binary;
  const rows = scores.map((_, i) => i);
  close(aucOf(positive)(scores, rows, rows.length)(weights), wauc, 'weighted AUC');
  close(averagePrecisionOf(positive)(scores, rows, rows.length)(weights), wap, 'weighted AP');
});

test('two routes: a statistic with cluster weights equals the plain metric on the rows repeated', () => {
  const random = Key.from('two routes').random();
  const [rows, clusters, classes] = [211, 29, 3];
  const cluster = Array.from({ length: rows }, () => random.int(clusters));
  const scores = Array.from({ length: rows }, () => random.int(17) / 17);
  const given = Array.from({ length: rows }, () => random.int(classes));
  const predicted = given.map((g) => (random.bernoulli(0.6) ? g : random.int(classes)));
  const positive = given.map((g) => Number(g === 0));
  const weights = Array.from({ length: clusters }, () => random.int(4));
  const repeated = cluster.flatMap((c, i) => Array.from({ length: weights[c] }, () => i));
  const pick = (values: readonly number[]): number[] => repeated.map((i) => values[i]);
  const mean = pick(scores).reduce((a, b) => a + b, 0) / repeated.length;
  const cases: [string, Statistic, number[], number][] = [
    ['mean', meanOf, scores, mean],
    ['AUC', aucOf(positive), scores, auc(pick(scores), pick(positive))],
    ['AP', averagePrecisionOf(positive), scores, averagePrecision(pick(scores), pick(positive))],
    ['macro-F1', macroF1Of(given, classes), predicted, f1Scores(pick(given), pick(predicted), classes).macro],
  ];
  for (const [name, statistic, values, want] of cases) close(statistic(values, cluster, clusters)(weights), want, name);
});

test('the bootstrap’s standard error of a mean is the textbook one, of clustered rows the cluster one', () => {
  const random = Key.from('error').random();
  const values = Array.from({ length: 503 }, () => random.normal());
  const mean = values.reduce((a, b) => a + b, 0) / 503;
  const sd = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / 503);
  const plain = bootstrapInterval(values, { key: Key.from(1), resamples: 2003 });
  close(plain.value, mean, 'mean');
  close(plain.standardError / (sd / Math.sqrt(503)), 1, 'standard error', 0.07); // Monte-Carlo: 1/√(2·2003) = .016 a standard deviation
  // Every value three times within its cluster: no new information, the same error (rows as clusters would shrink it by √3).
  const tripled = values.flatMap((x) => [x, x, x]);
  const groups = tripled.map((_, i) => Math.floor(i / 3));
  const clustered = bootstrapInterval(tripled, { groups, key: Key.from(1), resamples: 2003 });
  close(clustered.standardError, plain.standardError, 'clustered', 1e-12);
  assert.equal(clustered.clusters, 503);
});

test('pairing: what both sides share cancels; the same key gives the same digits, another key others', () => {
  const random = Key.from('pair').random();
  const shared = Array.from({ length: 307 }, () => 10 * random.normal());
  const a = shared.map((x) => x + 0.5 + 0.1 * random.normal());
  const got = pairedBootstrap(a, shared, { key: Key.from(3) });
  assert.ok(got.low > 0.47 && got.high < 0.53, `got ${got.low} … ${got.high}`);
  close(got.difference, got.a - got.b, 'difference');
  assert.deepEqual(pairedBootstrap(a, shared, { key: Key.from(3) }), got);
  assert.notEqual(pairedBootstrap(a, shared, { key: Key.from(5) }).low, got.low);
  const same = pairedBootstrap(a, a, { key: Key.from(3) });
  assert.deepEqual([same.low, same.high], [0, 0]);
});

/** Share of simulated data sets whose 95 % interval holds the true value; `miss` bounds: 3.5 binomial standard deviations around .95. */
function covers(simulations: number, interval: (key: Key) => { low: number; high: number }, truth: number): void {
  let hits = 0;
  for (let i = 0; i < simulations; i++) {
    const { low, high } = interval(Key.from('coverage').fold(i));
    if (low <= truth && truth <= high) hits++;
  }
  const bound = 3.5 * Math.sqrt((0.95 * 0.05) / simulations);
  assert.ok(
    Math.abs(hits / simulations - 0.95) < bound + 0.01,
    `coverage ${hits / simulations}, expected .95 ± ${bound.toFixed(3)}`,
  );
}

test('coverage: a mean over queries with a query effect, known difference .1', () => {
  covers(
    401,
    (key) => {
      const random = key.random();
      const groups: number[] = [];
      const a: number[] = [];
      const b: number[] = [];
      for (let q = 0; q < 127; q++) {
        const effect = random.bernoulli(0.5) ? 0.3 : -0.3;
        for (let i = 0; i < 5; i++) {
          groups.push(q);
          a.push(Number(random.bernoulli(0.6 + effect)));
          b.push(Number(random.bernoulli(0.5)));
        }
      }
      return pairedBootstrap(a, b, { groups, key: key.fold('bootstrap'), resamples: 199 });
    },
    0.1,
  );
});

test('coverage: AUC of one normal shift, known value Φ(1/√2) = .76025', () => {
  covers(
    401,
    (key) => {
      const random = key.random();
      const positive = Array.from({ length: 149 }, (_, i) => i % 2);
      const scores = positive.map((p) => random.normal() + p);
      return bootstrapInterval(scores, { statistic: aucOf(positive), key: key.fold('bootstrap'), resamples: 199 });
    },
    0.7602499389065233,
  );
});

test('scipy: quantiles of Student’s t, also at fractional degrees of freedom', () => {
  for (const [p, df, want] of reference.t) close(studentQuantile(p, df) / want, 1, `t(${p}, ${df})`, df === 1.7 ? 1e-5 : 1e-9);
  close(normalQuantile(0.975), 1.959963984540054, 'z', 1e-9);
  close(studentQuantile(0.025, 5), -2.570581835636314, 'lower tail', 1e-6);
});

test('power: the planned number of seeds is the smallest that detects, and simulated runs then find the difference 4 times in 5', () => {
  const [spread, detect] = [0.4, 0.3];
  const seeds = planSeeds(spread, detect);
  assert.ok(detectableDifference(spread, seeds) <= detect && detectableDifference(spread, seeds - 1) > detect, `seeds ${seeds}`);
  const random = Key.from('power').random();
  const t = studentQuantile(0.975, seeds - 1);
  let found = 0;
  for (let i = 0; i < 4001; i++) {
    const d = Array.from({ length: seeds }, () => detect + spread * random.normal());
    const mean = d.reduce((a, b) => a + b, 0) / seeds;
    const error = Math.sqrt(d.reduce((a, x) => a + (x - mean) ** 2, 0) / (seeds - 1) / seeds);
    if (mean / error > t) found++;
  }
  assert.ok(found / 4001 > 0.78 && found / 4001 < 0.88, `power ${found / 4001}`);
  assert.equal(planSeeds(0, 0.3), 2);
  assert.throws(() => planSeeds(5, 0.01), /needs more than 1000 seeds/);
});

test("chi-square quantiles are those of printed tables, and an sd's interval follows from them", () => {
  const table: [probability: number, df: number, value: number][] = [
    [0.025, 1, 0.000982069],
    [0.95, 1, 3.841459],
    [0.025, 2, 0.0506356],
    [0.975, 2, 7.377759],
    [0.025, 9, 2.700389],
    [0.975, 9, 19.022768],
    [0.95, 100, 124.342113],
  ];
  for (const [probability, df, value] of table) close(chiSquareQuantile(probability, df), value, `${probability}, ${df}`, 1e-6);
  // Three values: √(2 / 7.377759) = .520658 and √(2 / .0506356) = 6.284735.
  const [low, high] = sdFactors(3);
  close(low, 0.520658, 'low', 1e-6);
  close(high, 6.284735, 'high', 1e-5);
});
