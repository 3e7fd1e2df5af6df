import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { confidentJoint, estimateLatent, findLabelIssues, qualityScores, type FilterBy, type RankBy } from '../../confident';
import { projectRoot } from '../../runtime/files';
import { close } from './shared';

// Oracle: cleanlab 2.9 on 1,500 rows of 4 classes, from the reference numbers beside the project. Its probabilities were rounded to nine digits afterwards.
const path = join(process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared'), 'golden', 'seed7', 'confident-learning.json');

interface Golden {
  labels: number[];
  pred_probs: number[][];
  confident_joint: number[][];
  confident_joint_uncalibrated: number[][];
  py: number[];
  noise_matrix: number[][];
  inverse_noise_matrix: number[][];
  issues: Record<string, number[]>;
  quality: Record<RankBy, number[]>;
}

test('the reference numbers of cleanlab', { skip: !existsSync(path) && `no ${path}` }, () => {
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
  const { labels } = golden;
  const K = 4;
  const probs = Float64Array.from(golden.pred_probs.flat());
  assert.deepEqual(Array.from(confidentJoint(labels, probs, K)), golden.confident_joint.flat());
  assert.deepEqual(
    Array.from(confidentJoint(labels, probs, K, { calibrate: false })),
    golden.confident_joint_uncalibrated.flat(),
  );
  const counts = [0, 1, 2, 3].map((k) => labels.filter((label) => label === k).length);
  const latent = estimateLatent(golden.confident_joint.flat(), counts);
  close(latent.py, golden.py, 1e-15);
  close(latent.noiseMatrix, golden.noise_matrix.flat(), 1e-15);
  close(latent.inverseNoiseMatrix, golden.inverse_noise_matrix.flat(), 1e-15);
  for (const [name, issues] of Object.entries(golden.issues)) {
    const [filterBy, returnIndicesRankedBy] = name.split('/') as [FilterBy, RankBy];
    assert.deepEqual(Array.from(findLabelIssues(labels, probs, K, { filterBy, returnIndicesRankedBy })), issues, name);
  }
  for (const [method, scores] of Object.entries(golden.quality))
    close(qualityScores(labels, probs, K, { method: method as RankBy }), scores, 1e-6);
});
