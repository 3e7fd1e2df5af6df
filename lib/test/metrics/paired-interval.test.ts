import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auc } from '../../metrics/auc';
import { gainsOf } from '../../metrics/conventions';
import { expectedGain } from '../../metrics/ensemble';
import { f1Scores } from '../../metrics/f1';
import { metricsOf, prepareMetric } from '../../metrics/named';
import { ndcg } from '../../metrics/ndcg';
import { pairedInterval, pairedQueriesInterval, type PairedUnit } from '../../metrics/paired-interval';
import { studentQuantile } from '../../metrics/student';
import { errorAt, errorQuantile, type Freedom } from '../../metrics/variance-parts';
import { decodePredictions, type PredictionRows } from '../../metrics/predictions';
import { Key, type Random } from '../../runtime/key';

const close = (got: number, want: number, message: string, tolerance = 1e-12): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${message}: got ${got}, expected ${want}`);

const letters = (ids: Iterable<number>): string => Array.from(ids, (id) => 'ESCI'[id]).join('');

function stored(given: number[], probabilities: number[], query: number[], rows = 'rows'): PredictionRows {
  const bytes = Buffer.alloc(2 * probabilities.length);
  probabilities.forEach((p, i) => bytes.writeUInt16LE(Math.round(p * 65535), 2 * i));
  const classes = probabilities.length / given.length;
  const predicted = given.map((_, i) => {
    const row = probabilities.slice(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  return { rows, given: letters(given), predicted: letters(predicted), query, probabilities: bytes.toString('base64'), classes };
}

test('two routes: metrics of stored predictions equal the plain functions on the columns', () => {
  const random = Key.from('stored').random();
  const given = Array.from({ length: 97 }, () => random.int(4));
  const query = given.map((_, i) => 100 + Math.floor(i / 7));
  const steps = given.flatMap(() => {
    const cut = [random.int(65536), random.int(65536), random.int(65536)].sort((a, b) => a - b);
    return [cut[0], cut[1] - cut[0], cut[2] - cut[1], 65535 - cut[2]];
  });
  const probabilities = steps.map((s) => s / 65535);
  const rows = stored(given, probabilities, query);
  const got = metricsOf(rows);
  const f1 = f1Scores(
    given,
    [...rows.predicted].map((x) => 'ESCI'.indexOf(x)),
    4,
  );
  close(got.microF1, f1.micro, 'micro');
  close(got.macroF1, f1.macro, 'macro');
  const pE = probabilities.filter((_, i) => i % 4 === 0);
  close(
    got.auc,
    auc(
      pE,
      given.map((g) => g === 0),
    ),
    'AUC',
  );
  const lists = { gains: gainsOf(given), scores: expectedGain(probabilities), query: query.map((q) => q - 100) };
  close(got.ndcg, ndcg(lists).value, 'nDCG');
  assert.deepEqual(Object.keys(got).sort(), [
    'auc',
    'averagePrecision',
    'ece',
    'exactAccuracy',
    'logLoss',
    'macroF1',
    'microF1',
    'mrr',
    'ndcg',
  ]);
});

test('task 3 (2 classes): class 1 is substitute, other letters count as not', () => {
  const bytes = Buffer.alloc(16);
  [0.2, 0.8, 0.7, 0.3, 0.6, 0.4, 0.1, 0.9].forEach((p, i) => bytes.writeUInt16LE(Math.round(p * 65535), 2 * i));
  const rows = {
    rows: 'r',
    given: 'SEIS',
    predicted: 'SECC',
    query: [0, 0, 1, 1],
    probabilities: bytes.toString('base64'),
    classes: 2,
  };
  const got = metricsOf(rows);
  close(got.microF1, 3 / 4, 'micro'); // the last row is predicted C: not substitute
  close(got.auc, 1, 'P(S) orders both substitutes first');
  // By the gains of E and S a perfect classifier of substitutes would have the worst order, and its opposite the best.
  assert.deepEqual(Object.keys(got).sort(), ['auc', 'averagePrecision', 'ece', 'logLoss', 'macroF1', 'microF1']);
  assert.throws(() => prepareMetric('ndcg', decodePredictions(rows)), /need a score or the four classes E, S, C, I, got 2/);
});

/** Rows of one query each, right with probability p[q]. */
function answers(p: number[], random: Random, rows: string): PredictionRows {
  const predicted = p.map((x) => (random.uniform() < x ? 'E' : 'S')).join('');
  return {
    rows,
    given: 'E'.repeat(p.length),
    predicted,
    query: p.map((_, q) => q),
    probabilities: Buffer.alloc(8 * p.length).toString('base64'),
    classes: 4,
  };
}

/** Runs of S seeds on the same queries: true difference .1, a query effect ± sq, a seed effect of sd ss. */
function simulate(key: Key, seeds: number, ss: number, sq: number): PairedUnit[] {
  const random = key.random();
  const effect = Array.from({ length: 101 }, () => (random.bernoulli(0.5) ? sq : -sq));
  return Array.from({ length: seeds }, (_, seed) => {
    const shift = ss * random.normal();
    const row = answers(effect.map((x) => 0.6 + x + shift), random, 'rows'); // prettier-ignore
    return { seed, fold: 0, row, against: answers(effect.map(() => 0.5), random, 'rows') }; // prettier-ignore
  });
}

test('coverage: seeds × queries with known difference .1; leaving the seeds out covers less', () => {
  const simulations = 199;
  const sd = Math.sqrt((0.95 * 0.05) / simulations);
  const coverage = (seeds: number, ss: number, sq: number): { both: number; queries: number } => {
    let [both, queries] = [0, 0];
    for (let i = 0; i < simulations; i++) {
      const key = Key.from('paired').fold(seeds, i);
      const got = pairedInterval(simulate(key, seeds, ss, sq), 'microF1', { key, resamples: 199 });
      if (got.low <= 0.1 && 0.1 <= got.high) both++;
      if (got.queriesOnly.low <= 0.1 && 0.1 <= got.queriesOnly.high) queries++;
    }
    return { both: both / simulations, queries: queries / simulations };
  };
  const one = coverage(1, 0, 0.2);
  assert.ok(one.both > 0.95 - 3.5 * sd && one.both < 0.95 + 3 * sd, `one seed without a seed effect: ${one.both}`);
  const query = coverage(3, 0, 0.25);
  assert.ok(query.both > 0.95 - 3.5 * sd, `three seeds, query effect: ${query.both}`);
  const seed = coverage(5, 0.12, 0);
  assert.ok(seed.both > 0.95 - 3.5 * sd, `five seeds, seed effect: ${seed.both}`);
  assert.ok(seed.queries < 0.85, `queries alone must miss the seeds’ spread: ${seed.queries}`);
});

test('coverage with two and three seeds, whatever part of the chance is theirs', () => {
  const draws = 4000;
  for (const shared of [true, false])
    for (const seeds of [2, 3]) {
      for (const ratio of [0, 1, 8, 64]) {
        // Normal effects: the queries' part of the mean's variance is 1, the seeds' is `ratio`; nothing is to be seen.
        const random = Key.from('few seeds').fold(seeds, ratio, Number(shared)).random();
        let missed = 0;
        for (let i = 0; i < draws; i++) {
          const own = Array.from({ length: seeds }, () => random.normal() * Math.sqrt(seeds * (ratio + Number(!shared))));
          const mean = own.reduce((a, b) => a + b, 0) / seeds;
          const perSeeds = own.reduce((a, b) => a + (b - mean) ** 2, 0) / (seeds - 1) / seeds;
          const parts = { seeds, queries: 300, perSeeds, perQueries: 1, interaction: Number(!shared), shared };
          const { standardError, freedom } = errorAt(parts);
          if (Math.abs(mean + (shared ? random.normal() : 0)) > quantile(freedom) * standardError) missed++;
        }
        assert.ok(
          missed / draws < 0.068,
          `${seeds} seeds, ${shared ? 'shared' : 'own'} queries, ratio ${ratio}: ${missed / draws}`,
        );
      }
    }
});

/** `errorQuantile` at .975, its two quantiles looked up: they are asked for thousands of times. */
const tails = new Map<number, number>();
function quantile({ seeds, queries, share }: Freedom): number {
  for (const df of [seeds, queries]) if (!tails.has(df)) tails.set(df, studentQuantile(0.975, df));
  return share * tails.get(seeds)! + (1 - share) * tails.get(queries)!;
}

test('queries that say nothing are not counted, and one alone has no interval', () => {
  const values = (known: number, gain: number) => Array.from({ length: 50 }, (_, q) => (q < known ? 0.5 + gain * ((q % 3) - 1) : null)); // prettier-ignore
  const unit = (known: number) => ({ seed: 0, fold: 0, queries: 'all', row: values(known, 0.2), against: values(known, 0) });
  const six = pairedQueriesInterval([unit(6)], 'ndcg', { key: Key.from(1) });
  assert.deepEqual([six.queries, six.freedom.queries], [6, 5]);
  assert.ok(six.low < 0 && six.high > 0, 'the same ups and downs');
  const one = pairedQueriesInterval([unit(1)], 'ndcg', { key: Key.from(1) });
  assert.ok(Number.isNaN(one.low) && Number.isNaN(one.high), 'one query says nothing of others');
});

test('worked: two seeds × two folds; the point is the mean over units; detectable follows the textbook', () => {
  const make = (seed: number, fold: number, right: number, base: number): PairedUnit => {
    const side = (n: number): PredictionRows => ({
      rows: `fold ${fold}`,
      given: 'E'.repeat(10),
      predicted: 'E'.repeat(n) + 'S'.repeat(10 - n),
      query: Array.from({ length: 10 }, (_, q) => q),
      probabilities: Buffer.alloc(80).toString('base64'),
      classes: 4,
    });
    return { seed, fold, row: side(right), against: side(base) };
  };
  const units = [make(1, 0, 8, 7), make(1, 1, 9, 7), make(2, 0, 8, 5), make(2, 1, 6, 6)];
  const got = pairedInterval(units, 'microF1', { key: Key.from(7) });
  close(got.difference, (0.1 + 0.2 + 0.3 + 0) / 4, 'difference');
  got.perSeed.forEach((s) => close(s.difference, 0.15, `seed ${s.seed}`)); // (.1 + .2)/2 and (.3 + 0)/2
  // Both seeds change alike, so only the queries' chance is left: 20 queries, t(.975, 19) = 2.093024, t(.8, 19) = .860951.
  assert.deepEqual([got.parts.perSeeds < 1e-30, got.parts.shared, got.parts.seeds], [true, true, 2]);
  assert.ok(got.freedom.share < 1e-20 && got.freedom.queries === 19, JSON.stringify(got.freedom));
  close(got.detectable, (2.093024 + 0.860951) * got.standardError, 'detectable', 1e-6);
  assert.deepEqual([got.covers, got.units, got.queries], ['seeds and queries', 4, 20]);
  assert.ok(got.low <= got.difference && got.difference <= got.high);
  assert.deepEqual(pairedInterval(units, 'microF1', { key: Key.from(7) }), got);
  const single = pairedInterval(units.slice(0, 1), 'microF1', { key: Key.from(7) });
  assert.equal(single.covers, 'queries');
});

test('worked: standard error of more seeds than were seen, on queries of their own and on shared ones', () => {
  // Four seeds: V_seeds .04, V_queries .03, of which .01 is interaction.
  const parts = { seeds: 4, queries: 11, perSeeds: 0.04, perQueries: 0.03, interaction: 0.01, shared: true };
  close(errorAt(parts).variance, 0.06, 'as seen: .04 + .03 − .01');
  // Two thirds of it are the seeds': t₀.₉₇₅ is 3.182446 at 3 and 2.228139 at 10.
  assert.deepEqual([errorAt(parts).freedom.seeds, errorAt(parts).freedom.queries], [3, 10]);
  close(errorQuantile(0.975, errorAt(parts).freedom), (2 / 3) * 3.182446 + (1 / 3) * 2.228139, 'quantile', 1e-6);
  // Eight seeds halve the seeds' share and the interaction; the queries' own .02 stays: .02 + (.02 + .005) − .005.
  close(errorAt(parts, 8).variance, 0.04, 'shared queries');
  // As many seeds as one likes: .02 is left.
  close(errorAt(parts, 1e9).variance, 0.02, 'floor', 1e-9);
  // Queries of their own: all of the queries' share lies within the seeds', and both halve.
  const own = { ...parts, shared: false, interaction: 0.03 };
  close(errorAt(own).variance, 0.04, 'own queries');
  close(errorAt(own, 8).variance, 0.02, 'own queries, 8 seeds');
  // The seeds' spread came out smaller than the queries alone would make it: theirs counts.
  close(errorAt({ ...own, perSeeds: 0.001 }, 12).variance, 0.01, 'a spread small by chance');
});

test('errors: rows that differ, a pair given twice, a metric that does not apply', () => {
  const key = Key.from(1);
  const [unit] = simulate(key, 1, 0, 0);
  assert.throws(() => pairedInterval([], 'microF1', { key }), /at least one pair/);
  assert.throws(() => pairedInterval([unit, unit], 'microF1', { key }), /got seed 0, fold 0 twice/);
  assert.throws(
    () => pairedInterval([{ ...unit, against: { ...unit.against, rows: 'others' } }], 'microF1', { key }),
    /same rows in the same order/,
  );
  assert.throws(() => pairedInterval([unit], 'f2' as 'ndcg', { key }), /metric must be one of microF1/);
});
