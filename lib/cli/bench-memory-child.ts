/**
 * A process that measures one training step's memory, for `bench --memory` and a test: takes a shape as JSON, prints
 * {"baseline", "state", "step"} in bytes: TensorFlow started and warm; beyond that after the weights are set; beyond that the peak over some steps.
 */
import { NO_TRICKS, type Tricks } from '../finetune/step';
import { matmulSpeed } from '../runtime/device';
import { Key } from '../runtime/key';
import { benchClassifier, randomFeeds } from './bench-classifier';
import { forgetPeak, resident } from './resident';

/** What is measured. */
export interface MemoryShape {
  layers: number;
  hidden: number;
  heads: number;
  batch: number;
  tokens: number;
  vocabulary: number;
  dropout: number;
  precision: 'f32' | 'bf16';
  recompute: boolean;
  tricks: Tricks;
}

const STEPS = 12;

function measure(given: Partial<MemoryShape>): { baseline: number; state: number; step: number } {
  const shape: MemoryShape = {
    layers: 2,
    hidden: 128,
    heads: 4,
    batch: 8,
    tokens: 32,
    vocabulary: 499,
    dropout: 0.1,
    precision: 'f32',
    recompute: false,
    tricks: NO_TRICKS,
    ...given,
  };
  const { tokens } = shape;
  const key = Key.from('memory');
  matmulSpeed('float32', 512, 1, 2);
  const baseline = resident('VmRSS');
  const classifier = benchClassifier({ ...shape, buckets: [tokens], padId: 1, weightDecay: 0.01, clip: 1, warmup: 0 }, key);
  (globalThis as { gc?: () => void }).gc?.();
  const state = resident('VmRSS') - baseline;
  const feeds = randomFeeds(shape, key);
  forgetPeak();
  for (let t = 0; t < STEPS; t++)
    classifier.program.run('train', String(tokens), { ...feeds, seed: key.fold(t).words(), ...classifier.scalars(t, 100) });
  return { baseline, state, step: resident('VmHWM') - baseline };
}

process.stdout.write(`${JSON.stringify(measure(JSON.parse(process.argv[2]) as Partial<MemoryShape>))}\n`);
