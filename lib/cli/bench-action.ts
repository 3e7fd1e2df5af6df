import { generate } from '../data/generate';
import { NO_TRICKS, type Tricks } from '../finetune/step';
import { scales } from '../experiments/scales';
import { now } from '../runtime/clock';
import { writeFileAtomic } from '../runtime/files';
import { Key } from '../runtime/key';
import { environment, peakMemoryBytes } from '../runtime/provenance';
import { tokenise, trainTokenizer } from '../text';
import { benchClassifier, randomFeeds } from './bench-classifier';
import { shapesNamed } from './bench-shapes';
import { PythonProcess } from './python-process';
import { benchEpoch, type EpochFigures } from './bench-epoch';

interface Shape {
  name: string;
  layers: number;
  hidden: number;
  heads: number;
  batch: number;
  tokens: number;
}

const SHAPES: readonly Shape[] = [
  { name: '2x128', layers: 2, hidden: 128, heads: 4, batch: 32, tokens: 64 },
  { name: '4x256', layers: 4, hidden: 256, heads: 4, batch: 32, tokens: 64 },
  { name: '6x384', layers: 6, hidden: 384, heads: 12, batch: 32, tokens: 64 },
  { name: '12x768', layers: 12, hidden: 768, heads: 12, batch: 8, tokens: 128 },
];
const VOCABULARY = 8000;
const PRECISIONS = ['f32', 'bf16'] as const;

interface Options {
  data?: string;
  maxLength: number;
  tricks: boolean;
  python?: string;
  rounds: number;
  steps: number;
  only?: readonly string[];
  out?: string;
}

interface StepFigures {
  shape: string;
  dropout: number;
  precision: string;
  /** Median milliseconds a step. */
  ours: number;
  reference?: number;
  ratio?: number;
}

/** Times recorded steps (Adam, with and without dropout) beside PyTorch eager on the same shapes, in turn within one run. */
export async function bench({ python, rounds, steps, only, out, data, maxLength, tricks }: Options): Promise<void> {
  const shapes = shapesNamed(
    SHAPES,
    only?.filter((name) => name !== 'none'),
  );
  const reference = python ? new Reference(python) : undefined;
  const rows: StepFigures[] = [];
  try {
    for (const shape of shapes)
      for (const dropout of [0, 0.1])
        for (const precision of PRECISIONS) {
          const row = await timeStep(shape, dropout, precision, reference, rounds, steps);
          rows.push(row);
          process.stdout.write(`${line(row)}\n`);
        }
  } finally {
    reference?.end();
  }
  const costs = tricks ? await benchTricks(rounds, steps) : undefined;
  for (const { label, milliseconds, ratio, cpuRatio } of costs ?? [])
    process.stdout.write(
      `${label.padEnd(30)} ${milliseconds.toFixed(1).padStart(8)} ms  ${ratio.toFixed(2)}×  processor time ${cpuRatio.toFixed(2)}×\n`,
    );
  const epoch = data === undefined ? undefined : await benchEpoch(data, maxLength, python);
  if (epoch) process.stdout.write(`${epochLine(epoch)}\n`);
  const tokensPerSecond = await timeTokenising();
  process.stdout.write(
    `tokenising: ${(tokensPerSecond / 1e6).toFixed(2)} M tokens/s\npeak memory: ${(peakMemoryBytes() / 2 ** 30).toFixed(2)} GiB${reference ? `, PyTorch ${(reference.peakBytes / 2 ** 30).toFixed(2)} GiB` : ''}\n`,
  );
  if (out)
    writeFileAtomic(
      out,
      JSON.stringify(
        {
          environment: { ...environment('bf16'), precision: 'f32, bf16' },
          reference: reference?.version,
          steps: rows,
          epoch,
          tricks: costs,
          tokensPerSecond,
          peakBytes: peakMemoryBytes(),
          referencePeakBytes: reference?.peakBytes,
        },
        null,
        1,
      ) + '\n',
    );
}

function epochLine({ rows, maxLength, ours, recording, paddingShare, reference, ratio }: EpochFigures): string {
  const beside = reference === undefined ? '' : `  Trainer ${reference.toFixed(1)} s  ratio ${ratio!.toFixed(2)}`;
  return `epoch of ${rows} rows to ${maxLength} tokens, 4x256: ${ours.toFixed(1)} s (recording ${recording.toFixed(1)} s, padding ${(100 * paddingShare).toFixed(1)} %)${beside}`;
}

function line({ shape, dropout, precision, ours, reference, ratio }: StepFigures): string {
  const beside = reference === undefined ? '' : `  PyTorch ${reference.toFixed(1).padStart(8)} ms  ratio ${ratio!.toFixed(2)}`;
  return `${shape.padEnd(7)} dropout ${dropout.toFixed(1)} ${precision.padEnd(4)}  recorded ${ours.toFixed(1).padStart(8)} ms${beside}`;
}

async function timeStep(
  shape: Shape,
  dropout: number,
  precision: 'f32' | 'bf16',
  reference: Reference | undefined,
  rounds: number,
  steps: number,
): Promise<StepFigures> {
  const ours = ownStep(shape, dropout, precision);
  await reference?.build({ ...shape, vocabulary: VOCABULARY, dropout, precision });
  const times: { own: number[]; other: number[] } = { own: [], other: [] };
  try {
    for (let round = -1; round < rounds; round++) {
      const own = Array.from({ length: round < 0 ? 3 : steps }, ours.step);
      const other = (await reference?.steps(round < 0 ? 3 : steps)) ?? [];
      if (round < 0) continue; // warm-up
      times.own.push(...own);
      times.other.push(...other);
    }
  } finally {
    ours.dispose();
  }
  const own = median(times.own);
  const other = times.other.length ? median(times.other) : undefined;
  return {
    shape: shape.name,
    dropout,
    precision,
    ours: own,
    ...(other === undefined ? {} : { reference: other, ratio: own / other }),
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

interface TrickCost {
  label: string;
  /** Median time of a step. */
  milliseconds: number;
  /** Median over the turns of the step's time over the base step's of the same turn: what else the machine does falls on both. */
  ratio: number;
  /** The same for processor time, all threads together. */
  cpuRatio: number;
}

/** Table 5's strategies, cumulatively: what each makes of a base step at 4x256 with dropout, one step of each in turn. */
async function benchTricks(rounds: number, steps: number): Promise<TrickCost[]> {
  const shape = SHAPES.find((s) => s.name === '4x256')!;
  const { ema, fgm, rdrop, mixup } = scales.paper.tricks;
  const rows: [string, Tricks][] = [
    ['base', NO_TRICKS],
    ['+ EMA', { ...NO_TRICKS, ema }],
    ['FGM', { ...NO_TRICKS, fgm }],
    ["FGM and R-Drop on FGM's pass", { ...NO_TRICKS, fgm, rdrop }],
    ['all four', { ema, fgm, rdrop, mixup }],
  ];
  const programs = rows.map(([label, tricks]) => ({ label, ...ownStep(shape, 0.1, 'f32', tricks) }));
  const times = programs.map((): number[] => []);
  const cpu = programs.map((): number[] => []);
  for (let turn = -3; turn < rounds * steps; turn++) {
    programs.forEach(({ step }, p) => {
      const before = process.cpuUsage();
      const milliseconds = step();
      const { user, system } = process.cpuUsage(before);
      if (turn < 0) return; // warm-up
      times[p].push(milliseconds);
      cpu[p].push((user + system) / 1000);
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const program of programs) program.dispose();
  const overBase = (values: readonly number[][], p: number): number =>
    median(values[p].map((value, turn) => value / values[0][turn]));
  return programs.map(({ label }, p) => ({
    label,
    milliseconds: median(times[p]),
    ratio: overBase(times, p),
    cpuRatio: overBase(cpu, p),
  }));
}

/** One recorded training step of a classifier on a random full batch. */
function ownStep(
  shape: Shape,
  dropout: number,
  precision: 'f32' | 'bf16',
  tricks: Tricks = NO_TRICKS,
): { step: () => number; dispose: () => void } {
  const { batch, tokens } = shape;
  const key = Key.from('bench');
  const plain = { vocabulary: VOCABULARY, buckets: [tokens], padId: 1, weightDecay: 0, clip: 0, warmup: 0 };
  const classifier = benchClassifier({ ...shape, ...plain, dropout, precision, tricks }, key);
  const feeds = randomFeeds({ batch, tokens, vocabulary: VOCABULARY, tricks }, key);
  let t = 0;
  const step = (): number => {
    const started = now();
    classifier.program.run('train', String(tokens), { ...feeds, seed: key.fold(t).words(), ...classifier.scalars(t++, 1000) });
    return now() - started;
  };
  return { step, dispose: () => classifier.dispose() };
}

/** Tokens of pairs per second, end to end from rows to typed arrays, with a vocabulary of 8,000. */
async function timeTokenising(): Promise<number> {
  const { rows, products } = generate({ world: 'small' }, Key.from('bench'));
  const tokenizer = await trainTokenizer(
    products.map((p) => `${p.title} ${p.description}`),
    { vocabulary: VOCABULARY },
  );
  await tokenise(rows.slice(0, 1000), tokenizer, { maxLength: 256 });
  const started = now();
  const { ids } = await tokenise(rows, tokenizer, { maxLength: 256 });
  return (ids.length / (now() - started)) * 1000;
}

/** A Python process that times PyTorch's step on request. */
class Reference {
  private readonly process: PythonProcess;
  version = '';
  peakBytes = 0;

  constructor(python: string) {
    this.process = new PythonProcess(python, 'reference.py');
  }

  async build(shape: object): Promise<void> {
    this.version = String((await this.process.ask({ build: shape })).torch);
  }

  async steps(n: number): Promise<number[]> {
    const { milliseconds, peakBytes } = await this.process.ask({ steps: n });
    this.peakBytes = Math.max(this.peakBytes, peakBytes as number);
    return milliseconds as number[];
  }

  end(): void {
    this.process.end();
  }
}
