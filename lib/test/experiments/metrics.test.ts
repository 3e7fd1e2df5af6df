import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMetrics } from '../../experiments/metrics';

test('rows of one kind have no AUC, and a record then says nothing of it (oracle: JSON has no NaN)', () => {
  const probabilities = Float32Array.of(0.7, 0.1, 0.1, 0.1, 0.2, 0.6, 0.1, 0.1);
  const measure = (labels: number[]) => runMetrics(2, probabilities, 4, { classes: labels, labels, query: [0, 1] });
  for (const labels of [
    [0, 0],
    [1, 3],
  ]) {
    const metrics = measure(labels);
    assert.ok(!('exactAuc' in metrics) && Object.values(metrics).every(Number.isFinite), JSON.stringify(metrics));
  }
  assert.equal(measure([0, 1]).exactAuc, 1);
});
