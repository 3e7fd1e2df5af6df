// Oracles: class shares in closed form; the objective written out and differentiated by differences; known weights that made the labels.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fitLogistic, predictLogistic } from '../../metrics/logistic';
import { Key } from '../../runtime/key';

/** Labels drawn from softmax(W·x + b). */
function drawn(
  rows: number,
  weights: readonly (readonly number[])[],
  key: string,
): { features: Float64Array; labels: Int32Array } {
  const random = Key.from(key).random();
  const width = weights[0].length - 1;
  const features = Float64Array.from({ length: rows * width }, () => random.normal());
  const labels = Int32Array.from({ length: rows }, (_, i) =>
    random.weighted(weights.map((w) => Math.exp(w.reduce((s, x, f) => s + x * (f < width ? features[i * width + f] : 1), 0)))),
  );
  return { features, labels };
}

test('without any features that vary the probabilities are the class shares', () => {
  const labels = [0, 0, 0, 1, 1, 2, 0];
  const model = fitLogistic(labels.map(() => 5), labels, 3); // prettier-ignore
  const p = predictLogistic(model, [5]);
  [4 / 7, 2 / 7, 1 / 7].forEach((share, k) => assert.ok(Math.abs(p[k] - share) < 1e-6));
});

test('at the solution every directional difference of C·loss + ½‖W‖² is zero, and steps away from it cost', () => {
  const { features, labels } = drawn(307, [[1, -2, 0.5], [0, 1, 0], [-1, 0.5, -0.5]], 'stationary'); // prettier-ignore
  const c = 0.7;
  const model = fitLogistic(features, labels, 3, { c });
  const objective = (weights: Float64Array): number => {
    const p = predictLogistic({ ...model, weights }, features);
    let sum = 0;
    labels.forEach((label, i) => (sum -= c * Math.log(p[i * 3 + label])));
    weights.forEach((w, j) => (sum += j % 3 === 2 ? 0 : 0.5 * w * w));
    return sum;
  };
  const best = objective(model.weights);
  for (let j = 0; j < 9; j++) {
    const moved = (h: number): number => objective(model.weights.map((w, i) => (i === j ? w + h : w)));
    assert.ok(Math.abs(moved(1e-2) - moved(-1e-2)) / 2e-2 < 2e-2, `weight ${j}`); // third-order terms and float32 probabilities are left
    assert.ok(moved(0.1) >= best - 1e-4 && moved(-0.1) >= best - 1e-4);
  }
  assert.ok(model.gradient < 1e-8);
});

test('the weights that made the labels are found again', () => {
  const truth = [[1, -1, 0.3], [-1, 1, -0.3]] as const; // prettier-ignore
  const { features, labels } = drawn(20_011, truth, 'recovered');
  const model = fitLogistic(features, labels, 2, { c: 1e6 });
  for (const f of [0, 1, 2]) {
    const unit = f < 2 ? model.deviations[f] : 1;
    const shift =
      f < 2
        ? 0
        : [0, 1].reduce((s, g) => s + ((model.weights[g] - model.weights[3 + g]) * model.means[g]) / model.deviations[g], 0);
    const difference = (model.weights[f] - model.weights[3 + f]) / unit - shift; // only differences of classes are determined
    assert.ok(Math.abs(difference - (truth[0][f] - truth[1][f])) < 0.1, `feature ${f}: ${difference}`); // about 3 standard errors
  }
});
