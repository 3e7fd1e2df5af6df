import { initialise } from '../encoder';
import { xlmr } from '../experiments/shape';
import { LOSS_DEFAULTS } from '../finetune/losses';
import { drawMixup } from '../finetune/mixup';
import { NO_TRICKS, type Tricks } from '../finetune/step';
import type { Precision } from '../graph';
import type { Key } from '../runtime/key';
import { Classifier, type ClassifierSpec } from '../train/classifier';
import type { Batch } from '../train/loop';

export interface BenchModel {
  layers: number;
  hidden: number;
  heads: number;
  batch: number;
  vocabulary: number;
  dropout: number;
  precision: Precision;
  buckets: readonly number[];
  padId: number;
  weightDecay: number;
  clip: number;
  /** Share of updates spent warming up; the rate then falls linearly. */
  warmup: number;
  /** Strategies switched on; none where absent. */
  tricks?: Tricks;
  recompute?: boolean;
}

/** A classifier on the first token, without names or tri-grams, as every bench times it. */
export function benchSpec(model: BenchModel): ClassifierSpec {
  const { layers, hidden, heads, vocabulary, dropout, padId, weightDecay, clip, warmup } = model;
  const { batch, precision, buckets, recompute, tricks = NO_TRICKS } = model;
  return {
    encoder: { ...xlmr(layers, hidden, heads, vocabulary), padId, epsilon: 1e-5, dropout, attentionDropout: dropout },
    head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout },
    sizes: { hidden, brands: 0, colors: 0, trigramVocabulary: 0, outputs: 4 },
    step: {
      loss: { ...LOSS_DEFAULTS, kind: 'ce' },
      tricks,
      combine: 'sum',
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
      clip,
      accumulation: 1,
    },
    schedule: { learningRate: 1e-4, warmup, decay: warmup ? 'linear' : 'constant' },
    batch,
    buckets,
    trigramCapacity: 0,
    frozen: [],
    precision,
    recompute,
  };
}

/** That classifier with random weights. */
export function benchClassifier(model: BenchModel, key: Key): Classifier {
  const classifier = new Classifier(benchSpec(model));
  classifier.start(initialise(classifier.specs, key));
  return classifier;
}

/** A random full batch for it: what a step is fed but for its seed and the optimiser's scalars. */
export function randomFeeds(
  { batch, tokens, vocabulary, tricks = NO_TRICKS }: Pick<BenchModel, 'batch' | 'vocabulary' | 'tricks'> & { tokens: number },
  key: Key,
): Batch['feeds'] {
  const random = key.fold('batch').random();
  return {
    inputIds: Int32Array.from({ length: batch * tokens }, () => 5 + random.int(vocabulary - 5)),
    attentionMask: new Int32Array(batch * tokens).fill(1),
    labels: Int32Array.from({ length: batch }, () => random.int(4)),
    weights: new Float32Array(batch).fill(1),
    ...(tricks.mixup ? drawMixup(tricks.mixup, batch, random) : {}),
  };
}
