import { ensure, inRange } from '../runtime/errors';

export interface LogisticOptions {
  /** Inverse strength of the L2 penalty; default 1. */
  c?: number;
  /** Largest number of Newton steps; default 100. */
  iterations?: number;
}

/** A fitted multinomial logistic regression over standardised features. */
export interface LogisticModel {
  classes: number;
  /** Mean and deviation of each feature in the training rows; a constant feature has deviation 1. */
  means: Float64Array;
  deviations: Float64Array;
  /** [K, F + 1]: weights of the standardised features, the intercept last. */
  weights: Float64Array;
  /** Newton steps taken, and the largest component of the gradient (per row) at the end. */
  iterations: number;
  gradient: number;
}

const GRADIENT = 1e-8;

/**
 * Fits softmax(W·z + b), z the standardised features, by minimising C·Σᵢ −log p(yᵢ) + ½‖W‖² (the intercept is free): Newton's method with halved
 * steps, exact to rounding. features [N, F], labels [N] in 0…K−1. Reference: scikit-learn's LogisticRegression (multinomial, L2, C = 1) behind a
 * StandardScaler. Throws an InputError where lengths disagree or a feature is not a number.
 */
export function fitLogistic(
  features: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  { c = 1, iterations = 100 }: LogisticOptions = {},
): LogisticModel {
  inRange('logistic.c', c, 1e-12, 1e12);
  const rows = labels.length;
  ensure(rows > 0 && features.length % rows === 0, `features must be [${rows}, F], got ${features.length} numbers`);
  for (let i = 0; i < features.length; i++)
    ensure(Number.isFinite(features[i]), `feature ${i} must be a number, got ${features[i]}`);
  const width = features.length / rows;
  const { means, deviations } = moments(features, rows, width);
  const size = width + 1;
  const z = new Float64Array(rows * size);
  for (let i = 0; i < rows; i++) {
    for (let f = 0; f < width; f++) z[i * size + f] = (features[i * width + f] - means[f]) / deviations[f];
    z[i * size + width] = 1;
  }
  const problem = { z, labels, rows, size, classes, c };
  let weights = new Float64Array(classes * size);
  let value = objective(problem, weights);
  let gradient = Infinity;
  let steps = 0;
  for (; steps < iterations; steps++) {
    const { slope, hessian } = derivatives(problem, weights);
    gradient = slope.reduce((most, g) => Math.max(most, Math.abs(g)), 0) / (c * rows);
    if (gradient < GRADIENT) break;
    const move = solve(hessian, slope);
    let next = weights;
    let reached = value;
    for (let share = 1; share > 1e-10; share /= 2) {
      next = weights.map((w, i) => w - share * move[i]);
      reached = objective(problem, next);
      if (reached <= value) break;
    }
    if (!(reached < value)) break;
    [weights, value] = [next, reached];
  }
  return { classes, means, deviations, weights, iterations: steps, gradient };
}

/** Class probabilities of rows, [N, F] → [N, K]. */
export function predictLogistic(model: LogisticModel, features: ArrayLike<number>): Float32Array {
  const { classes, means, deviations, weights } = model;
  const width = means.length;
  ensure(features.length % width === 0, `features must be [N, ${width}], got ${features.length} numbers`);
  const rows = features.length / width;
  const out = new Float32Array(rows * classes);
  const z = new Float64Array(width + 1).fill(1);
  for (let i = 0; i < rows; i++) {
    for (let f = 0; f < width; f++) z[f] = (features[i * width + f] - means[f]) / deviations[f];
    out.set(softmaxOf(weights, z, 0, classes), i * classes);
  }
  return out;
}

interface Problem {
  /** [N, F + 1] standardised, a 1 last */
  z: Float64Array;
  labels: ArrayLike<number>;
  rows: number;
  size: number;
  classes: number;
  c: number;
}

function moments(features: ArrayLike<number>, rows: number, width: number): { means: Float64Array; deviations: Float64Array } {
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (let i = 0; i < rows * width; i++) means[i % width] += features[i] / rows;
  for (let i = 0; i < rows * width; i++) deviations[i % width] += (features[i] - means[i % width]) ** 2 / rows;
  return { means, deviations: deviations.map((v) => (v > 0 ? Math.sqrt(v) : 1)) };
}

function softmaxOf(weights: Float64Array, z: Float64Array, from: number, classes: number): Float64Array {
  const size = weights.length / classes;
  const p = new Float64Array(classes);
  let most = -Infinity;
  for (let k = 0; k < classes; k++) {
    for (let f = 0; f < size; f++) p[k] += weights[k * size + f] * z[from + f];
    most = Math.max(most, p[k]);
  }
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += p[k] = Math.exp(p[k] - most);
  return p.map((x) => x / sum);
}

function objective({ z, labels, rows, size, classes, c }: Problem, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum -= c * Math.log(Math.max(1e-300, softmaxOf(weights, z, i * size, classes)[labels[i]]));
  for (let k = 0; k < classes; k++) for (let f = 0; f + 1 < size; f++) sum += 0.5 * weights[k * size + f] ** 2;
  return sum;
}

/** Gradient [K·(F+1)] and Hessian; a shift of all intercepts changes nothing, so a trace of ridge there makes the Hessian regular. */
function derivatives({ z, labels, rows, size, classes, c }: Problem, weights: Float64Array) {
  const n = classes * size;
  const slope = new Float64Array(n);
  const hessian = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < rows; i++) {
    const p = softmaxOf(weights, z, i * size, classes);
    for (let k = 0; k < classes; k++) {
      const error = c * (p[k] - Number(labels[i] === k));
      for (let f = 0; f < size; f++) slope[k * size + f] += error * z[i * size + f];
      for (let l = 0; l <= k; l++) {
        const curve = c * p[k] * (Number(k === l) - p[l]);
        for (let f = 0; f < size; f++)
          for (let g = 0; g < size; g++) hessian[k * size + f][l * size + g] += curve * z[i * size + f] * z[i * size + g];
      }
    }
  }
  for (let a = 0; a < n; a++) {
    const intercept = a % size === size - 1;
    if (!intercept) slope[a] += weights[a];
    hessian[a][a] += intercept ? 1e-6 * c : 1;
    for (let b = 0; b < a; b++) hessian[b][a] = hessian[a][b];
  }
  return { slope, hessian };
}

/** Solves A·x = b for a symmetric positive definite A by Cholesky's decomposition, in place. */
function solve(A: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) A[j][j] -= A[j][k] ** 2;
    A[j][j] = Math.sqrt(Math.max(A[j][j], 1e-300));
    for (let i = j + 1; i < n; i++) {
      for (let k = 0; k < j; k++) A[i][j] -= A[i][k] * A[j][k];
      A[i][j] /= A[j][j];
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= A[i][k] * x[k];
    x[i] /= A[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= A[k][i] * x[k];
    x[i] /= A[i][i];
  }
  return x;
}
