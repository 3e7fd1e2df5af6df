/**
 * A process that measures one training step's memory, for `bench --memory` and a test: takes a shape as JSON, prints
 * {"baseline", "state", "step"} in bytes: TensorFlow started and warm; beyond that after the weights are set; beyond that the peak over some steps.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { drawMixup } from '../finetune/mixup';
import { NO_TRICKS, type Tricks } from '../finetune/step';
import { matmulSpeed } from '../runtime/device';
import { Key } from '../runtime/key';
import { benchClassifier } from './bench-classifier';

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

/** A figure of /proc/self/status in bytes: `VmRSS` resident now, `VmHWM` the most so far. */
function resident(name: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
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
  const { batch, tokens, vocabulary, tricks } = shape;
  const key = Key.from('memory');
  matmulSpeed('float32', 512, 1, 2);
  const baseline = resident('VmRSS');
  const classifier = benchClassifier({ ...shape, buckets: [tokens], padId: 1, weightDecay: 0.01, clip: 1, warmup: 0 }, key);
  (globalThis as { gc?: () => void }).gc?.();
  const state = resident('VmRSS') - baseline;
  const random = key.fold('batch').random();
  const feeds = {
    inputIds: Int32Array.from({ length: batch * tokens }, () => 5 + random.int(vocabulary - 5)),
    attentionMask: new Int32Array(batch * tokens).fill(1),
    labels: Int32Array.from({ length: batch }, () => random.int(4)),
    weights: new Float32Array(batch).fill(1),
    ...(tricks.mixup ? drawMixup(tricks.mixup, batch, random) : {}),
  };
  writeFileSync('/proc/self/clear_refs', '5'); // forgets the peak so far
  for (let t = 0; t < STEPS; t++)
    classifier.program.run('train', String(tokens), { ...feeds, seed: key.fold(t).words(), ...classifier.scalars(t, 100) });
  return { baseline, state, step: resident('VmHWM') - baseline };
}

process.stdout.write(`${JSON.stringify(measure(JSON.parse(process.argv[2]) as Partial<MemoryShape>))}\n`);
