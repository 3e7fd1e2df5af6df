import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { countParams, encoderParams, openPretrained, savePretrained, type EncoderConfig } from '../encoder';
import { gib } from '../experiments/cost';
import { finetuneMemory } from '../experiments/memory';
import { scales } from '../experiments/scales';
import { xlmr } from '../experiments/shape';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';
import { Key } from '../runtime/key';
import { environment, peakMemoryBytes } from '../runtime/provenance';
import { Classifier } from '../train/classifier';
import { benchSpec, randomFeeds } from './bench-classifier';
import { forgetPeak, resident } from './resident';

/** The shape of InfoXLM-large and XLM-R-large. */
export const LARGE: EncoderConfig = {
  ...xlmr(24, 1024, 16),
  padId: 1,
  epsilon: 1e-5,
  dropout: 0.1,
  attentionDropout: 0.1,
};

export interface LargeFigures {
  parameters: number;
  fileBytes: number;
  /** Seconds of each part. */
  write: number;
  record: number;
  load: number;
  steps: number[];
  save: number;
  losses: number[];
  /** Largest resident memory by the end of each part, and what the formula says of the step. */
  peakBytes: { load: number; step: number; save: number };
  estimatedBytes: number;
}

const BLOCK = 1_048_573; // a prime: no two rows of a matrix repeat each other

/** Normal numbers without end, cheaply: one block of them, read from another place for each weight. */
function randomWeights(key: Key): (name: string, shape: readonly number[], std: number) => Float32Array {
  const random = key.random();
  const block = Float32Array.from({ length: BLOCK }, () => random.normal());
  return (name, shape, std) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    let at = key.fold(name).random().int(BLOCK);
    for (let i = 0; i < values.length; i++) {
      values[i] = std * block[at];
      if (++at === BLOCK) at = 0;
    }
    return values;
  };
}

/** An object whose members are made when they are asked for. */
function lazily<T>(names: readonly string[], value: (name: string) => T): Record<string, T> {
  const result: Record<string, T> = {};
  for (const name of names) Object.defineProperty(result, name, { enumerable: true, get: () => value(name) });
  return result;
}

/**
 * Writes a model of random weights in Hugging Face's layout, loads it, trains `updates` steps at one text of `tokens` tokens, and saves the trained encoder: what a
 * machine must hold to work at the paper's scale. Weights go from file to TensorFlow and back one group at a time.
 */
export async function benchLarge(encoder: EncoderConfig, tokens: number, updates: number): Promise<LargeFigures> {
  const work = mkdtempSync(join(tmpdir(), 'large-model-'));
  const say = (text: string): void => void process.stderr.write(`${text}; ${size(freemem())} free of ${size(totalmem())}\n`);
  try {
    const key = Key.from('large model');
    const specs = encoderParams(encoder);
    const draw = randomWeights(key);
    const clock = timer();
    const std = (name: string): number => ('normal' in specs[name].init ? specs[name].init.normal : 0);
    const values = (name: string): Float32Array => {
      const { shape, init } = specs[name];
      return 'constant' in init ? new Float32Array(shape[0]).fill(init.constant) : draw(name, shape, std(name));
    };
    const folder = join(work, 'model');
    savePretrained(folder, encoder, specs, lazily(Object.keys(specs), values));
    const fileBytes = statSync(join(folder, 'model.safetensors')).size;
    const write = clock();
    say(`wrote ${countParams(specs)} weights, ${size(fileBytes)}, in ${write.toFixed(1)} s`);

    const sizes = { ...encoder, batch: 1, tokens };
    const spec = benchSpec({ ...sizes, precision: 'f32', buckets: [tokens], weightDecay: 0.01, clip: 1, warmup: 0 });
    const classifier = new Classifier({ ...spec, encoder, schedule: { ...spec.schedule, learningRate: 1e-5 } });
    try {
      const record = clock();
      say(`recorded ${classifier.program.nodes} nodes in ${record.toFixed(1)} s`);
      const model = openPretrained(folder);
      classifier.program.fill((name) => {
        if (name in model.shapes) return model.read(name);
        const spec = classifier.specs[name] as (typeof classifier.specs)[string] | undefined; // a head's, or a moment's: none
        return spec && 'normal' in spec.init ? draw(name, spec.shape, spec.init.normal) : undefined;
      });
      const load = clock();
      const peak = { load: peakMemoryBytes(), step: 0, save: 0 };
      say(`loaded in ${load.toFixed(1)} s, peak ${size(peak.load)}`);
      const feeds = randomFeeds(sizes, key);
      const [steps, losses]: number[][] = [[], []];
      if (onLinux) forgetPeak();
      for (let t = 0; t < updates; t++) {
        const fed = { ...feeds, seed: key.fold(t).words(), ...classifier.scalars(t, updates) };
        const { loss } = classifier.program.run('train', String(tokens), fed);
        ensure(Number.isFinite(loss[0]), `the loss of update ${t + 1} is ${loss[0]}`);
        losses.push(loss[0]);
        steps.push(clock());
        say(`update ${t + 1} in ${steps[t].toFixed(1)} s, loss ${loss[0].toFixed(4)}`);
      }
      peak.step = peakNow();
      const read = classifier.program.reader();
      const saved = join(work, 'trained');
      savePretrained(
        saved,
        encoder,
        specs,
        lazily(Object.keys(specs), (name) => read(name) as Float32Array),
      );
      const save = clock();
      peak.save = peakNow();
      ensure(statSync(join(saved, 'model.safetensors')).size === fileBytes, 'the saved model has another size than the first');
      say(`saved in ${save.toFixed(1)} s`);
      const { total, host, weights } = estimate(encoder, tokens);
      return { parameters: countParams(specs), fileBytes, write, record, load, steps, save, losses, peakBytes: peak, estimatedBytes: total + host - weights }; // prettier-ignore
    } finally {
      classifier.dispose();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function estimate(encoder: EncoderConfig, tokens: number) {
  const { base } = scales.paper;
  const head = { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout: 0.1 } as const;
  const text = { ...base.text, maxLength: tokens, buckets: 1 };
  const optimiser = { ...base.optimiser, batch: 1, accumulation: 1 };
  return finetuneMemory({ ...base, head, trigrams: null, text, optimiser, precision: 'f32' }, encoder, { brands: 0, colors: 0 });
}

/** The largest resident memory since it was last forgotten, on Linux; elsewhere, where nothing forgets it, since the start. */
const onLinux = process.platform === 'linux';
const peakNow = (): number => (onLinux ? resident('VmHWM') : peakMemoryBytes());

function timer(): () => number {
  let last = now();
  return () => {
    const at = now();
    const seconds = (at - last) / 1000;
    last = at;
    return seconds;
  };
}

const size = (bytes: number): string => gib(bytes, 2);

/** The figures as lines of text. */
export function largeText(f: LargeFigures): string {
  const seconds = (x: number): string => `${x.toFixed(1)} s`;
  return [
    `${f.parameters} weights, a file of ${size(f.fileBytes)}: written in ${seconds(f.write)}`,
    `recorded in ${seconds(f.record)}, loaded in ${seconds(f.load)}, peak ${size(f.peakBytes.load)}`,
    `updates: ${f.steps.map(seconds).join(', ')}; losses ${f.losses.map((x) => x.toFixed(4)).join(', ')}; peak ${size(f.peakBytes.step)}, by formula ${size(f.estimatedBytes)}`,
    `saved in ${seconds(f.save)}, peak ${size(f.peakBytes.save)}`,
    '',
  ].join('\n');
}

/** The figures with what machine they are from, as a record of data/bench. */
export const largeRecord = (figures: LargeFigures) => ({ environment: environment('f32'), memoryBytes: totalmem(), ...figures });
