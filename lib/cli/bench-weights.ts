import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldOf, readDataset } from '../data';
import type { FinetuneConfig } from '../experiments/config';
import { classifierSpec, startingWeights } from '../experiments/finetune-run';
import { buildVocabularies, prepareInputs } from '../experiments/prepare';
import { scales } from '../experiments/scales';
import { resolveWeights, startingEncoder } from '../experiments/start';
import type { Precision } from '../graph';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { Key } from '../runtime/key';
import { environment } from '../runtime/provenance';
import { Classifier } from '../train/classifier';
import type { Batch } from '../train/loop';
import { PythonProcess } from './python-process';

interface Options {
  weights: string;
  data: string;
  python?: string;
  out?: string;
}

interface EpochOfWeights {
  precision: Precision;
  steps: number;
  tokensPerSecond: number;
  /** Median milliseconds a step, and seconds of all steps, recorded and in transformers. */
  step: number;
  epoch: number;
  referenceStep?: number;
  referenceEpoch?: number;
  stepRatio?: number;
  epochRatio?: number;
  /** Largest difference of the first batch's logits before training, without dropout. */
  logitsError?: number;
}

/** Steps of one side before the other has its turn. */
const BLOCK = 4;

/** One epoch of fine-tuning at the scale `minilm` from known weights, in turn with transformers on the same weights, head and batches (padded alike). */
export async function benchWeights({ weights, data, python, out }: Options): Promise<void> {
  const rows: EpochOfWeights[] = [];
  let reference: string | undefined;
  for (const precision of ['f32', 'bf16'] as const) {
    const { figures, version } = await epochOf(weights, data, python, precision);
    rows.push(figures);
    reference = version;
    process.stdout.write(`${line(figures)}\n`);
  }
  if (!out) return;
  const record = { weights, environment: { ...environment('bf16'), precision: 'f32, bf16' }, reference, epochs: rows };
  writeFileAtomic(out, JSON.stringify(record, null, 1) + '\n');
}

function line({
  precision,
  steps,
  step,
  epoch,
  referenceStep,
  referenceEpoch,
  stepRatio,
  epochRatio,
  logitsError,
}: EpochOfWeights): string {
  const own = `${precision.padEnd(4)}  ${steps} steps: median ${step.toFixed(0)} ms, epoch ${epoch.toFixed(1)} s`;
  if (referenceStep === undefined) return own;
  return `${own}; transformers ${referenceStep.toFixed(0)} ms, ${referenceEpoch!.toFixed(1)} s; ratio ${stepRatio!.toFixed(2)} a step, ${epochRatio!.toFixed(2)} an epoch; logits differ by ${logitsError!.toExponential(1)}`;
}

/** The scale's configuration with a head that both sides can build: mean pooling and nothing besides. */
function configOf(weights: string, precision: Precision): FinetuneConfig {
  const { base } = scales.minilm;
  ensure(base.start.from === 'weights', 'the scale minilm starts from weights');
  const head = { ...base.head, brand: 0, color: 0, country: 0, trigrams: 0 };
  return { ...base, start: { ...base.start, name: weights }, head, pretrain: null, precision };
}

async function epochOf(
  weights: string,
  data: string,
  python: string | undefined,
  precision: Precision,
): Promise<{ figures: EpochOfWeights; version?: string }> {
  const config = configOf(weights, precision);
  const { folder, locales } = await resolveWeights(weights);
  const dataset = await readDataset(data);
  const rows = dataset.rows.filter((row) => locales.includes(row.locale) && foldOf(row.locale, row.query, 5) !== 0);
  const { optimiser, text } = config;
  ensure(
    rows.length >= optimiser.batch,
    `--data ${data}: at least ${optimiser.batch} rows that ${weights} can read needed, got ${rows.length}`,
  );
  const key = Key.from('bench');
  const start = await startingEncoder(config.start, { ...dataset, name: 'bench', sha256: '' }, rows, text.maxLength, key);
  const vocabularies = buildVocabularies(config, dataset.products, rows);
  const inputs = await prepareInputs(config, rows, start.tokenizer, vocabularies);
  const spec = classifierSpec(config, start, vocabularies, [inputs]);
  const classifier = new Classifier(spec);
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
  const other = python ? new PythonProcess(python, 'weights.py', [scratch]) : undefined;
  try {
    const values = startingWeights(config, spec, start, vocabularies, rows, key);
    classifier.start(values);
    const steps = classifier.updatesPerEpoch(inputs, key);
    const batchAt = classifier.trainingBatches(inputs, key, start.config.padId);
    const batches = Array.from({ length: steps }, (_, i) => batchAt(i));
    const head = Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith('heads.esci.')));
    writeFileSync(join(scratch, 'job.json'), jobJson(folder, config, batches, head, steps));
    const answer = await other?.ask({ load: true });
    const logitsError = answer ? logitsDifference(classifier, batches[0], answer.probabilities as number[]) : undefined;
    for (const bucket of new Set(batches.map((b) => b.bucket)))
      warm(
        classifier,
        batches.find((b) => b.bucket === bucket)!,
        steps,
      );
    classifier.start(values);
    const own: number[] = [];
    const theirs: number[] = [];
    for (let from = 0; from < steps; from += BLOCK) {
      const to = Math.min(steps, from + BLOCK);
      for (let t = from; t < to; t++) {
        const started = now();
        classifier.program.run('train', batches[t].bucket, { ...batches[t].feeds, ...classifier.scalars(t, steps) });
        own.push(now() - started);
      }
      if (other) theirs.push(...((await other.ask({ from, to })).milliseconds as number[]));
    }
    const tokens = batches.reduce((n, b) => n + b.tokens, 0);
    const figures: EpochOfWeights = {
      precision,
      steps,
      tokensPerSecond: Math.round(tokens / total(own)),
      step: median(own),
      epoch: total(own),
      ...(other
        ? {
            referenceStep: median(theirs),
            referenceEpoch: total(theirs),
            stepRatio: median(own) / median(theirs),
            epochRatio: total(own) / total(theirs),
            logitsError,
          }
        : {}),
    };
    return { figures, version: answer && String(answer.version) };
  } finally {
    other?.end();
    classifier.dispose();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const total = (milliseconds: readonly number[]): number => milliseconds.reduce((a, b) => a + b, 0) / 1000;

/** One step and one prediction, so that neither is timed for the first time. */
function warm(classifier: Classifier, batch: Batch, steps: number): void {
  classifier.program.run('train', batch.bucket, { ...batch.feeds, ...classifier.scalars(0, steps) });
}

function jobJson(
  folder: string,
  config: FinetuneConfig,
  batches: readonly Batch[],
  head: Record<string, Float32Array>,
  steps: number,
): string {
  const { optimiser, precision } = config;
  return JSON.stringify({
    folder,
    precision,
    dropout: config.head.dropout,
    batch: optimiser.batch,
    learningRate: optimiser.learningRate,
    headFactor: optimiser.headFactor,
    weightDecay: optimiser.weightDecay,
    clip: optimiser.clip,
    steps,
    head: Object.fromEntries(Object.entries(head).map(([name, values]) => [name.replace('heads.esci.', ''), [...values]])),
    batches: batches.map(({ bucket, feeds }) => ({
      length: Number(bucket),
      ids: [...(feeds.inputIds as Int32Array)],
      mask: [...(feeds.attentionMask as Int32Array)],
      types: [...((feeds.tokenTypeIds ?? []) as Int32Array)],
      labels: [...(feeds.labels as Int32Array)],
      weights: [...(feeds.weights as Float32Array)],
    })),
  });
}

function logitsDifference(classifier: Classifier, { bucket, feeds }: Batch, expected: readonly number[]): number {
  const { inputIds, attentionMask, tokenTypeIds } = feeds;
  const own = classifier.program.run('predict', bucket, { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}) });
  return expected.reduce((worst, p, i) => Math.max(worst, Math.abs(p - own.probabilities[i])), 0);
}
