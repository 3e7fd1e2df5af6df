import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldOf, readDataset, type Row } from '../data';
import { initialise, type EncoderConfig } from '../encoder';
import { LOSS_DEFAULTS } from '../finetune/losses';
import { NO_TRICKS } from '../finetune/step';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { Key } from '../runtime/key';
import { lengthBuckets, productText, rowLengths, tokenise, trainTokenizer, type Tokenizer } from '../text';
import { Classifier } from '../train/classifier';
import { train } from '../train/loop';

const SIZE = { layers: 4, hidden: 256, heads: 4, batch: 32 } as const;
const VOCABULARY = 8000;

export interface EpochFigures {
  rows: number;
  maxLength: number;
  /** Seconds of one epoch: tokenising, recording the step, batching, training. */
  ours: number;
  /** Of those, seconds that recording and loading the graphs took. */
  recording: number;
  paddingShare: number;
  reference?: number;
  ratio?: number;
}

/** One fine-tuning epoch end to end on real rows, 4 layers × 256, beside Hugging Face's Trainer padding every row to the maximum. Dropout 0.1 in both. */
export async function benchEpoch(data: string, maxLength: number, python: string | undefined): Promise<EpochFigures> {
  const { rows: all, products } = await readDataset(data);
  const rows = all.filter((row) => foldOf(row.locale, row.query, 5) !== 0);
  ensure(rows.length >= SIZE.batch, `--data ${data}: at least ${SIZE.batch} rows needed, got ${rows.length}`);
  const texts = [...products.map((p) => productText(p, { separator: ' ' })), ...rows.map((row) => row.query)];
  const tokenizer = await trainTokenizer(texts, { vocabulary: VOCABULARY });
  const ours = await ownEpoch(rows, tokenizer, maxLength);
  const reference = python ? trainerEpoch(python, rows, tokenizer, maxLength) : undefined;
  return {
    rows: rows.length,
    maxLength,
    ...ours,
    ...(reference === undefined ? {} : { reference, ratio: ours.ours / reference }),
  };
}

async function ownEpoch(
  rows: readonly Row[],
  tokenizer: Tokenizer,
  maxLength: number,
): Promise<Pick<EpochFigures, 'ours' | 'recording' | 'paddingShare'>> {
  const started = now();
  const tokens = await tokenise(rows, tokenizer, { maxLength });
  const { layers, hidden, heads, batch } = SIZE;
  const encoder: EncoderConfig = {
    type: 'xlm-roberta',
    layers,
    hidden,
    heads,
    ffn: 4 * hidden,
    vocabulary: tokenizer.size,
    maxPositions: 514,
    typeVocabulary: 1,
    padId: tokenizer.specials.pad,
    epsilon: 1e-5,
    dropout: 0.1,
    attentionDropout: 0.1,
  };
  const recordingStarted = now();
  const classifier = new Classifier({
    encoder,
    head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout: 0.1 },
    sizes: { hidden, brands: 0, colors: 0, trigramVocabulary: 0, outputs: 4 },
    step: {
      loss: { ...LOSS_DEFAULTS, kind: 'ce' },
      tricks: NO_TRICKS,
      combine: 'sum',
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      clip: 1,
      accumulation: 1,
    },
    schedule: { learningRate: 1e-4, warmup: 0.1, decay: 'linear' },
    batch,
    buckets: lengthBuckets(rowLengths(tokens), { batch, maxLength, buckets: 4 }),
    trigramCapacity: 0,
    frozen: [],
    precision: 'f32',
  });
  const recording = (now() - recordingStarted) / 1000;
  try {
    classifier.start(initialise(classifier.specs, Key.from('epoch')));
    const inputs = { tokens, classes: Int32Array.from(tokens.labels), gains: new Float32Array(tokens.size) };
    const steps = classifier.updatesPerEpoch(inputs);
    const result = await train({
      program: classifier.program,
      steps,
      accumulation: 1,
      batch: classifier.trainingBatches(inputs, Key.from('epoch'), encoder.padId),
      scalars: (t) => classifier.scalars(t, steps),
    });
    return { ours: (now() - started) / 1000, recording, paddingShare: result.paddingShare };
  } finally {
    classifier.dispose();
  }
}

function trainerEpoch(python: string, rows: readonly Row[], tokenizer: Tokenizer, maxLength: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'epoch-'));
  try {
    tokenizer.save(folder);
    const pairs = rows.map((row) => [row.query, productText(row)]);
    const labels = rows.map((row) => 'ESCI'.indexOf(row.label));
    const request = { pairs, labels, tokenizer: folder, maxLength, ...SIZE };
    writeFileSync(join(folder, 'rows.json'), JSON.stringify(request));
    const out = execFileSync(python, [join(projectRoot(), 'scripts', 'bench', 'epoch.py'), join(folder, 'rows.json')], {
      encoding: 'utf8',
    });
    const last = out.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { seconds: number }).seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
