import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FinetuneConfig } from '../../experiments/config';
import { combineScores, correlation, runEnsemble, type Combine } from '../../experiments/ensemble-run';
import type { EnsembleExperiment } from '../../experiments/experiment';
import { packProbabilities } from '../../experiments/predictions';
import type { Predictions, RunRecord } from '../../experiments/record';
import { configHash, sha256 } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import { verifyRecords } from '../../report/verify';
import { simulateRecord } from '../report/simulate';

const given = 'ESCIE' + 'ISE';
const query = [0, 0, 0, 0, 0, 1, 1, 1];
const common = { rows: sha256('rows'), given, query, locale: 'u'.repeat(8) };
const stored = (values: number[], classes: number): Predictions => ({
  ...common,
  predicted: 'E'.repeat(8),
  probabilities: packProbabilities(values),
  classes,
});
const classifier = (e: number[]): Predictions =>
  stored(
    e.flatMap((p) => [p, (1 - p) / 2, 0, (1 - p) / 2]),
    4,
  );
const [a, b] = [classifier([0.9, 0.2, 0.1, 0.3, 0.6, 0.4, 0.5, 0.8]), classifier([0.7, 0.4, 0.3, 0.1, 0.2, 0.6, 0.5, 0.4])];
const regressor = stored([0.8, 0.5, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7], 1);

const experiment = (combine: Combine): EnsembleExperiment => ({
  kind: 'ensemble',
  scale: 'smoke',
  seed: 3,
  fold: 0,
  folds: 5,
  source: { generated: 'smoke' },
  config: { combine, members: [{ task: 1 }, { task: 1 }, { task: 1 }] as FinetuneConfig[] },
});
const record = (predictions: Predictions, ndcg: number): RunRecord => {
  const base = simulateRecord({ seeds: 1, queries: 3 }, 0.7, 3, 0, {});
  return { ...base, data: { ...base.data, evaluation: 8 }, metrics: { ndcg }, predictions };
};
const members = [record(a, 0.9), record(b, 0.7), record(regressor, 0.95)];
const near = (got: number, expected: number, tolerance = 3e-5): void =>
  assert.ok(Math.abs(got - expected) < tolerance, `${got} is not ${expected}`);

test('E[gain] of the mean classifier + mean regressor differs from the plain mean where there are more of one kind (worked arithmetic)', () => {
  // Row 0: E[gain] .9 + .1 · .05 = .905 and .7 + .1 · .15 = .715; regressor .8.
  near(combineScores([a, b, regressor], 'gain')[0], ((0.905 + 0.715) / 2 + 0.8) / 2);
  near(combineScores([a, b, regressor], 'mean')[0], (0.905 + 0.715 + 0.8) / 3);
  // Row 1 is 4th, 2nd and 2nd of five: ranks ¼, ¾ and ¾ of the way up.
  near(combineScores([a, b, regressor], 'rank')[1], (0.25 + 0.75 + 0.75) / 3);
});

test("the record holds the combination's nDCG on the members' rows, and how alike the members are (worked arithmetic)", () => {
  const run = runEnsemble(experiment('gain'), members);
  const scores = combineScores([a, b, regressor], 'gain');
  const gains: Record<string, number> = { E: 1, S: 0.1, C: 0.01, I: 0 };
  const of = (rows: number[]): number => {
    const dcg = (order: number[]): number => order.reduce((s, row, r) => s + gains[given[row]] / Math.log2(r + 2), 0);
    return (
      dcg([...rows].sort((i, j) => scores[j] - scores[i])) / dcg([...rows].sort((i, j) => gains[given[j]] - gains[given[i]]))
    );
  };
  near(run.metrics.ndcg, (of([0, 1, 2, 3, 4]) + of([5, 6, 7])) / 2, 1e-9);
  near(run.metrics.ndcgBestMember, 0.95, 1e-12);
  near(run.metrics.ndcgMeanMember, 2.55 / 3, 1e-12);
  assert.ok(run.metrics.memberCorrelation > -1 && run.metrics.memberCorrelation < 1);
  assert.ok(run.metrics.ndcgRandom > 0 && run.metrics.ndcgRandom < 1);
  assert.equal(run.predictions!.classes, 1);
  assert.equal(run.id, configHash(run.experiment));
  assert.deepEqual(verifyRecords([{ path: 'x', record: { ...run, data: { ...run.data, ...run.experiment.data } } }]), []);
  assert.ok(run.checks.every((check) => check.ok));
  assert.ok(!runEnsemble(experiment('gain'), [members[0], members[0]]).checks[0].ok, 'two equal members are noticed');
});

test('weights by cross-validation: all on the member that knows (known truth), and a query never sees its own judgements', () => {
  const random = Key.from('ensemble test').random();
  const queries = 61;
  const query = Array.from({ length: queries * 7 }, (_, i) => Math.floor(i / 7));
  const letters = query.map(() => 'ESCI'[random.int(4)]);
  const regress = (score: (i: number) => number, given = letters.join('')): Predictions => ({
    ...stored([], 1),
    predicted: 'E'.repeat(query.length),
    rows: sha256('more rows'),
    given,
    query,
    probabilities: packProbabilities(query.map((_, i) => score(i))),
  });
  const noise = Array.from({ length: 2 }, () => query.map(() => random.uniform()));
  const knows = (i: number): number => 1 - 'ESCI'.indexOf(letters[i]) / 4;
  const good = regress(knows);
  const members = [regress((i) => noise[0][i]), good, regress((i) => noise[1][i])];
  assert.deepEqual(combineScores(members, 'cross-validated'), combineScores([good], 'mean'));
  // Turning the judgements of query 0 upside down changes other queries' weights at most, never its own scores.
  const blur = [0.3, 0.5, 0.7].map((share, m) => (i: number) => share * knows(i) + (1 - share) * (noise[m % 2][i] * 0.9));
  const turned = letters.map((letter, i) => (query[i] === 0 ? 'ICSE'['ESCI'.indexOf(letter)] : letter)).join('');
  const own = (given?: string): Float64Array =>
    combineScores(
      blur.map((score) => regress(score, given)),
      'cross-validated',
    ).subarray(0, 7);
  assert.deepEqual(own(turned), own());
});

test('members that cannot be combined are refused', () => {
  const other = record({ ...b, rows: sha256('other') }, 0.7);
  assert.throws(() => runEnsemble(experiment('mean'), [members[0], other]), /must predict the same rows/);
  assert.throws(() => runEnsemble(experiment('mean'), []), /at least one member/);
  const two = stored(
    Array.from({ length: 16 }, () => 0.5),
    2,
  );
  assert.throws(() => combineScores([a, two], 'mean'), /takes classifiers of 4 classes and regressors, got 2/);
});

test('correlation: a line is ±1, a constant 0', () => {
  near(correlation([1, 2, 5], [3, 5, 11]), 1, 1e-12);
  near(correlation([1, 2, 5], [-1, -2, -5]), -1, 1e-12);
  assert.equal(correlation([1, 2, 5], [3, 3, 3]), 0);
});
