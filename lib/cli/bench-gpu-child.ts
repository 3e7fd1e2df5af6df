/** One column of `bench --gpu` in a process of its own, since TF32 and XLA are chosen before TensorFlow starts: takes a request as JSON, prints GpuTimes. */
import { Key } from '../runtime/key';
import { now } from '../runtime/clock';
import { backend } from '../runtime/tensorflow';
import { benchClassifier, randomFeeds } from './bench-classifier';

export interface GpuRequest {
  layers: number;
  hidden: number;
  heads: number;
  vocabulary: number;
  batch: number;
  tokens: number;
  dropout: number;
  precision: 'f32' | 'bf16';
  eager: boolean;
  recompute: boolean;
  steps: number;
}

export interface GpuTimes {
  milliseconds: number[];
  /** Until the first step could begin: recording, loading, setting the weights. */
  startSeconds: number;
  /** Of the first step: with XLA it compiles. */
  firstSeconds: number;
  gpu: boolean;
}

const request = JSON.parse(process.argv[2]) as GpuRequest;
const { tokens, eager, steps } = request;
if (eager) process.env.ESCI_EAGER = '1';
const key = Key.from('gpu');
const started = now();
const classifier = benchClassifier({ ...request, buckets: [tokens], padId: 1, weightDecay: 0.01, clip: 1, warmup: 0 }, key);
const startSeconds = (now() - started) / 1000;
const feeds = randomFeeds(request, key);
const times: number[] = [];
const WARM_UP = 3;
for (let t = 0; t < WARM_UP + steps; t++) {
  const from = now();
  const fed = { ...feeds, seed: key.fold(t).words(), ...classifier.scalars(t, 1000) };
  const { loss } = classifier.program.run('train', String(tokens), fed); // reading the loss waits for the card
  if (!Number.isFinite(loss[0])) throw new Error(`the loss of step ${t + 1} is ${loss[0]}`);
  times.push(now() - from);
}
const answer: GpuTimes = {
  milliseconds: times.slice(WARM_UP),
  startSeconds,
  firstSeconds: times[0] / 1000,
  gpu: backend().isUsingGpuDevice,
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exit(0);
