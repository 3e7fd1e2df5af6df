import { initialise } from '../encoder';
import { LOSS_DEFAULTS } from '../finetune/losses';
import { NO_TRICKS, type Tricks } from '../finetune/step';
import type { Precision } from '../graph';
import type { Key } from '../runtime/key';
import { Classifier } from '../train/classifier';

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

/** A classifier on the first token with random weights, as both benches time it. */
export function benchClassifier(model: BenchModel, key: Key): Classifier {
  const {
    layers,
    hidden,
    heads,
    batch,
    vocabulary,
    dropout,
    precision,
    buckets,
    padId,
    weightDecay,
    clip,
    warmup,
    tricks = NO_TRICKS,
    recompute,
  } = model;
  const classifier = new Classifier({
    encoder: {
      type: 'xlm-roberta',
      layers,
      hidden,
      heads,
      ffn: 4 * hidden,
      vocabulary,
      maxPositions: 514,
      typeVocabulary: 1,
      padId,
      epsilon: 1e-5,
      dropout,
      attentionDropout: dropout,
    },
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
  });
  classifier.start(initialise(classifier.specs, key));
  return classifier;
}
