import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldOf, readDataset, type Row } from '../data';
import { now } from '../runtime/clock';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { Key } from '../runtime/key';
import { lengthBuckets, productText, rowLengths, tokenise, trainTokenizer, type Tokenizer } from '../text';
import { benchClassifier } from './bench-classifier';
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
  const recordingStarted = now();
  const key = Key.from('epoch');
  const buckets = lengthBuckets(rowLengths(tokens), { batch: SIZE.batch, maxLength, buckets: 4 });
  const model = {
    ...SIZE,
    vocabulary: tokenizer.size,
    padId: tokenizer.specials.pad,
    dropout: 0.1,
    weightDecay: 0.01,
    clip: 1,
    warmup: 0.1,
  };
  const classifier = benchClassifier({ ...model, buckets, precision: 'f32' }, key);
  const recording = (now() - recordingStarted) / 1000;
  try {
    const inputs = { tokens, classes: Int32Array.from(tokens.labels), gains: new Float32Array(tokens.size) };
    const steps = classifier.updatesPerEpoch(inputs, key);
    const result = await train({
      program: classifier.program,
      steps,
      accumulation: 1,
      batch: classifier.trainingBatches(inputs, key, model.padId),
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
