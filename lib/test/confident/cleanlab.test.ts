import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  confidentJoint,
  confidentThresholds,
  estimateLatent,
  findLabelIssues,
  healthSummary,
  inspectLabels,
  qualityScores,
  type FindOptions,
  type PyMethod,
  type RankBy,
} from '../../confident';
import fixtures from './fixtures.json';
import { close } from './shared';

// Oracle of every test here: numbers of cleanlab 2.9 for the same rows, written by make-fixtures.py.
const cases = fixtures.cases.map(({ K, labels, parts, ...expected }) => {
  const probs = new Float64Array(parts.length);
  for (let at = 0; at < parts.length; at += K) {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += parts[at + k];
    for (let k = 0; k < K; k++) probs[at + k] = parts[at + k] / sum;
  }
  return { K, labels, probs, ...expected };
});

/** cleanlab's option names in this library's. */
function camel(options: object): FindOptions {
  const renamed = Object.entries(options).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    Array.isArray(value) ? (value.flat() as number[]) : (value as unknown),
  ]);
  return Object.fromEntries(renamed) as FindOptions;
}

for (const { name, K, labels, probs, ...expected } of cases) {
  test(`cleanlab's issues in cleanlab's order: ${name}`, () => {
    for (const { options, issues } of expected.runs)
      assert.deepEqual(Array.from(findLabelIssues(labels, probs, K, camel(options))), issues, JSON.stringify(options));
  });

  test(`cleanlab's joint, thresholds and number of issues: ${name}`, () => {
    assert.deepEqual(Array.from(confidentJoint(labels, probs, K)), expected.confident_joint);
    assert.deepEqual(Array.from(confidentJoint(labels, probs, K, { calibrate: false })), expected.uncalibrated);
    close(confidentThresholds(labels, probs, K), expected.thresholds, 1e-14);
    assert.equal(inspectLabels(labels, probs, K).numLabelIssues, expected.num_label_issues);
  });

  test(`cleanlab's noise matrices and latent prior: ${name}`, () => {
    const counts = Int32Array.from({ length: K }, (_, k) => labels.filter((label) => label === k).length);
    for (const { method, converge, py, noise_matrix, inverse_noise_matrix } of expected.latent) {
      const got = estimateLatent(expected.confident_joint, counts, {
        pyMethod: method as PyMethod,
        convergeLatentEstimates: converge,
      });
      close(got.py, py, 1e-12);
      close(got.noiseMatrix, noise_matrix, 1e-12);
      close(got.inverseNoiseMatrix, inverse_noise_matrix, 1e-12);
    }
  });

  if (expected.adjusted.length)
    test(`cleanlab's quality scores: ${name}`, () => {
      for (const [method, scores] of Object.entries(expected.quality as Record<string, number[]>))
        close(qualityScores(labels, probs, K, { method: method as RankBy }), scores, 1e-9);
      close(qualityScores(labels, probs, K, { method: 'normalized_margin', adjustPredProbs: true }), expected.adjusted, 1e-9);
    });

  test(`cleanlab's health summary: ${name}`, () => {
    const health = healthSummary(labels, probs, K);
    close([health.overallLabelHealthScore], [expected.health.score], 1e-12);
    close(
      health.classesByLabelQuality.flatMap((c) => [
        c.classIndex,
        c.labelIssues,
        c.inverseLabelIssues,
        c.labelNoise,
        c.inverseLabelNoise,
        c.labelQualityScore,
      ]),
      expected.health.classes.flat(),
      1e-12,
    );
    close(
      health.overlappingClasses.flatMap((p) => [p.classIndexA, p.classIndexB, p.numOverlappingExamples, p.jointProbability]),
      expected.health.pairs.flat(),
      1e-12,
    );
  });
}
